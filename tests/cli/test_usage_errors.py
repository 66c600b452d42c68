"""A mistyped command line is answered with the help and the options of the command that was meant."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.commands import invoke


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("run --sute mini", "No such option: --sute; did you mean --suite? See `harness run --help`."),
        (
            "suite init x --langs en",
            "No such option: --langs; did you mean --language? See `harness suite init --help`.",
        ),
        ("verify x --hashes", "No such option: --hashes; did you mean --hashes-only? See `harness verify --help`."),
        (
            "data pin x --max-train 3",
            "No such option: --max-train (it is one of `harness run`). See `harness data pin --help`.",
        ),
        (
            "--seeds 0 run",
            "No such option: --seeds (it is one of `harness run` and `harness export`). See `harness --help`.",
        ),
        ("run -q", "No such option: -q (it goes before the command: `harness -q …`). See `harness run --help`."),
        (
            "report x --log-file y",
            "No such option: --log-file (it goes before the command: `harness --log-file …`)."
            " See `harness report --help`.",
        ),
        ("report --xyzzy x", "No such option: --xyzzy. See `harness report --help`."),
        ("run --out", "Option '--out' requires an argument. See `harness run --help`."),
        ("data fech mini", "No such command 'fech'. Did you mean 'fetch'? See `harness data --help`."),
        ("export x", "Missing option '--to'. Choose from: mteb, trec, card, tei. See `harness export --help`."),
        (
            "export x --to csv",
            "Invalid value for '--to': 'csv' is not one of 'mteb', 'trec', 'card', 'tei'. See `harness export --help`.",
        ),
    ],
)
def test_a_mistyped_command_line_is_answered_for_the_command_that_was_meant(words: str, line: str) -> None:
    result = invoke(*words.split())
    assert (result.status, result.line) == (2, f"harness: {line}")


@pytest.mark.parametrize(
    "words",
    ["report FILE", "export FILE --to trec", "check FILE --baseline FOLDER", "compare FILE FOLDER", "synthesize FILE"],
)
def test_a_file_in_the_place_of_a_result_folder_is_one_line(tmp_path: Path, words: str) -> None:
    (file := tmp_path / "leaderboard.html").write_text("")
    (folder := tmp_path / "baseline").mkdir()
    result = invoke(*words.replace("FILE", str(file)).replace("FOLDER", str(folder)).split())
    assert (result.status, result.out) == (2, "")
    assert str(file) in result.line
    assert "is not a folder" in result.line


@pytest.mark.parametrize(
    "words", ["report PATH", "new suite mine --out PATH", "new method mine --out PATH", "run --data-dir PATH"]
)
def test_a_name_that_is_too_long_for_the_file_system_is_one_line(words: str) -> None:
    path = "x" * 300
    result = invoke(*words.replace("PATH", path).split())
    assert (result.status, result.line) == (2, f"harness: {path}: File name too long; use a shorter path")


def test_an_output_folder_whose_name_is_too_long_is_one_line() -> None:
    result = invoke("run", "--methods", "bm25", "--langs", "ko", "--out", "x" * 300)
    assert result.status == 2
    assert result.line.endswith("File name too long; use a shorter path")
