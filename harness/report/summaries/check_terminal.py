"""A check in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.evidence.gate.decision import Checked
from harness.report.console import SAME_COLOUR, Name, compact_table
from harness.report.numbers import hundred, signed, signed_interval
from harness.report.summaries.check_words import basis, decisions, headline, not_compared

if TYPE_CHECKING:
    from rich.table import Table

COLOURS = {"regression": "red", "warning": "yellow", "spread": "yellow", "improvement": "green", "same": SAME_COLOUR}
MAX_DIFFERENCES = 12  # differences in code and environment that are listed


def comparison_table(checked: Checked) -> Table:
    """Return a table with one row per comparison, in the order of the baseline."""
    from rich.text import Text

    several = len({line.measure for line in checked.lines}) > 1
    heads = ("lang", *(["measure"] if several else []), "baseline", "now", "Δ", "bounds", "verdict")
    table = compact_table("entry", heads, left=("lang", "measure", "verdict"))
    for line in checked.lines:
        decision = line.decision
        names = [line.language, *([line.measure] if several else [])]
        bounds = signed_interval(decision.low, decision.high)
        numbers = [hundred(line.old), hundred(line.new), signed(decision.difference), bounds]
        verdict = Text(decision.verdict + (" *" if decision.blind else ""), style=COLOURS[decision.verdict])
        table.add_row(Name(line.entry), *map(Text, (*names, *numbers)), verdict)
    return table


def summary_lines(checked: Checked) -> list[str]:
    """Return the lines below the table: regressions, warnings and other findings, and the outcome last."""
    lines = [f"{verdict}: {text}" for verdict, text in decisions(checked)]
    if any(line.decision.blind for line in checked.lines):
        lines.append("* one seed on a side: its spread over seeds is unknown and not counted")
    lines += not_compared(checked)
    if checked.differences:
        listed = "; ".join(map(str, checked.differences[:MAX_DIFFERENCES]))
        hidden = len(checked.differences) - MAX_DIFFERENCES
        lines.append(f"differs from the baseline: {listed}{f'; and {hidden} more' if hidden > 0 else ''}")
    return [*lines, basis(checked), f"{checked.suite}: {headline(checked)}"]
