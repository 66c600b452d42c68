"""`--set NAME.FIELD=VALUE`: a setting changed for one request; several values, parted by commas, are a sweep.

clpl.penalty_weight=0.5             a plugin's setting, in every entry that uses it
clpl.penalty_weight=0.1,0.5         a sweep: an entry of its own for each value (harness.request.sweep)
train.epochs=2                      a training setting, in every entry that trains
entry.folds=5                       a habit of harness.request.entries.Practice
evaluate.dimensions=[32,16]         what is measured, on what, how deep; one value
text.title=false                    how a text becomes what the encoder reads; one value

A value is JSON where it can be read so, else text. Commas inside brackets, braces and quotes part nothing.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from harness.errors import RequestError, unknown
from harness.request import plugins, sweep
from harness.request.entries import Entry, Practice
from harness.request.manifest import Evaluation, Text, Training
from harness.request.suite import Suite
from harness.request.sweep import Setting
from harness.schema import explain

TRAIN, ENTRY = "train", "entry"
OF_SUITE: dict[str, tuple[str, type[Evaluation] | type[Text]]] = {
    "evaluate": ("evaluation", Evaluation),
    "text": ("text", Text),
}
HABITS = ("mining_rounds", "folds", "dimensions")
_REQUIRED = {"epochs": 1, "batch_size": 1, "learning_rate": 1, "warmup": 0}  # so that one other field can be checked


def override(
    settings: Sequence[str], suite: Suite, rows: list[Entry], methods_path: Path | None = None
) -> tuple[Suite, list[Entry]]:
    """Return suite and entries with the settings applied, in the order given; a sweep's entries replace their own.

    Raises RequestError, naming the setting, for an unknown name, a value that is refused, and a sweep of nothing.
    """
    read = [_read(text) for text in settings]
    sweep.check(read)
    for setting in read:
        concerned = _concerned(setting, rows, methods_path)
        if len(setting.raw) > 1:
            values = [(raw, read_value(raw)) for raw in setting.raw]
            rows = sweep.spread(setting, values, [(row, row.name in concerned) for row in rows], _changed)
        elif setting.name == TRAIN:
            suite, rows = _trained(setting, suite, rows)
        elif setting.name in OF_SUITE:
            suite = _of_suite(setting, suite)
        else:
            value = read_value(setting.raw[0])
            rows = [_changed(row, setting, value) if row.name in concerned else row for row in rows]
    _refuse_values(read, rows, methods_path)
    return suite, rows


def _read(text: str) -> Setting:
    target, equals, raw = text.partition("=")
    name, dot, field = target.partition(".")
    if not (equals and dot and field):
        raise RequestError(f"--set {text}: want NAME.FIELD=VALUE, such as clpl.penalty_weight=0.5")
    if name == TRAIN and field not in Training.model_fields:
        raise unknown("setting", field, Training.model_fields, where=TRAIN)
    if name == ENTRY and field not in HABITS:
        raise unknown("setting", field, HABITS, where=ENTRY)
    if name in OF_SUITE and field not in OF_SUITE[name][1].model_fields:
        raise unknown("setting", field, OF_SUITE[name][1].model_fields, where=name)
    return Setting(text, name, field, sweep.split(raw))


def read_value(raw: str) -> Any:
    """Return the JSON value that a text is, else the text."""
    try:
        value = json.loads(raw)
    except ValueError:
        return raw
    return raw if isinstance(value, float) and not math.isfinite(value) else value  # NaN and Infinity are no JSON


def _concerned(setting: Setting, rows: Sequence[Entry], methods_path: Path | None) -> frozenset[str]:
    """Return the names of the entries that a setting concerns; raises RequestError where there is none."""
    if setting.name in OF_SUITE:
        return frozenset()
    if setting.name not in (TRAIN, ENTRY):
        names = frozenset(row.name for row in rows if setting.name in row.plugins)
        if not names:
            used = {plugin for row in rows for plugin in row.plugins}
            raise unknown("setting", setting.name, {*used, TRAIN, ENTRY, *OF_SUITE}, where="--set")
        return names
    names = frozenset(row.name for row in rows if _trains(row, methods_path) and _takes(row, setting))
    if not names and (setting.name == ENTRY or len(setting.raw) > 1):
        raise RequestError(f"--set {setting.text}: no entry that was asked for takes {setting.target}; leave it out")
    return names


def _trains(row: Entry, methods_path: Path | None) -> bool:
    return row.method is not None and plugins.is_method(row.method, methods_path)


def _takes(row: Entry, setting: Setting) -> bool:
    """Return whether an entry that trains reads the setting: mining rounds need negatives that a model mines."""
    return setting.target != "entry.mining_rounds" or row.negatives == "ance"


def _changed(row: Entry, setting: Setting, value: Any) -> Entry:
    """Return an entry with one setting of its own; raises RequestError for a value that is refused."""
    try:
        if setting.name == TRAIN:
            Training.model_validate({**_REQUIRED, setting.field: value})
            return row.model_copy(update={"training": {**row.training, setting.field: value}})
        if setting.name == ENTRY:
            habits = Practice.model_validate({setting.field: value})
            return row.model_copy(update={setting.field: getattr(habits, setting.field)})
    except ValidationError as error:
        raise RequestError(f"--set {setting.text}: {explain(error)}") from error
    own = {**row.settings.get(setting.name, {}), setting.field: value}
    return row.model_copy(update={"settings": {**row.settings, setting.name: own}})


def _trained(setting: Setting, suite: Suite, rows: list[Entry]) -> tuple[Suite, list[Entry]]:
    """Return suite and entries with a training setting in every family, above what an entry or a recipe has."""
    field, value = setting.field, read_value(setting.raw[0])
    published = {
        family: {name: old for name, old in training.items() if name != field}
        for family, training in suite.published.training.items()
    }
    try:
        changed = {
            family: Training.model_validate({**training.model_dump(), field: value})
            for family, training in suite.training.items()
        }
    except ValidationError as error:
        raise RequestError(f"--set {setting.text}: {explain(error)}") from error
    recipe = suite.published.model_copy(update={"training": published})
    bare = [
        row.model_copy(update={"training": {name: old for name, old in row.training.items() if name != field}})
        for row in rows
    ]
    return suite.model_copy(update={"training": changed, "published": recipe}), bare


def _of_suite(setting: Setting, suite: Suite) -> Suite:
    """Return the suite with one setting of a table that holds for all entries."""
    name, kind = OF_SUITE[setting.name]
    try:
        changed = {**getattr(suite, name).model_dump(), setting.field: read_value(setting.raw[0])}
        return suite.model_copy(update={name: kind.model_validate(changed)})
    except ValidationError as error:
        raise RequestError(f"--set {setting.text}: {explain(error)}") from error


def _refuse_values(read: Sequence[Setting], rows: Sequence[Entry], methods_path: Path | None) -> None:
    """Load every plugin that a setting names, in every entry: what it refuses is refused with the setting's text."""
    for row in rows:
        for plugin in row.plugins:
            texts = [f"--set {setting.text}" for setting in read if setting.name == plugin]
            if not texts:
                continue
            try:
                plugins.load(plugin, row.settings.get(plugin, {}), methods_path)
            except RequestError as error:
                raise RequestError(f"{' '.join(texts)}: {error}") from error
