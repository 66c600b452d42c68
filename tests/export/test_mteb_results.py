"""`harness export --to mteb`: mteb itself loads the folder and reports the same scores."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.commands import invoke

from harness.results.record import Record
from tests.export.conftest import Finished

pytestmark = pytest.mark.xdist_group("mteb")


@pytest.fixture(scope="module")
def loaded(finished_with_tasks: Finished, tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], Any]:
    """Return (model, revision) → its results, as mteb loads them from the exported folder."""
    from mteb.cache import ResultCache

    out = tmp_path_factory.mktemp("exported") / "mteb"
    result = invoke("export", finished_with_tasks.folder, "--to", "mteb", "--out", out)
    assert (result.status, result.out) == (0, f"{out}\n")
    assert result.err == "harness: 1 of 6 cells failed and are left out\n"
    results = ResultCache(out).load_results(require_model_meta=True).model_results
    return {(model.model_name, model.model_revision): model for model in results}


def results(loaded: dict[tuple[str, str], Any], record: Record) -> dict[str, Any]:
    revision = record.provenance["model"]["sha256"]
    model = loaded[f"harness/{record.entry}-seed{record.seed}", revision]
    return {result.task_name: result for result in model.task_results}


def test_each_entry_and_seed_is_its_own_model_with_the_sha256_of_its_weights_as_revision(
    loaded: dict[tuple[str, str], Any], finished_with_tasks: Finished
) -> None:
    assert {name for name, _ in loaded} == {
        *("harness/base-seed0", "harness/bm25-seed0", "harness/mnrl-seed0", "harness/mnrl-seed1"),
        "harness/mnrl-moe-seed0",
    }
    assert len({revision for _, revision in loaded}) == 5
    for record in finished_with_tasks.records.values():
        if record.entry != "bm25":
            assert results(loaded, record)


def test_mteb_reports_the_records_dev_scores_unrounded(
    loaded: dict[tuple[str, str], Any], finished_with_tasks: Finished
) -> None:
    record = finished_with_tasks.records["mnrl", 1]
    dev = results(loaded, record)["mini-ko"]
    (scores,) = dev.scores["dev"]
    assert dev.get_score() == scores["main_score"] == scores["ndcg_at_10"] == record.measures["nDCG@10"]
    assert scores["recall_at_100"] == record.measures["R@100"]
    assert scores["languages"] == ["kor-Kore"]


def test_mteb_reports_its_own_tasks_as_it_measured_them(
    loaded: dict[tuple[str, str], Any], finished_with_tasks: Finished
) -> None:
    for entry, seed in (("base", 0), ("mnrl", 0), ("mnrl", 1), ("mnrl-moe", 0)):
        record = finished_with_tasks.records[entry, seed]
        task_results = results(loaded, record)
        assert set(task_results) == {"mini-ko", "XPQARetrieval", "KLUE-STS", "KLUE-NLI"}
        for name, task in record.tasks.items():
            assert task_results[name].get_score() == task["value"]
            assert task_results[name].dataset_revision == task["revision"]
            assert task_results[name].hf_subsets == [task["subset"]]
            assert task_results[name].languages == ["kor"]
    first, second = (finished_with_tasks.records["mnrl", seed].tasks["XPQARetrieval"]["value"] for seed in (0, 1))
    assert first != second  # two trainings


def test_the_results_become_mtebs_own_table(loaded: dict[tuple[str, str], Any], finished_with_tasks: Finished) -> None:
    record = finished_with_tasks.records["mnrl", 0]
    model = loaded["harness/mnrl-seed0", record.provenance["model"]["sha256"]]
    frame = model.to_dataframe(aggregation_level="task", format="long")
    scores = dict(zip(frame["task_name"], frame["score"], strict=True))
    assert scores["KLUE-STS"] == pytest.approx(record.tasks["KLUE-STS"]["value"], abs=1e-12)


def test_a_ranker_has_only_its_dev_scores(loaded: dict[tuple[str, str], Any], finished_with_tasks: Finished) -> None:
    ((name, revision),) = [key for key in loaded if key[0] == "harness/bm25-seed0"]
    (result,) = loaded[name, revision].task_results
    assert result.get_score() == finished_with_tasks.records["bm25", 0].measures["nDCG@10"]
    assert finished_with_tasks.records["bm25", 0].tasks == {}


def test_a_base_on_one_task_in_two_languages_is_one_result_with_two_subsets(tmp_path: Path) -> None:
    from mteb.cache import ResultCache
    from support.fake_records import draw, put

    evaluation = {"depth": 100, "primary": "nDCG@10"}
    text = {"query_max_length": 32, "passage_max_length": 64}
    for language, subset, code, value in (("ko", "kor-kor", "kor-Hang", 0.25), ("hi", "hin-hin", "hin-Deva", 0.75)):
        model = {"sha256": "ab" * 32}
        provenance = {"entry": {"name": "base"}, "model": model, "data": {"digests": {"corpus": language}}}
        task = {
            **{"type": "Retrieval", "dataset": "mteb/XPQARetrieval", "revision": "0" * 40, "subset": subset},
            **{"languages": [code], "split": "test", "main_score": "ndcg_at_10", "value": value},
            **{"scores": {"ndcg_at_10": value, "nauc": None}, "mteb": "2.26.24", "seconds": 1.0},
        }
        put(
            tmp_path / "run",
            ("base", language, 0),
            draw("base", language, 0, 3),
            tasks={"XPQARetrieval": task},
            provenance={**provenance, "evaluation": evaluation, "text": text},
        )
    assert invoke("export", tmp_path / "run", "--to", "mteb", "--out", tmp_path / "out").status == 0
    (model,) = ResultCache(tmp_path / "out").load_results().model_results
    (merged,) = [result for result in model.task_results if result.task_name == "XPQARetrieval"]
    assert merged.get_score(languages=["kor"]) == 0.25
    assert merged.get_score(languages=["hin"]) == 0.75
    assert {result.task_name for result in model.task_results} == {"XPQARetrieval", "fake-ko", "fake-hi"}
