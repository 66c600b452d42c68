"""What stands before a command: the version, quiet, verbose, and a log of what is printed."""

from __future__ import annotations

import re
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from support.commands import invoke, spawn

RUN = ("run", "--methods", "bm25", "--langs", "ko")
UNKNOWN = ("run", "--methods", "bm25", "--langs", "xx")
HEAVY = ("torch", "transformers", "sentence_transformers", "datasets", "mteb", "scipy", "pandas")
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d{4} "


def test_the_version_is_that_of_the_package() -> None:
    result = invoke("--version")
    assert (result.status, result.out, result.err) == (0, f"harness {version('harness-embeddings')}\n", "")


@pytest.mark.parametrize("command", [(), ("run",), ("cache", "status")])
def test_h_is_help(command: tuple[str, ...]) -> None:
    assert invoke(*command, "-h").out == invoke(*command, "--help").out


def test_quiet_shows_results_and_errors_alone(tmp_path: Path) -> None:
    streams = sys.stdout, sys.stderr
    shown = invoke("--quiet", *RUN, "--out", tmp_path / "out")
    assert (shown.status, shown.err) == (0, "")
    assert "bm25" in shown.out
    failed = invoke("-q", *UNKNOWN, "--out", tmp_path / "other")
    assert failed.status == 2
    assert failed.err.startswith("harness: ")
    assert failed.err.count("\n") == 1
    assert (sys.stdout, sys.stderr) == streams


def test_verbose_names_every_stage_once(tmp_path: Path) -> None:
    untuned = ("run", "--methods", "base", "--langs", "ko", "--device", "cpu")
    told = invoke("-v", *untuned, "--out", tmp_path / "out", "--cache-dir", tmp_path / "cache").err
    stages = [line for line in told.splitlines() if line.startswith("base/ko/0 · ")]
    assert len(stages) == len(set(stages)) > 0
    assert "base/ko/0 · " not in invoke(*untuned, "--out", tmp_path / "again", "--cache-dir", tmp_path / "new").err


def test_a_run_names_what_it_does_before_its_cells_and_after_them(tmp_path: Path) -> None:
    lines = invoke(*RUN, "--out", tmp_path / "out", "--cache-dir", tmp_path / "cache").err.splitlines()
    assert lines[0] == "checking the data and models of 1 cell …"
    assert lines[-4] == "1 of 1 cells to run"
    assert lines[-3].startswith("1/1 bm25/ko/0 ")
    assert lines[-2] == "writing the leaderboard …"
    assert lines[-1].startswith("1 cell in ")


def test_the_first_line_is_printed_before_any_library_of_models_is_imported(tmp_path: Path) -> None:
    script = f"""
import sys
from harness.cli.main import main
from harness.execution import runner
def refuse(*arguments, **options):
    print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)
    raise SystemExit(7)
runner.preflight = refuse
main({[*RUN, "--out", "out", "--cache-dir", "cache"]!r})
"""
    result = spawn("-c", script, cwd=tmp_path)
    assert (result.status, result.err) == (7, "checking the data and models of 1 cell …\n[]\n")


def test_a_log_has_every_line_with_its_time_and_is_added_to(tmp_path: Path) -> None:
    log = tmp_path / "run.log"
    first = invoke("--log-file", log, *RUN, "--out", tmp_path / "out")
    second = invoke("--log-file", log, *UNKNOWN, "--out", tmp_path / "other")
    lines = log.read_text(encoding="utf-8").splitlines()
    assert all(re.match(TIME, line) for line in lines)
    said = [re.sub(TIME, "", line, count=1) for line in lines]
    assert set(first.out.splitlines()) <= set(said)
    assert set(first.err.splitlines()) <= set(said)
    assert said[-1] == second.err.rstrip("\n")
    assert "nothing to run: 1 cell done" in invoke(*RUN, "--out", tmp_path / "out").err


def test_a_log_that_cannot_be_written_and_contradicting_options_are_one_line(tmp_path: Path) -> None:
    for options, message in (
        (("--log-file", tmp_path), f"--log-file {tmp_path} cannot be written: Is a directory; name another"),
        (("-q", "-v"), "--quiet and --verbose exclude each other; give one"),
    ):
        result = invoke(*options, "list", "methods")
        assert (result.status, result.out, result.err) == (2, "", f"harness: {message}\n")
