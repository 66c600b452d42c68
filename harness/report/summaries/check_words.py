"""The outcome of a check in words, the same in the terminal, HTML, Markdown, JUnit XML and annotations."""

from __future__ import annotations

from collections.abc import Iterator

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
SHAPES = {  # of a chip
    "regression": "reversed",
    "missing": "cross",
    "warning": "half",
    "spread": "half",
    "improvement": "same",
    "same": "check",
}


def headline(checked: Checked) -> str:
    """Return the outcome in one line."""
    counts: list[tuple[int, str]] = [(len(checked.lines_with(verdict)), verdict) for verdict in ORDER]
    counts.insert(1, (len(checked.missing), "missing"))
    summary = ", ".join(f"{count} {NOUNS[outcome][count > 1]}" for count, outcome in counts if count)
    return f"{'FAILED' if checked.red else 'passed'}: {summary}"


def basis(checked: Checked) -> str:
    """Return the basis of the decisions: comparisons, margin, test, and the power of the least certain row."""
    measures = ", ".join(dict.fromkeys(line.measure for line in checked.lines))
    detectable = max(line.decision.detectable for line in checked.lines)
    return (
        f"{len(checked.lines)} comparisons on {measures}, × 100; margin {hundred(checked.margin)}. A regression is a "
        f"loss shown to be beyond the margin (one-sided, Holm over all comparisons at {ALPHA:g}; queries paired, seeds "
        f"counted). A loss of {hundred(detectable)} would be found in any row with probability {GATE_POWER:g}."
    )


def decisions(checked: Checked) -> Iterator[tuple[str, str]]:
    """Yield what is more than no difference: (regression, warning, spread, improvement or missing, sentence)."""
    for verdict in ORDER[:-1]:
        yield from ((verdict, sentence(line, checked.margin)) for line in checked.lines_with(verdict))
    yield from (("missing", f"{cell.name}: {cell.reason}") for cell in checked.missing)


def not_compared(checked: Checked) -> Iterator[str]:
    """Yield what only one of the two folders holds, in sentences."""
    if checked.added:
        yield f"not in the baseline, not compared: {', '.join(checked.added)}"
    if checked.unknown:
        yield f"only one of the two holds, so not compared: {', '.join(checked.unknown)}"


def sentence(line: Line, margin: float) -> str:
    """Return one decision in words."""
    decision = line.decision
    change = f"{line.measure} {hundred(line.old)} → {hundred(line.new)} ({signed(decision.difference)}"
    outcome = {
        "regression": f"at best {signed(decision.high)}), beyond the margin of {hundred(margin)}",
        "warning": f"at best {signed(decision.high)}): a loss, not shown to be beyond the margin of {hundred(margin)}",
        "improvement": f"at least {signed(decision.low)})",
        "spread": f"not shown), but the seeds spread {_ratio(decision.spread_ratio)} as far as the baseline's",
        "same": f"between {signed(decision.low)} and {signed(decision.high)}): no difference shown",
    }[decision.verdict]
    return f"{line.name}: {change}, {outcome}; {_sample(line)}"


def _sample(line: Line) -> str:
    """Return the seeds and queries that a decision is based on."""
    old, new = line.seeds
    seeds = f"{new} {'seed' if new == 1 else 'seeds'} against {old}, {line.queries} queries"
    return f"{seeds}; with one seed the spread over seeds is unknown and not counted" if line.decision.blind else seeds


def _ratio(ratio: float | None) -> str:
    return "otherwise" if ratio is None else f"{ratio:.1f} times"
