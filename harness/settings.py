"""`--set NAME.FIELD=VALUE`: a setting of a plugin, of an entry, or of training, changed for one request.

clpl.penalty_weight=0.5      the plugin's setting, in every entry that uses it
train.epochs=2               every family's training setting
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from pydantic import ValidationError

from harness.entries import Entry
from harness.errors import RequestError, unknown
from harness.manifest import Training, explain
from harness.suite import Suite


def override(settings: Sequence[str], suite: Suite, rows: list[Entry]) -> tuple[Suite, list[Entry]]:
    """Return suite and entries with the settings applied, in the order given."""
    for text in settings:
        target, equals, raw = text.partition("=")
        name, dot, field = target.partition(".")
        if not (equals and dot and field):
            raise RequestError(f"--set {text}: want NAME.FIELD=VALUE, such as clpl.penalty_weight=0.5")
        if name == "train":
            suite = _training(suite, field, _value(raw), text)
        else:
            rows = _plugin(rows, name, field, _value(raw))
    return suite, rows


def _value(raw: str) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return raw


def _training(suite: Suite, field: str, value: Any, text: str) -> Suite:
    if field not in Training.model_fields:
        raise unknown("setting", field, Training.model_fields, where="train")
    try:
        changed = {
            family: Training.model_validate({**training.model_dump(), field: value})
            for family, training in suite.training.items()
        }
    except ValidationError as error:
        raise RequestError(f"--set {text}: {explain(error)}") from error
    return suite.model_copy(update={"training": changed})


def _plugin(rows: list[Entry], name: str, field: str, value: Any) -> list[Entry]:
    used = {plugin for entry in rows for plugin in (entry.method, *entry.adapters) if plugin}
    if name not in used:
        raise unknown("setting", name, {*used, "train"}, where="--set")
    return [
        entry.model_copy(update={"settings": {**entry.settings, name: {**entry.settings.get(name, {}), field: value}}})
        if name in (entry.method, *entry.adapters)
        else entry
        for entry in rows
    ]
