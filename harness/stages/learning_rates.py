"""Learning rates that a suite chose for a base model built at random, where a pretrained one is in its place.

Such a rate is too high for most pretrained models, and an entry trained with it looks worse than the untuned model. It
is used all the same, as the suite states it; one line per rate says so in the run, in its records and on the page. A
rate from --set, an entry's own and that of a published recipe were not chosen for the built model: no line.
"""

from __future__ import annotations

from collections.abc import Iterable

from harness.request.cell import Cell
from harness.request.manifest import BuiltBase
from harness.request.settings import suite_layer, training_sources

# As it is typed; chosen for multilingual-e5-small on held-out training queries (results/settings/wikiqa-e5.csv).
PRETRAINED = "2e-5"


def warnings(cells: Iterable[Cell]) -> list[str]:
    """Return one line per learning rate that was chosen for a built base model and trains another one."""
    return list(dict.fromkeys(line for cell in cells if (line := _warning(cell))))


def _warning(cell: Cell) -> str:
    own, suite = cell.suite.own_base, cell.suite
    if cell.method is None or not isinstance(own, BuiltBase) or isinstance(suite.base_model, BuiltBase):
        return ""
    family, rate = cell.method.family, cell.training.learning_rate
    if training_sources(suite, cell.entry, family)["learning_rate"] != suite_layer(suite) or rate <= float(PRETRAINED):
        return ""
    return (
        f"learning rate {rate:g} of suite {suite.name} ({family} methods) was chosen for its own base model, which has "
        f"hidden size {own.hidden_size} and is initialised at random; it can ruin a pretrained model: "
        f"add --set train.learning_rate={PRETRAINED}"
    )
