"""Data that differ from the manifest's: rejected, or accepted with --unverified-data and marked as such."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import miracl_standin
from support.commands import DATA, Result, invoke, read_json, tiny_suite

from harness.data.unverified import check_unchanged, unverified_digests
from harness.errors import DataError
from harness.execution import plan
from harness.request import suite
from harness.request.request import Request
from harness.stages.lineage import prepare_key

CHANGED_CORPUS = DATA["corpus.jsonl"].replace(b"Tea is made", b"Tea is brewed")


@pytest.fixture
def manifest(tmp_path: Path) -> Path:
    """A suite whose corpus was changed after its manifest was written."""
    path = tiny_suite(tmp_path / "suite")
    (path.parent / "corpus.jsonl").write_bytes(CHANGED_CORPUS)
    return path


def run(manifest: Path, out: Path, *arguments: str) -> Result:
    folders = ("--data-dir", manifest.parent, "--cache-dir", out.parent / "cache", "--out", out)
    return invoke(
        "run", "--suite", manifest, "--methods", "bm25", "--device", "cpu", "--jobs", "1", *folders, *arguments
    )


def planned(manifest: Path, tmp_path: Path, *, unverified: bool) -> plan.Plan:
    request = Request(
        suite=str(manifest),
        methods=("bm25",),
        languages=("en",),
        seeds=(0,),
        data_dir=manifest.parent,
        unverified_data=unverified,
    )
    return plan.make(request, tmp_path / "cache")


def test_changed_data_are_rejected_with_one_line_that_names_the_option(manifest: Path, tmp_path: Path) -> None:
    result = run(manifest, tmp_path / "out")
    assert result.status == 2
    assert "corpus.jsonl is damaged: " in result.line
    assert result.line.endswith("or accept it with --unverified-data")
    assert not (tmp_path / "out").exists()


def test_accepted_data_are_marked_in_record_page_and_table(manifest: Path, tmp_path: Path) -> None:
    result = run(manifest, tmp_path / "out", "--unverified-data")
    assert result.status == 0, result.err
    record = read_json(tmp_path / "out/records/bm25/en/0.json")
    digest = record["provenance"]["data"]["unverified"]
    assert len(digest) == 64
    assert read_json(tmp_path / "out/run.json")["resolved"]["unverified"] == {"en": digest}
    for page in ("leaderboard.md", "leaderboard.html"):
        assert "The data differ from the manifest's in" in (tmp_path / "out" / page).read_text(encoding="utf-8")


def test_accepted_data_have_their_own_keys(manifest: Path, tmp_path: Path) -> None:
    unverified = planned(manifest, tmp_path, unverified=True).suite
    assert set(unverified.unverified) == {"en"}
    assert prepare_key(unverified, "en") != prepare_key(planned(manifest, tmp_path, unverified=False).suite, "en")
    (manifest.parent / "corpus.jsonl").write_bytes(CHANGED_CORPUS + b"\n")
    assert prepare_key(planned(manifest, tmp_path, unverified=True).suite, "en") != prepare_key(unverified, "en")


def test_unchanged_data_are_not_marked(tmp_path: Path) -> None:
    manifest = tiny_suite(tmp_path / "suite")
    unverified = planned(manifest, tmp_path, unverified=True)
    assert unverified.suite == planned(manifest, tmp_path, unverified=False).suite


def test_a_wrong_count_alone_is_a_difference(tmp_path: Path) -> None:
    manifest = tiny_suite(tmp_path / "suite")
    manifest.write_text(manifest.read_text(encoding="utf-8").replace("passages = 3", "passages = 4"), encoding="utf-8")
    assert "passages = 4 stated, 3 found" in run(manifest, tmp_path / "out").line
    assert run(manifest, tmp_path / "out", "--unverified-data").status == 0


def test_files_that_change_after_the_plan_are_rejected(manifest: Path, tmp_path: Path) -> None:
    unverified = planned(manifest, tmp_path, unverified=True).suite
    (manifest.parent / "corpus.jsonl").write_bytes(DATA["corpus.jsonl"])
    with pytest.raises(DataError, match="tiny/en: the files have changed since the run was planned"):
        check_unchanged(unverified, "en", data_dir=manifest.parent, cache_dir=tmp_path)


def test_a_missing_file_is_missing_with_the_option_too(manifest: Path, tmp_path: Path) -> None:
    (manifest.parent / "queries.jsonl").unlink()
    result = run(manifest, tmp_path / "out", "--unverified-data")
    assert (result.status, "queries.jsonl of suite tiny is missing" in result.line) == (2, True)


def test_the_data_commands_do_not_have_the_option(manifest: Path) -> None:
    for command in (("data", "fetch"), ("data", "status")):
        assert "No such option: --unverified-data" in invoke(*command, manifest, "--unverified-data").err


def test_a_generated_corpus_in_ir_datasets_home_is_accepted_with_its_queries(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = miracl_standin.use(tmp_path / "home", monkeypatch)
    paths = miracl_standin.fill(home)
    origin = '[languages.en.retrieval]\nreader = "miracl"\nir_datasets = "tiny/xx"\nlicence = "x"\ncitation = "x"\n'
    manifest = tiny_suite(tmp_path / "suite")
    text = manifest.read_text(encoding="utf-8").partition("[languages.en.retrieval]")[0] + origin
    counts = "".join(f"{name} = {number}\n" for name, number in miracl_standin.COUNTS.items())
    text = text.replace("passages = 3\ntrain_queries = 2\ndev_queries = 1\n", counts)
    manifest.write_text(text, encoding="utf-8")
    assert unverified_digests(suite.load(str(manifest)), ["en"], cache_dir=tmp_path) == {}
    paths[4].write_bytes(miracl_standin.zipped([*miracl_standin.DOCS[:3], {"docid": "x", "title": "", "text": "y"}]))
    assert run(manifest, tmp_path / "out").status == 2
    assert run(manifest, tmp_path / "out", "--unverified-data").status == 0
    record = read_json(tmp_path / "out/records/bm25/en/0.json")
    assert record["provenance"]["data"]["passages"] == 6
    assert record["n_queries"] == 2
