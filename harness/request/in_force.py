"""Every setting that a cell is run with, and the layer of harness.request.settings that it is from."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

from harness.request.cell import Cell
from harness.request.entry import Practice
from harness.request.overrides import SWITCHES
from harness.request.settings import DEFAULT, TRAIN, training_sources


@dataclasses.dataclass(frozen=True)
class SettingInForce:
    """One setting, such as clpl.temperature, its value and its layer."""

    name: str
    value: Any
    layer: str


def settings_in_force(cell: Cell) -> Iterator[SettingInForce]:
    """Yield the settings of the cell's plugins, the practices that are on, and the training settings that are set."""
    yield from _plugin_settings(cell)
    entry = cell.entry
    for name, field in ((f"{table}.{field}", field) for table, fields in SWITCHES.items() for field in fields):
        value = getattr(entry, field)
        if value != Practice.model_fields[field].default:
            yield SettingInForce(name, value, entry.sources.get(name, f"entry {entry.origin or entry.name}"))
    if cell.method is not None:
        sources = training_sources(cell.suite, entry, cell.method.family)
        for field, value in cell.training:
            if value is not None:
                yield SettingInForce(f"{TRAIN}.{field}", value, sources[field])


def _plugin_settings(cell: Cell) -> Iterator[SettingInForce]:
    adapters = zip(cell.entry.adapters, cell.adapters, strict=True)
    loaded: dict[str, Any] = {**cell.joined, **dict(adapters)}
    if cell.entry.method is not None:
        loaded = {cell.entry.method: cell.plugin, **loaded}
    for plugin, instance in loaded.items():
        for field in dataclasses.fields(instance):
            name = f"{plugin}.{field.name}"
            yield SettingInForce(name, getattr(instance, field.name), cell.entry.sources.get(name, DEFAULT))
