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
An entry with `practice = true` shows a habit of practitioners; it runs when it is named, and is no part of `all`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, ValidationError

from harness.errors import DataError, RequestError, unknown
from harness.request.plugins import entry_files
from harness.request.suite import Recipe
from harness.schema import Strict, explain

IDENTITY = {"method", "adapters", "negatives", "settings", "training", "joined", "mining_rounds", "dimensions"}


class Recipes(Strict):
    """What `published` may change."""

    settings: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict)
    training: Mapping[str, Any] = Field(default_factory=dict)
    departures: tuple[str, ...] = ()


class Practice(Strict):
    """Habits of practitioners as switches of any entry; each is off by default."""

    joined: tuple[str, ...] = ()  # further methods, trained together with the entry's own, batch by batch
    mining_rounds: int = Field(default=1, gt=0)  # ANCE negatives are mined anew with the model of the round before
    dimensions: tuple[int, ...] = ()  # Matryoshka: the loss and the scores at vectors cut to so many dimensions too
    folds: int | None = Field(default=None, gt=1)  # cross-validation over the training queries, beside the dev scores


class Declaration(Practice):
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
    practice: bool = False


class Entry(Practice):
    """A resolved row: one recipe of one declaration.

    In a sweep, `origin` is the name of the declared entry and `swept` holds the values that make this row.
    """

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
    origin: str = ""
    swept: Mapping[str, Any] = Field(default_factory=dict)

    @property
    def plugins(self) -> list[str]:
        """The names of all plugins that this row uses: methods first, then adapters."""
        return [name for name in (self.method, *self.joined, *self.adapters) if name]

    def identity(self) -> dict[str, Any]:
        """Return what decides the trained weights, without name and prose."""
        return self.model_dump(mode="json", include=IDENTITY)


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


def resolve(
    wanted: Iterable[str], declarations: Mapping[str, Declaration], recipes: Sequence[Recipe] = ("corrected",)
) -> list[Entry]:
    """Return the entries that a request names.

    `all` is every entry under the given recipes, `all@published` every published one; of practice ones, none.
    """
    known = names(declarations)
    chosen: list[str] = []
    for name in wanted:
        if name in ("all", "all@published"):
            asked = recipes if name == "all" else ("published",)
            chosen += [
                entry for entry in known if recipe_of(entry) in asked and not declarations[_bare(entry)].practice
            ]
        elif name in known:
            chosen.append(name)
        else:
            raise unknown("method", name, [*known, "all"])
    if not chosen:
        raise RequestError("no method was asked for; name some after --methods, or 'all'")
    return [_entry(name, declarations[_bare(name)]) for name in dict.fromkeys(chosen)]


def recipe_of(name: str) -> Recipe:
    """Return the recipe that an entry's name stands for."""
    return "published" if name.endswith("@published") else "corrected"


def _bare(name: str) -> str:
    return name.partition("@")[0]


def _entry(name: str, declaration: Declaration) -> Entry:
    recipe = recipe_of(name)
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
        **{habit: getattr(declaration, habit) for habit in Practice.model_fields},
    )
