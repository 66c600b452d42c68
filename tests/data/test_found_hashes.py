"""Local files that a manifest declares without their hash."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from support.commands import invoke, read_json, tiny_suite

from harness.execution import plan
from harness.execution.plan import Plan
from harness.request.request import Request
from harness.stages.lineage import prepare_key

TITLED = "Tea is made from leaves."


def unpinned(folder: Path) -> Path:
    """Return a suite's manifest without any hash and size."""
    manifest = tiny_suite(folder)
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(re.sub(r', sha256 = "\w+", bytes = \d+', "", text), encoding="utf-8")
    return manifest


def planned(manifest: Path, tmp_path: Path) -> Plan:
    return plan.make(Request(suite=str(manifest), methods=("bm25",)), tmp_path / "cache")


def edit(manifest: Path) -> None:
    corpus = manifest.parent / "corpus.jsonl"
    corpus.write_text(corpus.read_text(encoding="utf-8").replace(TITLED, "Tea grows on hills."), encoding="utf-8")


def test_a_hash_as_found_is_worth_one_that_is_declared(tmp_path: Path) -> None:
    found = planned(unpinned(tmp_path / "suite"), tmp_path).suite
    declared = planned(tiny_suite(tmp_path / "suite"), tmp_path).suite
    assert found.found == {"en": ("corpus.jsonl", "queries.jsonl", "train.tsv", "dev.tsv")}
    assert (declared.found, found.languages) == ({}, declared.languages)
    assert prepare_key(found, "en") == prepare_key(declared, "en")
    assert found.digest == declared.digest


def test_a_file_that_changes_has_other_keys(tmp_path: Path) -> None:
    manifest = unpinned(tmp_path / "suite")
    before = planned(manifest, tmp_path)
    edit(manifest)
    after = planned(manifest, tmp_path)
    assert prepare_key(before.suite, "en") != prepare_key(after.suite, "en")
    assert before.resolved["suite_digest"] != after.resolved["suite_digest"]


def test_records_and_run_json_say_that_hashes_were_found_and_a_changed_file_is_noticed(tmp_path: Path) -> None:
    manifest, out = unpinned(tmp_path / "suite"), tmp_path / "out"
    request = ("--suite", manifest, "--methods", "bm25", "--device", "cpu", "--out", out)
    assert invoke("run", *request).status == 0
    files = ["corpus.jsonl", "queries.jsonl", "train.tsv", "dev.tsv"]
    assert read_json(out / "records/bm25/en/0.json")["provenance"]["found"] == files
    assert read_json(out / "run.json")["found"] == {"en": files}
    assert invoke("verify", out, "--tables-only").status == 0
    edit(manifest)
    again = invoke("run", *request)
    assert (again.status, "corpus.jsonl.sha256" in again.line) == (2, True)
    proven = invoke("verify", out, "--tables-only", "--suite", manifest)
    assert (proven.status, "the data at hand are not those of the records" in proven.out) == (1, True)
    assert invoke("verify", out, "--suite", manifest).status != 0


def test_a_moved_suite_is_verified_with_its_place_on_this_machine(tmp_path: Path) -> None:
    manifest, out = unpinned(tmp_path / "suite"), tmp_path / "out"
    request = ("--suite", manifest, "--methods", "bm25", "--device", "cpu", "--out", out)
    assert invoke("run", *request).status == 0
    moved = (tmp_path / "suite").rename(tmp_path / "elsewhere")
    cache = ("--cache-dir", tmp_path / "new-cache")
    result = invoke("verify", out, "--suite", moved / "tiny.toml", *cache)
    assert result.status == 0, result.out + result.err
    alone = (moved / "tiny.toml").rename(tmp_path / "tiny.toml")
    result = invoke("verify", out, "--suite", alone, "--data-dir", moved, *cache)
    assert result.status == 0, result.out + result.err


def test_data_are_found_beside_the_manifest_and_the_data_folder_comes_first(tmp_path: Path) -> None:
    manifest = unpinned(tmp_path / "suite")
    other = unpinned(tmp_path / "other").parent
    edit(other / "tiny.toml")
    beside = planned(manifest, tmp_path)
    replaced = plan.make(Request(suite=str(manifest), methods=("bm25",), data_dir=other), tmp_path / "cache")
    assert prepare_key(beside.suite, "en") != prepare_key(replaced.suite, "en")


def test_a_missing_file_is_told_where_to_be_put_and_is_then_read(tmp_path: Path) -> None:
    manifest = unpinned(tmp_path / "suite")
    corpus = manifest.parent / "corpus.jsonl"
    content = corpus.read_bytes()
    corpus.unlink()
    request = ("--suite", manifest, "--methods", "bm25", "--device", "cpu", "--out", tmp_path / "out")
    line = invoke("run", *request).line
    assert "reinstall" not in line
    place = re.search(
        r"put it at (\S+corpus\.jsonl), or put the file at DIR/corpus.jsonl and pass --data-dir DIR", line
    )
    assert place is not None
    Path(place[1]).write_bytes(content)
    assert invoke("run", *request).status == 0


def test_a_changed_file_of_a_pinned_suite_is_accepted_after_the_advice_is_followed(tmp_path: Path) -> None:
    manifest = tiny_suite(tmp_path / "suite")
    edit(manifest)
    request = ("--suite", manifest, "--methods", "bm25", "--device", "cpu", "--out", tmp_path / "out")
    line = invoke("run", *request).line
    command = re.search(r"`harness (data pin [^`]+)`", line)
    assert command is not None
    assert invoke(*command[1].split()).status == 0
    assert invoke("run", *request).status == 0


@pytest.mark.parametrize("command", ["status", "fetch"])
def test_files_without_a_hash_are_shown_with_that_found(tmp_path: Path, command: str) -> None:
    result = invoke("data", command, unpinned(tmp_path / "suite"))
    assert result.status == 0, result.err
    assert result.out.count("present") == 4
    assert result.out.count("sha256") == 4
