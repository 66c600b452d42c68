"""Ranks of the entries with their intervals, and which entries are not shown to differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.report.figures.captions import entry_limit_note
from harness.report.figures.drawing_rules import RULES
from harness.report.figures.labels import name_list, name_markup
from harness.report.figures.ranks_plot import EntryRank, all_ranks, draw_ranks, ranks_height, shown_ranks
from harness.report.figures.switched_figure import SwitchedFigure
from harness.report.figures.view import View
from harness.report.numbers import ALPHA_TEXT
from harness.stats.letters import share_letter

if TYPE_CHECKING:
    from markupsafe import Markup


def _title(view: View) -> str:
    return f"Rank on {view.state.measure}{view.suffix} with its 95 % interval"


def _description(view: View) -> str:
    ranks = shown_ranks(view)[: RULES["entries"]]
    return "; ".join(
        f"{view.label(each.entry)}: rank {each.rank}, {each.best} to {each.worst}, {each.letters}" for each in ranks
    )


def _caption(view: View) -> Markup:
    """Return in one sentence which entries may be the best, how many ranks are certain, and if not all, the widest."""
    from markupsafe import Markup

    ranks = shown_ranks(view)
    if not ranks:
        return Markup("No entry that is shown has a rank.")
    certain = sum(each.best == each.worst for each in ranks)
    widest = max(ranks, key=lambda each: each.worst - each.best)
    counted = Markup("{}; {} of {} ranks {} certain").format(
        _leaders(view, ranks), certain, len(ranks), "is" if certain == 1 else "are"
    )
    if certain == len(ranks):
        return counted + "."
    name = name_markup(view.label(widest.entry))
    return Markup("{}; the widest interval is that of {}, {} to {}.").format(counted, name, widest.best, widest.worst)


def _leaders(view: View, ranks: list[EntryRank]) -> Markup:
    from markupsafe import Markup

    everyone = all_ranks(view)
    best = max(everyone, key=lambda each: each.mean)
    tied = [each.entry for each in everyone if share_letter(each.letters, best.letters)]
    leading = [view.label(each.entry) for each in ranks if each.entry in tied]
    if not leading:
        return Markup("All that are shown are shown to be worse than the best")
    if len(tied) == 1:
        return Markup("{} is shown to be better than all others").format(name_list(leading))
    count = "1 entry is" if len(leading) == 1 else f"{len(leading)} entries are"
    return Markup("{} not shown to differ from the best: {}").format(count, name_list(leading))


def _reading(view: View) -> Markup:
    from markupsafe import Markup

    return Markup.escape(
        "The diamond is the rank by the mean. The bar is the 95 % interval of all ranks together: from 1 + the number "
        "of those shown to be better, to the number of entries less those shown to be worse. Two entries share a "
        f"letter where they are not shown to differ (p > {ALPHA_TEXT}, Holm's over all pairs)."
        f"{entry_limit_note(len(shown_ranks(view)))}"
    )


RANKS = SwitchedFigure(
    "ranks", lambda view: len(all_ranks(view)) > 1, _title, _caption, _reading, _description, ranks_height, draw_ranks
)
