"""leaderboard.json: everything that the page says, as numbers, in a structure that stays.

    version         of this structure: a key that is taken away or means something else raises it, a new one does not
    suite, primary, measures, languages, baseline      measures have the primary one first
    complete        every cell that was asked for is done; else `absent` and `failures` say what is not
    unverified      languages whose data differ from the manifest's
    statistics      level and resamples of the intervals, alpha, margin of equivalence, correction of p
    entries         in the page's order: entry, title, recipe, minutes of a cell, bytes of memory, its reasons where all
                    of it failed, the signature of its records, and `said`: what the records say of it
    rows            an entry, language (or "average") and measure: the columns of leaderboard.csv and evidence.csv
    contrasts       an entry, baseline and language: delta, ci_low, ci_high and p_adjusted, in the order of `measures`;
                    none above a number of entries (harness.stats.contrasts)
    findings        what the primary measure shows, in sentences
    claims          every published number: the columns of claims.csv; `papers`: a paragraph for each
    tasks, sweeps, cross_validation, dimensions, geometry, experts        as on the page; [] or null where there is none
    records         of each cell that is done: path, cell key, sha256 of its weights, files with their sha256, scores
    failures        of each cell that failed: path and reason
    provenance      what the records say of how they were made: of all, of each language, of each entry; `varying` names
                    what differs from record to record
    run             run.json

Numbers are raw, in units of the measure; null stands for what there is not, and for what is no number. Paths are
relative to the folder that holds the file.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.evidence.leaderboard import Leaderboard, weights
from harness.report import table_view
from harness.report.documents import findings
from harness.report.sections import claims_section, claims_text, evidence_section
from harness.results.record import Record, beside, path_of
from harness.stats.analysis import MARGIN
from harness.stats.bootstrap import DRAWS
from harness.stats.intervals import LEVEL
from harness.stats.power import ALPHA

VERSION = 1
NUMBERS = (*claims_section.LEVEL, *claims_section.GAIN)  # of a claim: "" is none


def of_context(board: Leaderboard, context: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document; `context` is what all forms of the report show."""
    rows: Sequence[table_view.Row] = context["tables"][0].rows
    said = context["provenance"]
    statistics = {"level": LEVEL, "resamples": DRAWS, "alpha": ALPHA, "margin": MARGIN, "correction": "Holm"}
    return {
        "version": VERSION,
        **{name: getattr(board, name) for name in ("suite", "primary", "measures", "languages", "baseline")},
        "complete": not (context["absent"] or board.failures),
        "absent": context["absent"],
        "unverified": context["unverified"],
        "statistics": statistics,
        "entries": list(_entries(rows, context["entries"])),
        "rows": list(_rows(board)),
        "contrasts": list(_contrasts(board)),
        "findings": findings.of_board(board),
        "claims": list(_claims(context["claims"])),
        "papers": claims_text.paragraphs(context["claims"]),
        "tasks": context["tasks"],
        "sweeps": [_curve(curve) for curve in context["curves"]],
        "cross_validation": context["validations"],
        "dimensions": context["shorter"],
        "geometry": context["geometry"],
        "experts": context["experts"],
        "records": [_record(record) for record in board.records],
        "failures": [{**_cell(record), "reason": record.reason} for record in board.failures],
        "provenance": {
            "all": dict(said.shared),
            "by_language": {language: dict(facts) for language, facts in said.by_language.items()},
            "by_entry": {entry: dict(facts) for entry, facts in said.by_entry.items()},
            "varying": said.varying,
        },
        "run": board.run,
    }


def text(document: Mapping[str, Any]) -> str:
    """Return a document as JSON: a key a line, and of a list an item a line."""
    lines = []
    for name, value in _plain(document).items():
        written = _dumped(value)
        if isinstance(value, list) and value:
            written = "[\n  " + ",\n  ".join(map(_dumped, value)) + "\n ]"
        lines.append(f" {_dumped(name)}: {written}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: null for what is no number, objects for data classes, lists for tuples."""
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if dataclasses.is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if hasattr(value, "tolist"):  # NumPy's
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _entries(rows: Sequence[table_view.Row], said: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for row in rows:
        cost = {"minutes": row.minutes, "memory": row.memory or None}
        named = {"entry": row.entry, "title": row.title, "recipe": row.recipe, "page": row.href}
        facts = dict(said.get(row.entry, ()))
        yield {**named, **cost, "failed": row.reasons, "signature": facts.pop("signature", None), "said": facts}


def _rows(board: Leaderboard) -> Iterator[dict[str, Any]]:
    """Yield the leaderboard's rows, each with its evidence."""
    known = {
        (row[1], row[2], row[3]): dict(zip(evidence_section.COLUMNS, row, strict=True))
        for row in evidence_section.rows(board)
    }
    for row in board.rows.to_dict("records"):
        own = known[row["entry"], row["language"], row["measure"]]
        yield {**row, **{name: None if value == "" else value for name, value in own.items() if name not in row}}


def _contrasts(board: Leaderboard) -> Iterator[dict[str, Any]]:
    for one in board.contrasts:
        named = {"entry": one.entry, "baseline": one.baseline, "language": one.language}
        yield {**named, "delta": one.delta, "ci_low": one.low, "ci_high": one.high, "p_adjusted": one.p_adjusted}


def _claims(compared: claims_section.ComparedClaims) -> Iterator[dict[str, Any]]:
    for row in claims_section.rows(compared.lines):
        named = dict(zip(claims_section.COLUMNS, row, strict=True))
        yield {name: None if name in NUMBERS and value == "" else value for name, value in named.items()}


def _curve(curve: Any) -> dict[str, Any]:
    """Return a sweep: for each of its lines the values in their order, with the entry that has each."""
    lines = [
        {"others": line.others, "points": [{"value": point.value, "entry": point.row.entry} for point in line.points]}
        for line in curve.lines
    ]
    return {"origin": curve.origin, "setting": curve.target, "lines": lines}


def _record(record: Record) -> dict[str, Any]:
    path = path_of(Path(), record.entry, record.language, record.seed)
    files = {beside(path, suffix).as_posix(): sha256 for suffix, sha256 in record.files.items()}
    kept = ("trained", "cell_key", "n_queries", "measures", "by_dimension", "seconds", "peak_memory_bytes")
    own = {name: getattr(record, name) for name in kept}
    return {**_cell(record), **own, "weights": weights(record) or None, "files": files}


def _cell(record: Record) -> dict[str, Any]:
    path = path_of(Path(), record.entry, record.language, record.seed).as_posix()
    return {"entry": record.entry, "language": record.language, "seed": record.seed, "path": path}
