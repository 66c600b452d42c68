"""Ranks of the entries with their intervals, and which entries are not distinguishable."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from harness.evidence.leaderboard import Leaderboard
from harness.report.figures.captions import MAX_ENTRIES, entry_limit_note
from harness.report.figures.figure import Figure
from harness.report.figures.labels import label, name_list, name_markup
from harness.report.figures.ranks_plot import EntryRank, RanksPlot
from harness.report.figures.svg import render_svg
from harness.report.table_view import Row
from harness.stats.entry_scores import AVERAGE

if TYPE_CHECKING:
    from markupsafe import Markup


def ranks_figure(board: Leaderboard, rows: Sequence[Row]) -> Figure | None:
    """Return the figure, None if fewer than two entries have an average."""
    ranks = _entry_ranks(board, rows)
    if len(ranks) < 2:
        return None
    title = f"Rank on {label(board.primary)} with its 95 % interval"
    description = "; ".join(f"{label(rank.entry)}: {_rank_text(rank)}" for rank in ranks[:MAX_ENTRIES])
    plot = RanksPlot(ranks[:MAX_ENTRIES], len(ranks))
    svg = render_svg("figure-ranks", title, description, plot.height, plot)
    return Figure("ranks", title, _caption(ranks), _reading(len(ranks)), svg)


def _entry_ranks(board: Leaderboard, rows: Sequence[Row]) -> list[EntryRank]:
    """Return the ranks of the entries that have an average, in the order of the table."""
    averages = {evidence.entry: evidence for evidence in board.evidence if evidence.language == AVERAGE}
    ranked = [averages[row.entry] for row in rows if row.entry in averages]
    means = [evidence.mean[0] for evidence in ranked]
    return [
        EntryRank(
            entry=evidence.entry,
            rank=1 + sum(mean > evidence.mean[0] for mean in means),
            best=int(evidence.rank_best[0]),
            worst=int(evidence.rank_worst[0]),
            group=int(evidence.group[0]),
        )
        for evidence in ranked
    ]


def _rank_text(rank: EntryRank) -> str:
    return f"rank {rank.rank}, {rank.best} to {rank.worst}, group {rank.group}"


def _caption(ranks: Sequence[EntryRank]) -> Markup:
    """Return in one sentence which entries may be the best, how many ranks are certain, and the widest interval."""
    from markupsafe import Markup

    first_group = [rank.entry for rank in ranks if rank.group == 1]
    certain = [rank.entry for rank in ranks if rank.best == rank.worst]
    widest = max(ranks, key=lambda rank: rank.worst - rank.best)
    leaders = (
        Markup("{} is told apart from all others as the best").format(name_list(first_group))
        if len(first_group) == 1
        else Markup("{} entries are not told apart from the best: {}").format(len(first_group), name_list(first_group))
    )
    verb = "is" if len(certain) == 1 else "are"
    return leaders + Markup("; {} of {} ranks {} certain; the widest interval is that of {}, {} to {}.").format(
        len(certain), len(ranks), verb, name_markup(widest.entry), widest.best, widest.worst
    )


def _reading(count: int) -> Markup:
    from markupsafe import Markup

    return Markup.escape(
        "The diamond is the rank by the mean, the bar the 95 % interval over resampled queries and seeds. Entries of "
        "one group are not told apart from its best (permutation test, Holm's correction)."
        f"{entry_limit_note(count)}"
    )
