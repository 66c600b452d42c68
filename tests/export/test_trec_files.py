"""`harness export --to trec`: runs, judgments and ir_metadata."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
import yaml
from support.commands import invoke

from harness.export.ir_metadata import trec_eval_name
from tests.export.conftest import Finished

pytestmark = pytest.mark.xdist_group("mteb")


@pytest.fixture(scope="module")
def out(finished_with_tasks: Finished, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("exported") / "trec"
    cache = finished_with_tasks.cache
    result = invoke("export", finished_with_tasks.folder, "--to", "trec", "--out", out, "--cache-dir", cache)
    assert (result.status, result.err) == (0, "harness: 1 of 6 cells failed and are left out\n")
    return out


def test_every_run_has_the_bytes_of_its_record(out: Path, finished_with_tasks: Finished) -> None:
    for entry, seed in finished_with_tasks.records:
        packed = finished_with_tasks.folder / "records" / entry / "ko" / f"{seed}.run.gz"
        assert (out / entry / "ko" / f"{seed}.run").read_bytes() == gzip.decompress(packed.read_bytes())
    assert not (out / "mnrl-moe/ko/1.run").exists()


def test_runs_and_judgments_score_as_the_record_says(out: Path, finished_with_tasks: Finished) -> None:
    import ir_measures

    qrels = list(ir_measures.read_trec_qrels(str(out / "qrels/ko.qrels")))
    run = list(ir_measures.read_trec_run(str(out / "mnrl/ko/0.run")))
    found = ir_measures.calc_aggregate([ir_measures.nDCG @ 10, ir_measures.R @ 100], qrels, run)
    expected = finished_with_tasks.records["mnrl", 0].measures
    assert found[ir_measures.nDCG @ 10] == pytest.approx(expected["nDCG@10"], abs=1e-9)
    assert found[ir_measures.R @ 100] == pytest.approx(expected["R@100"], abs=1e-9)


def test_judgments_hold_ids_and_grades_alone(out: Path) -> None:
    rows = [line.split(" ") for line in (out / "qrels/ko.qrels").read_text(encoding="utf-8").splitlines()]
    assert {len(row) for row in rows} == {4}
    assert {row[1] for row in rows} == {"0"}
    assert len({row[0] for row in rows}) == 256


def test_the_metadata_have_the_schemas_parts_in_its_order_between_its_identifiers(out: Path) -> None:
    text = (out / "mnrl/ko/1.ir-metadata.yaml").read_text(encoding="utf-8")
    assert text.startswith("# ir_metadata.start\nschema-version: 0.1\nrun-version: 1.0\ntag: mnrl\n")
    assert text.endswith("# ir_metadata.end\n")
    parts = ["platform", "research goal", "implementation", "method", "actor", "data", "resources"]
    assert list(yaml.safe_load(text)) == ["schema-version", "run-version", "tag", *parts]


def test_the_metadata_say_what_the_record_knows(out: Path, finished_with_tasks: Finished) -> None:
    found = yaml.safe_load((out / "mnrl/ko/1.ir-metadata.yaml").read_text(encoding="utf-8"))
    assert found["research goal"]["evaluation"]["reported measures"][:2] == ["ndcg_cut_10", "ndcg_cut_5"]
    assert found["research goal"]["publication"] == {"arxiv": "https://arxiv.org/abs/1705.00652"}
    assert found["data"]["training data"] == [
        {"name": "mini-ko, training queries", "source": "Original Korean text, written for this project"}
    ]
    assert found["research goal"]["evaluation"]["baseline"] == ["base"]
    command = found["implementation"]["executable"]["cmd"]
    assert command == (
        f"harness run --suite {finished_with_tasks.manifest} --methods mnrl --langs ko --seeds 1 "
        "--max-train 40 --set train.epochs=1 --device cpu"
    )
    assert any(library.startswith("torch==") for library in found["platform"]["software"]["libraries"]["python"])
    (stage,) = found["method"]["retrieval"]
    assert (stage["objective"], stage["seed"]) == ("mnrl", 1)
    assert stage["model sha256"] == finished_with_tasks.records["mnrl", 1].provenance["model"]["sha256"]
    assert found["actor"] == {"role": "reproducer"}
    assert found["data"]["test collection"]["qrels"] == "qrels/ko.qrels"
    ranker = yaml.safe_load((out / "bm25/ko/0.ir-metadata.yaml").read_text(encoding="utf-8"))
    assert ranker["method"]["retrieval"][0]["method"] == "bm25"


def test_judgments_that_the_cache_no_longer_has_are_left_out_and_said(
    finished_with_tasks: Finished, tmp_path: Path
) -> None:
    arguments = ("--to", "trec", "--out", tmp_path / "out", "--cache-dir", tmp_path / "empty")
    result = invoke("export", finished_with_tasks.folder, *arguments)
    assert result.status == 0
    assert "judgments of ko are left out: the cache no longer has them" in result.err
    assert (tmp_path / "out/mnrl/ko/0.run").exists()
    assert not (tmp_path / "out/qrels").exists()


@pytest.mark.parametrize(
    ("measure", "name"), [("nDCG@10", "ndcg_cut_10"), ("R@100", "recall_100"), ("AP", "map"), ("RR@10", "RR@10")]
)
def test_a_measure_is_named_as_in_trec_eval_where_it_is_the_same(measure: str, name: str) -> None:
    assert trec_eval_name(measure) == name
