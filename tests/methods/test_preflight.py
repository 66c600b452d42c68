"""An adapter that does not support the base model is rejected before the first cell."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from harness.errors import RequestError
from harness.execution import plan
from harness.execution.preflight import preflight
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.request.request import Request
from methods.intermediate import OnlyIntermediate
from methods.moe import MixtureOfExperts

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

Tiny = Callable[[str], "SentenceTransformer"]


def planned(tiny: Tiny, model_type: str, tmp_path: Path, *methods: str) -> tuple[list[Cell], Store]:
    """Return the cells of some entries on a base model of a type, and an empty store."""
    base, cache = tmp_path / "model", tmp_path / "cache"
    tiny(model_type).save_pretrained(str(base), create_model_card=False)
    request = Request(methods=methods, languages=("ko",), seeds=(0,), base_model=str(base))
    return plan.make(request, cache).cells, Store(cache)


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
    cells, store = planned(tiny, "distilbert", tmp_path, "mnrl", entry)
    with pytest.raises(RequestError) as error:
        preflight(cells, store)
    assert str(error.value).startswith(f"{entry} on this base model: {adapter}: {problem}")
    assert str(error.value).endswith("leave the entry out")
    assert "\n" not in str(error.value)


def test_entries_without_an_adapter_run_on_any_architecture(tiny: Tiny, tmp_path: Path) -> None:
    cells, store = planned(tiny, "distilbert", tmp_path, "mnrl", "infonce-ance")
    preflight(cells, store)  # raises no error
    assert [cell.adapters for cell in cells] == [[]] * len(cells)


@pytest.mark.parametrize("model_type", ["bert", "roberta", "xlm-roberta"])
def test_both_adapters_support_models_with_intermediate_layers(tiny: Tiny, tmp_path: Path, model_type: str) -> None:
    preflight(*planned(tiny, model_type, tmp_path, "clpl-moe"))
    assert MixtureOfExperts().problem(tiny(model_type)) == OnlyIntermediate().problem(tiny(model_type)) == ""
