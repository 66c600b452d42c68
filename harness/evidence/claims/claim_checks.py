"""Checks of a row of the claims file against what exists."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from harness.errors import DataError, unknown
from harness.evidence.claims.claim import PublishedRow
from harness.evidence.claims.conditions import Conditions, Kind
from harness.evidence.claims.sheet import About, Row
from harness.request import entries, plugins
from harness.request.entry import Declaration
from harness.stats.entry_scores import AVERAGE


def check_conditions(conditions: Any, where: str) -> None:
    """Raise DataError for conditions that are not a table, and for an unknown name of one."""
    if not isinstance(conditions, Mapping):
        raise DataError(f"{where}: conditions are a table, not {conditions!r}; fix it")
    for name in conditions:
        if name not in Conditions.model_fields:
            raise DataError(str(unknown("condition", name, Conditions.model_fields, where)))


def kind_of(entry: str, declarations: Mapping[str, Declaration]) -> Kind:
    """Return what an entry is; one that is not an entry here counts as untrained."""
    declaration = declarations.get(entry.partition("@")[0])
    if declaration is None or declaration.method is None:
        return "untrained"
    return "trained" if plugins.is_method(declaration.method) else "ranker"


def check_names(
    row: Row,
    where: str,
    suites: Mapping[str, About],
    declarations: Mapping[str, Declaration],
    rows: Collection[PublishedRow],
) -> None:
    """Raise DataError for a name that does not exist."""
    entry_names = entries.names(declarations)
    names = [("entry", name, entry_names) for name in (row.entry, row.control) if name]
    if row.suite:
        names.append(("suite", row.suite, list(suites)))
    if row.suite in suites:
        languages = [*suites[row.suite].languages, AVERAGE]
        names += [("language", language, languages) for values in row.values.values() for language in values]
    for kind, name, choices in names:
        if name not in choices:
            raise DataError(str(unknown(kind, name, choices, where)))
    if row.tuned_from and row.tuned_from not in rows:
        same_paper = [other.row for other in rows if other.paper == row.tuned_from.paper]
        raise DataError(str(unknown(f"row of {row.tuned_from.paper}", row.tuned_from.row, same_paper, where)))
    if kind_of(row.entry, declarations) != "ranker" and not (row.private or row.conditions.base_model):
        raise DataError(f"{where}: a claim on an encoder needs its base_model, or the reason why it is private; fix it")
