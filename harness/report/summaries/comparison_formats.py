"""A comparison as text, Markdown, HTML, LaTeX, CSV and JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, fields
from typing import Any

from harness.evidence.comparison import Compared, Row
from harness.report import spreadsheet
from harness.report.numbers import hundred, p_value, signed
from harness.results.differences import Differing

COLUMNS = ("suite", "measure", "seeds_a", "seeds_b", *(field.name for field in fields(Row) if field.name != "seeds"))
ROWS = 40  # of one LaTeX table
HEADS = ("entry", "language", "A", "B", "B − A", "95 % interval", "p (Holm)", "verdict")


def text(compared: Compared) -> str:
    """Return a table for the terminal, followed by the differences in request, environment and data, one per line."""
    rows = [HEADS, *(cells(row) for row in compared.rows)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEADS))]
    lines = [f"A: {compared.a}", f"B: {compared.b}", basis(compared), ""]
    lines += ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines += [f"* {note}" for note in notes(compared)]
    for title, differences in sections(compared):
        lines += ["", title, *(f"  {difference}" for difference in differences)]
    return "\n".join(lines) + "\n"


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


def basis(compared: Compared) -> str:
    """Return the definition of the numbers."""
    return (
        f"{compared.suite}, {compared.measure} × 100, B less A: queries paired, interval over queries and seeds; "
        f"equivalent: shown to be within {hundred(compared.margin)}"
    )


def cells(row: Row) -> tuple[str, ...]:
    """Return the texts of a row, one per column of HEADS."""
    if row.a is None or row.b is None or row.difference is None or row.low is None or row.high is None:
        return (row.entry, row.language, "", "", "", "", "", row.verdict)
    numbers = (hundred(row.a), hundred(row.b), signed(row.difference), f"[{signed(row.low)}, {signed(row.high)}]")
    return (row.entry, row.language, *numbers, p_value(row.p), row.verdict + (" *" if row.blind else ""))


def notes(compared: Compared) -> Iterator[str]:
    """Yield the notes below the table."""
    if any(row.blind for row in compared.rows):
        yield "one seed on a side: its spread over seeds is unknown and not in the interval"
    for row in compared.rows:
        if row.reason:
            yield f"{row.entry}/{row.language} is not comparable: {row.reason}"
    for name, cell_names in (("A", compared.only_a), ("B", compared.only_b)):
        if cell_names:
            yield f"only in {name}: {', '.join(cell_names)}"


def sections(compared: Compared) -> Iterator[tuple[str, tuple[Differing, ...]]]:
    """Yield the differences of the folders other than their scores, with a title each."""
    for name in ("request", "environment", "data"):
        differences = getattr(compared, name)
        yield f"{name.capitalize()}, A → B{'' if differences else ': the same'}", differences
