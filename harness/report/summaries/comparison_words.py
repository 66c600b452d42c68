"""A comparison in words, the same in the terminal and in every file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from harness.errors import quantity
from harness.evidence.comparison import Compared, Row, Verdict
from harness.report.numbers import hundred, p_value, signed, signed_interval
from harness.results.differences import Differing

HEADS = ("entry", "language", "A", "B", "B − A", "95 % interval", "p (Holm)", "verdict")
SHAPES: Mapping[Verdict, str] = {  # of a chip, in the order of the headline
    "better": "same",
    "worse": "reversed",
    "equivalent": "equal",
    "undecided": "open",
    "not comparable": "none",
}
NAMED = 3  # rows that the headline names of those with a difference


def headline(compared: Compared) -> str:
    """Return the finding in one sentence."""
    parts = []
    for verdict in SHAPES:
        names = [f"{row.entry}/{row.language}" for row in compared.rows if row.verdict == verdict]
        named = f" ({', '.join(names)})" if verdict in ("better", "worse") and len(names) <= NAMED else ""
        parts += [f"{len(names)} {verdict}{named}"] if names else []
    return f"Of {quantity(len(compared.rows), 'comparison')} of B with A on {compared.measure}: {'; '.join(parts)}."


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
    numbers = (hundred(row.a), hundred(row.b), signed(row.difference), signed_interval(row.low, row.high))
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
