"""Entries: the named rows of the leaderboard, declared in TOML beside the plugins.

    [clpl-moe]
    title = "ANCE-CLP-moe-intermediate"
    method = "clpl"                       # methods/clpl.py; absent for the untuned base
    adapters = ["moe", "intermediate"]    # applied in this order
    negatives = "ance"
    [clpl-moe.settings]                   # hyper-parameters of the method and the adapters
    clpl = { penalty_weight = 0.1 }
    [clpl-moe.published]                  # what the paper's own code does differently, as overrides

An entry with a `published` table has two recipes: `clpl-moe` (corrected) and `clpl-moe@published`.
An entry with `practice = true` is an example of what practitioners do: it runs when it is named and is not part of
`all`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from pydantic import ValidationError

from harness.errors import DataError, RequestError, one_line, unknown
from harness.machine.json_toml import read_toml
from harness.request.entry import Declaration, Entry
from harness.request.plugins import entry_files
from harness.request.settings import declared_entry
from harness.request.suite import Recipe
from harness.schema import explain

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")  # a folder of the results, and an item of --methods


def declared(methods_path: Path | None = None) -> dict[str, Declaration]:
    """Return every declared entry by name, in the order of the files; a name declared twice is an error."""
    declarations: dict[str, Declaration] = {}
    for path in entry_files(methods_path):
        try:
            tables = read_toml(path)
        except ValueError as error:
            raise DataError(f"entries file {path} is not valid TOML: {error}") from error
        for name, table in tables.items():
            if not NAME.fullmatch(name) or name == "all":
                raise DataError(
                    f"entry '{one_line(name)[:80]}' in {path}: a name has at most 64 letters, digits, '.', '_', '-', "
                    "begins with a letter or digit, and is not 'all'; rename it"
                )
            if name in declarations:
                raise DataError(f"entry '{name}' in {path} is declared twice; rename one")
            try:
                declarations[name] = Declaration.model_validate(table)
            except ValidationError as error:
                raise DataError(f"entry '{name}' in {path}: {explain(error)}") from error
    return declarations


def names(declarations: Mapping[str, Declaration]) -> list[str]:
    """Return every name that `--methods` takes: entries, and `NAME@published` where there is one."""
    return [
        name + suffix
        for name, declaration in declarations.items()
        for suffix in ("", "@published")
        if not suffix or declaration.published
    ]


def resolve(
    requested: Iterable[str], declarations: Mapping[str, Declaration], recipes: Sequence[Recipe] = ("corrected",)
) -> list[Entry]:
    """Return the entries that a request names, each once.

    `all` is every entry under the given recipes, `all@published` every published one; neither includes examples of
    practices. Raises RequestError for an unknown name, and where no name is given.
    """
    known = names(declarations)
    selected: list[str] = []
    for name in requested:
        if name in ("all", "all@published"):
            selected_recipes = recipes if name == "all" else ("published",)
            selected += [
                entry
                for entry in known
                if recipe_of(entry) in selected_recipes and not declarations[_bare(entry)].practice
            ]
        elif name in known:
            selected.append(name)
        else:
            raise unknown("method", name, [*known, "all"])
    if not selected:
        raise RequestError("no method was requested; name some after --methods, or 'all'")
    return [declared_entry(name, declarations[_bare(name)], recipe_of(name)) for name in dict.fromkeys(selected)]


def recipe_of(name: str) -> Recipe:
    """Return the recipe that an entry's name stands for."""
    return "published" if name.endswith("@published") else "corrected"


def _bare(name: str) -> str:
    return name.partition("@")[0]
