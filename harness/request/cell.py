"""A cell: one suite, entry, language and seed; the unit of work, of caching and of provenance."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any

from harness.request import plugins
from harness.request.entries import Entry
from harness.request.manifest import Training
from harness.request.suite import Suite
from harness.types import Adapter, Method, Need, Ranker


@dataclass(frozen=True)
class Place:
    """Where this machine keeps things and computes; none of it but the device changes a number."""

    cache: Path
    data_dir: Path | None = None
    methods_path: Path | None = None
    device: str = "cpu"


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
        """Travel without the loaded plugins: a worker loads its own, for outside ones cannot be imported by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def __str__(self) -> str:
        return f"{self.entry.name}/{self.language}/{self.seed}"

    @cached_property
    def plugin(self) -> Method | Ranker | None:
        """The entry's method with its settings; None for the untuned base."""
        name = self.entry.method
        if name is None:
            return None
        loaded: Method | Ranker = plugins.load(name, self.entry.settings.get(name, {}), self.place.methods_path)
        return loaded

    @cached_property
    def method(self) -> Method | None:
        """The objective that this cell trains, if it trains at all."""
        return self.plugin if isinstance(self.plugin, Method) else None

    @cached_property
    def adapters(self) -> list[Adapter]:
        """The changes to the network, in order."""
        place, settings = self.place, self.entry.settings
        return [plugins.load(name, settings.get(name, {}), place.methods_path) for name in self.entry.adapters]

    @cached_property
    def joined(self) -> dict[str, Method]:
        """The objectives that are trained together with the entry's own, by name."""
        place, settings = self.place, self.entry.settings
        return {name: plugins.load(name, settings.get(name, {}), place.methods_path) for name in self.entry.joined}

    @cached_property
    def needs(self) -> frozenset[Need]:
        """What the cell's objectives ask the suite for."""
        own = self.method.needs if self.method else frozenset[Need]()
        return own.union(*(method.needs for method in self.joined.values()))

    @cached_property
    def training(self) -> Training:
        """The suite's settings for the method's family, with the entry's own on top."""
        assert self.method is not None
        family = self.method.family
        settings = self.suite.training[family].model_dump()
        if self.entry.recipe == "published":
            settings |= self.suite.published.training.get(family, {})
        return Training.model_validate({**settings, **self.entry.training})

    def plugin_versions(self) -> dict[str, int | str]:
        """Return what stands for the meaning of each plugin in this cell's keys."""
        return {name: plugins.version(name, self.place.methods_path) for name in self.entry.plugins}

    def described(self) -> dict[str, Any]:
        """Return the entry as a record says it: its declaration, and the versions and equations of its plugins."""
        found = {name: plugins.equation(name, self.place.methods_path) for name in self.entry.plugins}
        said = {"plugins": self.plugin_versions(), "equations": {name: text for name, text in found.items() if text}}
        return {**self.entry.model_dump(mode="json"), **said}

    def identity(self) -> dict[str, Any]:
        """Return the words that name this cell."""
        return {"suite": self.suite.name, "entry": self.entry.name, "language": self.language, "seed": self.seed}
