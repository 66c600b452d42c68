"""Files that ir_datasets pins: found, verified by md5, fetched."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from support import miracl_standin
from support.download_server import CONTENT, Server

from harness.data import ir_datasets_files
from harness.data.file_status import Lookup
from harness.errors import DataError, RequestError


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return miracl_standin.use(tmp_path / "home", monkeypatch)


def lookup(tmp_path: Path, **changes: object) -> Lookup:
    return Lookup(**{"data_dir": None, "cache_dir": tmp_path / "cache", "suite": "tiny", **changes})  # type: ignore[arg-type]


def rejection(tmp_path: Path, **changes: object) -> str:
    with pytest.raises(DataError) as caught:
        ir_datasets_files.paths("tiny/xx", "miracl", "xx", lookup(tmp_path, **changes))
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(("language", "parts"), [("ko", 3), ("hi", 2), ("fa", 5)])
def test_miracl_is_four_files_of_queries_and_judgments_and_the_parts_of_its_corpus(language: str, parts: int) -> None:
    files = ir_datasets_files.files(f"miracl/{language}", "miracl")
    assert [file.path for file in files[:4]] == [
        f"miracl/v1.0/{language}/{split}/{table}.tsv" for split in ("train", "dev") for table in ("topics", "qrels")
    ]
    assert [file.path for file in files[4:]] == [
        f"miracl/v1.0/{language}/docs/docs-{number}.jsonl.gz" for number in range(parts)
    ]
    assert ir_datasets_files.files(f"miracl/{language}", "miracl-train") == [*files[:2], *files[4:]]


def test_the_catalogue_is_that_of_ir_datasets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IR_DATASETS_HOME", str(tmp_path))
    from ir_datasets.util import DownloadConfig

    file = ir_datasets_files.files("miracl/fa", "miracl")[-1]
    download = DownloadConfig.context("miracl", Path("below"))["v1.0/fa/corpus/4"]
    assert (file.md5, f"below/{file.path.removeprefix('miracl/')}") == (
        download.expected_md5,
        str(download.path(False)),
    )


def test_an_unknown_id_a_missing_split_and_an_unknown_reader_are_rejected() -> None:
    with pytest.raises(RequestError, match=r"unknown ir_datasets id 'miracl/kor'; did you mean 'miracl/ko'\?"):
        ir_datasets_files.files("miracl/kor", "miracl")
    with pytest.raises(DataError, match=r"miracl/yo has no train/topics"):
        ir_datasets_files.files("miracl/yo", "miracl")
    with pytest.raises(RequestError, match=r"unknown reader 'beir' in ir_datasets id miracl/ko"):
        ir_datasets_files.files("miracl/ko", "beir")


def test_the_default_home_is_that_of_ir_datasets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IR_DATASETS_HOME", raising=False)
    assert ir_datasets_files.home() == Path.home() / ".ir_datasets"


def test_files_in_ir_datasets_home_are_found_in_the_readers_order(home: Path, tmp_path: Path) -> None:
    paths = miracl_standin.fill(home)
    assert ir_datasets_files.paths("tiny/xx", "miracl", "xx", lookup(tmp_path)) == paths


@pytest.mark.parametrize("name", ["tiny/v1.0/xx/docs/docs-0.jsonl.gz", "tiny-v1.0-xx/docs-0.jsonl.gz"])
def test_the_data_folder_is_searched_first(home: Path, tmp_path: Path, name: str) -> None:
    miracl_standin.fill(home)
    local = tmp_path / "local" / name
    local.parent.mkdir(parents=True)
    local.write_bytes(miracl_standin.contents()["v1.0/xx/corpus/0"])
    assert ir_datasets_files.paths("tiny/xx", "miracl", "xx", lookup(tmp_path, data_dir=tmp_path / "local"))[4] == local


def test_a_corpus_part_is_not_recognised_by_its_name_alone(home: Path, tmp_path: Path) -> None:
    paths = miracl_standin.fill(home)
    (tmp_path / "docs-0.jsonl.gz").write_bytes(b"of another language")
    assert ir_datasets_files.paths("tiny/xx", "miracl", "xx", lookup(tmp_path, data_dir=tmp_path))[4] == paths[4]


def test_a_missing_file_is_named_with_the_command_that_fetches_it(home: Path, tmp_path: Path) -> None:
    miracl_standin.fill(home)[5].unlink()
    assert rejection(tmp_path) == (
        "data file tiny/v1.0/xx/docs/docs-1.jsonl.gz of suite tiny is missing; "
        "run `harness data fetch tiny`, or set IR_DATASETS_HOME to a folder that holds it"
    )


def test_a_truncated_corpus_file_is_detected_by_its_md5(home: Path, tmp_path: Path) -> None:
    path = miracl_standin.fill(home)[4]
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    message = rejection(tmp_path)
    assert message.startswith(f"data file {path} is damaged: expected md5 {hashlib.md5(whole).hexdigest()}, found md5 ")
    assert message.endswith("; run `harness data fetch tiny`, or accept it with --unverified-data")
    rows = list(ir_datasets_files.states("tiny/xx", "miracl", "xx", lookup(tmp_path)))
    assert [row.state for row in rows] == ["present"] * 4 + ["damaged", "present"]
    assert rows[4].bytes == len(whole) - 20


def test_an_unverified_file_is_used_whatever_its_content(home: Path, tmp_path: Path) -> None:
    paths = miracl_standin.fill(home)
    paths[4].write_bytes(b"other")
    assert ir_datasets_files.paths("tiny/xx", "miracl", "xx", lookup(tmp_path, unverified=True)) == paths


def test_fetch_downloads_missing_and_damaged_files_and_resumes_a_cut(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = miracl_standin.use(tmp_path / "home", monkeypatch, server.url)
    paths = miracl_standin.fill(home)
    monkeypatch.setitem(miracl_standin.catalogue.__globals__, "zipped", lambda docs: CONTENT)
    paths[5].unlink()
    server.cuts = [0, 100_000]
    ir_datasets_files.fetch("tiny/xx", "miracl", "xx", lookup(tmp_path))
    assert paths[4].read_bytes() == paths[5].read_bytes() == CONTENT
    assert [request.get("Range") for request in server.requests].count(None) < len(server.requests)
    count = len(server.requests)
    ir_datasets_files.fetch("tiny/xx", "miracl", "xx", lookup(tmp_path))
    assert len(server.requests) == count


def test_a_download_with_another_md5_leaves_nothing_behind(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = miracl_standin.use(tmp_path / "home", monkeypatch, server.url)
    _, _, _, _, damaged, missing = miracl_standin.fill(home)
    damaged.write_bytes(b"other")
    missing.unlink()
    with pytest.raises(DataError, match="does not match the hash in the manifest"):
        ir_datasets_files.fetch("tiny/xx", "miracl", "xx", lookup(tmp_path))
    assert [file.name for file in damaged.parent.iterdir()] == ["docs-0.jsonl.gz"]
    assert damaged.read_bytes() == b"other"  # the old file stays until the new one is verified


def test_a_damaged_file_in_the_data_folder_is_rejected_and_not_changed(
    server: Server, home: Path, tmp_path: Path
) -> None:
    miracl_standin.fill(home)
    local = tmp_path / "local" / "tiny-v1.0-xx" / "docs-0.jsonl.gz"
    local.parent.mkdir(parents=True)
    local.write_bytes(b"other")
    with pytest.raises(DataError, match="replace or delete that file"):
        ir_datasets_files.fetch("tiny/xx", "miracl", "xx", lookup(tmp_path, data_dir=tmp_path / "local"))
    assert local.read_bytes() == b"other"
    assert server.requests == []
