"""Score against cost: the score of an entry against the time of one of its cells."""

from __future__ import annotations

from typing import TYPE_CHECKING

from harness.errors import quantity
from harness.report.figures.captions import BEYOND_AXIS, entry_limit_note
from harness.report.figures.cost_plot import (
    beyond,
    cost_height,
    draw_cost,
    entry_costs,
    pareto_front,
    score_domain,
    time_unit,
)
from harness.report.figures.drawing_rules import RULES
from harness.report.figures.labels import name_list
from harness.report.figures.switched_figure import SwitchedFigure
from harness.report.figures.view import View
from harness.report.numbers import hundred

if TYPE_CHECKING:
    from markupsafe import Markup


def _title(view: View) -> str:
    return f"{view.state.measure} × 100{view.suffix} against {time_unit(view).name} per cell"


def _description(view: View) -> str:
    unit = time_unit(view)
    return "; ".join(
        f"{view.label(cost.entry)}: {cost.seconds / unit.seconds:.2f} {unit.name}, {hundred(cost.score)}"
        for cost in entry_costs(view)[: RULES["entries"]]
    )


def _caption(view: View) -> Markup:
    from markupsafe import Markup

    costs = entry_costs(view)
    if not costs:
        return Markup("No entry that is shown has a time of its own.")
    front = pareto_front(costs)
    others = len(costs) - len(front)
    unbeaten = Markup("{} {} beaten by no other entry in both score and time").format(
        name_list([view.label(cost.entry) for cost in front]), "is" if len(front) == 1 else "are"
    )
    return unbeaten + (f"; the {quantity(others, 'other')} {'is' if others == 1 else 'are'}." if others else ".")


def _reading(view: View) -> Markup:
    from markupsafe import Markup

    costs = entry_costs(view)
    drawn = costs[: RULES["entries"]]
    arrows = BEYOND_AXIS if any(beyond(cost, score_domain(view, drawn)) for cost in drawn) else ""
    text = (
        "The time is that of training, encoding and search, a mean over the cells of all languages, on whatever "
        "machine they ran. What cells share (mined negatives, experts' scores) is left out; in records of older "
        "versions it counts for the cell that made it. Filled, and along the dashed line: the highest score within a "
        "time."
        f"{arrows}{entry_limit_note(len(costs))}"
    )
    untimed = [
        view.label(entry)
        for entry in view.entries
        if not view.data["entries"][entry]["seconds"] and view.found(entry, view.scope)
    ]
    left_out = Markup(" Without a time: {}, of whose records none says what computing it took.").format(
        name_list(untimed) if untimed else ""
    )
    return Markup.escape(text) + (left_out if untimed else "")


COST = SwitchedFigure(
    "cost", lambda view: len(entry_costs(view)) > 1, _title, _caption, _reading, _description, cost_height, draw_cost
)
