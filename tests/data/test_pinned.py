"""Files that ir_datasets pins: found, verified by md5, fetched."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from support import miracl_standin
from support.download_server import CONTENT, Server

from harness.data import pinned
from harness.data.file_status import Where
from harness.errors import DataError, RequestError


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return miracl_standin.use(tmp_path / "home", monkeypatch)


def where(tmp_path: Path, **changes: object) -> Where:
    return Where(**{"data_dir": None, "cache_dir": tmp_path / "cache", "suite": "tiny", **changes})  # type: ignore[arg-type]


def refusal(tmp_path: Path, **changes: object) -> str:
    with pytest.raises(DataError) as caught:
        pinned.locate("tiny/xx", "miracl", "xx", where(tmp_path, **changes))
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(("language", "parts"), [("ko", 3), ("hi", 2), ("fa", 5)])
def test_miracl_is_four_files_of_queries_and_judgments_and_the_parts_of_its_corpus(language: str, parts: int) -> None:
    files = pinned.files(f"miracl/{language}", "miracl")
    assert [file.path for file in files[:4]] == [
        f"miracl/v1.0/{language}/{split}/{what}.tsv" for split in ("train", "dev") for what in ("topics", "qrels")
    ]
    assert [file.path for file in files[4:]] == [
        f"miracl/v1.0/{language}/docs/docs-{number}.jsonl.gz" for number in range(parts)
    ]
    assert pinned.files(f"miracl/{language}", "miracl-train") == [*files[:2], *files[4:]]


def test_the_catalogue_is_the_one_that_ir_datasets_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IR_DATASETS_HOME", str(tmp_path))
    from ir_datasets.util import DownloadConfig

    file = pinned.files("miracl/fa", "miracl")[-1]
    theirs = DownloadConfig.context("miracl", Path("below"))["v1.0/fa/corpus/4"]
    assert (file.md5, f"below/{file.path.removeprefix('miracl/')}") == (theirs.expected_md5, str(theirs.path(False)))


def test_an_unknown_id_a_split_that_is_not_there_and_another_reader_are_refused() -> None:
    with pytest.raises(RequestError, match=r"unknown ir_datasets id 'miracl/kor'; did you mean 'miracl/ko'\?"):
        pinned.files("miracl/kor", "miracl")
    with pytest.raises(DataError, match=r"miracl/yo has no train/topics"):
        pinned.files("miracl/yo", "miracl")
    with pytest.raises(RequestError, match=r"unknown reader 'beir' in ir_datasets id miracl/ko"):
        pinned.files("miracl/ko", "beir")


def test_without_a_setting_the_place_is_ir_datasets_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("IR_DATASETS_HOME", raising=False)
    assert pinned.home() == Path.home() / ".ir_datasets"


def test_files_at_ir_datasets_place_are_found_in_the_readers_order(home: Path, tmp_path: Path) -> None:
    paths = miracl_standin.fill(home)
    assert pinned.locate("tiny/xx", "miracl", "xx", where(tmp_path)) == paths


@pytest.mark.parametrize("name", ["tiny/v1.0/xx/docs/docs-0.jsonl.gz", "tiny-v1.0-xx/docs-0.jsonl.gz"])
def test_the_data_folder_is_looked_in_first(home: Path, tmp_path: Path, name: str) -> None:
    miracl_standin.fill(home)
    mine = tmp_path / "mine" / name
    mine.parent.mkdir(parents=True)
    mine.write_bytes(miracl_standin.contents()["v1.0/xx/corpus/0"])
    assert pinned.locate("tiny/xx", "miracl", "xx", where(tmp_path, data_dir=tmp_path / "mine"))[4] == mine


def test_a_bare_name_of_a_corpus_part_is_not_taken_for_it(home: Path, tmp_path: Path) -> None:
    paths = miracl_standin.fill(home)
    (tmp_path / "docs-0.jsonl.gz").write_bytes(b"of another language")
    assert pinned.locate("tiny/xx", "miracl", "xx", where(tmp_path, data_dir=tmp_path))[4] == paths[4]


def test_a_missing_file_is_named_with_the_command_that_brings_it(home: Path, tmp_path: Path) -> None:
    miracl_standin.fill(home)[5].unlink()
    assert refusal(tmp_path) == (
        "data file tiny/v1.0/xx/docs/docs-1.jsonl.gz of suite tiny is missing; "
        "run `harness data fetch tiny`, or set IR_DATASETS_HOME to a folder that holds it"
    )


def test_a_corpus_file_cut_in_the_middle_is_found_by_its_md5(home: Path, tmp_path: Path) -> None:
    path = miracl_standin.fill(home)[4]
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    message = refusal(tmp_path)
    assert message.startswith(f"data file {path} is damaged: expected md5 {hashlib.md5(whole).hexdigest()}, found md5 ")
    assert message.endswith("; run `harness data fetch tiny`, or take it as it is with --unverified-data")
    rows = list(pinned.states("tiny/xx", "miracl", "xx", where(tmp_path)))
    assert [row.state for row in rows] == ["present"] * 4 + ["damaged", "present"]
    assert rows[4].bytes == len(whole) - 20


def test_what_was_accepted_is_taken_as_it_is(home: Path, tmp_path: Path) -> None:
    paths = miracl_standin.fill(home)
    paths[4].write_bytes(b"mine")
    assert pinned.locate("tiny/xx", "miracl", "xx", where(tmp_path, accept=True)) == paths


def test_fetch_brings_what_is_missing_and_mends_what_is_damaged_and_resumes_a_cut(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = miracl_standin.use(tmp_path / "home", monkeypatch, server.url)
    paths = miracl_standin.fill(home)
    monkeypatch.setitem(miracl_standin.catalogue.__globals__, "zipped", lambda docs: CONTENT)
    paths[5].unlink()
    server.cuts = [0, 100_000]
    pinned.fetch("tiny/xx", "miracl", "xx", where(tmp_path))
    assert paths[4].read_bytes() == paths[5].read_bytes() == CONTENT
    assert [request.get("Range") for request in server.requests].count(None) < len(server.requests)
    count = len(server.requests)
    pinned.fetch("tiny/xx", "miracl", "xx", where(tmp_path))
    assert len(server.requests) == count


def test_a_download_with_another_md5_leaves_nothing_behind(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = miracl_standin.use(tmp_path / "home", monkeypatch, server.url)
    _, _, _, _, damaged, missing = miracl_standin.fill(home)
    damaged.write_bytes(b"mine")
    missing.unlink()
    with pytest.raises(DataError, match="is not the file that the manifest means"):
        pinned.fetch("tiny/xx", "miracl", "xx", where(tmp_path))
    assert [file.name for file in damaged.parent.iterdir()] == ["docs-0.jsonl.gz"]
    assert damaged.read_bytes() == b"mine"  # what is there stays until there is something better


def test_a_damaged_file_of_the_user_is_refused_and_left_alone(server: Server, home: Path, tmp_path: Path) -> None:
    miracl_standin.fill(home)
    mine = tmp_path / "mine" / "tiny-v1.0-xx" / "docs-0.jsonl.gz"
    mine.parent.mkdir(parents=True)
    mine.write_bytes(b"mine")
    with pytest.raises(DataError, match="replace or delete that file"):
        pinned.fetch("tiny/xx", "miracl", "xx", where(tmp_path, data_dir=tmp_path / "mine"))
    assert mine.read_bytes() == b"mine"
    assert server.requests == []
