"""Where a command runs: terminals, pipes, limits, homes and folders. It works there, or says in one line why not."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.commands import REPOSITORY, Result, invoke, spawn, tiny_suite
from support.fake_records import put_failed
from support.result_folders import write
from support.users import GROUP, SECOND, needs_root, public_folder, run_as

READER_GONE, INTERNAL = 141, 70


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A folder with a regression, and its baseline."""
    top = tmp_path_factory.mktemp("gate")
    return write(top / "new", losses={"mnrl": 0.08}, draw=2), write(top / "old", draw=1)


def gate(folders: tuple[Path, Path]) -> list[str]:
    """Return the command that finds the regression, with status 1."""
    return ["-m", "harness", "check", str(folders[0]), "--baseline", str(folders[1])]


def started(
    arguments: list[str], stdout: int | None, before: Callable[[], None] | None = None, **environment: str
) -> Result:
    """Run `python ARGUMENTS` with this standard output."""
    completed = subprocess.run(
        [sys.executable, *arguments],
        cwd=REPOSITORY,
        env={**os.environ, **environment},
        stdout=stdout,
        stderr=subprocess.PIPE,
        text=True,
        timeout=600,
        check=False,
        preexec_fn=before,
    )
    return Result(completed.returncode, "", completed.stderr)


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONIOENCODING": "ascii"},
        {"PYTHONIOENCODING": "latin-1"},
        {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0", "PYTHONIOENCODING": ""},
        {"COLUMNS": "20"},
        {"COLUMNS": "0"},
        {"TMPDIR": "/nonexistent"},
    ],
    ids=str,
)
def test_a_regression_is_status_1_in_every_terminal(folders: tuple[Path, Path], environment: dict[str, str]) -> None:
    completed = subprocess.run(
        [sys.executable, *gate(folders)],
        cwd=REPOSITORY,
        env={**os.environ, **environment},
        capture_output=True,
        timeout=600,
        check=False,
    )
    assert (completed.returncode, completed.stderr) == (1, b"")
    assert b"regression" in b"".join(completed.stdout.split())


@pytest.mark.parametrize(
    ("name", "environment", "shown"),
    [
        (b"\xff", {}, "\\udcff"),
        ("\u062f".encode(), {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, "\\udcd8\\udcaf"),
    ],
)
def test_a_path_that_is_no_text_in_this_locale_is_one_line(
    tmp_path: Path, name: bytes, environment: dict[str, str], shown: str
) -> None:
    out = bytes(tmp_path) + b"/" + name
    command = [sys.executable, "-m", "harness", "run", "--suite", str(tiny_suite(tmp_path / "suite")), "--out"]
    done = subprocess.run(
        [*map(os.fsencode, command), out],
        cwd=REPOSITORY,
        env={**os.environ, **environment},
        capture_output=True,
        timeout=600,
        check=False,
    )
    line = f"harness: '{tmp_path}/{shown}' cannot be read as text here; rename it, or export LC_ALL=C.UTF-8"
    assert (done.returncode, done.stderr.decode().count("\n")) == (2, 1)
    assert done.stderr.decode().startswith(line)
    assert not os.path.lexists(out)


@pytest.mark.parametrize("command", ["check", "list"])
def test_a_reader_that_has_ended_is_no_regression(folders: tuple[Path, Path], command: str) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        result = started(gate(folders) if command == "check" else ["-m", "harness", "list", "methods"], writing)
    finally:
        os.close(writing)
    assert (result.status, result.err) == (READER_GONE, "")


def test_an_error_that_nobody_reads_has_the_status_of_a_closed_pipe(tmp_path: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        completed = subprocess.run(
            [sys.executable, "-m", "harness", "check", tmp_path / "none", "--baseline", tmp_path / "none"],
            cwd=REPOSITORY,
            stdout=subprocess.PIPE,
            stderr=writing,
            timeout=600,
            check=False,
        )
    finally:
        os.close(writing)
    assert completed.returncode in (2, READER_GONE)
    assert completed.stdout == b""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_an_output_on_a_full_disk_is_no_regression(folders: tuple[Path, Path]) -> None:
    with Path("/dev/full").open("w", encoding="utf-8") as full:
        for command in (gate(folders), ["-m", "harness", "list", "methods"]):
            result = started(command, full.fileno())
            assert result.status == 2
            assert "No space left on device" in result.line


def test_streams_that_the_caller_closed_are_no_failure(folders: tuple[Path, Path], tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    command = [*gate(folders), "--markdown", str(summary)]
    shell = ["sh", "-c", '"$0" "$@" <&- >&- 2>&-', sys.executable, *command]
    assert subprocess.run(shell, cwd=REPOSITORY, timeout=600, check=False).returncode == 1
    assert summary.read_text(encoding="utf-8").startswith("#")


def test_64_open_files_are_enough(folders: tuple[Path, Path]) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))

    result = started(gate(folders), subprocess.DEVNULL, limit)
    assert (result.status, result.err) == (1, "")


def test_a_limit_of_file_sizes_is_one_line(tmp_path: Path) -> None:
    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (64, 64))

    folders = ["--out", str(tmp_path / "out"), "--cache-dir", str(tmp_path / "cache")]
    suite = ["--suite", str(tiny_suite(tmp_path / "suite")), "--data-dir", str(tmp_path / "suite")]
    command = ["-m", "harness", "run", *suite, "--methods", "bm25", *folders]
    result = started(command, subprocess.DEVNULL, limit, GIT_DIR=str(tmp_path))  # git would leave a lock here
    assert (result.status, "File too large; " in result.err.splitlines()[-1]) == (2, True), result.err
    assert "Traceback" not in result.err


def test_a_working_folder_that_is_gone_is_one_line(tmp_path: Path) -> None:
    (gone := tmp_path / "gone").mkdir()
    shell = ["sh", "-c", 'cd "$1" && rmdir "$1" && exec "$0" -m harness run --methods bm25 --out "$2"', sys.executable]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run(
        [*shell, gone, tmp_path / "out"], env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    line = "harness: the working folder: No such file or directory; change to one that is there\n"
    assert (done.returncode, done.stderr) == (2, line)


def test_a_fault_of_the_harness_is_no_regression() -> None:
    script = """
import harness.cli.main as main
main.main = lambda: 1 / 0
main.entry_point()
"""
    result = spawn("-c", script, cwd=REPOSITORY)
    assert (result.status, result.err.splitlines()[-1]) == (INTERNAL, "ZeroDivisionError: division by zero")


def test_a_folder_that_cannot_become_the_baseline_is_no_regression(tmp_path: Path) -> None:
    new = write(tmp_path / "new", draw=1)
    put_failed(new, ("mnrl", "ko", 2), "out of memory")
    result = invoke("check", new, "--baseline", tmp_path / "baseline", "--update")
    assert (result.status, "a baseline has no failed cell" in result.line) == (2, True)


def test_a_cache_that_is_a_file_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cache = tmp_path / "cache"
    cache.touch()
    monkeypatch.setenv("HARNESS_CACHE", str(cache))
    assert invoke("cache", "status").line.startswith(f"harness: there is no cache at {cache}")
    result = invoke("run", "--suite", tiny_suite(tmp_path), "--methods", "bm25", "--out", tmp_path / "out")
    assert result.status == 2
    assert result.line.startswith(f"harness: cache folder {cache} cannot be written: Not a directory")


@pytest.fixture
def public() -> Iterator[Path]:
    with public_folder() as folder:
        if run_as(SECOND, "-c", "import harness.errors", cwd=folder).status:
            pytest.skip("other users cannot read this Python and the harness")
        yield folder


@needs_root
def test_a_user_without_name_and_home_works_in_folders_that_cannot_be_written(public: Path) -> None:
    """The package, the working folder and the folders that are compared belong to root."""
    new, old = write(public / "new", losses={"mnrl": 0.08}, draw=2), write(public / "old", draw=1)
    shell = ["-c", "import os, sys; del os.environ['HOME']; os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"]

    def without_home(*arguments: str | Path, **environment: str) -> Result:
        return run_as(SECOND, *shell, "-m", "harness", *arguments, cwd=public, **environment)

    found = without_home("check", new, "--baseline", old)
    assert (found.status, found.err) == (1, "")
    assert without_home("list", "methods").status == 0
    needed = without_home("cache", "status")
    assert needed.line == "harness: there is no home folder for the cache; export HARNESS_CACHE, or HOME"
    assert needed.status == 2
    assert without_home("cache", "status", HARNESS_CACHE=str(public)).status == 0
    unwritable = without_home("run", "--methods", "bm25", HARNESS_CACHE=str(public / "cache"))
    assert (unwritable.status, "cannot be written" in unwritable.line) == (2, True)


@needs_root
def test_a_folder_that_cannot_be_read_is_no_regression(public: Path) -> None:
    new, old = write(public / "new", losses={"mnrl": 0.08}, draw=2), write(public / "old", draw=1)
    (record, *_) = sorted(new.rglob("records/mnrl/ko/0.json"))
    for path, mode in ((record, 0o000), (new / "records", 0o700), (new, 0o000), (old, 0o000)):
        before = path.stat().st_mode
        path.chmod(mode)
        os.chown(path, 0, GROUP)
        result = run_as(SECOND, "-m", "harness", "check", new, "--baseline", old, cwd=public)
        assert result.status in (2, 3), (path, result)
        assert result.line.startswith("harness: ")
        path.chmod(before)
