"""A check in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.evidence.gate.decision import Checked
from harness.report.numbers import hundred, signed
from harness.report.summaries.check_words import ORDER, basis, headline, sentence

if TYPE_CHECKING:
    from rich.table import Table

COLOURS = {"regression": "red", "warning": "yellow", "spread": "yellow", "improvement": "green", "same": ""}
MAX_DIFFERENCES = 12  # differences in code and environment that are listed


def comparison_table(checked: Checked) -> Table:
    """Return a table with one row per comparison, in the order of the baseline."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    several = len({line.measure for line in checked.lines}) > 1
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    table.add_column("entry", overflow="fold")
    for name in ("lang", *(["measure"] if several else []), "baseline", "now", "Δ", "bounds", "verdict"):
        table.add_column(name, justify="left" if name in ("lang", "measure", "verdict") else "right", no_wrap=True)
    for line in checked.lines:
        decision = line.decision
        names = [line.entry, line.language, *([line.measure] if several else [])]
        bounds = f"[{signed(decision.low)}, {signed(decision.high)}]"
        numbers = [hundred(line.old), hundred(line.new), signed(decision.difference), bounds]
        verdict = Text(decision.verdict + (" *" if decision.blind else ""), style=COLOURS[decision.verdict])
        table.add_row(*map(Text, (*names, *numbers)), verdict)
    return table


def summary_lines(checked: Checked) -> list[str]:
    """Return the lines below the table: regressions, warnings and other findings, and the outcome last."""
    lines = []
    for verdict in ORDER[:-1]:
        lines += [f"{verdict}: {sentence(line, checked.margin)}" for line in checked.lines_with(verdict)]
    lines += [f"missing: {cell.name}: {cell.reason}" for cell in checked.missing]
    if any(line.decision.blind for line in checked.lines):
        lines.append("* one seed on a side: its spread over seeds is unknown and not counted")
    if checked.added:
        lines.append(f"not in the baseline, not compared: {', '.join(checked.added)}")
    if checked.differences:
        listed = "; ".join(map(str, checked.differences[:MAX_DIFFERENCES]))
        hidden = len(checked.differences) - MAX_DIFFERENCES
        lines.append(f"differs from the baseline: {listed}{f'; and {hidden} more' if hidden > 0 else ''}")
    if checked.unknown:
        lines.append(f"only one of the two holds, so not compared: {', '.join(checked.unknown)}")
    return [*lines, basis(checked), f"{checked.suite}: {headline(checked)}"]
