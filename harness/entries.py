"""Entries: the named rows of the leaderboard, declared in TOML beside the plugins.

    [clpl-moe]
    title = "ANCE-CLP-moe-intermediate"
    method = "clpl"                       # methods/clpl.py; absent for the untuned base
    adapters = ["moe", "intermediate"]    # applied in this order
    negatives = "ance"
    [clpl-moe.settings]                   # the method's and the adapters' hyper-parameters
    clpl = { penalty_weight = 0.1 }
    [clpl-moe.published]                  # what the paper's own code does differently, as overrides

An entry with a `published` table has two recipes: `clpl-moe` (corrected) and `clpl-moe@published`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from harness.errors import DataError, RequestError, unknown
from harness.plugins import entry_files
from harness.suite import Strict, explain

Recipe = Literal["corrected", "published"]


class Recipes(Strict):
    """What `published` may change."""

    settings: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict)
    training: Mapping[str, Any] = Field(default_factory=dict)
    departures: tuple[str, ...] = ()


class Declaration(Strict):
    """One table of an entries file."""

    title: str
    about: str
    paper: str = ""
    method: str | None = None
    adapters: tuple[str, ...] = ()
    negatives: Literal["ance", "random"] | None = None
    settings: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict)
    training: Mapping[str, Any] = Field(default_factory=dict)
    departures: tuple[str, ...] = ()
    published: Recipes | None = None


class Entry(Strict):
    """A resolved row: one recipe of one declaration."""

    name: str
    title: str
    about: str
    paper: str
    recipe: Recipe
    method: str | None
    adapters: tuple[str, ...]
    negatives: Literal["ance", "random"] | None
    settings: Mapping[str, Mapping[str, Any]]
    training: Mapping[str, Any]
    departures: tuple[str, ...]

    def identity(self) -> dict[str, Any]:
        """Return what decides the trained weights, without name and prose."""
        return self.model_dump(mode="json", include={"method", "adapters", "negatives", "settings", "training"})


def declared(methods_path: Path | None = None) -> dict[str, Declaration]:
    """Return every declared entry by name, in the order of the files; a name twice is an error."""
    found: dict[str, Declaration] = {}
    for path in entry_files(methods_path):
        try:
            tables = tomllib.loads(path.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise DataError(f"entries file {path} is not valid TOML: {error}") from error
        for name, table in tables.items():
            if name in found:
                raise DataError(f"entry '{name}' in {path} is declared twice; rename one")
            try:
                found[name] = Declaration.model_validate(table)
            except ValidationError as error:
                raise DataError(f"entry '{name}' in {path}: {explain(error)}") from error
    return found


def names(declarations: Mapping[str, Declaration]) -> list[str]:
    """Return every name that `--methods` takes: entries, and `NAME@published` where there is one."""
    return [
        name + suffix
        for name, declaration in declarations.items()
        for suffix in ("", "@published")
        if not suffix or declaration.published
    ]


def resolve(wanted: Iterable[str], declarations: Mapping[str, Declaration]) -> list[Entry]:
    """Return the entries that a request names; `all` is every entry, `all@published` every published recipe."""
    known = names(declarations)
    chosen: list[str] = []
    for name in wanted:
        if name in ("all", "all@published"):
            chosen += [entry for entry in known if ("@" in entry) == ("@" in name)]
        elif name in known:
            chosen.append(name)
        else:
            raise unknown("method", name, [*known, "all"])
    if not chosen:
        raise RequestError("no method was asked for; name some after --methods, or 'all'")
    return [_entry(name, declarations[name.partition("@")[0]]) for name in dict.fromkeys(chosen)]


def _entry(name: str, declaration: Declaration) -> Entry:
    recipe: Recipe = "published" if name.endswith("@published") else "corrected"
    settings = {plugin: dict(values) for plugin, values in declaration.settings.items()}
    training = dict(declaration.training)
    departures = declaration.departures
    if recipe == "published" and declaration.published:
        for plugin, values in declaration.published.settings.items():
            settings[plugin] = {**settings.get(plugin, {}), **values}
        training |= declaration.published.training
        departures = declaration.published.departures
    return Entry(
        name=name,
        title=declaration.title,
        about=declaration.about,
        paper=declaration.paper,
        recipe=recipe,
        method=declaration.method,
        adapters=declaration.adapters,
        negatives=declaration.negatives,
        settings=settings,
        training=training,
        departures=departures,
    )
