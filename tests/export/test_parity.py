"""Real runs, scored again by other tools: pytrec_eval, beir's evaluator and mteb."""

from __future__ import annotations

import json
import os
import runpy
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from harness import pipeline
from harness.data.assembly import join_title
from harness.data.raw_data import Passage
from harness.errors import RequestError
from harness.execution import plan
from harness.machine.store import Store
from harness.mteb.bridge import evaluate
from harness.mteb.folder_model import model_meta
from harness.mteb.mteb_names import mteb_name
from harness.mteb.suite_task import as_task
from harness.request.cell import Cell
from harness.request.manifest import Text
from harness.request.request import Request
from harness.request.suite import load
from harness.results import ranking_file, record
from harness.results.record import Record
from harness.stages import base_model as base
from harness.stages.lineage import train_key
from harness.stages.prepare import prepare
from harness.types import Data

pytestmark = pytest.mark.xdist_group("parity")  # one worker runs the cells once

NEIGHBOUR = Path(__file__).parents[3] / "shared" / "data"
REAL_DATA = Path(os.environ.get("HARNESS_TEST_DATA", NEIGHBOUR))
CELLS = [
    *((entry, language, 0) for entry in ("base", "bm25") for language in ("ko", "hi", "fa")),
    ("mnrl", "ko", 0),
    ("mnrl", "ko", 1),
    ("clpl-moe", "ko", 0),
    ("soft-1", "ko", 0),
]
every_cell = pytest.mark.parametrize("name", CELLS, ids=lambda name: "-".join(map(str, name)))
every_encoder = pytest.mark.parametrize(
    "name", [name for name in CELLS if name[0] != "bm25"], ids=lambda name: "-".join(map(str, name))
)
Name = tuple[str, str, int]
Run = dict[str, dict[str, float]]


@dataclass(frozen=True)
class FinishedCell:
    """One cell that was run, and its files."""

    cell: Cell
    record: Record
    data: Data
    folder: Path
    model: Path

    @cached_property
    def run(self) -> Run:
        return ranking_file.read_run(record.beside(self._path, record.RUN))

    @property
    def qrels(self) -> dict[str, dict[str, int]]:
        return {query: dict(grades) for query, grades in self.data.dev.items()}

    def per_query(self, measure: str) -> dict[str, float]:
        table = pd.read_parquet(record.beside(self._path, record.PER_QUERY))
        rows = table[table.measure == measure]
        return dict(zip(rows.query_id, rows.value, strict=True))

    @property
    def _path(self) -> Path:
        return record.path_of(self.folder, self.record.entry, self.record.language, self.record.seed)


def run_cells(cells: list[Cell], folder: Path) -> dict[Name, FinishedCell]:
    """Run cells in this process and return them with their files."""
    finished = {}
    for cell in cells:
        store = Store(cell.place.cache)
        cell_record = pipeline.run(cell, store, folder)
        data = prepare(cell.suite, cell.language, cell.place, store)
        model = base.base_model(cell.suite, cell.place, store)
        if cell.method is not None:
            model = store.make("train", train_key(cell), lambda _: pytest.fail("the model is not in the store"))
        finished[cell.entry.name, cell.language, cell.seed] = FinishedCell(cell, cell_record, data, folder, model)
    return finished


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[Name, FinishedCell]]:
    root = tmp_path_factory.mktemp("parity")
    methods = ["base", "bm25", "mnrl", "clpl-moe", "soft-1"]
    request = Request(methods=tuple(methods), languages=("ko", "hi", "fa"), seeds=(0, 1), max_train=60)
    cells = [
        cell
        for cell in plan.make(request, root / "cache").cells
        if (cell.entry.name, cell.language, cell.seed) in CELLS
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MTEB_CACHE", str(root / "mteb"))
        yield run_cells(cells, root / "out")


@every_cell
def test_every_query_of_a_run_scores_what_pytrec_eval_gives_it(runs: dict[Name, FinishedCell], name: Name) -> None:
    import pytrec_eval

    result = runs[name]
    scores = pytrec_eval.RelevanceEvaluator(result.qrels, {"ndcg_cut.5,10", "recall.100", "map"}).evaluate(result.run)
    cut = {query: dict(list(rows.items())[:10]) for query, rows in result.run.items()}
    reciprocal_ranks = pytrec_eval.RelevanceEvaluator(result.qrels, {"recip_rank"}).evaluate(cut)
    unanswered = set(result.qrels) - set(result.run)  # bm25 returns nothing if no token is shared
    trec_names = {"nDCG@5": "ndcg_cut_5", "nDCG@10": "ndcg_cut_10", "R@100": "recall_100", "AP": "map"}
    for measure, trec_name in trec_names.items():
        expected = {query: values[trec_name] for query, values in scores.items()} | dict.fromkeys(unanswered, 0.0)
        assert result.per_query(measure) == pytest.approx(expected, abs=1e-12)
    expected = {query: values["recip_rank"] for query, values in reciprocal_ranks.items()}
    expected |= dict.fromkeys(unanswered, 0.0)
    assert result.per_query("RR@10") == pytest.approx(expected, abs=1e-12)


@every_cell
def test_means_are_those_of_beirs_evaluator_with_identical_ids_kept(runs: dict[Name, FinishedCell], name: Name) -> None:
    from beir.retrieval.evaluation import EvaluateRetrieval

    result = runs[name]
    answered = {query: result.run.get(query, {}) for query in result.qrels}
    ndcg, ap, recall, _ = EvaluateRetrieval.evaluate(result.qrels, answered, [5, 10, 100], ignore_identical_ids=False)
    reciprocal = EvaluateRetrieval.evaluate_custom(result.qrels, answered, [10], metric="mrr")
    expected = {
        "nDCG@5": ndcg["NDCG@5"],
        "nDCG@10": ndcg["NDCG@10"],
        "R@100": recall["Recall@100"],
        "RR@10": reciprocal["MRR@10"],
        "AP": ap["MAP@100"],  # the runs are 100 deep
    }
    assert dict(result.record.measures) == pytest.approx(expected, abs=1e-5)


@every_cell
def test_the_recorded_mean_is_the_mean_of_the_values_per_query(runs: dict[Name, FinishedCell], name: Name) -> None:
    result = runs[name]
    for measure, mean in result.record.measures.items():
        values = result.per_query(measure)
        assert len(values) == len(result.data.dev) == 256
        assert mean == pytest.approx(sum(values.values()) / 256, abs=1e-15)


@every_encoder
def test_means_are_those_of_mteb_on_the_same_model_and_task(runs: dict[Name, FinishedCell], name: Name) -> None:
    result = runs[name]
    task = as_task(result.data, f"mini-{result.cell.language}", result.cell.suite.evaluation)
    model = model_meta(result.model, result.cell.entry.name, result.cell.suite.text)
    scores = evaluate(model, task)
    assert dict(result.record.measures) == pytest.approx(scores, abs=1e-5)


@pytest.mark.parametrize("entry", ["base", "bm25", "mnrl", "clpl-moe", "soft-1"])
def test_a_plain_script_without_the_engine_gets_the_same_scores(
    runs: dict[Name, FinishedCell], entry: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script = Path(__file__).parents[1] / "benchmarks" / "plain_script.py"
    base_model = runs["base", "ko", 0].model
    options = ["--suite", "mini", "--entry", entry, "--language", "ko", "--seed", "0", "--max-train", "60"]
    monkeypatch.setattr(sys, "argv", [str(script), *options, "--threads", "1", "--base-model", str(base_model)])
    runpy.run_path(str(script), run_name="__main__")
    scores = json.loads(capsys.readouterr().out.splitlines()[-1])["measures"]
    assert dict(runs[entry, "ko", 0].record.measures) == pytest.approx(scores, abs=1e-5)


def test_two_tuned_models_of_one_name_have_separate_scores_in_one_mteb_cache(
    runs: dict[Name, FinishedCell], tmp_path: Path
) -> None:
    from mteb.cache import ResultCache

    cache = ResultCache(tmp_path)
    first, second = runs["mnrl", "ko", 0], runs["mnrl", "ko", 1]
    task = as_task(first.data, "mini-ko", first.cell.suite.evaluation)
    for result in (first, second, first):
        scores = evaluate(model_meta(result.model, "mnrl", result.cell.suite.text), task, cache)
        assert dict(result.record.measures) == pytest.approx(scores, abs=1e-5)
    assert first.record.measures["nDCG@10"] != pytest.approx(second.record.measures["nDCG@10"], abs=1e-4)
    assert len(list(tmp_path.rglob("mini-ko.json"))) == 2  # the third result came from the cache


def test_a_models_revision_depends_on_its_content_and_text_settings_and_not_on_its_path(
    runs: dict[Name, FinishedCell], tmp_path: Path
) -> None:
    import shutil

    result = runs["mnrl", "ko", 0]
    text = result.cell.suite.text
    revision = model_meta(result.model, "a", text).revision
    copy = shutil.copytree(result.model, tmp_path / "other")
    assert model_meta(copy, "a", text).revision == revision
    (copy / "training.json").write_text("{}", encoding="utf-8")
    assert model_meta(copy, "a", text).revision == revision
    longer = text.model_copy(update={"query_max_length": 31})
    assert model_meta(copy, "a", longer).revision != revision
    weights = bytearray((copy / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (copy / "model.safetensors").write_bytes(weights)
    assert model_meta(copy, "a", text).revision != revision


def test_mteb_reads_the_texts_that_the_harness_encodes(runs: dict[Name, FinishedCell]) -> None:
    from mteb._create_dataloaders import create_dataloader
    from mteb.types import PromptType

    result = runs["base", "hi", 0]
    task = as_task(result.data, "mini-hi", result.cell.suite.evaluation)
    rows: Any = task.dataset["default"]["dev"]
    dev = {query: result.data.queries[query] for query in result.data.dev}
    for name, role, expected in (
        ("corpus", PromptType.document, result.data.passages),
        ("queries", PromptType.query, dev),
    ):
        loader: Any = create_dataloader(rows[name], task_metadata=task.metadata, prompt_type=role)
        read = [(doc, text) for batch in loader for doc, text in zip(batch["id"], batch["text"], strict=True)]
        assert read == sorted(expected.items())


@pytest.mark.parametrize(
    ("title", "text", "expected"), [(" Tea", "leaves \n", "Tea leaves"), ("", " leaves", "leaves")]
)
def test_a_passage_is_joined_and_stripped_as_in_beir_and_mteb(title: str, text: str, expected: str) -> None:
    from mteb._create_dataloaders import _corpus_to_dict

    settings = Text(title_join=" ", query_max_length=32, passage_max_length=32)
    assert join_title(Passage(title, text), settings) == expected
    assert _corpus_to_dict({"id": "d", "title": title, "text": text})["text"] == expected


def test_a_passage_with_white_space_at_its_ends_is_rejected_because_mteb_strips_it() -> None:
    data = Data("ko", {"d": " text"}, {"q": "text"}, {}, {"q": {"d": 1}})
    with pytest.raises(RequestError, match="passage 'd' begins or ends with white space"):
        as_task(data, "tiny", load("mini").evaluation)


def test_a_language_without_a_code_for_mteb_is_rejected() -> None:
    data = Data("xx", {"d": "text"}, {"q": "text"}, {}, {"q": {"d": 1}})
    with pytest.raises(RequestError, match="unknown language 'xx'"):
        as_task(data, "tiny", load("mini").evaluation)


def test_a_measure_that_mteb_does_not_compute_is_rejected() -> None:
    with pytest.raises(RequestError, match=r"unknown measure 'ERR@10' in mteb's retrieval tasks"):
        mteb_name("ERR@10", 100)


def test_every_measure_of_the_bundled_suites_has_a_name_in_mteb() -> None:
    names = {measure: mteb_name(measure, 100) for measure in load("wikiqa").evaluation.measures}
    assert names == {
        "nDCG@5": "ndcg_at_5",
        "nDCG@10": "ndcg_at_10",
        "R@100": "recall_at_100",
        "RR@10": "mrr_at_10",
        "AP": "map_at_100",
    }


@pytest.mark.skipif(
    not (REAL_DATA / "qa").is_dir(), reason="no real data: run with HARNESS_TEST_DATA=FOLDER, where FOLDER/qa has them"
)
def test_on_wikiqa_means_are_those_of_pytrec_eval_and_of_mteb(tmp_path: Path) -> None:
    import pytrec_eval

    request = Request(suite="wikiqa", methods=("base",), languages=("hi",), seeds=(0,), data_dir=REAL_DATA)
    (result,) = run_cells(plan.make(request, tmp_path / "cache").cells, tmp_path / "out").values()
    scores = pytrec_eval.RelevanceEvaluator(result.qrels, {"ndcg_cut.10"}).evaluate(result.run)
    expected = {query: values["ndcg_cut_10"] for query, values in scores.items()}
    assert result.per_query("nDCG@10") == pytest.approx(expected, abs=1e-12)
    task = as_task(result.data, "wikiqa-hi", result.cell.suite.evaluation)
    mteb_scores = evaluate(model_meta(result.model, "base", result.cell.suite.text), task)
    assert dict(result.record.measures) == pytest.approx(mteb_scores, abs=1e-5)
