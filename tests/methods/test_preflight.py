"""An adapter that does not support the base model is rejected before the first cell."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.errors import RequestError
from harness.execution import plan
from harness.execution.plan import Request
from harness.execution.runner import Work, preflight
from harness.machine.store import Store
from harness.request.cell import Place
from methods.intermediate import OnlyIntermediate
from methods.moe import MixtureOfExperts

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Tiny = Callable[[str], "SentenceTransformer"]


def work(tiny: Tiny, model_type: str, tmp_path: Path, *methods: str) -> tuple[Work, Store]:
    """Return the planned cells of some entries on a base model of a type, none of them finished."""
    base, place = tmp_path / "model", Place(cache=tmp_path / "cache")
    tiny(model_type).save_pretrained(str(base), create_model_card=False)
    planned = plan.make(Request("mini", methods, ["ko"], [0], tmp_path / "out", place, base_model=str(base)))
    return Work(planned, todo=planned.cells), Store(place.cache)


@pytest.mark.parametrize(
    ("entry", "adapter", "problem"),
    [
        ("clpl-moe", "moe", "no mixture for model type 'distilbert'; supported: bert, roberta, xlm-roberta"),
        (
            "clpl-intermediate",
            "intermediate",
            "its layers have no intermediate.dense; supported: bert, roberta, xlm-roberta",
        ),
    ],
)
def test_an_entry_whose_adapter_does_not_support_the_base_model_is_rejected_in_one_line(
    tiny: Tiny, tmp_path: Path, entry: str, adapter: str, problem: str
) -> None:
    planned, store = work(tiny, "distilbert", tmp_path, "mnrl", entry)
    with pytest.raises(RequestError) as error:
        preflight(planned, store)
    assert str(error.value).startswith(f"{entry} on this base model: {adapter}: {problem}")
    assert str(error.value).endswith("leave the entry out")
    assert "\n" not in str(error.value)


def test_entries_without_an_adapter_run_on_any_architecture(tiny: Tiny, tmp_path: Path) -> None:
    planned, store = work(tiny, "distilbert", tmp_path, "mnrl", "infonce-ance")
    preflight(planned, store)  # raises no error
    assert [cell.adapters for cell in planned.todo] == [[]] * len(planned.todo)


@pytest.mark.parametrize("model_type", ["bert", "roberta", "xlm-roberta"])
def test_both_adapters_support_models_with_intermediate_layers(tiny: Tiny, tmp_path: Path, model_type: str) -> None:
    preflight(*work(tiny, model_type, tmp_path, "clpl-moe"))
    assert MixtureOfExperts().problem(tiny(model_type)) == OnlyIntermediate().problem(tiny(model_type)) == ""
