"""What a leaderboard shows on its primary measure, in sentences.

A difference to the baseline counts as shown where Holm's p is at most ALPHA and the 95 % interval over queries and
seeds leaves 0 out; where it does not, p speaks of the seeds that were run alone, and the sentence says so.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Literal

from harness.evidence.leaderboard import Leaderboard
from harness.report.numbers import chance, hundred, signed
from harness.stats.entry_scores import AVERAGE
from harness.stats.entry_statistics import EntryStatistics
from harness.stats.rules import ALPHA, MARGIN, is_equivalent, is_shown, is_shown_with_interval

MOST = 20  # names in one sentence
LEVEL = f"{ALPHA:.2f}".lstrip("0")

Word = Literal["better", "worse", "apart", "open", ""]


def of_board(board: Leaderboard) -> list[str]:
    """Return the findings on the average, or language by language where no entry has one."""
    averages = [one for one in board.evidence if one.language == AVERAGE]
    if averages:
        return [*_compared(board, averages, ""), *_languages(board, averages), *_spread(board), *_incomplete(board)]
    said = []
    for language in board.languages:
        found = [one for one in board.evidence if one.language == language]
        said += list(_compared(board, found, f"{language}: ")) if found else []
    return [*said, *_spread(board), *_incomplete(board)]


def word(one: EntryStatistics) -> Word:
    """Return what is shown of an entry's difference to the baseline; "apart": of the seeds that were run alone."""
    if math.isnan(one.p_adjusted[0]):
        return ""
    if not is_shown(one.p_adjusted[0]):
        return "open"
    if not is_shown_with_interval(one.p_adjusted[0], one.delta_low[0], one.delta_high[0]):
        return "apart"
    return "better" if one.delta[0] > 0 else "worse"


def _compared(board: Leaderboard, found: Sequence[EntryStatistics], where: str) -> Iterator[str]:
    """Yield what one column shows: the highest score, and each kind of difference to the baseline."""
    ordered = sorted(found, key=lambda one: (-one.mean[0], one.entry))
    yield where + _best(board, ordered)
    yield from _groups(ordered, where)
    others = [one for one in ordered if word(one)]
    if not others:
        if board.baseline not in {one.entry for one in ordered}:
            yield f"{where}{board.baseline} was not measured, so that no difference is given."
        return
    told = {
        "better": f"Shown to be better than {board.baseline} (Holm's p ≤ {LEVEL}): ",
        "worse": f"Shown to be worse than {board.baseline} (Holm's p ≤ {LEVEL}): ",
        "apart": f"Apart from {board.baseline} for the seeds that were run (p ≤ {LEVEL}), while the interval over "
        "queries and seeds holds 0: ",
        "open": f"Not told apart from {board.baseline}: ",
    }
    for kind, start in told.items():
        own = [one for one in others if word(one) == kind]
        if own:
            tested = kind in ("apart", "open")
            yield f"{where}{start}{_listed(_difference(one, tested) for one in own)}."
    equal = [one for one in others if is_equivalent(one.p_equivalence[0])]
    if equal:
        names = _listed(f"{one.entry} (p {chance(float(one.p_equivalence[0]))})" for one in equal)
        yield f"{where}Shown to be within {hundred(MARGIN)} of {board.baseline} (two one-sided tests): {names}."
    yield from _detectable(board, others, where)


def _best(board: Leaderboard, ordered: Sequence[EntryStatistics]) -> str:
    first, *rest = ordered
    level = hundred(float(first.mean[0])) + _interval(first.low[0], first.high[0], hundred)
    start = f"The highest {board.primary} is that of {first.entry}, {level}"
    if not rest:
        return f"{start}; it is the only entry."
    tied = [one.entry for one in rest if one.group[0] == first.group[0]]
    if not tied:
        return f"{start}; every other entry is told apart from it."
    return f"{start}; not told apart from it: {_listed(tied)}."


def _groups(ordered: Sequence[EntryStatistics], where: str) -> Iterator[str]:
    """Yield the groups below that of the highest in which several entries stand."""
    groups: dict[int, list[str]] = {}
    for one in ordered:
        groups.setdefault(int(one.group[0]), []).append(one.entry)
    below = [", ".join(names) for group, names in groups.items() if group != ordered[0].group[0] and len(names) > 1]
    if below:
        yield f"{where}Below it, not told apart from the highest of their group: {_listed(below)}."


def _difference(one: EntryStatistics, tested: bool) -> str:
    interval = _interval(one.delta_low[0], one.delta_high[0], signed)
    p = f", p {chance(float(one.p_adjusted[0]))}" if tested else ""
    return f"{one.entry} {signed(float(one.delta[0]))}{interval}{p}"


def _interval(low: float, high: float, form: Callable[[float], str]) -> str:
    return "" if math.isnan(low) else f" [{form(float(low))}, {form(float(high))}]"


def _detectable(board: Leaderboard, others: Sequence[EntryStatistics], where: str) -> Iterator[str]:
    known = sorted((float(one.detectable[0]), one.entry) for one in others if math.isfinite(one.detectable[0]))
    if known:
        least, most = known[0], known[-1]
        spread = "" if len(known) == 1 else f" to {hundred(most[0])} ({most[1]})"
        start = f"The smallest true difference to {board.baseline} that this run finds in four of five (α {LEVEL}) is "
        yield f"{where}{start}{hundred(least[0])} ({least[1]}){spread}."


def _languages(board: Leaderboard, averages: Sequence[EntryStatistics]) -> Iterator[str]:
    """Yield the entries of which a language does not show what the average shows."""
    by_name = {(one.entry, one.language): word(one) for one in board.evidence}
    said = []
    names = {
        "better": "better",
        "worse": "worse",
        "apart": "better or worse for these seeds alone",
        "open": "not told apart",
    }
    for one in averages:
        whole = word(one)
        other: dict[str, list[str]] = {}
        for language in board.languages:
            found = by_name[one.entry, language]
            if found != whole:
                other.setdefault(names[found], []).append(language)
        if whole and other:
            kinds = "; ".join(f"{kind} in {', '.join(languages)}" for kind, languages in other.items())
            said.append(f"{one.entry} ({kinds})")
    if said and len(board.languages) > 1:
        yield f"Not what the average shows: {_listed(said)}."


def _spread(board: Leaderboard) -> Iterator[str]:
    """Yield the largest standard deviation over seeds in a language, and who has one seed alone."""
    known = [one for one in board.evidence if one.language != AVERAGE and not math.isnan(one.seed_sd[0])]
    if known:
        widest = max(known, key=lambda one: float(one.seed_sd[0]))
        what = f"{widest.entry} in {widest.language}, over {widest.n_seeds} seeds"
        yield f"The largest standard deviation over seeds is {hundred(float(widest.seed_sd[0]))} ({what})."
    trained = {record.entry for record in board.records if record.trained}
    single = dict.fromkeys(one.entry for one in board.evidence if one.n_seeds == 1 and one.entry in trained)
    if single:
        yield f"Of one seed, so that how much another training would differ is unknown: {_listed(single)}."


def _incomplete(board: Leaderboard) -> Iterator[str]:
    """Yield the entries that lack the average for they lack a language."""
    there = {(one.entry, one.language) for one in board.evidence}
    lacking = []
    for entry in dict.fromkeys(one.entry for one in board.evidence):
        missing = [language for language in board.languages if (entry, language) not in there]
        if missing:
            lacking.append(f"{entry} ({', '.join(missing)})")
    if lacking:
        yield f"Without an average, for a language is missing: {_listed(lacking)}."


def _listed(items: Iterable[str]) -> str:
    found = list(items)
    return "; ".join(found[:MOST]) + (f"; and {len(found) - MOST} more" if len(found) > MOST else "")
