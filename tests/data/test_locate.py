"""Where data files are looked for, and how they are verified."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from harness.data import locate as files
from harness.data.file_status import FileStatus
from harness.data.locate import locate, status, verify
from harness.data.text_files import read_text
from harness.errors import DataError, RequestError
from harness.request.manifest import File
from harness.request.suite import Suite

SHA = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"  # of b"foo"
OTHER = "fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9"  # of b"bar"
REMOTE = File(path="qa/a.json", sha256=SHA, bytes=3, url="http://127.0.0.1:9/a.json")
BUNDLED = File(path="mini/a.json", sha256=SHA, bytes=3)


def put(path: Path, content: bytes = b"foo") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def refusal(file: File, data_dir: Path | None, cache_dir: Path) -> str:
    with pytest.raises(DataError) as caught:
        locate(file, data_dir=data_dir, cache_dir=cache_dir, suite="tiny")
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "package"
    folder.mkdir()
    monkeypatch.setattr(files, "manifests", lambda: folder)
    return folder


@pytest.mark.parametrize("name", ["qa/a.json", "a.json"])
def test_the_data_folder_is_looked_in_first_by_path_and_by_name(tmp_path: Path, name: str) -> None:
    put(tmp_path / "cache" / "data" / SHA[:16] / "a.json")
    mine = put(tmp_path / "mine" / name)
    assert locate(REMOTE, data_dir=tmp_path / "mine", cache_dir=tmp_path / "cache") == mine


def test_a_fetched_file_is_found_in_the_cache(tmp_path: Path) -> None:
    cached = put(tmp_path / "data" / SHA[:16] / "a.json")
    assert locate(REMOTE, data_dir=None, cache_dir=tmp_path) == cached


def test_a_bundled_file_is_found_in_the_package(package: Path, tmp_path: Path) -> None:
    bundled = put(package / "mini/a.json")
    assert locate(BUNDLED, data_dir=None, cache_dir=tmp_path) == bundled


def test_a_bundled_file_is_not_mistaken_for_one_of_its_name_in_the_data_folder(package: Path, tmp_path: Path) -> None:
    bundled = put(package / "mini/a.json")
    put(tmp_path / "mine" / "a.json", b"bar")
    assert locate(BUNDLED, data_dir=tmp_path / "mine", cache_dir=tmp_path) == bundled


def test_a_wrong_hash_names_the_file_both_hashes_and_the_way_out(tmp_path: Path) -> None:
    wrong = put(tmp_path / "mine" / "qa/a.json", b"bar")
    message = refusal(REMOTE, tmp_path / "mine", tmp_path)
    assert str(wrong) in message
    assert SHA in message
    assert OTHER in message
    assert message.endswith("replace or delete that file, or take it as it is with --unverified-data")


def test_a_damaged_file_in_the_data_folder_is_refused_though_the_cache_has_a_good_one(tmp_path: Path) -> None:
    put(tmp_path / "data" / SHA[:16] / "a.json")
    put(tmp_path / "mine" / "a.json", b"fo")
    message = refusal(REMOTE, tmp_path / "mine", tmp_path)
    assert "(2 bytes)" in message
    assert "(3 bytes)" in message


def test_a_damaged_file_in_the_cache_is_to_be_fetched_again(tmp_path: Path) -> None:
    put(tmp_path / "data" / SHA[:16] / "a.json", b"bar")
    assert "is damaged" in refusal(REMOTE, None, tmp_path)
    assert "harness data fetch tiny" in refusal(REMOTE, None, tmp_path)


def test_a_missing_file_is_named_with_the_command_that_brings_it(tmp_path: Path) -> None:
    message = refusal(REMOTE, None, tmp_path)
    assert "qa/a.json of suite tiny is missing" in message
    assert "`harness data fetch tiny`" in message


def test_a_missing_bundled_file_is_not_said_to_be_fetchable(package: Path, tmp_path: Path) -> None:
    message = refusal(BUNDLED, None, tmp_path)
    assert "mini/a.json of suite tiny is missing" in message
    assert "harness data fetch" not in message


def test_a_data_folder_that_does_not_exist_is_refused(tmp_path: Path) -> None:
    assert "nowhere is not a folder; correct --data-dir" in refusal(REMOTE, tmp_path / "nowhere", tmp_path)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.json cannot be read: No such file"):
        verify(REMOTE, tmp_path / "gone.json", "")
    with pytest.raises(DataError, match=r"cannot be read: Is a directory"):
        read_text(tmp_path)


def test_status_tells_present_missing_and_damaged(
    suite: Callable[..., Suite], beir: Sequence[Path], tmp_path: Path
) -> None:
    tiny = suite(beir[:3], {"passages": 3, "train_queries": 2, "dev_queries": 1}, url="http://127.0.0.1:9/x")
    beir[1].unlink()
    beir[2].write_bytes(b"bar")
    rows = status(tiny, data_dir=beir[0].parent, cache_dir=tmp_path)
    assert [(row.language, row.file, row.state, row.place) for row in rows] == [
        ("ko", "corpus.jsonl", "present", str(beir[0])),
        ("ko", "queries.jsonl", "missing", "http://127.0.0.1:9/x"),
        ("ko", "train.tsv", "damaged", str(beir[2])),
    ]
    declared = tiny.languages["ko"].retrieval.files[0]
    sha256 = f"sha256:{declared.sha256}"
    assert rows[0] == FileStatus("ko", "corpus.jsonl", "present", declared.bytes, sha256, str(beir[0]), sha256)
    assert [row.found == row.hash for row in rows] == [True, False, False]
    assert rows[2].found == f"sha256:{OTHER}"


def test_status_of_an_unknown_language_lists_the_known_ones(
    suite: Callable[..., Suite], beir: Sequence[Path], tmp_path: Path
) -> None:
    tiny = suite(beir, {"passages": 3, "train_queries": 2, "dev_queries": 1})
    with pytest.raises(RequestError, match=r"unknown language 'kor' in suite tiny; did you mean 'ko'\? Available: ko"):
        status(tiny, ["kor"], cache_dir=tmp_path)
