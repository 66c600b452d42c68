"""The stage that scores a model on MTEB tasks, on a stand-in of the hub's cache."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support import hub_standin
from support.hub_standin import NLI, RETRIEVAL, STS, TASKS

from harness.errors import CellError, DataError, RequestError
from harness.mteb import task_lookup, task_scoring
from harness.request.cell import Cell
from harness.request.data_sources import Task
from harness.stages import lineage, tasks
from harness.stages.lineage import task_key
from harness.stages.stage_settings import tasks_of
from tests.stages.conftest import Workbench

pytestmark = pytest.mark.xdist_group("mteb")  # mteb takes seconds to import: once, in one worker


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        home = hub_standin.use(tmp_path_factory.mktemp("home") / ".cache", patch)
        hub_standin.fill(home)
        yield home


def with_tasks(cell: Cell, *listed: Task, **evaluation: Any) -> Cell:
    suite = cell.suite
    korean = suite.languages["ko"].model_copy(update={"tasks": listed})
    changed = suite.evaluation.model_copy(update=evaluation)
    return replace(cell, suite=suite.model_copy(update={"languages": {"ko": korean}, "evaluation": changed}))


def plain(folder: Path, task: Task, cell: Cell) -> Any:
    """Return mteb.evaluate's scores of the model in a folder, without anything of the harness but the data."""
    import mteb
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), device="cpu")
    model.prompts = {"query": "", "document": ""}
    batch_size = cell.suite.evaluation.encode_batch_size
    settings: Any = {"batch_size": batch_size, "normalize_embeddings": True, "show_progress_bar": False}
    loaded = task_scoring.load(task_lookup.find(task, "ko"), "mini")
    result = mteb.evaluate(
        model, loaded, cache=None, co2_tracker=False, encode_kwargs=settings, show_progress_bar=False
    )
    ((scores,),) = result.task_results[0].scores.values()
    return scores


def test_retrieval_sts_and_nli_tasks_have_the_scores_of_mteb_evaluate(
    bench: Workbench, hub: Path, base_folder: Path
) -> None:
    store = bench.store()
    cell = with_tasks(bench.cell("base", store), *TASKS)
    results = tasks.tasks(cell, base_folder, store)
    assert list(results) == ["XPQARetrieval", "KLUE-STS", "KLUE-NLI"]
    for task in TASKS:
        expected = plain(base_folder, task, cell)
        scored = results[task.name]
        assert scored["value"] == pytest.approx(expected["main_score"], abs=1e-7)
        assert set(scored["scores"]) <= set(expected)
        finite = {name: value for name, value in scored["scores"].items() if value is not None}
        assert finite == pytest.approx({name: expected[name] for name in finite}, abs=1e-6)
    assert [(task["type"], task["main_score"], task["subset"], task["split"]) for task in results.values()] == [
        ("Retrieval", "ndcg_at_10", "kor-kor", "test"),
        ("STS", "cosine_spearman", "default", "validation"),
        ("PairClassification", "max_ap", "default", "validation"),
    ]
    assert results["KLUE-STS"]["dataset"] == "klue/klue"  # not the folder it was read from
    assert len({task["value"] for task in results.values()}) == 3


def test_each_task_is_computed_once_under_its_own_key(bench: Workbench, hub: Path, base_folder: Path) -> None:
    store = bench.store()
    cell = with_tasks(bench.cell("base", store), STS)
    first = tasks.tasks(cell, base_folder, store)
    assert tasks.tasks(with_tasks(cell, STS, NLI), base_folder, store)["KLUE-STS"] == first["KLUE-STS"]
    assert [(run.stage, run.cached) for run in store.runs] == [("tasks", False), ("tasks", True), ("tasks", False)]


def test_what_changes_a_score_changes_the_key(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    store = bench.store()
    cell = with_tasks(bench.cell("mnrl", store), STS)
    text = cell.suite.text
    keys = {task_key(cell, STS), task_key(cell, NLI)}
    keys.add(task_key(with_tasks(bench.cell("mnrl", store, 1), STS), STS))
    for change in ({"query_prompt": "query: "}, {"passage_max_length": 31}):
        changed = cell.suite.model_copy(update={"text": text.model_copy(update=change)})
        keys.add(task_key(replace(cell, suite=changed), STS))
    keys.add(task_key(with_tasks(cell, STS, precision="bfloat16"), STS))
    monkeypatch.setattr(lineage, "installed_version", lambda name: f"{name} 99.0")
    keys.add(task_key(cell, STS))
    assert len(keys) == 7


def test_rankers_and_suites_that_hold_out_training_queries_have_no_tasks(bench: Workbench) -> None:
    store = bench.store()
    assert tasks_of(with_tasks(bench.cell("bm25", store), STS)) == ()
    assert tasks_of(with_tasks(bench.cell("mnrl", store), STS, holdout=0.25)) == ()
    assert tasks_of(with_tasks(bench.cell("mnrl", store), STS)) == (STS,)


def test_a_missing_dataset_is_reported_before_the_run_with_the_command_that_fetches_it(
    bench: Workbench, hub: Path
) -> None:
    sts = Task(name="KorSTS", revision="016f35f9b961daaaa7a352e927084e3da662ac1f")
    cell = with_tasks(bench.cell("base", bench.store()), sts)
    with pytest.raises(DataError, match=r"MTEB task KorSTS: its dataset dkoterwa/kor-sts at 016f.* data fetch mini`"):
        tasks.check_data([cell])
    tasks.check_data([with_tasks(cell, *TASKS)])


def test_a_failed_task_is_named_in_the_cells_error(
    bench: Workbench, hub: Path, base_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mteb.abstasks.sts import AbsTaskSTS

    def fail(*_: Any, **__: Any) -> None:
        raise ValueError("no\nspace")

    monkeypatch.setattr(AbsTaskSTS, "_evaluate_subset", fail)
    store = bench.store()
    with pytest.raises(CellError, match=r"^MTEB task KLUE-STS: ValueError: no space$"):
        tasks.tasks(with_tasks(bench.cell("base", store), STS), base_folder, store)


def test_sentence_pairs_are_cut_at_the_longer_length_in_any_order_of_encoding(
    bench: Workbench, hub: Path, base_folder: Path
) -> None:
    from mteb.types import PromptType

    from harness.mteb import folder_model

    text = bench.suite.text.model_copy(update={"query_max_length": 4, "passage_max_length": 24})
    model: Any = folder_model.model_meta(base_folder, "base", text).load_model()
    lengths = []
    tokenize = model.model.preprocess
    model.model.preprocess = lambda *texts, **options: (
        lengths.append(model.model.max_seq_length) or tokenize(*texts, **options)
    )
    for role in (None, PromptType.query, None, PromptType.document):
        model.encode(
            Inputs(), task_metadata=task_lookup.find(STS, "ko").metadata, hf_split="", hf_subset="", prompt_type=role
        )
    assert lengths == [24, 4, 24, 24]


class Inputs:
    """One text, as mteb hands it over."""

    class dataset:  # noqa: N801 - the name that mteb looks for
        features = ("text",)

    def __iter__(self) -> Iterator[dict[str, list[str]]]:
        yield {"text": ["바다"]}


@pytest.mark.parametrize(
    ("task", "message"),
    [
        (Task(name="KLUE-ST", revision=STS.revision), r"unknown MTEB task 'KLUE-ST'; did you mean 'KLUE-STS'\?"),
        (Task(name="KLUE-STS", revision="0" * 40), "the manifest names revision 0{40}, mteb .* 349481ec73"),
        (Task(name="XPQARetrieval", revision=RETRIEVAL.revision, subset="ko"), "unknown subset 'ko' in MTEB task XPQA"),
        (Task(name="KLUE-STS", revision=STS.revision), "unknown split 'test' in MTEB task KLUE-STS. Available: valid"),
        (Task(name="XPQARetrieval", revision=RETRIEVAL.revision, subset="hin-hin"), "'hin-hin' is hin, not ko"),
        (Task(name="CQADupstackRetrieval-Fa", revision="1" * 40), "is not a single task on texts"),
    ],
)
def test_a_task_that_mteb_lacks_is_rejected_before_its_data_are_read(
    bench: Workbench, task: Task, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mteb.abstasks.abstask import AbsTask

    monkeypatch.setattr(AbsTask, "load_data", lambda *_, **__: pytest.fail("its data were read"))
    cell = with_tasks(bench.cell("base", bench.store()), task)
    with pytest.raises(RequestError, match=message):
        tasks.check_tasks([cell])


def test_a_task_listed_twice_for_a_language_is_rejected(bench: Workbench) -> None:
    with pytest.raises(RequestError, match="KLUE-STS is listed twice for ko"):
        tasks.check_tasks([with_tasks(bench.cell("base", bench.store()), STS, STS)])
