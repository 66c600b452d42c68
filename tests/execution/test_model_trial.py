"""A trial before the first cell: what cannot be encoded with or trained is rejected, and nothing else changes."""

from __future__ import annotations

import random
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from support.commands import write_plugin
from support.tiny_models import built, router

from harness.errors import RequestError
from harness.execution import model_trial, plan
from harness.execution.preflight import preflight
from harness.execution.trial_rows import QUERIES as FEW
from harness.machine.store import Store
from harness.request import suite
from harness.request.cell import Cell, Place
from harness.request.manifest import BuiltBase
from harness.request.request import Request
from harness.stages.base_model import base_model
from harness.stages.objective import Objective

TINY = BuiltBase(
    vocab_size=1500, hidden_size=32, intermediate_size=64, layers=1, attention_heads=2, initialisation_seed=0
)

FOUND = {"": "float32"}  # what a trial that raises nothing returns


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    mini = suite.load("mini")
    small = mini.model_copy(update={"languages": {"ko": mini.languages["ko"]}, "base_model": TINY})
    root = tmp_path_factory.mktemp("store")
    return base_model(small, Place(cache=root), Store(root))


def planned(base: Path, cache: Path, *methods: str, **options: Any) -> tuple[list[Cell], Store]:
    request = Request(methods=methods, languages=("ko",), seeds=(0,), base_model=str(base), **options)
    return plan.make(request, cache).cells, Store(cache)


def test_every_bundled_entry_passes_and_the_generators_stay_as_they_were(base: Path, tmp_path: Path) -> None:
    import torch

    tried = []
    with pytest.MonkeyPatch.context() as patch:
        train_on = model_trial._train_on
        patch.setattr(
            model_trial, "_train_on", lambda cell, *rest: (tried.append(cell.entry.name), train_on(cell, *rest))
        )
        states = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
        preflight(*planned(base, tmp_path, "all"))
        assert (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()) == states
    assert (
        len(tried) == 11
    )  # infonce-random and infonce-ance differ in nothing that is tried; base and bm25 do not train
    assert tried[0] in ("clpl", "mnrl", "infonce-random", "nli-simcse", "soft-1", "soft-2", "soft-3", "hard-label")


def test_a_trial_trains_on_a_few_rows_of_every_objective(base: Path, tmp_path: Path) -> None:
    seen: dict[str, int] = {}
    with pytest.MonkeyPatch.context() as patch:
        count = Objective._count

        def counted(self: Objective, name: str, *arguments: Any) -> None:
            count(self, name, *arguments)
            seen[name] = self.seen[name]

        patch.setattr(Objective, "_count", counted)
        preflight(*planned(base, tmp_path, "clpl", "mnrl-nli", "soft-3"))
    assert seen == {"clpl": 2, "mnrl": 2, "nli_simcse": 2, "soft_labels": 2}


def damaged(base: Path, folder: Path, weights: str, row: int) -> Path:
    """Copy a model with NaN in one row of its weights."""
    from safetensors.torch import load_file, save_file

    shutil.copytree(base, folder)
    table = load_file(str(folder / "model.safetensors"))
    table[weights][row] = float("nan")
    save_file(table, str(folder / "model.safetensors"), metadata={"format": "pt"})
    return folder


DENSE, POSITIONS = "encoder.layer.0.output.dense.weight", "embeddings.position_embeddings.weight"
LAST = {
    "queries": 32 + 1,
    "passages": 128 + 1,
}  # of the lengths at which the suite cuts, the position of the last token of a cut text; the first is 2


def test_a_model_with_nan_in_its_weights_is_rejected_before_the_first_cell(base: Path, tmp_path: Path) -> None:
    broken = damaged(base, tmp_path / "broken", DENSE, 0)
    with pytest.raises(
        RequestError, match=r"base model .*broken gives NaN or infinite vectors of queries; use another model"
    ):
        preflight(*planned(broken, tmp_path / "cache", "base"))


@pytest.mark.parametrize("texts", ["queries", "passages"])
@pytest.mark.parametrize(("weights", "row"), [(DENSE, 0), (POSITIONS, None)])
def test_a_route_is_tried_by_itself_and_with_a_text_of_its_full_length(
    weights: str, row: int | None, texts: str, base: Path, tmp_path: Path
) -> None:
    broken = damaged(base, tmp_path / "broken", weights, LAST[texts] if row is None else row)
    routes = (base, broken) if texts == "queries" else (broken, base)
    model = router(*routes, tmp_path / "router")
    with pytest.raises(
        RequestError, match=rf"base model .*router gives NaN or infinite vectors of {texts}; use another model"
    ):
        preflight(*planned(model, tmp_path / "cache", "base"))


def test_a_trial_text_has_the_tokens_at_which_the_suite_cuts_and_no_more(base: Path, tmp_path: Path) -> None:
    beyond = damaged(base, tmp_path / "beyond", POSITIONS, LAST["queries"] + 1)
    assert preflight(*planned(router(base, beyond, tmp_path / "router"), tmp_path / "cache", "base")) == FOUND


def test_a_method_that_fails_on_the_model_is_rejected_with_its_name(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from methods._loss import EmbeddingLoss

    def fail(self: Any, *_: Any) -> None:
        raise RuntimeError("no\nroom")

    monkeypatch.setattr(EmbeddingLoss, "forward", fail)
    cells, store = planned(base, tmp_path, "base", "nli-simcse")
    with pytest.raises(
        RequestError, match=r"nli-simcse cannot be trained on base model .*: no room; leave the entry out"
    ):
        preflight(cells, store)


def test_negative_queries_cut_as_passages_are_held_against_the_route_of_queries(base: Path, tmp_path: Path) -> None:
    model = router(base, built(tmp_path / "queries", positions=40), tmp_path / "router")
    settings = ("clpl.negative_query_length=passage",)
    advice = "column 'negative_query_1' .* at 128 tokens .* at most 40 of a query; add --set train.max_length=40"
    with pytest.raises(RequestError, match=advice):
        preflight(*planned(model, tmp_path / "cache", "clpl", settings=settings))
    preflight(*planned(model, tmp_path / "cache", "clpl", settings=(*settings, "train.max_length=40")))


METHOD = """
from dataclasses import dataclass
from typing import ClassVar

@dataclass(frozen=True)
class PLUGIN:
    needs: ClassVar = frozenset([{needs}])
    family: ClassVar = "ranking"

    def examples(self, data):
        from datasets import Dataset
        pairs = data.pairs()
        {body}
        return Dataset.from_dict({
            "anchor": [data.queries[query] for query, _ in pairs],
            "positive": [data.passages[doc] for _, doc in pairs],
        })

    def loss(self, model):
        from sentence_transformers.sentence_transformer.losses import MultipleNegativesRankingLoss

        return MultipleNegativesRankingLoss(model)
"""


def tried(base: Path, folder: Path, body: str, needs: str = "") -> dict[str, str]:
    """Try a method with a line in its `examples`, and return the dtypes that were found in the model."""
    write_plugin(folder / "own", "mine", METHOD.replace("{body}", body).replace("{needs}", needs))
    if needs:
        with (folder / "own/mine.toml").open("a", encoding="utf-8") as entry:
            entry.write('negatives = "ance"\n')
    return preflight(*planned(base, folder / "cache", "mine", methods_path=folder / "own"))


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("data.querys", "AttributeError: 'TrainingData' object has no attribute 'querys'; correct it"),
        ("data.negatives['no such query']", "KeyError: 'no such query'; correct it"),
        ("raise ValueError('two\\nlines')", "ValueError: two lines; correct it"),
    ],
)
def test_an_error_in_a_methods_examples_is_reported_in_one_line_before_the_first_cell(
    body: str, reason: str, base: Path, tmp_path: Path
) -> None:
    with pytest.raises(RequestError) as rejection:
        tried(base, tmp_path, body)
    assert str(rejection.value) == f"mine: mine cannot make its training rows: {reason}, or leave the entry out"


def test_rows_that_cannot_be_trained_on_are_reported_as_in_a_cell(base: Path, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"^mine: mine: the training rows have no column of texts, only score; add"):
        tried(base, tmp_path, "return Dataset.from_dict({'score': [1.0]})")


def test_a_method_may_need_more_queries_than_a_trial_first_gives(base: Path, tmp_path: Path) -> None:
    assert tried(base, tmp_path, f"data.rng('draw').sample(pairs, {FEW + 1})") == FOUND
    with pytest.raises(RequestError, match=r"ValueError: Sample larger than population"):
        tried(base, tmp_path / "more", "data.rng('draw').sample(pairs, 10 ** 6)")


@pytest.mark.parametrize(
    ("needs", "body"),
    [
        ("", "assert not (data.negatives or data.negative_queries or data.expert_scores)"),
        (
            "'hard_negatives'",
            "assert all(len(set(docs) - set(data.data.train[query])) == 10 for query, docs in data.negatives.items())",
        ),
        (
            "'hard_negatives', 'negative_queries'",
            "assert all(data.queries_of_negative(query, doc) for query, _ in pairs for doc in data.negatives[query])",
        ),
        (
            "'hard_negatives', 'expert_scores'",
            "assert all(0 <= data.expert_scores[pair][2] <= 1 for pair in pairs) and len(data.expert_scores) > 600",
        ),
    ],
)
def test_what_earlier_stages_make_is_stood_in_for(needs: str, body: str, base: Path, tmp_path: Path) -> None:
    assert tried(base, tmp_path, body, needs) == FOUND


def test_a_method_that_makes_no_row_of_a_few_queries_is_left_to_its_cell(base: Path, tmp_path: Path) -> None:
    assert tried(base, tmp_path, "pairs = []") == FOUND
