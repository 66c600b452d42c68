"""One cache for several users: permissions, and what a user who may not write is told."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.commands import Result, tiny_suite
from support.users import FIRST, GROUP, SECOND, folder_of, needs_root, public_folder, run_as

from harness.machine.atomic import write_atomically
from harness.machine.file_modes import as_created, user_name
from harness.machine.plain_files import NotPlainError
from harness.machine.store import MANIFEST, Store

KEY = "ab" + "0" * 62
STORING = """
import pathlib, sys, harness.machine.store
from safetensors.numpy import save_file
import numpy
def write(folder):
    (folder / "below").mkdir()
    save_file({"weights": numpy.ones(3)}, folder / "below" / "model.safetensors")
root, *keys = sys.argv[1:]
store = harness.machine.store.Store(pathlib.Path(root))
with store.in_use():
    for key in keys:
        try:
            store.make("train", key, write)
        except harness.errors.RequestError as error:
            print(error)
print([run.cached for run in store.runs])
"""


def modes(folder: Path) -> set[tuple[bool, str]]:
    """Return whether it is a folder, and its permissions, of all that is below a folder."""
    return {(path.is_dir(), oct(stat.S_IMODE(path.lstat().st_mode))) for path in folder.rglob("*")}


def write_privately(folder: Path) -> None:
    """Write as libraries do that go through a temporary file."""
    (folder / "below").mkdir(mode=0o700)
    for path in (folder / "weights", folder / "below/config"):
        path.touch(mode=0o600)


@pytest.fixture
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    try:
        yield request.param
    finally:
        os.umask(before)


@pytest.mark.parametrize("umask", [0o002, 0o022, 0o027, 0o077], indirect=True, ids=oct)
def test_all_that_the_store_makes_has_the_permissions_of_the_umask(tmp_path: Path, umask: int) -> None:
    store = Store(tmp_path / "cache")
    with store.in_use():
        store.make("train", KEY, write_privately)
    write_atomically(tmp_path / "cache" / "file", b"1")
    assert modes(tmp_path / "cache") == {(True, oct(0o777 & ~umask)), (False, oct(0o666 & ~umask))}
    assert Store(tmp_path / "cache").has("train", KEY)


@pytest.mark.parametrize("umask", [0o002], indirect=True, ids=oct)
def test_folders_keep_the_group_of_the_cache(tmp_path: Path, umask: int) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    cache.chmod(0o2775)
    Store(cache).make("train", KEY, write_privately)
    assert modes(cache) == {(True, oct(0o2775)), (False, oct(0o664))}


def test_links_are_not_followed_and_an_output_with_one_is_damaged(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.touch(mode=0o600)
    store = Store(tmp_path / "cache")
    folder = store.make("train", KEY, write_privately)
    (folder / "link").symlink_to(target)
    as_created(folder)
    assert oct(stat.S_IMODE(target.stat().st_mode)) == oct(0o600)
    assert not store.has("train", KEY)
    with pytest.raises(NotPlainError, match="a link"):
        store.make("train", "cd" + KEY[2:], lambda new: (new / "link").symlink_to(target))


def test_a_pipe_in_place_of_a_manifest_is_not_waited_for(tmp_path: Path) -> None:
    store = Store(tmp_path)
    manifest = store.make("train", KEY, write_privately) / MANIFEST
    manifest.unlink()
    os.mkfifo(manifest)
    assert not store.has("train", KEY)


def test_a_user_without_a_name_is_its_number() -> None:
    assert user_name(0) == "root"
    assert user_name(SECOND) == f"user {SECOND}"


@pytest.fixture
def top() -> Iterator[Path]:
    with public_folder() as folder:
        probe = run_as(SECOND, "-c", "import harness.errors", cwd=folder_of(folder, SECOND))
        if probe.status:
            pytest.skip("other users cannot read this Python and the harness")
        yield folder


def cache_of(top: Path, mode: int) -> Path:
    """Return the new, empty cache of the first user."""
    cache = top / "cache"
    cache.mkdir()
    os.chown(cache, FIRST, GROUP)
    cache.chmod(mode)
    return cache


def store_as(uid: int, cache: Path, *keys: str, umask: int) -> list[str]:
    result = run_as(uid, "-c", STORING, cache, *keys, cwd=folder_of(cache.parent, uid), umask=umask)
    assert result.status == 0, result.err
    return result.out.splitlines()


@needs_root
def test_a_second_user_reads_the_outputs_of_the_first_and_adds_some(top: Path) -> None:
    cache = cache_of(top, 0o2775)
    other = "cd" + KEY[2:]
    assert store_as(FIRST, cache, KEY, umask=0o002) == ["[False]"]
    assert store_as(SECOND, cache, KEY, other, KEY[:-1] + "1", umask=0o002) == ["[True, False, False]"]
    assert store_as(FIRST, cache, other, umask=0o002) == ["[True]"]
    (cache / "train" / "cd" / other / MANIFEST).unlink()  # damaged: the other user makes it again
    assert store_as(FIRST, cache, other, umask=0o002) == ["[False]"]
    assert store_as(SECOND, cache, other, umask=0o002) == ["[True]"]


@needs_root
def test_a_second_user_reads_a_cache_that_is_not_shared_and_is_told_where_writing_is_refused(top: Path) -> None:
    cache = cache_of(top, 0o2775)
    assert store_as(FIRST, cache, KEY, umask=0o022) == ["[False]"]
    line, cached = store_as(SECOND, cache, KEY, KEY[:-1] + "1", umask=0o022)
    assert cached == "[True]"
    assert line.startswith(f"cache folder {cache} cannot be written: Permission denied; {cache}/")
    assert line.endswith(f" is user {FIRST}'s: share the cache as docs/scale.md says, or change HARNESS_CACHE")
    cache.chmod(0o700)
    line, cached = store_as(SECOND, cache, KEY, umask=0o022)
    assert cached == "[]"
    assert line.startswith(f"cache folder {cache} cannot be written: Permission denied; {cache} is user {FIRST}'s")


@needs_root
def test_the_same_run_of_a_second_user_is_cached_and_a_new_one_is_refused_before_its_cells(top: Path) -> None:
    cache, suite = cache_of(top, 0o2775), tiny_suite(top / "suite")

    def run(uid: int, entry: str, out: str) -> Result:
        options = ("--suite", suite, "--methods", entry, "--device", "cpu", "--cache-dir", cache, "--out", out)
        return run_as(uid, "-m", "harness", "run", *options, cwd=folder_of(top, uid), umask=0o022)

    first = run(FIRST, "bm25", "out")
    assert (first.status, "1/1 bm25/en/0 cached" in first.err) == (0, False)
    second = run(SECOND, "bm25", "out")
    assert (second.status, "1/1 bm25/en/0 cached" in second.err) == (0, True), second.err
    new = run(SECOND, "base", "new")
    assert new.status == 2
    assert new.line.startswith(f"harness: cache folder {cache} cannot be written: Permission denied; {cache}/")
    assert not (folder_of(top, SECOND) / "new").exists()
