"""Hashes of large files: read once per run, and again after any change."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from support.commands import REPOSITORY

from harness import keys
from harness.machine import file_hashes
from harness.machine.file_hashes import LARGE, TICK, file_sha256, folder_sha256, shared_notes


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the files that are read, in order; what other tests have read is not known."""
    names: list[str] = []
    read = keys.file_sha256

    def count(path: Path) -> str:
        names.append(path.name)
        return read(path)

    monkeypatch.setattr(file_hashes, "_known", {})
    monkeypatch.setattr(keys, "file_sha256", count)
    return names


def written(path: Path, content: bytes) -> Path:
    """Write a file and wait until a change of it is seen by its times."""
    path.write_bytes(content)
    time.sleep(2 * TICK / 1e9)
    return path


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_a_large_file_is_read_once(tmp_path: Path, reads: list[str]) -> None:
    content = b"w" * LARGE
    weights = written(tmp_path / "weights", content)
    assert [file_sha256(weights) for _ in range(3)] == [sha256(content)] * 3
    assert reads == ["weights"]


def test_a_renamed_file_and_a_linked_one_are_not_read_again(tmp_path: Path, reads: list[str]) -> None:
    (tmp_path / "making").mkdir()
    first = file_sha256(written(tmp_path / "making/weights", b"w" * LARGE))
    (tmp_path / "making").rename(tmp_path / "made")
    (tmp_path / "link").symlink_to(tmp_path / "made/weights")
    assert file_sha256(tmp_path / "made/weights") == file_sha256(tmp_path / "link") == first
    assert reads == ["weights"]


@pytest.mark.parametrize("reset_mtime", [False, True])
def test_other_bytes_of_the_same_size_are_noticed_even_with_the_old_mtime(tmp_path: Path, reset_mtime: bool) -> None:
    weights = written(tmp_path / "weights", b"a" * LARGE)
    before = weights.stat()
    assert file_sha256(weights) == sha256(b"a" * LARGE)
    weights.write_bytes(b"b" * LARGE)
    if reset_mtime:
        os.utime(weights, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert weights.stat().st_mtime_ns == before.st_mtime_ns
    assert file_sha256(weights) == sha256(b"b" * LARGE)


def test_a_file_that_takes_the_place_of_another_is_read(tmp_path: Path) -> None:
    first, second = (written(tmp_path / name, name.encode() * LARGE) for name in ("a", "b"))
    times = first.stat()
    assert file_sha256(first) == sha256(b"a" * LARGE)
    os.utime(second, ns=(times.st_atime_ns, times.st_mtime_ns))
    second.replace(first)
    assert file_sha256(first) == sha256(b"b" * LARGE)


def test_what_is_read_within_a_tick_of_its_change_is_read_again(
    tmp_path: Path, reads: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_hashes, "TICK", 10**15)
    (tmp_path / "weights").write_bytes(b"w" * LARGE)
    file_sha256(tmp_path / "weights")
    file_sha256(tmp_path / "weights")
    assert reads == ["weights", "weights"]


def test_a_small_file_is_always_read(tmp_path: Path, reads: list[str]) -> None:
    config = written(tmp_path / "config", b"{}")
    file_sha256(config)
    file_sha256(config)
    assert reads == ["config", "config"]


def test_a_folder_has_the_digest_of_keys(tmp_path: Path) -> None:
    (tmp_path / "below").mkdir()
    (tmp_path / "below/config").write_text("{}", encoding="utf-8")
    (tmp_path / ".hidden").write_text("x", encoding="utf-8")
    (tmp_path / "weights").write_bytes(b"w" * LARGE)
    assert folder_sha256(tmp_path) == keys.folder_sha256(tmp_path)


SCRIPT = """
import sys
from pathlib import Path
from harness import keys
from harness.machine import file_hashes
read = []
actual = keys.file_sha256
keys.file_sha256 = lambda path: read.append(path.name) or actual(path)
file_hashes.share(Path(sys.argv[1]))
for name in sys.argv[2:]:
    file_hashes.file_sha256(Path(name))
print(",".join(read))
"""


def other_process(notes: Path, *files: Path) -> str:
    """Return the names of the files that another process of the run reads to hash `files`."""
    command = [sys.executable, "-c", SCRIPT, str(notes), *map(str, files)]
    return subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True, text=True).stdout.strip()


def test_the_processes_of_a_run_read_a_file_once_together(tmp_path: Path, reads: list[str]) -> None:
    base = written(tmp_path / "base", b"b" * LARGE)
    model, later = (written(tmp_path / name, name.encode() * LARGE) for name in ("model", "later"))
    file_sha256(base)
    with shared_notes() as notes:
        assert other_process(notes, base, model) == "model"
        assert file_sha256(model) == sha256(b"model" * LARGE)
        assert file_sha256(later) == sha256(b"later" * LARGE)
        assert other_process(notes, base, model, later) == ""
    assert reads == ["base", "later"]


def test_notes_end_with_their_run_and_are_of_the_user_alone(tmp_path: Path, reads: list[str]) -> None:
    base = written(tmp_path / "base", b"b" * LARGE)
    with shared_notes() as notes:
        file_sha256(base)
        assert notes.parent.stat().st_mode & 0o077 == 0
        assert len(notes.read_text(encoding="utf-8").splitlines()) == 1
    assert not notes.parent.exists()
    with shared_notes() as another:
        assert another != notes


def test_a_line_that_is_being_written_is_read_when_it_is_whole(tmp_path: Path, reads: list[str]) -> None:
    base = written(tmp_path / "base", b"b" * LARGE)
    line = json.dumps([file_hashes._signature(base), "0" * 64]) + "\n"
    with shared_notes() as notes:
        notes.write_text(line[:20], encoding="utf-8")
        assert file_hashes._look_up(file_hashes._signature(base)) is None
        notes.write_text(line, encoding="utf-8")
        assert file_hashes._look_up(file_hashes._signature(base)) == "0" * 64
