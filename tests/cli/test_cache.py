"""`harness cache`: what is in the cache, and removing it, with what is in use left alone."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from support.commands import invoke

from harness.machine.store import Store

NAMES = ("old", "new", "mined", "partial", "half")
KEYS = {name: letter * 64 for name, letter in zip(NAMES, "abcde", strict=True)}
DAY = 86_400


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    """Two models, one 10 days old; negatives; a checkpoint and a half-written output; data and answers."""
    root = tmp_path / "cache"
    store = Store(root)
    for name in ("old", "new"):
        store.make("train", KEYS[name], lambda folder: (folder / "weights").write_bytes(b"w" * 2048))
    then = time.time() - 10 * DAY
    os.utime(store.folder("train", KEYS["old"]), (then, then))
    store.read_json("mine", KEYS["mined"], lambda: [1])
    for path in (store.partial(KEYS["partial"]), root / "train/ee" / f".making-{KEYS['half']}"):
        path.mkdir(parents=True)
        (path / "state").write_bytes(b"s" * 1024)
    for path in (root / "data/1234/corpus", root / "answers/ab/abc.json"):
        path.parent.mkdir(parents=True)
        path.write_bytes(b"d" * 512)
    return root


def test_status_counts_outputs_and_bytes_by_stage(cache: Path) -> None:
    result = invoke("cache", "status", "--cache-dir", cache)
    assert (result.status, result.err) == (0, "")
    rows = {line.split()[0]: line.split() for line in result.out.splitlines()}
    assert list(rows)[:-1] == ["stage", "mine", "train", "unfinished", "answers", "data"]
    assert rows["train"][1] == rows["unfinished"][1] == "2"
    assert rows["unfinished"][2:4] == ["2.0", "KiB"]
    assert rows["data"][1:] == ["512", "B"]
    oldest = time.strftime("%Y-%m-%d", time.localtime(time.time() - 10 * DAY))
    assert rows["train"][4] == oldest
    assert result.out.splitlines()[-1].endswith(f" in {cache}")


def test_prune_removes_models_and_says_which_and_how_many_bytes(cache: Path) -> None:
    result = invoke("cache", "prune", "--models", "--older-than", "5", "--cache-dir", cache)
    assert result.status == 0
    first, last = result.out.splitlines()
    assert first.startswith(f"removed: train/{'a' * 12} ")
    assert last.endswith(f" removed from {cache}")
    store = Store(cache)
    assert not store.is_there("train", KEYS["old"])
    assert store.has("train", KEYS["new"])
    assert store.has("mine", KEYS["mined"])


def test_prune_of_everything_leaves_data_and_answers(cache: Path) -> None:
    assert invoke("cache", "prune", "--older-than", "0", "--cache-dir", cache).status == 0
    left = sorted(path.relative_to(cache).as_posix() for path in cache.rglob("*") if path.is_file())
    assert [name for name in left if not name.startswith(".locks/")] == ["answers/ab/abc.json", "data/1234/corpus"]


def test_prune_of_stages_removes_those_alone(cache: Path) -> None:
    assert invoke("cache", "prune", "--stage", "mine,unfinished", "--cache-dir", cache).status == 0
    store = Store(cache)
    assert not store.partial(KEYS["partial"]).exists()
    assert not store.is_there("mine", KEYS["mined"])
    assert store.has("train", KEYS["new"])
    assert list(cache.glob("train/*/.making*")) == []


def test_a_dry_run_of_prune_removes_nothing_and_writes_nothing(cache: Path) -> None:
    before = sorted(cache.rglob("*"))
    result = invoke("cache", "prune", "--models", "--dry-run", "--cache-dir", cache)
    assert result.out.count("would be removed: train/") == 2
    assert sorted(cache.rglob("*")) == before


def test_what_a_process_makes_or_uses_stays_and_is_named(cache: Path) -> None:
    user, maker = Store(cache), Store(cache)
    with user.in_use(), maker.locked(KEYS["partial"], "train"):
        user.find("train", KEYS["new"])
        result = invoke("cache", "prune", "--older-than", "0", "--cache-dir", cache)
    assert result.status == 0
    assert f"kept, a running process uses it: train/{'b' * 12} " in result.out
    assert f"kept, a running process uses it: unfinished/{'d' * 12} " in result.out
    assert result.out.splitlines()[-1].endswith("; 2 in use and kept")
    assert Store(cache).has("train", KEYS["new"])
    assert Store(cache).partial(KEYS["partial"]).is_dir()


def test_bad_requests_are_one_line(cache: Path, tmp_path: Path) -> None:
    nothing = invoke("cache", "prune", "--cache-dir", cache)
    assert (nothing.status, nothing.line) == (
        2,
        "harness: say what to remove: --models, --stage NAME, or --older-than DAYS (0 for everything)",
    )
    unknown = invoke("cache", "prune", "--stage", "trian", "--cache-dir", cache)
    assert (unknown.status, unknown.line) == (
        2,
        "harness: unknown stage 'trian' in the cache; did you mean 'train'? Available: mine, train, unfinished",
    )
    absent = invoke("cache", "status", "--cache-dir", tmp_path / "none")
    assert (absent.status, absent.line) == (
        2,
        f"harness: there is no cache at {tmp_path}/none; name one with --cache-dir or HARNESS_CACHE",
    )
