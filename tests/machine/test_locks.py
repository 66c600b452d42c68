"""Locks of a shared cache: with flock, without it, as NFS has it; and what those who wait are told."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from subprocess import Popen

import pytest
from support.commands import REPOSITORY, spawn
from support.file_systems import LIKE_NFS, WITHOUT_FLOCK, preloaded

from harness.machine import locks as locks_module
from harness.machine.in_use import is_used
from harness.machine.locks import held, is_gone, this_process
from harness.machine.store import Store

KEY = "ab" + "0" * 62
MAKING = f"""
import pathlib, sys, time, harness.machine.store
root = pathlib.Path(sys.argv[1])
def write(folder):
    print("making", flush=True)
    with open(root.with_name("log"), "a") as log:
        log.write("made\\n")
    while root.with_name("wait").exists():
        time.sleep(0.05)
    (folder / "value").write_text("1")
store = harness.machine.store.Store(root, patience=0.2)
with store.in_use():
    store.make("train", {KEY!r}, write)
"""
USING = f"""
import pathlib, sys, harness.machine.store
store = harness.machine.store.Store(pathlib.Path(sys.argv[1]))
with store.in_use():
    assert store.find("train", {KEY!r})
    print("using", flush=True)
    sys.stdin.read()
"""
REMOVING = f"""
import pathlib, sys, harness.machine.store
from harness.machine.in_use import is_used
store = harness.machine.store.Store(pathlib.Path(sys.argv[1]))
print(is_used(store.locks, {KEY!r}), store.remove("train", {KEY!r}))
"""


@contextmanager
def process(script: str, root: Path, environment: dict[str, str]) -> Iterator[Popen[str]]:
    """Yield a process that has printed its first line; it is ended afterwards."""
    with Popen(
        [sys.executable, "-c", script, str(root)],
        cwd=REPOSITORY,
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as started:
        try:
            assert started.stdout is not None
            assert started.stdout.readline(), started.stderr and started.stderr.read()
            yield started
        finally:
            started.kill()


def removed(root: Path, environment: dict[str, str]) -> str:
    result = spawn("-c", REMOVING, root, cwd=REPOSITORY, **environment)
    assert result.status == 0, result.err
    return result.out.strip()


@pytest.mark.parametrize("kind", [*WITHOUT_FLOCK, LIKE_NFS, {}], ids=["ENOLCK", "ENOSYS", "ENOTSUP", "NFS", "flock"])
def test_one_process_makes_an_output_and_another_reads_it_on_every_file_system(
    tmp_path: Path, kind: dict[str, str]
) -> None:
    environment = {**preloaded(tmp_path), **kind}
    root, wait = tmp_path / "cache", tmp_path / "wait"
    wait.touch()
    with process(MAKING, root, environment) as maker:
        assert removed(root, environment) == "True False"
        with Popen(
            [sys.executable, "-c", MAKING, str(root)],
            cwd=REPOSITORY,
            env={**os.environ, **environment},
            stderr=subprocess.PIPE,
            text=True,
        ) as waiter:
            assert waiter.stderr is not None
            line = waiter.stderr.readline()
            wait.unlink()
            rest = waiter.stderr.read()
            assert waiter.wait(600) == 0
        assert maker.wait(600) == 0
    assert (tmp_path / "log").read_text(encoding="utf-8") == "made\n"
    assert line.startswith(f"harness: waiting to make train {KEY[:12]}: process {maker.pid} of ")
    assert f" on {socket.gethostname()}" in line
    assert ("delete" in line) == ("NO_FLOCK" in kind)
    assert "waiting" not in rest, "it is said once"
    assert not list((root / ".locks").glob("*.holder"))


@pytest.mark.parametrize("kind", [WITHOUT_FLOCK[0], LIKE_NFS, {}], ids=["ENOLCK", "NFS", "flock"])
def test_an_output_that_is_read_is_not_removed_until_its_reader_ends_however_it_ends(
    tmp_path: Path, kind: dict[str, str]
) -> None:
    environment, root = {**preloaded(tmp_path), **kind}, tmp_path / "cache"
    assert spawn("-c", MAKING, root, cwd=REPOSITORY, **environment).status == 0
    with process(USING, root, environment) as first, process(USING, root, environment) as second:
        assert removed(root, environment) == "True False"
        first.kill()
        first.wait(600)
        assert removed(root, environment) == "True False"
        assert second.communicate("", 600) == ("", "")
    assert removed(root, environment) == "False True"
    assert not (root / "train" / "ab" / KEY).exists()


def test_without_flock_the_lock_of_a_killed_process_of_this_host_is_taken_over(tmp_path: Path) -> None:
    environment, root = {**preloaded(tmp_path), **WITHOUT_FLOCK[0]}, tmp_path / "cache"
    (tmp_path / "wait").touch()
    with process(MAKING, root, environment) as maker:
        maker.kill()
        maker.wait(600)
    (tmp_path / "wait").unlink()
    assert (root / ".locks" / KEY).exists()
    assert spawn("-c", MAKING, root, cwd=REPOSITORY, **environment).status == 0
    assert Store(root).has("train", KEY)


def test_without_flock_the_lock_of_another_host_is_waited_for_and_the_file_to_delete_is_named(tmp_path: Path) -> None:
    environment, root = {**preloaded(tmp_path), **WITHOUT_FLOCK[0]}, tmp_path / "cache"
    lock = Store(root).locks / KEY
    lock.parent.mkdir(parents=True)
    lock.write_text("4711\nnode-17\n", encoding="utf-8")
    holder = {"pid": 4711, "host": "node-17", "user": "an\x1bna", "since": "2026-11-30T10:00:00Z", "making": "train x"}
    lock.with_name(f"{KEY}.holder").write_text(json.dumps(holder), encoding="utf-8")
    with Popen(
        [sys.executable, "-c", MAKING, str(root)],
        cwd=REPOSITORY,
        env={**os.environ, **environment},
        stderr=subprocess.PIPE,
        text=True,
    ) as waiter:
        assert waiter.stderr is not None
        line = waiter.stderr.readline()
        assert waiter.poll() is None
        lock.unlink()
        assert waiter.wait(600) == 0
    assert line == (
        f"harness: waiting to make train {KEY[:12]}: process 4711 of an\\x1bna on node-17 makes train x "
        f"since 2026-11-30T10:00:00Z; if that process is gone and ran on another host, delete {lock}\n"
    )


def test_a_mark_of_another_host_counts_and_one_of_a_process_that_is_gone_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("harness.machine.in_use.has_flock", lambda locks: False)
    locks = Store(tmp_path).locks
    locks.mkdir()
    mark = locks / f"{KEY}.used-1"
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    mark.write_text(json.dumps({**this_process(), "pid": ended.pid}), encoding="utf-8")
    assert not is_used(locks, KEY)
    assert not mark.exists()
    mark.write_text(json.dumps({**this_process(), "host": "node-17"}), encoding="utf-8")
    assert is_used(locks, KEY)
    mark.write_text("damaged", encoding="utf-8")
    assert is_used(locks, KEY)


@pytest.mark.parametrize("note", [b"", b"[]", b'{"pid": 1}', b"\xff"])
def test_a_holder_that_did_not_say_who_it_is_is_waited_for_and_said_to_be_unknown(
    tmp_path: Path, note: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.holder").write_bytes(note)
    assert "another process has not said who it is" in locks_module._waiting(tmp_path, "a", "train")
    with held(tmp_path, "a", "train"):
        assert json.loads((tmp_path / "a.holder").read_bytes())["pid"] == os.getpid()
    assert capsys.readouterr().err == ""


def test_only_a_process_of_this_host_that_is_not_there_is_known_to_be_gone() -> None:
    assert not is_gone(this_process())
    assert not is_gone({**this_process(), "pid": 1})
    for pid in (0, -1, 1 << 40, "1", None):
        assert not is_gone({**this_process(), "pid": pid})
