"""The papers' recipe on BGE-M3's architecture with one of 24 layers, 5,000 of 250,002 pieces and random weights."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from numpy.typing import NDArray
from support import bge_m3_model

from harness import pipeline
from harness.execution import plan
from harness.machine.store import Store
from harness.request.cell import Cell, Place
from harness.request.request import Request
from harness.results.record import Record

if TYPE_CHECKING:
    from torch import Tensor

SETTINGS = """
[evaluation]
measures = ["nDCG@10"]
primary = "nDCG@10"
depth = 10
encode_batch_size = 8
[mining]
depth = 10
[training.ranking]
epochs = 2
batch_size = 1
gradient_accumulation = 4
learning_rate = 1e-5
warmup = 0.0
"""
ENTRIES = ["clpl-moe", "clpl-moe@published"]
SIZES = {"num_hidden_layers": 1, "vocab_size": 5000}  # of the model that is trained
NEGATIVE_QUERIES = {  # with the label that masks; cut at the length of passages, as the published code does
    "clpl-moe": ("query_1", "query_2", "query_3", "query_4", "label"),
    "clpl-moe@published": ("negative_query_1", "negative_query_2", "negative_query_3", "negative_query_4"),
}


@dataclass(frozen=True)
class Trained:
    """What one cell left: its record, its model's folder, and vectors of the model that was never saved."""

    record: Record
    folder: Path
    before_saving: NDArray[np.float32]


@dataclass(frozen=True)
class Runs:
    """Both cells, and the base model that they start from."""

    base: Path
    passages: list[str]
    cells: Mapping[str, Cell]
    trained: Mapping[str, Trained]


TEXTS = ["비빔밥은 그릇에 담는다", "한글은 누가 만들었나", "감나무"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    """Run both entries of the paper's last row through every stage."""
    import torch

    root = tmp_path_factory.mktemp("bge-m3")
    part = bge_m3_model.mini_part(passages=16, train=4, dev=4)
    manifest = bge_m3_model.suite_of(root / "suite", part, (16, 16), SETTINGS)
    lines = (root / "suite/corpus.jsonl").read_text(encoding="utf-8").splitlines()
    passages = [json.loads(line)["text"] for line in lines]
    base = bge_m3_model.build(root / "base", passages, layers=1, vocabulary=SIZES["vocab_size"])
    place = Place(cache=root / "cache", data_dir=root / "suite")
    request = Request(
        suite=str(manifest),
        methods=tuple(ENTRIES),
        languages=("en",),
        seeds=(0,),
        base_model=str(base),
        data_dir=place.data_dir,
    )
    cells = {cell.entry.name: cell for cell in plan.make(request, place.cache).cells}
    threads, state = torch.get_num_threads(), torch.get_rng_state()
    trained = {name: _run(cell, root / "out") for name, cell in cells.items()}
    yield Runs(base, passages, cells, trained)
    torch.use_deterministic_algorithms(False)
    torch.set_num_threads(threads)
    torch.set_rng_state(state)


def _run(cell: Cell, out: Path) -> Trained:
    from sentence_transformers import SentenceTransformer

    save, seen = SentenceTransformer.save_pretrained, []

    def noted(self: Any, *arguments: Any, **options: Any) -> None:
        self.eval()
        seen.append(self.encode(TEXTS, show_progress_bar=False))
        save(self, *arguments, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SentenceTransformer, "save_pretrained", noted)
        record = pipeline.run(cell, Store(cell.place.cache), out)
    gc.collect()
    (key,) = (run.key for run in record.stages if run.stage == "train")
    (before,) = seen
    return Trained(record, cell.place.cache / "train" / key[:2] / key, before)


def weights(folder: Path) -> dict[str, Tensor]:
    from safetensors.torch import load_file

    return load_file(folder / "model.safetensors")


def test_the_configuration_is_that_of_bge_m3_except_for_the_numbers_of_layers_and_pieces(runs: Runs) -> None:
    configuration = json.loads((runs.base / "config.json").read_text(encoding="utf-8"))
    expected = {name: value for name, value in bge_m3_model.CONFIG.items() if name not in ("torch_dtype", "use_cache")}
    assert {name: configuration.get(name) for name in expected} == {**expected, **SIZES}


@pytest.mark.parametrize("pieces", [SIZES["vocab_size"], 250002])
def test_the_tokenizer_is_an_xlm_r_tokenizer_with_its_special_ids(runs: Runs, pieces: int, tmp_path: Path) -> None:
    from transformers import AutoTokenizer, XLMRobertaTokenizer

    folder = runs.base
    if pieces != SIZES["vocab_size"]:
        folder = tmp_path
        bge_m3_model.tokenizer_of(runs.passages).save_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(str(folder))
    assert isinstance(tokenizer, XLMRobertaTokenizer)
    special = tokenizer.convert_tokens_to_ids(["<s>", "<pad>", "</s>", "<unk>", "<mask>"])
    assert special == [0, 1, 2, 3, pieces - 1]
    (ids,) = tokenizer(["감나무"])["input_ids"]
    assert (ids[0], ids[-1]) == (0, 2)
    assert 3 not in ids


@pytest.mark.parametrize("name", ENTRIES)
def test_the_recipe_trains_two_epochs_of_four_accumulated_single_rows(runs: Runs, name: str) -> None:
    training = runs.trained[name].record.provenance["training"]
    assert training["settings"]["learning_rate"] == 1e-5
    assert (training["rows"], training["pairs"], training["pairs_without_negatives"]) == (4, 4, 0)
    assert training["columns"] == [
        *("anchor", "positive", "negative_1", "negative_2", "negative_3", "negative_4"),
        *NEGATIVE_QUERIES[name],
    ]
    assert training["steps"] == len(training["losses"]) == 2 * 1  # 4 rows of one accumulated batch
    assert runs.cells[name].method.temperature == 0.02  # type: ignore[union-attr]


@pytest.mark.parametrize("name", ENTRIES)
def test_a_reloaded_model_has_the_vectors_from_before_saving(runs: Runs, name: str) -> None:
    from sentence_transformers import SentenceTransformer

    trained = runs.trained[name]
    model = SentenceTransformer(str(trained.folder), device="cpu")
    assert [type(module).__name__ for module in model] == ["Transformer", "Pooling", "Normalize"]
    assert model[1].pooling_mode == "cls"
    assert model[0].auto_model.config.model_type == "xlm-roberta-moe"
    assert np.array_equal(model.encode(TEXTS, show_progress_bar=False), trained.before_saving)


@pytest.mark.parametrize("name", ENTRIES)
def test_only_the_experts_move_and_the_published_gate_does_not(runs: Runs, name: str) -> None:
    import torch

    before, after = weights(runs.base), weights(runs.trained[name].folder)
    experts = {tensor for tensor in after if ".intermediate.dense.experts." in tensor}
    gates = {tensor for tensor in after if tensor.endswith(".intermediate.dense.gate.weight")}
    assert (len(experts), len(gates)) == (1 * 2 * 2, 1)  # layers × experts × (weight, bias)
    assert set(after) - experts - gates == {tensor for tensor in before if ".intermediate.dense." not in tensor}
    assert all(torch.equal(after[tensor], before[tensor]) for tensor in set(after) - experts - gates)
    layer = "encoder.layer.0.intermediate.dense"
    moved = [not torch.equal(after[f"{layer}.experts.{e}.weight"], before[f"{layer}.weight"]) for e in (0, 1)]
    assert any(moved)
    drawn = gates_as_drawn(runs)
    (gate,) = gates
    assert torch.equal(after[gate], drawn[gate]) == (name == "clpl-moe@published")


def gates_as_drawn(runs: Runs) -> dict[str, Tensor]:
    """Return the gates that both cells draw under seed 0, from torch's generator as training seeds it."""
    import torch
    from sentence_transformers import SentenceTransformer

    from harness.keys import derive

    model = SentenceTransformer(str(runs.base), device="cpu")
    torch.manual_seed(derive(0, "adapter"))
    runs.cells["clpl-moe"].adapters[0].apply(model)
    network = model[0].auto_model
    return {name: tensor for name, tensor in network.state_dict().items() if name.endswith("gate.weight")}


@pytest.mark.parametrize("name", ENTRIES)
def test_the_record_has_every_measure_of_every_dev_query(runs: Runs, name: str) -> None:
    record = runs.trained[name].record
    assert record.status == "done"
    assert record.n_queries == 4
    assert 0 < record.measures["nDCG@10"] <= 1
    assert record.provenance["text"]["passage_max_length"] == 16
