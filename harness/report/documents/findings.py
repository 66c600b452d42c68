"""The findings of a leaderboard on its primary measure, in sentences.

A difference is shown if its Holm-adjusted p is at most ALPHA (harness.stats.contrasts). Of a trained entry with one
seed nothing is shown, and the sentences say so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal

import numpy as np

from harness.evidence.leaderboard import Leaderboard
from harness.report.numbers import ALPHA_TEXT, hundred, p_value, signed
from harness.report.sections.contrasts_section import contrast_views
from harness.report.sweep_names import EntryNames, names_for_readers
from harness.stats.entry_scores import AVERAGE
from harness.stats.entry_statistics import EntryStatistics
from harness.stats.rules import MARGIN, direction, is_equivalent

MOST = 20  # names in one sentence

Outcome = Literal["better", "worse", "open", "blind", ""]
_OUTCOMES = {"better": "better", "worse": "worse", "open": "not shown to differ", "blind": "of one seed"}


def findings(board: Leaderboard) -> list[str]:
    """Return the findings on the published contrasts, then on the average, or on each language where none has one."""
    averages = [evidence for evidence in board.evidence if evidence.language == AVERAGE]
    if averages:
        compared = [*_compared(board, averages, ""), *_languages(board, averages)]
    else:
        compared = []
        for language in board.languages:
            column = [evidence for evidence in board.evidence if evidence.language == language]
            compared += list(_compared(board, column, f"{language}: ")) if column else []
    return [*contrast_findings(board), *compared, *_spread(board), *_incomplete(board)]


def contrast_findings(board: Leaderboard) -> list[str]:
    """Return the sentence on the published contrasts, averaged or in each language where nothing has an average."""
    views = [view for view in contrast_views(board) if view.measure == board.primary]
    if views and views[0].language == AVERAGE:
        return [views[0].headline]
    return [f"{view.language}: {view.headline}" for view in views]


def outcome(evidence: EntryStatistics) -> Outcome:
    """Return what is shown of an entry's difference to the baseline, "" where it has none."""
    if math.isnan(evidence.delta[0]):
        return ""
    if evidence.blind:
        return "blind"
    return direction(evidence.p_adjusted[0], evidence.delta[0]) or "open"


def _compared(board: Leaderboard, column: Sequence[EntryStatistics], prefix: str) -> Iterator[str]:
    """Yield what one column shows: the highest score, and each kind of difference to the baseline."""
    ordered = sorted(column, key=lambda evidence: (-evidence.mean[0], evidence.entry))
    names = names_for_readers(board)
    yield prefix + _best(board, ordered, names)
    yield from _letters(ordered, prefix, names)
    yield from _identical(board, ordered[0].language, prefix, names)
    compared = [evidence for evidence in ordered if outcome(evidence)]
    if compared:
        yield from _differences(board, compared, prefix, names)
    elif not board.baselines & {evidence.entry for evidence in ordered}:
        yield f"{prefix}{names[board.baseline_name]} was not measured, so that no difference is given."


def _differences(
    board: Leaderboard, compared: Sequence[EntryStatistics], prefix: str, names: EntryNames
) -> Iterator[str]:
    """Yield the entries of each outcome, those equivalent to the baseline, and the detectable difference."""
    baseline = names[board.baseline_name]
    starts = {
        "better": f"Shown to be better than {baseline} (Holm's p ≤ {ALPHA_TEXT}): ",
        "worse": f"Shown to be worse than {baseline} (Holm's p ≤ {ALPHA_TEXT}): ",
        "open": f"Not shown to differ from {baseline}: ",
        "blind": f"With an unknown spread over seeds, so that no difference to {baseline} can be shown (the "
        "interval is without this spread): ",
    }
    for kind, start in starts.items():
        matches = [evidence for evidence in compared if outcome(evidence) == kind]
        if matches:
            yield f"{prefix}{start}{_listed(_difference(evidence, kind == 'open', names) for evidence in matches)}."
    equivalent = [evidence for evidence in compared if is_equivalent(evidence.p_equivalence[0])]
    if equivalent:
        listed = _listed(_equivalence(evidence, names) for evidence in equivalent)
        test = f"two one-sided tests, p ≤ {ALPHA_TEXT}; with the 90 % interval"
        yield f"{prefix}Shown to be within {hundred(MARGIN)} of {baseline} ({test}): {listed}."
    yield from _detectable(board, compared, prefix, names)


def _best(board: Leaderboard, ordered: Sequence[EntryStatistics], names: EntryNames) -> str:
    best, *others = ordered
    level = hundred(float(best.mean[0])) + _interval(best.low[0], best.high[0], hundred)
    start = f"The highest {board.primary} is that of {names[best.entry]}, {level}"
    if not others:
        return f"{start}; it is the only entry."
    open_spread = " (of one seed: nothing is shown of it)" if best.one_seed else ""
    tied = [names[evidence.entry] for evidence in others if evidence.tied[0]]
    if not tied:
        return f"{start}; every other entry is shown to be worse."
    return f"{start}{open_spread}; not shown to differ from it: {_listed(tied)}."


def _identical(board: Leaderboard, language: str, prefix: str, names: EntryNames) -> Iterator[str]:
    """Yield the pairs of entries whose scores are equal bit for bit."""
    contrasts = next(each for each in board.statistics.by_language if each.language == language)
    pairs = [
        f"{names[contrasts.entries[i]]} and {names[contrasts.entries[j]]}"
        for i, j in np.argwhere(np.triu(contrasts.identical[:, :, 0])).tolist()
    ]
    if pairs:
        yield f"{prefix}Identical in every score of every query and seed: {_listed(pairs)}."


def _letters(ordered: Sequence[EntryStatistics], prefix: str, names: EntryNames) -> Iterator[str]:
    """Yield the letters of all entries, where any difference is shown."""
    if len({evidence.letters[0] for evidence in ordered}) > 1:
        letters = "; ".join(f"{names[evidence.entry]} {evidence.letters[0]}" for evidence in ordered[:MOST])
        more = f"; and {len(ordered) - MOST} more" if len(ordered) > MOST else ""
        yield f"{prefix}Two entries share a letter exactly where they are not shown to differ: {letters}{more}."


def _equivalence(evidence: EntryStatistics, names: EntryNames) -> str:
    interval = _interval(evidence.equivalence_low[0], evidence.equivalence_high[0], signed)
    return f"{names[evidence.entry]}{interval}, p {p_value(float(evidence.p_equivalence[0]))}"


def _difference(evidence: EntryStatistics, with_p: bool, names: EntryNames) -> str:
    interval = _interval(evidence.delta_low[0], evidence.delta_high[0], signed)
    known = with_p and not math.isnan(evidence.p_adjusted[0])
    p = f", p {p_value(float(evidence.p_adjusted[0]))}" if known else ""
    return f"{names[evidence.entry]} {signed(float(evidence.delta[0]))}{interval}{p}"


def _interval(low: float, high: float, form: Callable[[float], str]) -> str:
    return "" if math.isnan(low) else f" [{form(float(low))}, {form(float(high))}]"


def _detectable(
    board: Leaderboard, compared: Sequence[EntryStatistics], prefix: str, names: EntryNames
) -> Iterator[str]:
    known = [evidence for evidence in compared if math.isfinite(evidence.detectable[0])]
    if known:
        detectable = sorted((float(evidence.detectable[0]), evidence.entry) for evidence in known)
        (least, least_entry), (most, most_entry) = detectable[0], detectable[-1]
        spread = "" if len(detectable) == 1 else f" to {hundred(most)} ({names[most_entry]})"
        condition = f"80 % power, α {ALPHA_TEXT}, one comparison alone"
        start = f"Minimum detectable effect against {names[board.baseline_name]} ({condition}): "
        yield f"{prefix}{start}{hundred(least)} ({names[least_entry]}){spread}."


def _languages(board: Leaderboard, averages: Sequence[EntryStatistics]) -> Iterator[str]:
    """Yield the entries with another outcome in some language than on average."""
    names = names_for_readers(board)
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
            differing.append(f"{names[average.entry]} ({kinds})")
    if differing and len(board.languages) > 1:
        yield f"Not what the average shows: {_listed(differing)}."


def _spread(board: Leaderboard) -> Iterator[str]:
    """Yield the largest standard deviation over seeds in a language, and the trained entries with one seed."""
    names = names_for_readers(board)
    with_sd = [
        evidence for evidence in board.evidence if evidence.language != AVERAGE and not math.isnan(evidence.seed_sd[0])
    ]
    if with_sd:
        widest = max(with_sd, key=lambda evidence: float(evidence.seed_sd[0]))
        row = f"{names[widest.entry]} in {widest.language}, over {widest.n_seeds} seeds"
        yield f"The largest standard deviation over seeds is {hundred(float(widest.seed_sd[0]))} ({row})."
    trained = {record.entry for record in board.records if record.trained}
    entries = [evidence.entry for evidence in board.evidence if evidence.n_seeds == 1 and evidence.entry in trained]
    if entries:
        single = _listed(names[entry] for entry in dict.fromkeys(entries))
        yield f"Of one seed, so that how much another training would differ is unknown: {single}."


def _incomplete(board: Leaderboard) -> Iterator[str]:
    """Yield the entries without an average, with their missing languages."""
    names = names_for_readers(board)
    measured = {(evidence.entry, evidence.language) for evidence in board.evidence}
    incomplete = []
    for entry in dict.fromkeys(evidence.entry for evidence in board.evidence):
        missing = [language for language in board.languages if (entry, language) not in measured]
        if missing:
            incomplete.append(f"{names[entry]} ({', '.join(missing)})")
    if incomplete:
        yield f"Without an average, for a language is missing: {_listed(incomplete)}."


def _listed(items: Iterable[str]) -> str:
    names = list(items)
    return "; ".join(names[:MOST]) + (f"; and {len(names) - MOST} more" if len(names) > MOST else "")
