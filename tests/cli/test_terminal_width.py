"""Tables and lines in a terminal of 80 columns: nothing is wider, and no number is cut."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from rich.console import Console
from support.commands import REPOSITORY, invoke, read_json, tiny_suite

from harness.report.terminal import stored_table

RESULTS = REPOSITORY / "results"
SCORE = re.compile(r"\d\d?\.\d\d±\d\d?\.\d\d")


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(REPOSITORY)


def fits(text: str) -> bool:
    return "…" not in text and max(map(len, text.splitlines())) <= 80


@pytest.mark.parametrize("folder", ["mini", "wikiqa", "wikiqa-e5", "wikiqa-experts", "wikiqa-penalty"])
def test_the_summary_of_a_run_fits_with_every_score(folder: str) -> None:
    document = read_json(RESULTS / folder / "leaderboard.json")
    console = Console(file=io.StringIO(), width=80)
    console.print(stored_table(document))
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert fits(text)
    columns = len(document["languages"]) + (len(document["languages"]) > 1)
    scores = [row for row in document["rows"] if row["measure"] == document["primary"] and row["ci_low"] is not None]
    assert columns > 1
    assert len(SCORE.findall(text)) >= len(scores)
    averages = [row for row in scores if row["language"] == "average"]
    shown = [row["entry"] for row in averages if row["p_adjusted"] is not None and row["p_adjusted"] <= 0.05]
    assert text.count("† p ≤ .05 (Holm)") == 1
    assert text.count("†") == len(shown) + 1 > 1


@pytest.mark.parametrize(
    "arguments",
    [
        ("compare", "results/wikiqa-experts", "results/wikiqa-penalty"),
        ("compare", "results/wikiqa", "results/wikiqa"),
        ("check", "results/wikiqa-penalty", "--baseline", "results/wikiqa-penalty"),
        ("synthesize", "results/mini", "results/wikiqa"),
        ("list", "methods"),
        ("list", "suites"),
        ("list", "claims"),
    ],
)
def test_a_command_prints_no_line_that_is_wider(arguments: tuple[str, ...]) -> None:
    result = invoke(*arguments)
    assert (result.status, result.err) == (0, "")
    assert fits(result.out)


def test_the_cache_fits(tmp_path: Path) -> None:
    manifest = tiny_suite(tmp_path / "suite")
    places = ("--data-dir", tmp_path / "suite", "--out", tmp_path / "out", "--cache-dir", tmp_path / "cache")
    assert invoke("run", "--suite", manifest, "--methods", "bm25", *places).status == 0
    table, _, total = invoke("cache", "status", "--cache-dir", tmp_path / "cache").out.rstrip().rpartition("\n")
    assert fits(table)
    assert total.endswith(str(tmp_path / "cache"))  # a path is never broken


def test_in_a_pipe_lines_are_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS")
    assert max(map(len, invoke("list", "methods").out.splitlines())) > 80
    outcome = invoke("compare", "results/wikiqa-experts", "results/wikiqa-penalty").out.splitlines()
    assert "* only in A: clpl-intermediate/fa" in next(line for line in outcome if line.startswith("* only in A"))
    assert outcome[-1] == "Of 3 comparisons of B with A on nDCG@10: 3 equivalent."


def test_a_width_of_nothing_is_no_width(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "0")
    assert "bm25" in invoke("list", "methods").out


@pytest.mark.parametrize("columns", ["20", "40"])
def test_in_a_narrower_terminal_no_name_or_number_is_lost(monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    listed = invoke("list", "suites").out
    assert all(path.stem in listed for path in (REPOSITORY / "datasets_manifest").glob("*.toml"))
    assert "…" not in listed
    compared = invoke("compare", "results/wikiqa-penalty", "results/wikiqa-penalty").out
    assert "…" not in compared
    assert "infonce-ance" in compared
