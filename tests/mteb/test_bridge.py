"""mteb's result cache on real task objects (docs/traps.md, T1), precision, and tasks defined in the test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from datasets import Dataset

from harness.mteb import bridge, task_scoring
from harness.mteb.folder_model import model_meta
from harness.request.manifest import BuiltBase, Text
from harness.stages.built_base import build

pytestmark = pytest.mark.xdist_group("mteb")

TEXT = Text(title_join=" ", query_max_length=16, passage_max_length=24)
WORDS = ["sea", "hill", "river", "town", "train", "school", "music", "winter", "bread", "tree", "sky", "book"]
PAIRS = [(f"{WORDS[i]} {WORDS[(i * 5) % 12]}", f"{WORDS[(i + i % 3) % 12]} {WORDS[(i * 5) % 12]}") for i in range(12)]


def settings(seed: int) -> BuiltBase:
    return BuiltBase(
        vocab_size=300, hidden_size=32, intermediate_size=64, layers=1, attention_heads=2, initialisation_seed=seed
    )


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Return two encoders that differ only in their weights."""
    folders = []
    for seed in (0, 1):
        folder = tmp_path_factory.mktemp(f"model-{seed}")
        build([" ".join(pair) for pair in PAIRS], settings(seed), 24, folder)
        folders.append(folder)
    return folders


def metadata(name: str, kind: str, main: str) -> Any:
    from mteb.abstasks.task_metadata import TaskMetadata

    return TaskMetadata(
        name=name,
        description=name,
        dataset={"path": f"local/{name}", "revision": "1" * 40},
        type=kind,
        category="t2t",
        eval_splits=["test"],
        eval_langs=["eng-Latn"],
        main_score=main,
    )


def sts() -> Any:
    from mteb.abstasks.sts import AbsTaskSTS

    class LocalSTS(AbsTaskSTS):
        metadata = metadata("LocalSTS", "STS", "cosine_spearman")

    task = LocalSTS()
    first, second = (list(texts) for texts in zip(*PAIRS, strict=True))
    scores = [float(5 - i % 3) for i in range(12)]
    task.dataset = {"test": Dataset.from_dict({"sentence1": first, "sentence2": second, "score": scores})}
    task.data_loaded = True
    return task


def pairs() -> Any:
    from mteb.abstasks.pair_classification import AbsTaskPairClassification

    class LocalPairs(AbsTaskPairClassification):
        metadata = metadata("LocalPairs", "PairClassification", "max_ap")

    task = LocalPairs()
    first, second = (list(texts) for texts in zip(*PAIRS, strict=True))
    labels = [int(i % 3 == 0) for i in range(12)]
    task.dataset = {"test": Dataset.from_dict({"sentence1": first, "sentence2": second, "labels": labels})}
    task.data_loaded = True
    return task


@pytest.mark.parametrize("make_task", [sts, pairs])
def test_a_task_defined_in_code_has_the_score_of_mteb_evaluate(make_task: Any, models: list[Path]) -> None:
    import mteb
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(models[0]), device="cpu")
    model.prompts = {"query": "", "document": ""}
    options: Any = {"batch_size": 4, "normalize_embeddings": True, "show_progress_bar": False}
    results = mteb.evaluate(
        model, make_task(), cache=None, co2_tracker=False, encode_kwargs=options, show_progress_bar=False
    )
    scores = task_scoring.score(model_meta(models[0], "base", TEXT), make_task(), 4)
    assert scores["value"] == pytest.approx(results.task_results[0].get_score(), abs=1e-9)


@pytest.mark.parametrize("make_task", [sts, pairs])
def test_two_models_of_one_name_have_separate_scores_in_one_cache(
    make_task: Any, models: list[Path], tmp_path: Path
) -> None:
    from mteb.cache import ResultCache

    cache = ResultCache(tmp_path)
    values = []
    for folder in (models[0], models[1], models[0]):
        result = bridge.run(model_meta(folder, "mnrl", TEXT), make_task(), 4, cache)
        ((scores,),) = result.scores.values()
        values.append(scores["cosine_pearson"] if make_task is sts else scores["cosine_ap"])
    alone = bridge.run(model_meta(models[1], "mnrl", TEXT), make_task(), 4)
    ((scores,),) = alone.scores.values()
    assert values[1] == pytest.approx(scores["cosine_pearson"] if make_task is sts else scores["cosine_ap"], abs=1e-6)
    assert len(list(tmp_path.rglob("Local*.json"))) == 2  # only the third came from the cache
    assert values[0] == pytest.approx(values[2], abs=1e-6)


def test_a_models_revision_depends_on_its_precision(models: list[Path]) -> None:
    revisions = {
        model_meta(models[0], "a", TEXT, "cpu", precision).revision for precision in ("float32", "bfloat16", "float16")
    }
    assert len(revisions) == 3


def test_half_precision_vectors_reach_mteb_as_unit_vectors_in_float32(models: list[Path]) -> None:
    model: Any = model_meta(models[0], "a", TEXT, "cpu", "bfloat16").load_model()
    loader: Any = [{"text": [pair[0] for pair in PAIRS]}]

    class Loader(list[Any]):
        dataset = type("dataset", (), {"features": ("text",)})

    vectors = model.encode(
        Loader(loader), task_metadata=metadata("LocalSTS", "STS", "cosine_spearman"), hf_split="", hf_subset=""
    )
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(np.ones(12), abs=1e-6)
    full_precision: Any = model_meta(models[0], "a", TEXT).load_model()
    reference = full_precision.encode(
        Loader(loader),
        task_metadata=metadata("LocalSTS", "STS", "cosine_spearman"),
        hf_split="",
        hf_subset="",
        normalize_embeddings=True,
    )
    assert np.abs(vectors - np.asarray(reference)).max() < 0.05


def test_a_main_score_that_is_nan_is_an_error_with_the_tasks_name(
    models: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    from harness.errors import CellError

    task = sts()
    monkeypatch.setattr(task, "_add_main_score", lambda scores: scores.update(main_score=float("nan")))
    with pytest.raises(CellError, match="MTEB task LocalSTS: cosine_spearman is not a finite number"):
        task_scoring.score(model_meta(models[0], "base", TEXT), task, 4)
