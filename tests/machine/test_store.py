"""The store: outputs are complete or absent, verified on reading, with one writer per key."""

import errno
import json
import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from campaigns.full_disk import mounted
from campaigns.trials import NotPossibleError
from support.commands import REPOSITORY

from harness.errors import CellError, RequestError
from harness.machine import store as store_module
from harness.machine.file_hashes import LARGE, TICK
from harness.machine.store import MANIFEST, Store, default_root

KEY = "ab" + "0" * 62


def write(folder: Path) -> None:
    (folder / "weights").write_bytes(b"0123456789")
    (folder / "below").mkdir()
    (folder / "below/config").write_text("{}", encoding="utf-8")


def files(root: Path) -> list[str]:
    """Return the files of a store without its locks."""
    paths = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
    return sorted(path.as_posix() for path in paths if path.parts[0] != ".locks")


def test_an_output_is_made_once_and_stored_under_its_key(tmp_path: Path) -> None:
    store = Store(tmp_path)
    folder = store.make("train", KEY, write)
    assert folder == tmp_path / "train" / "ab" / KEY
    assert (folder / "weights").read_bytes() == b"0123456789"
    assert store.make("train", KEY, lambda _: pytest.fail("it is made again")) == folder
    assert [(run.stage, run.key, run.cached) for run in store.runs] == [("train", KEY, False), ("train", KEY, True)]


def test_a_writer_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        write(folder)
        raise CellError("diverged")

    store = Store(tmp_path)
    with pytest.raises(CellError, match="diverged"):
        store.make("train", KEY, fail)
    assert files(tmp_path) == []
    assert not store.has("train", KEY)
    assert store.runs == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.ESTALE])
def test_a_full_disk_is_one_line_and_leaves_nothing(tmp_path: Path, number: int) -> None:
    def fill(folder: Path) -> None:
        write(folder)
        raise OSError(number, os.strerror(number))

    with pytest.raises(RequestError, match=rf"cache folder .* cannot be written: {os.strerror(number)}; change"):
        Store(tmp_path).make("train", KEY, fill)
    assert files(tmp_path) == []


def test_a_full_disk_is_named_where_a_library_does_not_say_so(tmp_path: Path) -> None:
    def fill(folder: Path) -> None:
        with suppress(OSError), (folder / "weights").open("wb") as file:
            file.write(bytes(1 << 20))
        raise RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 24320 vs 24212")  # torch.save's

    def fail(folder: Path) -> None:
        raise RuntimeError("no reason of the disk")

    try:
        with mounted(tmp_path / "disk", 1 << 19):
            store = Store(tmp_path / "disk")
            with pytest.raises(RequestError, match=r"disk cannot be written: No space left on device; change"):
                store.make("train", KEY, fill)
            with pytest.raises(RuntimeError, match=r"no reason of the disk"):
                store.make("train", KEY, fail)
    except NotPossibleError as reason:
        pytest.skip(str(reason))


def test_no_reader_sees_a_half_written_output(tmp_path: Path) -> None:
    store = Store(tmp_path)

    def look(folder: Path) -> None:
        write(folder)
        assert not store.has("train", KEY)
        assert not (tmp_path / "train" / "ab" / KEY).exists()

    store.make("train", KEY, look)
    assert store.has("train", KEY)


def change(folder: Path) -> None:
    (folder / "weights").write_bytes(b"0123456780")


def remove(folder: Path) -> None:
    (folder / "below/config").unlink()


def add(folder: Path) -> None:
    (folder / "stray").touch()


def truncate_manifest(folder: Path) -> None:
    manifest = folder / ".artifact.json"
    manifest.write_bytes(manifest.read_bytes()[:-10])


def replace_manifest(folder: Path) -> None:
    (folder / ".artifact.json").write_text("[]", encoding="utf-8")


def change_the_seconds(folder: Path) -> None:
    manifest = folder / ".artifact.json"
    manifest.write_bytes(manifest.read_bytes().replace(b'"seconds": ', b'"seconds": 1'))


def change_the_name_of_its_digest(folder: Path) -> None:
    manifest = folder / ".artifact.json"
    manifest.write_bytes(manifest.read_bytes().replace(b'"digest"', b'"digesu"'))


@pytest.mark.parametrize(
    "damage",
    [change, remove, add, truncate_manifest, replace_manifest, change_the_seconds, change_the_name_of_its_digest],
)
def test_a_damaged_output_is_detected_and_made_again(tmp_path: Path, damage: object) -> None:
    store = Store(tmp_path)
    folder = store.make("train", KEY, write)
    complete = files(folder)
    assert callable(damage)
    damage(folder)
    assert not store.has("train", KEY)
    store.make("train", KEY, write)
    assert store.has("train", KEY)
    assert files(folder) == complete
    assert (folder / "weights").read_bytes() == b"0123456789"


def test_the_remains_of_a_killed_writer_are_removed_by_the_next(tmp_path: Path) -> None:
    script = f"""
import os, pathlib, harness.machine.store
def write(folder):
    (folder / "half").write_bytes(b"half")
    os._exit(9)
harness.machine.store.Store(pathlib.Path({str(tmp_path)!r})).make("train", {KEY!r}, write)
"""
    assert subprocess.run([sys.executable, "-c", script], cwd=REPOSITORY, check=False).returncode == 9
    assert not Store(tmp_path).has("train", KEY)
    Store(tmp_path).make("train", KEY, write)
    assert files(tmp_path) == [f"train/ab/{KEY}/{name}" for name in (".artifact.json", "below/config", "weights")]


def test_three_processes_with_the_same_key_make_its_output_once(tmp_path: Path) -> None:
    script = f"""
import os, pathlib, time, harness.machine.store
def write(folder):
    with open({str(tmp_path / "log")!r}, "a") as log:
        log.write("made\\n")
    time.sleep(0.5)
    (folder / "value").write_text(str(os.getpid()))
folder = harness.machine.store.Store(pathlib.Path({str(tmp_path / "root")!r})).make("train", {KEY!r}, write)
print((folder / "value").read_text())
"""
    processes = [
        subprocess.Popen([sys.executable, "-c", script], cwd=REPOSITORY, stdout=subprocess.PIPE, text=True)
        for _ in range(3)
    ]
    values = [process.communicate(timeout=600)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert len(set(values)) == 1
    assert (tmp_path / "log").read_text(encoding="utf-8") == "made\n"


def test_a_json_value_is_computed_once(tmp_path: Path) -> None:
    values = iter([{"query": ["문서", 0.1]}])
    store = Store(tmp_path)
    assert store.read_json("mine", KEY, lambda: next(values)) == {"query": ["문서", 0.1]}
    assert store.read_json("mine", KEY, lambda: next(values)) == {"query": ["문서", 0.1]}


def test_a_json_value_with_nan_is_rejected_and_not_stored(tmp_path: Path) -> None:
    store = Store(tmp_path)
    with pytest.raises(ValueError, match="not JSON compliant"):
        store.read_json("retrieve", KEY, lambda: [float("nan")])
    assert not store.has("retrieve", KEY)


def test_a_store_that_is_only_read_makes_no_folder(tmp_path: Path) -> None:
    store = Store(tmp_path / "cache")
    with store.in_use():
        assert (store.has("train", KEY), store.is_there("train", KEY)) == (False, False)
    assert store.find("train", KEY) is None
    assert not (tmp_path / "cache").exists()


def test_a_root_that_cannot_be_created_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RequestError) as error:
        Store(tmp_path / "file" / "cache").make("train", KEY, write)
    expected = f"cache folder {tmp_path}/file/cache cannot be written: Not a directory; change HARNESS_CACHE"
    assert str(error.value) == expected


@pytest.mark.skipif(os.geteuid() == 0, reason="root can write everywhere")
def test_a_root_that_became_read_only_is_one_line(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.make("retrieve", KEY, write)
    (tmp_path / ".locks").chmod(0o555)
    with pytest.raises(RequestError, match=r"cannot be written: Permission denied; .*change HARNESS_CACHE$"):
        store.make("train", KEY, write)


def test_a_lock_that_cannot_be_taken_is_one_line(tmp_path: Path) -> None:
    store = Store(tmp_path)
    (tmp_path / ".locks" / KEY).mkdir(parents=True)
    with pytest.raises(RequestError, match=r"^cache folder .* cannot be written: .*; change HARNESS_CACHE$"):
        store.make("train", KEY, write)


def test_the_default_root_is_the_configured_one_or_in_the_users_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_CACHE", "/somewhere")
    assert default_root() == Path("/somewhere")
    monkeypatch.delenv("HARNESS_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", "/elsewhere")
    assert default_root() == Path("/elsewhere/harness")
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setenv("HOME", "/home/user")
    assert default_root() == Path("/home/user/.cache/harness")


def test_an_empty_cache_variable_counts_as_unset(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HARNESS_CACHE", "")
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert default_root() == tmp_path / ".cache/harness"


def test_an_output_holds_what_made_it_and_what_its_stage_found(tmp_path: Path) -> None:
    store = Store(tmp_path)

    def train(folder: Path) -> None:
        store.note(dtype="float32")
        store.make("mine", "cd" + "0" * 62, lambda inner: store.note(dtype="bfloat16") or write(inner))
        write(folder)

    store.make("train", KEY, train)
    again = Store(tmp_path)
    again.make("train", KEY, write)
    (run,) = again.runs
    assert (run.cached, dict(run.found)) == (True, {"dtype": "float32"})
    assert [dict(run.found) for run in store.runs] == [{"dtype": "bfloat16"}, {"dtype": "float32"}]
    made_by = again.makers[run.made_by]
    assert made_by == json.loads((tmp_path / "train/ab" / KEY / MANIFEST).read_bytes())["made_by"]
    assert len(made_by["code"]["sources_sha256"]) == 64
    assert made_by["environment"]["packages"]["torch"]


def test_the_maker_of_a_reused_output_is_the_one_that_made_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "maker", lambda: {"code": {}, "environment": {"cpu": "another"}})
    Store(tmp_path).make("train", KEY, write)
    monkeypatch.undo()
    store = Store(tmp_path)
    store.make("train", KEY, write)
    assert store.makers[store.runs[0].made_by]["environment"] == {"cpu": "another"}


def test_an_output_of_an_older_version_has_an_unknown_maker(tmp_path: Path) -> None:
    manifest = Store(tmp_path).make("train", KEY, write) / MANIFEST
    content = json.loads(manifest.read_bytes())
    manifest.write_text(json.dumps({name: content[name] for name in ("stage", "seconds", "files")}), encoding="utf-8")
    store = Store(tmp_path)
    store.make("train", KEY, lambda _: pytest.fail("it is made again"))
    assert [(run.cached, run.made_by, dict(run.found)) for run in store.runs] == [(True, "", {})]
    assert store.makers == {}


LARGE_KEY = "ef" + "0" * 62


def write_large(folder: Path) -> None:
    (folder / "weights").write_bytes(b"0" * 2 * LARGE)


def test_damage_of_a_large_file_is_detected_within_a_run_and_by_the_next(tmp_path: Path) -> None:
    store = Store(tmp_path)
    folder = store.make("train", LARGE_KEY, write_large)
    time.sleep(2 * TICK / 1e9)
    assert store.has("train", LARGE_KEY)
    (folder / "weights").write_bytes(b"1" * 2 * LARGE)
    assert not store.has("train", LARGE_KEY)
    script = f"""
import pathlib, harness.machine.store
print(harness.machine.store.Store(pathlib.Path({str(tmp_path)!r})).has("train", {LARGE_KEY!r}))
"""
    command = [sys.executable, "-c", script]
    assert subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True, text=True).stdout == "False\n"


def test_an_output_is_not_removed_while_another_store_uses_it(tmp_path: Path) -> None:
    store, other = Store(tmp_path), Store(tmp_path)
    folder = store.make("train", KEY, write)
    with other.in_use():
        other.make("train", KEY, write)
        assert not store.remove("train", KEY)
        assert store.has("train", KEY)
    assert store.remove("train", KEY)
    assert not folder.exists()
    assert not store.is_there("train", KEY)


def test_an_output_is_not_removed_while_it_is_made(tmp_path: Path) -> None:
    store = Store(tmp_path)

    def look(folder: Path) -> None:
        write(folder)
        assert not Store(tmp_path).remove("train", KEY)

    store.make("train", KEY, look)
    assert store.has("train", KEY)


def test_a_killed_process_uses_nothing(tmp_path: Path) -> None:
    script = f"""
import os, pathlib, harness.machine.store
store = harness.machine.store.Store(pathlib.Path({str(tmp_path)!r}))
with store.in_use():
    store.make("train", {KEY!r}, lambda folder: (folder / "weights").write_bytes(b"1"))
    os._exit(9)
"""
    assert subprocess.run([sys.executable, "-c", script], cwd=REPOSITORY, check=False).returncode == 9
    assert Store(tmp_path).remove("train", KEY)


def test_no_output_is_written_through_a_link_in_the_cache(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache/train").symlink_to(elsewhere)
    with pytest.raises(RequestError, match=r"cache/train is a link, and outputs are written through none; remove it"):
        Store(tmp_path / "cache").make("train", KEY, write)
    assert [path for path in elsewhere.rglob("*") if path.is_file()] == []
    (tmp_path / "linked").symlink_to(elsewhere)
    assert Store(tmp_path / "linked").make("train", KEY, write).is_dir()
