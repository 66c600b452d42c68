"""A check in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.evidence.gate.decision import Checked
from harness.report.numbers import hundred, signed
from harness.report.summaries.check_words import ORDER, basis, headline, sentence

if TYPE_CHECKING:
    from rich.table import Table

COLOURS = {"regression": "red", "warning": "yellow", "spread": "yellow", "improvement": "green", "same": ""}
MOST = 12  # differences of code and environment that are named


def table(checked: Checked) -> Table:
    """Return a row for every comparison, in the baseline's order."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    several = len({line.measure for line in checked.lines}) > 1
    shown = Table(box=box.SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    shown.add_column("entry", overflow="fold")
    for name in ("lang", *(["measure"] if several else []), "baseline", "now", "Δ", "bounds", "verdict"):
        shown.add_column(name, justify="left" if name in ("lang", "measure", "verdict") else "right", no_wrap=True)
    for line in checked.lines:
        decision = line.decision
        named = [line.entry, line.language, *([line.measure] if several else [])]
        bounds = f"[{signed(decision.low)}, {signed(decision.high)}]"
        numbers = [hundred(line.old), hundred(line.new), signed(decision.difference), bounds]
        verdict = Text(decision.verdict + (" *" if decision.blind else ""), style=COLOURS[decision.verdict])
        shown.add_row(*map(Text, (*named, *numbers)), verdict)
    return shown


def below(checked: Checked) -> list[str]:
    """Return what stands below the table: everything that wants attention, and the outcome last."""
    lines = []
    for verdict in ORDER[:-1]:
        lines += [f"{verdict}: {sentence(line, checked.margin)}" for line in checked.of(verdict)]
    lines += [f"missing: {cell.name}: {cell.reason}" for cell in checked.missing]
    if any(line.decision.blind for line in checked.lines):
        lines.append("* one seed on a side: its spread over seeds is unknown and not counted")
    if checked.added:
        lines.append(f"not in the baseline, not compared: {', '.join(checked.added)}")
    if checked.differences:
        some = "; ".join(map(str, checked.differences[:MOST]))
        rest = len(checked.differences) - MOST
        lines.append(f"differs from the baseline: {some}{f'; and {rest} more' if rest > 0 else ''}")
    return [*lines, basis(checked), f"{checked.suite}: {headline(checked)}"]
