"""The file of published claims, `results/claims.toml`: read, and checked against what exists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from harness.errors import DataError, unknown
from harness.evidence.claims.claim import Claim, PublishedRow
from harness.evidence.claims.claim_checks import check_conditions, check_names, kind_of
from harness.evidence.claims.conditions import APPLICABLE, Conditions
from harness.evidence.claims.sheet import About, Paper, Row, Sheet
from harness.machine.bundled import results
from harness.machine.json_toml import read_toml
from harness.request import entries
from harness.request.entry import Declaration
from harness.request.suite import names as suite_names
from harness.schema import explain
from harness.stats.entry_scores import AVERAGE

FILE = "claims.toml"
CONDITIONS = "conditions"


def load(path: Path | None = None) -> list[Claim]:
    """Return the claims of a file, the bundled one by default, in its order.

    Raises DataError for an invalid file, for a claim that names an unknown entry, measure, suite, language, row or
    condition, and for a condition that cannot change the claim's number. The bundled file is read once.
    """
    return list(_bundled()) if path is None else _read(path)


@cache
def _bundled() -> tuple[Claim, ...]:
    return tuple(_read(results() / FILE))


def _read(path: Path) -> list[Claim]:
    try:
        table = read_toml(path)
    except (OSError, ValueError) as error:
        raise DataError(f"claims file {path} cannot be read: {error}; fix it") from error
    sheet: Sheet = _valid(Sheet, table, f"claims file {path}")
    declarations = entries.declared()
    rows = [_row(keys, paper, path, declarations) for paper in sheet.papers for keys in paper.rows]
    published = [PublishedRow(paper=row.paper, row=row.row) for row in rows]
    for row in rows:
        check_names(row, f"claim '{row.paper}, {row.row}' in {path}", sheet.suites, declarations, published)
    return [claim for row in rows for claim in _claims(row, sheet.suites, declarations)]


def about(claims: list[Claim], suite: str) -> list[Claim]:
    """Return the claims about a suite; raises RequestError if neither a claim nor a bundled suite has that name."""
    known = {claim.suite for claim in claims if claim.suite} | set(suite_names())
    if suite not in known:
        raise unknown("suite", suite, known)
    return [claim for claim in claims if claim.suite == suite]


def _valid(kind: type[Any], values: Any, where: str) -> Any:
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise DataError(f"{where}: {explain(error)}; fix it") from error


def _row(keys: Mapping[str, Any], paper: Paper, path: Path, declarations: Mapping[str, Declaration]) -> Row:
    """Return a row with what its paper says for all rows, and of the conditions those that change its number."""
    shared = paper.model_extra or {}
    where = f"claim '{shared.get('paper', '')}, {keys.get('row', '')}' in {path}"
    conditions = keys.get(CONDITIONS, {})
    check_conditions(paper.conditions, where)
    check_conditions(conditions, where)
    row: Row = _valid(Row, {**shared, **keys, CONDITIONS: {**paper.conditions, **conditions}}, where)
    kind = kind_of(row.entry, declarations)
    if excess := [name for name in conditions if name not in APPLICABLE[kind]]:
        raise DataError(f"{where}: {excess[0]} changes no number of a {kind} entry; leave it out")
    not_read = {name: None for name in Conditions.model_fields if name not in APPLICABLE[kind]}
    return row.model_copy(update={CONDITIONS: row.conditions.model_copy(update=not_read)})


def _claims(row: Row, suites: Mapping[str, About], declarations: Mapping[str, Declaration]) -> Iterator[Claim]:
    kind = kind_of(row.entry, declarations)
    declared = declarations.get(row.entry.partition("@")[0])
    names = (declared.method, *declared.joined, *declared.adapters) if declared else ()
    for measure, values in row.values.items():
        languages = tuple(language for language in values if language != AVERAGE)
        for language, value in values.items():
            yield Claim(
                **{name: getattr(row, name) for name in Row.model_fields if name in Claim.model_fields},
                kind=kind,
                plugins=tuple(name for name in names if name),
                tier=suites[row.suite].tier if row.suite else "",
                language=language,
                of=languages if language == AVERAGE else (),
                measure=measure,
                value=value,
            )
