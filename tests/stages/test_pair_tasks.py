"""Tasks of a suite's own sentence pairs: scored by mteb's evaluators, cached under their own keys."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from harness.data import suite_files
from harness.data.found_hashes import with_found_hashes
from harness.errors import DataError, RequestError
from harness.request.cell import Cell
from harness.request.data_sources import File, PairTask, Source
from harness.stages import lineage, tasks
from harness.stages.lineage import task_key
from tests.stages.conftest import Workbench

pytestmark = pytest.mark.xdist_group("mteb")  # mteb takes seconds to import: once, in one worker

PAIRS = PairTask(name="mini-nli-pairs", type="PairClassification")
ROWS = [
    {"sentence1": f"{word} 하나", "sentence2": f"{word} {other}", "score": score}
    for word, other, score in (
        ("바다", "하나", 5),
        ("산", "둘", 3.5),
        ("강", "셋", 2),
        ("들", "넷", 1),
        ("별", "섬", 0),
    )
]


def sts(**file: Any) -> PairTask:
    source = Source(reader="sts-jsonl", files=(File(path="own.jsonl", **file),), licence="CC0", citation="this test")
    return PairTask(name="own-sts", type="STS", source=source)


def with_pairs(cell: Cell, *listed: PairTask, data_dir: Path | None = None, **evaluation: Any) -> Cell:
    suite = cell.suite
    korean = suite.languages["ko"].model_copy(update={"pair_tasks": listed})
    changed = suite.evaluation.model_copy(update=evaluation)
    suite = suite.model_copy(update={"languages": {"ko": korean}, "evaluation": changed})
    if data_dir is not None:
        suite = with_found_hashes(suite, data_dir=data_dir, cache_dir=cell.place.cache)
    return replace(cell, suite=suite, place=replace(cell.place, data_dir=data_dir))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "own.jsonl").write_text("\n".join(map(json.dumps, ROWS)), encoding="utf-8")
    return tmp_path


def cosines(model: Path, left: list[str], right: list[str]) -> Any:
    """Return the cosine of each pair by the library that trained the model, without harness or mteb."""
    from sentence_transformers import SentenceTransformer

    opened = SentenceTransformer(str(model), device="cpu")
    vectors = [opened.encode(texts, normalize_embeddings=True) for texts in (left, right)]
    return np.einsum("nd,nd->n", *vectors)


def test_pairs_of_the_nli_set_have_the_average_precision_of_their_cosines(bench: Workbench, base_folder: Path) -> None:
    from sklearn.metrics import average_precision_score

    store = bench.store()
    cell = with_pairs(bench.cell("nli-simcse", store), PAIRS)
    task = tasks.tasks(cell, base_folder, store)["mini-nli-pairs"]
    triples = bench.data(cell, store).nli
    left = [triple.premise for triple in triples for _ in range(2)]
    right = [text for triple in triples for text in (triple.entailment, triple.contradiction)]
    expected = average_precision_score([1, 0] * len(triples), cosines(base_folder, left, right))
    assert task["value"] == task["scores"]["cosine_ap"] == pytest.approx(expected, abs=1e-6)
    assert (task["type"], task["main_score"], task["split"]) == ("PairClassification", "cosine_ap", "dev")
    assert task["pairs"] == 2 * len(triples)
    assert 0 <= task["value"] <= task["scores"]["max_ap"] <= 1


def test_scored_pairs_have_the_rank_correlation_of_their_cosines(
    bench: Workbench, base_folder: Path, folder: Path
) -> None:
    from scipy.stats import spearmanr

    store = bench.store()
    cell = with_pairs(bench.cell("base", store), sts(), data_dir=folder)
    task = tasks.tasks(cell, base_folder, store)["own-sts"]
    similarities = cosines(base_folder, *([str(row[name]) for row in ROWS] for name in ("sentence1", "sentence2")))
    expected = spearmanr(similarities, [float(str(row["score"])) for row in ROWS]).statistic
    assert task["value"] == task["scores"]["cosine_spearman"] == pytest.approx(expected, abs=1e-9)
    assert task["dataset"] == "own.jsonl"
    assert task["trained_on"] is False


def test_an_entry_that_trains_on_the_set_is_marked(bench: Workbench, base_folder: Path) -> None:
    store = bench.store()
    marks = {}
    for name in ("base", "nli-simcse"):
        cell = with_pairs(bench.cell(name, store), PAIRS)
        marks[name] = tasks.tasks(cell, base_folder, store)[PAIRS.name]["trained_on"]
    assert marks == {"base": False, "nli-simcse": True}


def test_the_files_of_the_pairs_are_in_the_key_and_in_no_other(bench: Workbench, folder: Path) -> None:
    cell = with_pairs(bench.cell("mnrl", bench.store()), sts(), data_dir=folder)
    before, others = task_key(cell, cell.suite.languages["ko"].pair_tasks[0]), lineage.retrieve_key(cell)
    (folder / "own.jsonl").write_text("\n".join(map(json.dumps, ROWS[1:])), encoding="utf-8")
    changed = with_pairs(bench.cell("mnrl", bench.store()), sts(), data_dir=folder)
    assert task_key(changed, changed.suite.languages["ko"].pair_tasks[0]) != before
    assert lineage.retrieve_key(changed) == others == lineage.retrieve_key(with_pairs(cell))
    assert lineage.record_key(cell) != lineage.record_key(with_pairs(cell))


def test_a_file_of_pairs_is_listed_verified_and_asked_for(bench: Workbench, folder: Path) -> None:
    wrong = with_pairs(bench.cell("base", bench.store()), sts(sha256="0" * 64, bytes=1), data_dir=folder)
    status = suite_files.status(wrong.suite, ["ko"], data_dir=folder, cache_dir=wrong.place.cache)
    assert [(row.file, row.state) for row in status if row.file == "own.jsonl"] == [("own.jsonl", "damaged")]
    with pytest.raises(DataError, match=r"own\.jsonl is damaged"):
        tasks.check_data([wrong])
    (folder / "own.jsonl").unlink()
    missing = with_pairs(bench.cell("base", bench.store()), sts(), data_dir=folder)
    with pytest.raises(DataError, match=r"own\.jsonl of suite mini is missing"):
        tasks.check_data([missing])


def test_a_name_of_mteb_is_refused(bench: Workbench) -> None:
    named = PAIRS.model_copy(update={"name": "KLUE-NLI"})
    with pytest.raises(RequestError, match="pair task 'KLUE-NLI' has the name of a task of mteb"):
        tasks.check_tasks([with_pairs(bench.cell("base", bench.store()), named)])


def test_the_set_of_a_language_is_listed_once(bench: Workbench) -> None:
    suite = bench.suite
    korean = suite.languages["ko"].model_copy(update={"pair_tasks": (PAIRS,)})
    assert korean.sources == suite.languages["ko"].sources


def test_two_tasks_of_one_name_and_a_task_without_pairs_are_refused(bench: Workbench) -> None:
    korean = bench.suite.languages["ko"].model_dump()
    for change, reason in (
        ({"pair_tasks": [PAIRS.model_dump()] * 2}, "two tasks are named 'mini-nli-pairs'"),
        ({"pair_tasks": [PAIRS.model_dump()], "nli": None}, "has no source, and the language has no NLI set"),
    ):
        with pytest.raises(ValueError, match=reason):
            type(bench.suite.languages["ko"]).model_validate({**korean, **change})
