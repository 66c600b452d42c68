"""The findings of a leaderboard on its primary measure, in sentences.

A difference to the baseline is shown if its Holm-adjusted p is at most ALPHA and its 95 % interval over queries and
seeds excludes 0. If only the first holds, p is about the seeds that were run, and the sentence says so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal

from harness.evidence.leaderboard import Leaderboard
from harness.report.numbers import hundred, p_value, signed
from harness.stats.entry_scores import AVERAGE
from harness.stats.entry_statistics import EntryStatistics
from harness.stats.rules import ALPHA, MARGIN, is_equivalent, is_shown, is_shown_with_interval

MOST = 20  # names in one sentence
ALPHA_TEXT = f"{ALPHA:.2f}".lstrip("0")

Outcome = Literal["better", "worse", "apart", "open", ""]
_OUTCOMES = {
    "better": "better",
    "worse": "worse",
    "apart": "better or worse for these seeds alone",
    "open": "not told apart",
}


def findings(board: Leaderboard) -> list[str]:
    """Return the findings on the average, or on each language where no entry has an average."""
    averages = [evidence for evidence in board.evidence if evidence.language == AVERAGE]
    if averages:
        compared = [*_compared(board, averages, ""), *_languages(board, averages)]
    else:
        compared = []
        for language in board.languages:
            column = [evidence for evidence in board.evidence if evidence.language == language]
            compared += list(_compared(board, column, f"{language}: ")) if column else []
    return [*compared, *_spread(board), *_incomplete(board)]


def outcome(evidence: EntryStatistics) -> Outcome:
    """Return what is shown of an entry's difference to the baseline; "apart" holds only for the seeds that were run."""
    if math.isnan(evidence.p_adjusted[0]):
        return ""
    if not is_shown(evidence.p_adjusted[0]):
        return "open"
    if not is_shown_with_interval(evidence.p_adjusted[0], evidence.delta_low[0], evidence.delta_high[0]):
        return "apart"
    return "better" if evidence.delta[0] > 0 else "worse"


def _compared(board: Leaderboard, column: Sequence[EntryStatistics], prefix: str) -> Iterator[str]:
    """Yield what one column shows: the highest score, and each kind of difference to the baseline."""
    ordered = sorted(column, key=lambda evidence: (-evidence.mean[0], evidence.entry))
    yield prefix + _best(board, ordered)
    yield from _groups(ordered, prefix)
    compared = [evidence for evidence in ordered if outcome(evidence)]
    if compared:
        yield from _differences(board, compared, prefix)
    elif board.baseline not in {evidence.entry for evidence in ordered}:
        yield f"{prefix}{board.baseline} was not measured, so that no difference is given."


def _differences(board: Leaderboard, compared: Sequence[EntryStatistics], prefix: str) -> Iterator[str]:
    """Yield the entries of each outcome, those equivalent to the baseline, and the detectable difference."""
    starts = {
        "better": f"Shown to be better than {board.baseline} (Holm's p ≤ {ALPHA_TEXT}): ",
        "worse": f"Shown to be worse than {board.baseline} (Holm's p ≤ {ALPHA_TEXT}): ",
        "apart": f"Apart from {board.baseline} for the seeds that were run (p ≤ {ALPHA_TEXT}), while the interval over "
        "queries and seeds holds 0: ",
        "open": f"Not told apart from {board.baseline}: ",
    }
    for kind, start in starts.items():
        matches = [evidence for evidence in compared if outcome(evidence) == kind]
        if matches:
            with_p = kind in ("apart", "open")
            yield f"{prefix}{start}{_listed(_difference(evidence, with_p) for evidence in matches)}."
    equivalent = [evidence for evidence in compared if is_equivalent(evidence.p_equivalence[0])]
    if equivalent:
        names = _listed(f"{evidence.entry} (p {p_value(float(evidence.p_equivalence[0]))})" for evidence in equivalent)
        yield f"{prefix}Shown to be within {hundred(MARGIN)} of {board.baseline} (two one-sided tests): {names}."
    yield from _detectable(board, compared, prefix)


def _best(board: Leaderboard, ordered: Sequence[EntryStatistics]) -> str:
    best, *others = ordered
    level = hundred(float(best.mean[0])) + _interval(best.low[0], best.high[0], hundred)
    start = f"The highest {board.primary} is that of {best.entry}, {level}"
    if not others:
        return f"{start}; it is the only entry."
    tied = [evidence.entry for evidence in others if evidence.group[0] == best.group[0]]
    if not tied:
        return f"{start}; every other entry is told apart from it."
    return f"{start}; not told apart from it: {_listed(tied)}."


def _groups(ordered: Sequence[EntryStatistics], prefix: str) -> Iterator[str]:
    """Yield the groups of several entries below the group of the highest score."""
    groups: dict[int, list[str]] = {}
    for evidence in ordered:
        groups.setdefault(int(evidence.group[0]), []).append(evidence.entry)
    below = [", ".join(names) for group, names in groups.items() if group != ordered[0].group[0] and len(names) > 1]
    if below:
        yield f"{prefix}Below it, not told apart from the highest of their group: {_listed(below)}."


def _difference(evidence: EntryStatistics, with_p: bool) -> str:
    interval = _interval(evidence.delta_low[0], evidence.delta_high[0], signed)
    p = f", p {p_value(float(evidence.p_adjusted[0]))}" if with_p else ""
    return f"{evidence.entry} {signed(float(evidence.delta[0]))}{interval}{p}"


def _interval(low: float, high: float, form: Callable[[float], str]) -> str:
    return "" if math.isnan(low) else f" [{form(float(low))}, {form(float(high))}]"


def _detectable(board: Leaderboard, compared: Sequence[EntryStatistics], prefix: str) -> Iterator[str]:
    known = [evidence for evidence in compared if math.isfinite(evidence.detectable[0])]
    if known:
        detectable = sorted((float(evidence.detectable[0]), evidence.entry) for evidence in known)
        (least, least_entry), (most, most_entry) = detectable[0], detectable[-1]
        spread = "" if len(detectable) == 1 else f" to {hundred(most)} ({most_entry})"
        start = (
            f"The smallest true difference to {board.baseline} that this run finds in four of five (α {ALPHA_TEXT}) is "
        )
        yield f"{prefix}{start}{hundred(least)} ({least_entry}){spread}."


def _languages(board: Leaderboard, averages: Sequence[EntryStatistics]) -> Iterator[str]:
    """Yield the entries with another outcome in some language than on average."""
    outcomes = {(evidence.entry, evidence.language): outcome(evidence) for evidence in board.evidence}
    differing = []
    for average in averages:
        languages_by_outcome: dict[str, list[str]] = {}
        for language in board.languages:
            in_language = outcomes[average.entry, language]
            if in_language != outcome(average):
                languages_by_outcome.setdefault(_OUTCOMES[in_language], []).append(language)
        if outcome(average) and languages_by_outcome:
            kinds = "; ".join(f"{kind} in {', '.join(languages)}" for kind, languages in languages_by_outcome.items())
            differing.append(f"{average.entry} ({kinds})")
    if differing and len(board.languages) > 1:
        yield f"Not what the average shows: {_listed(differing)}."


def _spread(board: Leaderboard) -> Iterator[str]:
    """Yield the largest standard deviation over seeds in a language, and the trained entries with one seed."""
    with_sd = [
        evidence for evidence in board.evidence if evidence.language != AVERAGE and not math.isnan(evidence.seed_sd[0])
    ]
    if with_sd:
        widest = max(with_sd, key=lambda evidence: float(evidence.seed_sd[0]))
        row = f"{widest.entry} in {widest.language}, over {widest.n_seeds} seeds"
        yield f"The largest standard deviation over seeds is {hundred(float(widest.seed_sd[0]))} ({row})."
    trained = {record.entry for record in board.records if record.trained}
    entries = [evidence.entry for evidence in board.evidence if evidence.n_seeds == 1 and evidence.entry in trained]
    if entries:
        single = _listed(dict.fromkeys(entries))
        yield f"Of one seed, so that how much another training would differ is unknown: {single}."


def _incomplete(board: Leaderboard) -> Iterator[str]:
    """Yield the entries without an average, with their missing languages."""
    measured = {(evidence.entry, evidence.language) for evidence in board.evidence}
    incomplete = []
    for entry in dict.fromkeys(evidence.entry for evidence in board.evidence):
        missing = [language for language in board.languages if (entry, language) not in measured]
        if missing:
            incomplete.append(f"{entry} ({', '.join(missing)})")
    if incomplete:
        yield f"Without an average, for a language is missing: {_listed(incomplete)}."


def _listed(items: Iterable[str]) -> str:
    names = list(items)
    return "; ".join(names[:MOST]) + (f"; and {len(names) - MOST} more" if len(names) > MOST else "")
