"""A cell: one suite, entry, language and seed; the unit of work, of caching and of provenance."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

from harness.errors import RequestError
from harness.request import plugins, settings
from harness.request.entry import Entry
from harness.request.suite import Suite
from harness.request.training import Training
from harness.types import Adapter, Method, Need, Ranker


@dataclass(frozen=True)
class Place:
    """Where this machine keeps things and computes; only the device can change a number."""

    cache: Path
    data_dir: Path | None = None
    methods_path: Path | None = None
    device: str = "cpu"
    encode_devices: tuple[str, ...] = ()  # several of one model that share the encoding of a corpus: the same bytes


@dataclass(frozen=True)
class Cell:
    """What is run once. `seed` is the root of every draw that the cell makes."""

    suite: Suite
    entry: Entry
    language: str
    seed: int
    place: Place
    fold: int | None = None  # of a cross-validation: trained without this part of the training queries

    def __getstate__(self) -> dict[str, Any]:
        """Pickle without the loaded plugins: a worker loads its own, since outside ones cannot be imported by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def __str__(self) -> str:
        return f"{self.entry.name}/{self.language}/{self.seed}"

    def _load(self, plugin: str) -> Any:
        return plugins.load(plugin, self.entry.settings.get(plugin, {}), self.place.methods_path)

    @cached_property
    def plugin(self) -> Method | Ranker | None:
        """The entry's method or ranker with its settings; None for the untuned base."""
        loaded: Method | Ranker | None = self._load(self.entry.method) if self.entry.method is not None else None
        return loaded

    @cached_property
    def method(self) -> Method | None:
        """The objective that this cell trains; None where it does not train."""
        return self.plugin if isinstance(self.plugin, Method) else None

    @cached_property
    def adapters(self) -> list[Adapter]:
        """The changes to the network, in order; raises RequestError for a plugin that is not an adapter."""
        loaded = {name: self._load(name) for name in self.entry.adapters}
        for name, plugin in loaded.items():
            if not isinstance(plugin, Adapter):
                raise RequestError(f"entry '{self.entry.name}': adapters names '{name}', which is not an adapter")
        return list(loaded.values())

    @cached_property
    def joined(self) -> dict[str, Method]:
        """The objectives that are trained together with the entry's method, by name."""
        return {name: self._load(name) for name in self.entry.joined}

    @cached_property
    def objectives(self) -> dict[str, Method]:
        """The cell's objectives by name, the entry's own first; {} for a cell that does not train."""
        return {} if self.method is None else {str(self.entry.method): self.method, **self.joined}

    @cached_property
    def needs(self) -> frozenset[Need]:
        """What the cell's objectives need from the suite."""
        needs = self.method.needs if self.method else frozenset[Need]()
        return needs.union(*(method.needs for method in self.joined.values()))

    @cached_property
    def row_needs(self) -> frozenset[Need]:
        """What decides the cell's training rows: its own needs, and those of the method that it is the control of."""
        control_of = self.entry.same_rows_as
        return self.needs if control_of is None else self.needs | plugins.needs(control_of, self.place.methods_path)

    @cached_property
    def training(self) -> Training:
        """The training settings of a cell that trains; harness.request.settings says which layer each is from."""
        assert self.method is not None
        return settings.training(self.suite, self.entry, self.method.family)

    def plugin_sources(self) -> dict[str, str]:
        """Return the sha256 of each plugin's sources, which stands for its meaning in this cell's keys."""
        return {name: plugins.sources_sha256(name, self.place.methods_path) for name in self.entry.plugins}

    def described(self) -> dict[str, Any]:
        """Return the entry as a record has it: its declaration, the sources of its plugins, and what they say."""
        return {
            **self.entry.model_dump(mode="json"),
            "plugins": self.plugin_sources(),
            **{f"{about}s": self._plugins_say(about) for about in ("equation", "analyzer")},
        }

    def _plugins_say(self, about: str) -> dict[str, str]:
        """Return plugin → its class variable of that name, where it has one."""
        texts = {name: plugins.about(name, about, self.place.methods_path) for name in self.entry.plugins}
        return {name: text for name, text in texts.items() if text}

    def identity(self) -> dict[str, Any]:
        """Return the words that name this cell."""
        return {"suite": self.suite.name, "entry": self.entry.name, "language": self.language, "seed": self.seed}


def by_model(cells: Iterable[Cell]) -> dict[str, list[Cell]]:
    """Return the cells of each named base model, "" for those of entries without one."""
    groups: dict[str, list[Cell]] = {}
    for cell in cells:
        groups.setdefault(cell.entry.model, []).append(cell)
    return groups
