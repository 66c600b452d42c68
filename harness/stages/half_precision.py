"""Half precision where a request asks for it: it is never chosen by itself, and never left out by itself.

On a CPU that computes it more slowly than float32, one line per setting says so in the run, in its records and on the
page. A GPU that does not compute bfloat16 is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from harness.errors import RequestError
from harness.machine.device import gpu_without_bfloat16
from harness.machine.product_rate import SINGLE, product_rates
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.request.manifest import Precision
from harness.stages.stage_settings import scored_rows
from harness.types import Need, Ranker


def asked(cell: Cell) -> dict[str, Precision]:
    """Return setting → half precision, for each setting of a cell that asks for it."""
    if isinstance(cell.plugin, Ranker):
        return {}
    evaluation = cell.suite.evaluation
    precisions: dict[str, Precision | None] = {
        "evaluate.precision": evaluation.precision,
        "evaluate.query_precision": evaluation.query_precision,
    }
    if cell.method is not None:
        precisions["train.precision"] = cell.training.precision
    if Need.EXPERT_SCORES in cell.needs and scored_rows(cell) is None:
        precisions |= {f"the precision of expert '{expert.name}'": expert.precision for expert in cell.suite.experts}
    return {name: precision for name, precision in precisions.items() if precision and precision != SINGLE}


def warnings(cells: Iterable[Cell], store: Store) -> list[str]:
    """Return one line per setting that asks a CPU for a precision in which it is slower than in float32."""
    settings = {item: None for cell in cells if cell.place.device == "cpu" for item in asked(cell).items()}
    lines = []
    for name, precision in settings:
        rates = product_rates(precision, store)
        half, single = rates[precision], rates[SINGLE]
        if half < single:
            lines.append(
                f"{precision} on this CPU: {half:g} GFLOP/s against {single:g} in {SINGLE}, so {single / half:.3g} × "
                f"slower; set {name} to {SINGLE}"
            )
    return lines


def check(cells: Sequence[Cell]) -> None:
    """Raise RequestError where bfloat16 is asked of a GPU that does not compute it."""
    for cell in cells:
        settings = [name for name, precision in asked(cell).items() if precision == "bfloat16"]
        if cell.place.device != "cpu" and settings and (gpu := gpu_without_bfloat16()):
            raise RequestError(
                f"{cell.entry.name} on suite {cell.suite.name}: {gpu} does not compute bfloat16; "
                f"set {' and '.join(settings)} to float16 or float32"
            )
