"""A comparison as Markdown, HTML, LaTeX, CSV and JSON."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, fields
from typing import Any

from harness.evidence.comparison import Compared, Row
from harness.report import spreadsheet
from harness.report.summaries.comparison_words import HEADS, SHAPES, basis, cells, headline, notes, sections

COLUMNS = ("suite", "measure", "seeds_a", "seeds_b", *(field.name for field in fields(Row) if field.name != "seeds"))
ROWS = 40  # of one LaTeX table


def markdown(compared: Compared) -> str:
    """Return the comparison as Markdown."""
    return _render("compare.md.j2", compared)


def html(compared: Compared) -> str:
    """Return the comparison as a self-contained HTML page."""
    return _render("compare.html.j2", compared, script=None, data=None)


def tex(compared: Compared) -> str:
    """Return the comparison as LaTeX tables that need the booktabs package."""
    rows = [cells(row) for row in compared.rows]
    parts = [rows[i : i + ROWS] for i in range(0, len(rows), ROWS)]
    return _render("compare.tex.j2", compared, parts=parts)


def _render(template: str, compared: Compared, **extra: Any) -> str:
    from harness.report.templating import render

    counts = Counter(row.verdict for row in compared.rows)
    context = {
        "compared": compared,
        "heads": HEADS,
        "headline": headline(compared),
        "shapes": SHAPES,
        "rows": [cells(row) for row in compared.rows],
        "basis": basis(compared),
        "counts": counts,
        "notes": list(notes(compared)),
        "sections": list(sections(compared)),
    }
    return render(template, **context, **extra)


def csv(compared: Compared) -> str:
    """Return the rows as CSV, unrounded, missing numbers as empty fields."""
    rows = []
    for row in compared.rows:
        values = {**asdict(row), "suite": compared.suite, "measure": compared.measure}
        values["seeds_a"], values["seeds_b"] = values.pop("seeds")
        rows.append(["" if values[name] is None else values[name] for name in COLUMNS])
    return spreadsheet.to_csv(COLUMNS, rows)


def as_json(compared: Compared) -> str:
    """Return the whole comparison as JSON, unrounded."""
    return json.dumps(asdict(compared), indent=1, ensure_ascii=False, allow_nan=False) + "\n"
