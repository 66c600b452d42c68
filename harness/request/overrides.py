r"""`--set NAME.FIELD=VALUE`: a setting changed for one request; comma-separated values are a sweep.

clpl.penalty_weight=0.5             a plugin's setting, in every entry that uses it
clpl.penalty_weight=0.1,0.5         a sweep: one entry per value (harness.request.sweep)
train.epochs=2                      a training setting, in every entry that trains
entry.folds=5                       a practice of harness.request.entry.Practice
nli.minimum_quality=0.5             likewise, in every entry that trains on NLI rows
evaluate.dimensions=[32,16]         what is measured, on what, how deep; one value
checkpoint.ko=FOLDER                published weights that an entry opens: a folder, or HUB_ID@REVISION
text.title=false                    how a text becomes what the encoder reads; one value
text.query_prompt=a, b:             a prompt or a join: everything after "=", trailing blanks too

A value that is not valid JSON is text. Commas inside brackets, braces and quotes do not separate. Free text, such as a
prompt, is taken as it is typed, commas and all, with \n for a line break; JSON's quotes are read too.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from harness.errors import RequestError, unknown
from harness.machine.json_toml import parse_json
from harness.request import plugins, sweep
from harness.request.checkpoints import CHECKPOINT, with_checkpoint
from harness.request.entry import Entry, Practice
from harness.request.manifest import Evaluation, Text
from harness.request.settings import SET, TRAIN, laid_over, overlay, set_training
from harness.request.suite import Suite
from harness.request.sweep import Setting
from harness.request.training import Training
from harness.schema import explain
from harness.types import Need

ENTRY = "entry"
SUITE_TABLES: dict[str, tuple[str, type[Evaluation] | type[Text]]] = {
    "evaluate": ("evaluation", Evaluation),
    "text": ("text", Text),
}
PROMPTS = ("query_prompt", "passage_prompt")
VERBATIM = ("text.title_join", *(f"text.{field}" for field in PROMPTS))
ESCAPED = {"n": "\n", "t": "\t", "\\": "\\"}  # in free text, after a backslash
PRACTICES = ("mining_rounds", "negative_margin", "folds", "dimensions")
NLI = "nli"
SWITCHES = {ENTRY: PRACTICES, NLI: ("minimum_quality",)}  # name in --set → fields of Practice
OF_MINED = ("mining_rounds", "negative_margin")  # need negatives that a model mines
FIELDS = {
    TRAIN: tuple(Training.model_fields),
    **SWITCHES,
    **{name: tuple(table.model_fields) for name, (_, table) in SUITE_TABLES.items()},
}
KINDS = {
    TRAIN: Training,
    **dict.fromkeys(SWITCHES, Practice),
    **{name: table for name, (_, table) in SUITE_TABLES.items()},
}
_REQUIRED = {"epochs": 1, "batch_size": 1, "learning_rate": 1, "warmup": 0}  # so that one other field can be checked


def override(
    texts: Sequence[str], suite: Suite, entries: list[Entry], methods_path: Path | None = None
) -> tuple[Suite, list[Entry]]:
    """Return suite and entries with the settings applied in order; a swept entry is replaced by one per value.

    Raises RequestError, naming the setting, for an unknown name, an invalid value, and a sweep that no entry takes.
    """
    settings = [parse(text) for text in texts]
    sweep.check(settings)
    for setting in settings:
        if setting.name == CHECKPOINT:
            entries = with_checkpoint(setting, entries, suite)
            continue
        targets = _targets(setting, entries, methods_path)
        if len(setting.raw) > 1:
            values = [(raw, read_value(raw)) for raw in setting.raw]
            entries = sweep.spread(setting, values, [(entry, entry.name in targets) for entry in entries], _changed)
        elif setting.name == TRAIN:
            suite, entries = _trained(setting, suite, entries)
        elif setting.name in SUITE_TABLES:
            suite = _measured(setting, suite, [other.target for other in settings])
        else:
            value = read_value(setting.raw[0])
            entries = [_changed(entry, setting, value) if entry.name in targets else entry for entry in entries]
    _check_values(settings, entries, methods_path)
    return suite, entries


def parse(text: str) -> Setting:
    """Return the setting that a text names; raises RequestError where it names none."""
    target, equals, raw = text.partition("=")
    name, dot, field = target.partition(".")
    if not (equals and dot and field):
        raise RequestError(f"--set {text}: expected NAME.FIELD=VALUE, such as clpl.penalty_weight=0.5")
    if name in FIELDS and field not in FIELDS[name]:
        raise unknown("setting", field, FIELDS[name], where=name)
    return Setting(text, name, field, (raw,) if target in VERBATIM else sweep.split(raw))


def read_value(raw: str) -> Any:
    """Return the JSON value of a text, or the text itself where it is not valid JSON."""
    try:
        value = parse_json(raw)
    except ValueError:
        return raw
    return raw if isinstance(value, float) and not math.isfinite(value) else value  # NaN and Infinity are not JSON


def _free_text(raw: str) -> str:
    r"""Return the text of a JSON string, or a text as typed, in which \n is a line break and \t a tab.

    >>> _free_text(r'a, "b"\nc: '), _free_text(r"\\n"), _free_text('"a, b: "')
    ('a, "b"\nc: ', '\\n', 'a, b: ')
    """
    value = read_value(raw)
    if isinstance(value, str) and value != raw:
        return value
    return re.sub(r"\\([nt\\])", lambda match: ESCAPED[match[1]], raw)


def _targets(setting: Setting, entries: Sequence[Entry], methods_path: Path | None) -> frozenset[str]:
    """Return the names of the entries that take a setting; raises RequestError where none does."""
    if setting.name in SUITE_TABLES:
        return frozenset()
    if setting.name not in (TRAIN, *SWITCHES):
        names = frozenset(entry.name for entry in entries if setting.name in entry.plugins)
        if not names:
            if plugins.exists(setting.name, methods_path):
                raise RequestError(
                    f"--set {setting.text}: {setting.name} is not among the requested entries' plugins; leave it out, "
                    "or add an entry that uses it"
                )
            used = {plugin for entry in entries for plugin in entry.plugins}
            raise unknown("setting", setting.name, {*used, *FIELDS}, where="--set")
        return names
    names = frozenset(
        entry.name for entry in entries if _trains(entry, methods_path) and _takes(entry, setting, methods_path)
    )
    if not names:
        raise RequestError(f"--set {setting.text}: no requested entry takes {setting.target}; leave it out")
    return names


def _check_number(setting: Setting, value: Any) -> None:
    """Raise RequestError for true or false where a number is expected: they would be read as 1 and 0."""
    field = _field(setting)
    if isinstance(value, bool) and field is not None and field.annotation is not bool:
        raise RequestError(
            f"--set {setting.text}: {str(value).lower()} is not a value of {setting.target}; "
            f"give {_example(field) or 'a number'}"
        )


def _refused(setting: Setting, error: ValidationError) -> RequestError:
    """Return the error for a value that its table refuses; of a table, with an example of one."""
    example = _example(_field(setting))
    return RequestError(f"--set {setting.text}: {explain(error)}" + (f"; give {example}" if example else ""))


def _field(setting: Setting) -> FieldInfo | None:
    """Return the declaration of a setting that is not a plugin's."""
    kind = dict(KINDS).get(setting.name)
    return None if kind is None else kind.model_fields.get(setting.field)


def _example(field: FieldInfo | None) -> str:
    """Return an example of a table as JSON, where the field declares one."""
    return f"a table such as {json.dumps(field.examples[0])}" if field is not None and field.examples else ""


def _trains(entry: Entry, methods_path: Path | None) -> bool:
    return entry.method is not None and plugins.is_method(entry.method, methods_path)


def _takes(entry: Entry, setting: Setting, methods_path: Path | None) -> bool:
    """Return whether an entry that trains reads the setting."""
    if setting.name == NLI:
        return any(Need.NLI in plugins.needs(name, methods_path) for name in (entry.method, *entry.joined) if name)
    return setting.name != ENTRY or setting.field not in OF_MINED or entry.negatives == "ance"


def _changed(entry: Entry, setting: Setting, value: Any) -> Entry:
    """Return the entry with one setting changed; raises RequestError for an invalid value."""
    _check_number(setting, value)
    try:
        if setting.name == TRAIN:
            Training.model_validate(laid_over(_REQUIRED, {setting.field: value}))
            return overlay(entry, SET, {}, {setting.field: value})
        if setting.name in SWITCHES:
            practice = Practice.model_validate({setting.field: value})
            changed = {setting.field: getattr(practice, setting.field)}
            return entry.model_copy(update={**changed, "sources": {**entry.sources, setting.target: SET}})
    except ValidationError as error:
        raise _refused(setting, error) from error
    return overlay(entry, SET, {setting.name: {setting.field: value}})


def _trained(setting: Setting, suite: Suite, entries: list[Entry]) -> tuple[Suite, list[Entry]]:
    value = read_value(setting.raw[0])
    _check_number(setting, value)
    try:
        return set_training(suite, entries, setting.field, value)
    except ValidationError as error:
        raise _refused(setting, error) from error


def _measured(setting: Setting, suite: Suite, targets: Sequence[str]) -> Suite:
    """Return the suite with one setting of a table that holds for all entries; `targets` are those of the request.

    `text.prompts=model` takes the place of the prompts that the suite states, not of those of the same request.
    """
    name, kind = SUITE_TABLES[setting.name]
    table = getattr(suite, name).model_dump(exclude_unset=True)
    if setting.target == "text.prompts":
        table = {field: value for field, value in table.items() if field not in PROMPTS or f"text.{field}" in targets}
    value = _free_text(setting.raw[0]) if setting.target in VERBATIM else read_value(setting.raw[0])
    _check_number(setting, value)
    try:
        changed = {**table, setting.field: value}
        return suite.model_copy(update={name: kind.model_validate(changed)})
    except ValidationError as error:
        raise _refused(setting, error) from error


def _check_values(settings: Sequence[Setting], entries: Sequence[Entry], methods_path: Path | None) -> None:
    """Load every plugin that a setting names, in every entry, so that the error of an invalid value names the --set."""
    for entry in entries:
        for plugin in entry.plugins:
            texts = [f"--set {setting.text}" for setting in settings if setting.name == plugin]
            if not texts:
                continue
            try:
                plugins.load(plugin, entry.settings.get(plugin, {}), methods_path)
            except RequestError as error:
                raise RequestError(f"{' '.join(texts)}: {error}") from error
