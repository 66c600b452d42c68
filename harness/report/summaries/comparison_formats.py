"""A comparison as text, Markdown, a page, LaTeX, CSV and JSON."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, fields
from typing import Any

from harness.evidence.comparison import Compared, Row
from harness.report import spreadsheet
from harness.report.numbers import chance, hundred, signed
from harness.results.differences import Differing

COLUMNS = ("suite", "measure", "seeds_a", "seeds_b", *(field.name for field in fields(Row) if field.name != "seeds"))
ROWS = 40  # of one of LaTeX's tables
HEADS = ("entry", "language", "A", "B", "B − A", "95 % interval", "p (Holm)", "verdict")


def text(compared: Compared) -> str:
    """Return a table for the terminal, and below it what differs, one line each."""
    rows = [HEADS, *(cells(row) for row in compared.rows)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(HEADS))]
    lines = [f"A: {compared.a}", f"B: {compared.b}", basis(compared), ""]
    lines += ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines += [f"* {note}" for note in notes(compared)]
    for title, found in sections(compared):
        lines += ["", title, *(f"  {item}" for item in found)]
    return "\n".join(lines) + "\n"


def markdown(compared: Compared) -> str:
    """Return the comparison as Markdown."""
    return _rendered("compare.md.j2", compared)


def html(compared: Compared) -> str:
    """Return the comparison as a page of its own."""
    return _rendered("compare.html.j2", compared, script=None, data=None)


def tex(compared: Compared) -> str:
    """Return the comparison as LaTeX's tables, to be put in where booktabs is loaded."""
    rows = [cells(row) for row in compared.rows]
    parts = [rows[i : i + ROWS] for i in range(0, len(rows), ROWS)]
    return _rendered("compare.tex.j2", compared, parts=parts)


def _rendered(template: str, compared: Compared, **further: Any) -> str:
    from harness.report.templating import render

    counts = Counter(row.verdict for row in compared.rows)
    context = {
        "heads": HEADS,
        "rows": [cells(row) for row in compared.rows],
        "basis": basis(compared),
        "counts": counts,
    }
    said = {"notes": list(notes(compared)), "sections": list(sections(compared))}
    return render(template, compared=compared, **context, **said, **further)


def csv(compared: Compared) -> str:
    """Return the rows as CSV, unrounded, an empty field where there is no number."""
    lines = []
    for row in compared.rows:
        values = {**asdict(row), "suite": compared.suite, "measure": compared.measure}
        values["seeds_a"], values["seeds_b"] = values.pop("seeds")
        lines.append(["" if values[name] is None else values[name] for name in COLUMNS])
    return spreadsheet.written(COLUMNS, lines)


def as_json(compared: Compared) -> str:
    """Return everything as JSON, unrounded."""
    return json.dumps(asdict(compared), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def basis(compared: Compared) -> str:
    """Return what the numbers are."""
    return (
        f"{compared.suite}, {compared.measure} × 100, B less A: queries paired, interval over queries and seeds; "
        f"equivalent: shown to be within {hundred(compared.margin)}"
    )


def cells(row: Row) -> tuple[str, ...]:
    """Return a row as it is printed."""
    if row.a is None or row.b is None or row.difference is None or row.low is None or row.high is None:
        return (row.entry, row.language, "", "", "", "", "", row.verdict)
    numbers = (hundred(row.a), hundred(row.b), signed(row.difference), f"[{signed(row.low)}, {signed(row.high)}]")
    return (row.entry, row.language, *numbers, chance(row.p), row.verdict + (" *" if row.blind else ""))


def notes(compared: Compared) -> Iterator[str]:
    """Yield what has to be said beside the table."""
    if any(row.blind for row in compared.rows):
        yield "one seed on a side: its spread over seeds is unknown and not in the interval"
    for row in compared.rows:
        if row.reason:
            yield f"{row.entry}/{row.language} is not comparable: {row.reason}"
    for name, only in (("A", compared.only_a), ("B", compared.only_b)):
        if only:
            yield f"only in {name}: {', '.join(only)}"


def sections(compared: Compared) -> Iterator[tuple[str, tuple[Differing, ...]]]:
    """Yield what the folders differ in beside their scores."""
    for name in ("request", "environment", "data"):
        found = getattr(compared, name)
        yield f"{name.capitalize()}, A → B{'' if found else ': the same'}", found
