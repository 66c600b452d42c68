"""What a check says, in words: the same in the terminal, in Markdown, in JUnit's XML and in annotations."""

from __future__ import annotations

from harness.evidence.gate.decision import Checked, Line
from harness.report.numbers import hundred, signed
from harness.stats.regressions import Verdict
from harness.stats.rules import ALPHA, GATE_POWER

ORDER: tuple[Verdict, ...] = ("regression", "warning", "spread", "improvement", "same")
NOUNS = {
    "regression": ("regression", "regressions"),
    "missing": ("missing cell", "missing cells"),
    "warning": ("warning", "warnings"),
    "spread": ("changed spread", "changed spreads"),
    "improvement": ("improvement", "improvements"),
    "same": ("same", "same"),
}


def headline(checked: Checked) -> str:
    """Return the outcome in one line."""
    counts: list[tuple[int, str]] = [(len(checked.of(verdict)), verdict) for verdict in ORDER]
    counts.insert(1, (len(checked.missing), "missing"))
    said = ", ".join(f"{n} {NOUNS[what][n > 1]}" for n, what in counts if n)
    return f"{'FAILED' if checked.red else 'passed'}: {said}"


def basis(checked: Checked) -> str:
    """Return what the decisions rest on."""
    measures = ", ".join(dict.fromkeys(line.measure for line in checked.lines))
    worst = max(line.decision.detectable for line in checked.lines)
    return (
        f"{len(checked.lines)} comparisons on {measures}, × 100; margin {hundred(checked.margin)}. A regression is a "
        f"loss shown to be beyond the margin (one-sided, Holm over all comparisons at {ALPHA:g}; queries paired, seeds "
        f"counted). A loss of {hundred(worst)} would be found in any row with probability {GATE_POWER:g}."
    )


def sentence(line: Line, margin: float) -> str:
    """Return one decision in words."""
    decision = line.decision
    moved = f"{line.measure} {hundred(line.old)} → {hundred(line.new)} ({signed(decision.difference)}"
    said = {
        "regression": f"at best {signed(decision.high)}), beyond the margin of {hundred(margin)}",
        "warning": f"at best {signed(decision.high)}): a loss, not shown to be beyond the margin of {hundred(margin)}",
        "improvement": f"at least {signed(decision.low)})",
        "spread": f"not shown), but the seeds spread {_ratio(decision.spread_ratio)} as far as the baseline's",
        "same": f"between {signed(decision.low)} and {signed(decision.high)}): no difference shown",
    }[decision.verdict]
    return f"{line.name}: {moved}, {said}; {_from(line)}"


def _from(line: Line) -> str:
    old, new = line.seeds
    seeds = f"{new} {'seed' if new == 1 else 'seeds'} against {old}, {line.queries} queries"
    return f"{seeds}; with one seed the spread over seeds is unknown and not counted" if line.decision.blind else seeds


def _ratio(ratio: float | None) -> str:
    return "otherwise" if ratio is None else f"{ratio:.1f} times"
