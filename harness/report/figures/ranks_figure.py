"""Ranks of the entries with their intervals, and which entries are not shown to differ."""

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
    ranked = [(row.name, averages[row.entry]) for row in rows if row.entry in averages]
    means = [evidence.mean[0] for _, evidence in ranked]
    return [
        EntryRank(
            entry=name,
            rank=1 + sum(mean > evidence.mean[0] for mean in means),
            best=int(evidence.rank_best[0]),
            worst=int(evidence.rank_worst[0]),
            letters=evidence.letters[0],
            tied=bool(evidence.tied[0]),
        )
        for name, evidence in ranked
    ]


def _rank_text(rank: EntryRank) -> str:
    return f"rank {rank.rank}, {rank.best} to {rank.worst}, {rank.letters}"


def _caption(ranks: Sequence[EntryRank]) -> Markup:
    """Return in one sentence which entries may be the best, how many ranks are certain, and the widest interval."""
    from markupsafe import Markup

    leading = [rank.entry for rank in ranks if rank.tied]
    certain = [rank.entry for rank in ranks if rank.best == rank.worst]
    widest = max(ranks, key=lambda rank: rank.worst - rank.best)
    leaders = (
        Markup("{} is shown to be better than all others").format(name_list(leading))
        if len(leading) == 1
        else Markup("{} entries are not shown to differ from the best: {}").format(len(leading), name_list(leading))
    )
    verb = "is" if len(certain) == 1 else "are"
    return leaders + Markup("; {} of {} ranks {} certain; the widest interval is that of {}, {} to {}.").format(
        len(certain), len(ranks), verb, name_markup(widest.entry), widest.best, widest.worst
    )


def _reading(count: int) -> Markup:
    from markupsafe import Markup

    return Markup.escape(
        "The diamond is the rank by the mean. The bar is the 95 % interval of all ranks together: from 1 + the number "
        "of those shown to be better, to the number of entries less those shown to be worse. Two entries share a "
        "letter where they are not shown to differ (p > .05, Holm's over all pairs)."
        f"{entry_limit_note(count)}"
    )
