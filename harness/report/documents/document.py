"""leaderboard.json: the contents of leaderboard.html as numbers, in a stable structure.

    version         of this structure: increased when a key is removed or changes its meaning, not when one is added
    suite, primary, measures, languages, baseline      measures have the primary one first
    complete        whether every requested cell is done; if not, see `absent` and `failures`
    unverified      languages whose data differ from the manifest
    selected_rows   how many NLI rows were read, by the minimum of their quality; absent where none was asked for
    statistics      level of the intervals, alpha, equivalence margin, correction of p
    entries         in the page's order: entry, title, recipe, minutes per cell, bytes of memory, reasons where all its
                    cells failed, the signature of its records, and `said`: its declaration
    rows            per entry, language (or "average") and measure: the columns of leaderboard.csv and evidence.csv
    contrasts       per entry, baseline and language: delta, ci_low, ci_high, p, p_adjusted and identical, in the order
                    of `measures`; blind (null p: one seed of a trained entry). Empty above a number of entries
                    (harness.stats.contrasts)
    findings        what the primary measure shows, in sentences
    published_contrasts        per contrast, language and measure: the columns of contrasts.csv
    claims          every published number: the columns of claims.csv; `papers`: a paragraph per paper
    tasks, sweeps, cross_validation, dimensions, geometry, experts        as on the page; [] or null where there is none
    ability         gain on retrieval against loss elsewhere, as on the page; absent where there is none
    labelled_pairs  AUPRC over labelled pairs, as on the page; absent where there is none
    records         of each done cell: path, cell key, sha256 of its weights, files with their sha256, scores, and the
                    seconds and peak memory of computing it (harness.results.cell_cost), null where it does not say
    failures        of each failed cell: path and reason
    provenance      what all records share, what those of a language or an entry share; `varying` names the rest
    run             run.json

Numbers are unrounded, in units of the measure; null stands for a missing value and for NaN. Paths are relative to the
folder of the file.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.evidence.leaderboard import Leaderboard
from harness.report import coverage
from harness.report.documents.findings import findings
from harness.report.facts import Provenance
from harness.report.sections import claims_section, claims_text, contrasts_section, evidence_section
from harness.report.sections.contrasts_section import View
from harness.report.table_view import Row
from harness.results.cell_cost import cell_cost
from harness.results.record import Record, beside, path_of
from harness.stats.rules import ALPHA, LEVEL, MARGIN

VERSION = 3
CLAIM_NUMBERS = (
    *claims_section.LEVEL,
    *claims_section.GAIN,
    "tuning_gain",
)  # columns in which "" stands for a missing number


def leaderboard_document(board: Leaderboard, context: Mapping[str, Any]) -> dict[str, Any]:
    """Return the document; `context` is shared by all formats of the report."""
    rows: Sequence[Row] = context["tables"][0].rows
    statistics = {"level": LEVEL, "alpha": ALPHA, "margin": MARGIN, "correction": "Holm"}
    return {
        "version": VERSION,
        **{name: getattr(board, name) for name in ("suite", "primary", "measures", "languages", "baseline")},
        **({"models": board.models} if board.models else {}),
        "complete": not (context["absent"] or board.failures),
        "absent": context["absent"],
        "unverified": context["unverified"],
        **({"repeated_seeds": repeated} if (repeated := board.results.repeated_lines) else {}),
        **({"selected_rows": selected} if (selected := coverage.selected_rows(board)) else {}),
        "statistics": statistics,
        "entries": list(_entries(rows, context["entries"])),
        "rows": list(_rows(board)),
        "contrasts": list(_contrasts(board)),
        "findings": findings(board),
        "published_contrasts": list(_published_contrasts(board, context["every_view"])),
        "claims": list(_claims(context["claims"])),
        "papers": claims_text.paragraphs(context["claims"]),
        "tasks": context["tasks"],
        **({"ability": context["ability"]} if context["ability"] else {}),
        "sweeps": [_sweep(curve) for curve in context["curves"]],
        "cross_validation": context["validations"],
        **({"labelled_pairs": context["labelled_pairs"]} if context["labelled_pairs"] else {}),
        "dimensions": context["shorter"],
        "geometry": context["geometry"],
        "experts": context["experts"],
        "records": [_record(record) for record in board.records],
        "failures": [{**_cell(record), "reason": record.reason} for record in board.failures],
        "provenance": _provenance(context["provenance"]),
        "run": board.run.content,
    }


def json_text(document: Mapping[str, Any]) -> str:
    """Return a document as JSON with one line per key, and one per item of a list."""
    lines = []
    for name, value in _plain(document).items():
        text = _dumped(value)
        if isinstance(value, list) and value:
            text = "[\n  " + ",\n  ".join(map(_dumped, value)) + "\n ]"
        lines.append(f" {_dumped(name)}: {text}")
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _dumped(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False)


def _plain(value: Any) -> Any:
    """Return a value in the types of JSON: null for NaN and infinity, objects for data classes, lists for tuples."""
    if isinstance(value, Mapping):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if dataclasses.is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
    if hasattr(value, "tolist"):  # a NumPy array or scalar
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _entries(rows: Sequence[Row], entry_facts: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for row in rows:
        facts = dict(entry_facts.get(row.entry, ()))
        yield {
            "entry": row.entry,
            "title": row.title,
            "recipe": row.recipe,
            "page": row.href,
            "minutes": row.minutes,
            "memory": row.memory or None,
            "failed": row.reasons,
            "signature": facts.pop("signature", None),
            "said": facts,
        }


def _rows(board: Leaderboard) -> Iterator[dict[str, Any]]:
    """Yield the leaderboard's rows, each with its evidence."""
    evidence_by_row = {
        (row[1], row[2], row[3]): dict(zip(evidence_section.COLUMNS, row, strict=True))
        for row in evidence_section.rows(board)
    }
    for row in board.rows.to_dict("records"):
        evidence = evidence_by_row[row["entry"], row["language"], row["measure"]]
        yield {**row, **{name: None if value == "" else value for name, value in evidence.items() if name not in row}}


def _contrasts(board: Leaderboard) -> Iterator[dict[str, Any]]:
    for contrast in board.contrasts:
        yield {
            "entry": contrast.entry,
            "baseline": contrast.baseline,
            "language": contrast.language,
            "delta": contrast.delta,
            "ci_low": contrast.low,
            "ci_high": contrast.high,
            "p": contrast.p,
            "p_adjusted": contrast.p_adjusted,
            "identical": contrast.identical,
            "blind": contrast.blind,
        }


def _claims(compared: claims_section.ComparedClaims) -> Iterator[dict[str, Any]]:
    for row in claims_section.rows(compared.lines):
        columns = dict(zip(claims_section.COLUMNS, row, strict=True))
        yield {name: None if name in CLAIM_NUMBERS and value == "" else value for name, value in columns.items()}


def _published_contrasts(board: Leaderboard, views: Sequence[View]) -> Iterator[dict[str, Any]]:
    for row in contrasts_section.rows(board, views):
        columns = dict(zip(contrasts_section.COLUMNS, row, strict=True))
        yield {
            name: None if name in contrasts_section.NUMBERS and value == "" else value
            for name, value in columns.items()
        }


def _sweep(curve: Any) -> dict[str, Any]:
    """Return a sweep: the values of each of its lines in their order, each with its entry."""
    lines = [
        {"others": line.others, "points": [{"value": point.value, "entry": point.row.entry} for point in line.points]}
        for line in curve.lines
    ]
    return {"origin": curve.origin, "setting": curve.target, "lines": lines}


def _provenance(provenance: Provenance) -> dict[str, Any]:
    return {
        "all": dict(provenance.shared),
        "by_language": {language: dict(facts) for language, facts in provenance.by_language.items()},
        "by_entry": {entry: dict(facts) for entry, facts in provenance.by_entry.items()},
        "varying": provenance.varying,
    }


def _record(record: Record) -> dict[str, Any]:
    path = path_of(Path(), record.entry, record.language, record.seed)
    files = {beside(path, suffix).as_posix(): sha256 for suffix, sha256 in record.files.items()}
    kept = ("trained", "cell_key", "n_queries", "measures", "by_dimension")
    fields = {name: getattr(record, name) for name in kept}
    known = cell_cost(record)
    cost = {"seconds": known and known.seconds, "peak_memory_bytes": known and known.peak_bytes}
    return {**_cell(record), **fields, **cost, "weights": record.weights_sha256 or None, "files": files}


def _cell(record: Record) -> dict[str, Any]:
    path = path_of(Path(), record.entry, record.language, record.seed).as_posix()
    return {"entry": record.entry, "language": record.language, "seed": record.seed, "path": path}
