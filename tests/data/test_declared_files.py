"""Where declared files are searched for, and how they are verified."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.data import declared_files
from harness.data.declared_files import path_of, verify
from harness.data.file_status import Lookup
from harness.data.text_files import read_text
from harness.errors import DataError
from harness.request.data_sources import File

SHA = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"  # of b"foo"
OTHER = "fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9"  # of b"bar"
REMOTE = File(path="qa/a.json", sha256=SHA, bytes=3, url="http://127.0.0.1:9/a.json")
BUNDLED = File(path="mini/a.json", sha256=SHA, bytes=3)


def put(path: Path, content: bytes = b"foo") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def rejection(file: File, data_dir: Path | None, cache_dir: Path) -> str:
    with pytest.raises(DataError) as caught:
        path_of(file, Lookup(data_dir, cache_dir, "tiny"))
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "package"
    folder.mkdir()
    monkeypatch.setattr(declared_files, "manifests", lambda: folder)
    return folder


@pytest.mark.parametrize("name", ["qa/a.json", "a.json"])
def test_the_data_folder_is_searched_first_by_path_and_by_name(tmp_path: Path, name: str) -> None:
    put(tmp_path / "cache" / "data" / SHA[:16] / "a.json")
    local = put(tmp_path / "local" / name)
    assert path_of(REMOTE, Lookup(tmp_path / "local", tmp_path / "cache")) == local


def test_a_downloaded_file_is_found_in_the_cache(tmp_path: Path) -> None:
    cached = put(tmp_path / "data" / SHA[:16] / "a.json")
    assert path_of(REMOTE, Lookup(None, tmp_path)) == cached


def test_a_bundled_file_is_found_in_the_package(package: Path, tmp_path: Path) -> None:
    bundled = put(package / "mini/a.json")
    assert path_of(BUNDLED, Lookup(None, tmp_path)) == bundled


def test_a_file_in_the_data_folder_does_not_replace_a_bundled_file_of_that_name(package: Path, tmp_path: Path) -> None:
    bundled = put(package / "mini/a.json")
    put(tmp_path / "local" / "a.json", b"bar")
    assert path_of(BUNDLED, Lookup(tmp_path / "local", tmp_path)) == bundled


def test_a_wrong_hash_is_reported_with_the_file_both_hashes_and_the_remedy(tmp_path: Path) -> None:
    wrong = put(tmp_path / "local" / "qa/a.json", b"bar")
    message = rejection(REMOTE, tmp_path / "local", tmp_path)
    assert str(wrong) in message
    assert SHA in message
    assert OTHER in message
    assert message.endswith("replace or delete that file, or accept it with --unverified-data")


def test_a_damaged_file_in_the_data_folder_is_rejected_even_if_the_cache_has_a_good_one(tmp_path: Path) -> None:
    put(tmp_path / "data" / SHA[:16] / "a.json")
    put(tmp_path / "local" / "a.json", b"fo")
    message = rejection(REMOTE, tmp_path / "local", tmp_path)
    assert "(2 bytes)" in message
    assert "(3 bytes)" in message


def test_a_damaged_file_in_the_cache_is_reported_with_the_fetch_command(tmp_path: Path) -> None:
    put(tmp_path / "data" / SHA[:16] / "a.json", b"bar")
    assert "is damaged" in rejection(REMOTE, None, tmp_path)
    assert "harness data fetch tiny" in rejection(REMOTE, None, tmp_path)


def test_a_missing_file_is_reported_with_the_fetch_command(tmp_path: Path) -> None:
    message = rejection(REMOTE, None, tmp_path)
    assert "qa/a.json of suite tiny is missing" in message
    assert "`harness data fetch tiny`" in message


def test_a_missing_bundled_file_is_reported_without_the_fetch_command(package: Path, tmp_path: Path) -> None:
    message = rejection(BUNDLED, None, tmp_path)
    assert "mini/a.json of suite tiny is missing" in message
    assert "harness data fetch" not in message


def test_a_data_folder_that_does_not_exist_is_rejected(tmp_path: Path) -> None:
    assert "missing is not a folder; correct --data-dir" in rejection(REMOTE, tmp_path / "missing", tmp_path)


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"gone\.json cannot be read: No such file"):
        verify(REMOTE, tmp_path / "gone.json", "")
    with pytest.raises(DataError, match=r"cannot be read: not a plain file"):
        read_text(tmp_path)
