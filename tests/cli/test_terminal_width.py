"""Tables and lines in a terminal of 80 columns: nothing is wider, and no number is cut."""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from support.commands import REPOSITORY, invoke, read_json, tiny_suite

from harness.report.console import longest_piece, name_lines
from harness.report.numbers import hundred, p_value
from harness.report.terminal import stored_table

RESULTS = REPOSITORY / "results"
SCORE = re.compile(r"\d\d?\.\d\d±\d\d?\.\d\d")
LAST = re.compile(r"±\d\d?\.\d\d +((?:< )?\d\.\d{3}|) +([a-z]+) *$", re.MULTILINE)  # p and ties of a row


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(REPOSITORY)


def fits(text: str) -> bool:
    return "…" not in text and max(map(len, text.splitlines())) <= 80


def summary(document: dict[str, Any]) -> str:
    console = Console(file=io.StringIO(), width=80)
    console.print(stored_table(document))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def averages(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    rows = [row for row in document["rows"] if row["measure"] == document["primary"]]
    return {row["entry"]: row for row in rows if row["language"] == "average"}


@pytest.mark.parametrize("folder", ["mini", "wikiqa", "wikiqa-e5", "wikiqa-experts", "wikiqa-penalty"])
def test_the_summary_of_a_run_fits_with_every_score(folder: str) -> None:
    document = read_json(RESULTS / folder / "leaderboard.json")
    text = summary(document)
    assert fits(text)
    by_entry = averages(document)
    primary = [row for row in document["rows"] if row["measure"] == document["primary"]]
    for row in primary:
        assert hundred(row["mean"]) in text
    assert len(SCORE.findall(text)) == 2 * len(by_entry) - 1  # every average, every difference but the baseline's
    assert text.splitlines()[1].split()[-7:] == [*document["languages"], "average", "Δ", "base", "p", "ties"][-7:]


@pytest.mark.parametrize(
    ("folder", "lines"),
    [
        ("wikiqa-penalty", {"clpl[clpl.penalty_", "weight=0.5]", "weight=0.01]", "infonce-ance"}),
        ("wikiqa-experts", {"clpl-moe[moe.", "experts=1]", "experts=8]", "clpl-intermediate"}),
    ],
)
def test_the_name_of_a_swept_entry_is_broken_at_its_separators(folder: str, lines: set[str]) -> None:
    table, _, _ = summary(read_json(RESULTS / folder / "leaderboard.json")).partition("\n" + " " * 80)
    names = {line.split()[0] for line in table.splitlines()[3:]}
    assert lines < names
    assert all(name in ("base", *lines) or name.startswith(("weight=", "experts=")) for name in names)


@pytest.mark.parametrize("width", [1, 8, 12, 17, 40])
def test_a_broken_name_is_whole_and_each_of_its_lines_ends_after_a_separator(width: int) -> None:
    for name in (
        *("clpl[clpl.penalty_weight=0.5,clpl.temperature=1e-05]", "mnrl@e5", "soft-1", "results/mini, base built"),
        *("", "  ko", "x" * 50),
    ):
        lines = name_lines(name, width)
        assert "".join(lines) == name
        assert all(re.search(r"([\[,=/@_\s]|[-.])$", line) for line in lines[:-1])
        assert all(len(line.rstrip()) <= max(width, longest_piece(name)) for line in lines)
    assert longest_piece("clpl[clpl.temperature=1e-05]") == len("temperature=")
    assert longest_piece("soft-1") == len("soft-1")


@pytest.mark.parametrize("folder", ["mini", "wikiqa", "wikiqa-e5", "wikiqa-experts", "wikiqa-penalty"])
def test_p_and_ties_are_those_of_the_leaderboard_of_every_entry(folder: str) -> None:
    document = read_json(RESULTS / folder / "leaderboard.json")
    by_entry = averages(document)
    cells = LAST.findall(summary(document))
    assert len(cells) == len(by_entry) > 4
    expected = [
        ("" if row["delta_vs_base"] is None else p_value(row["p_adjusted"]), row["letters"])
        for row in (by_entry[entry["entry"]] for entry in document["entries"])
    ]
    assert cells == expected
    assert len({letters for _, letters in cells}) > 1


def widened(count: int) -> dict[str, Any]:
    """Return mini's document with `count` languages: those of mini under further names."""
    document = read_json(RESULTS / "mini" / "leaderboard.json")
    languages = [f"l{i}" for i in range(count)]
    of_ko = [row for row in document["rows"] if row["language"] == "ko"]
    rows = [{**row, "language": language} for language in languages for row in of_ko]
    kept = [row for row in document["rows"] if row["language"] == "average"]
    return {**document, "languages": languages, "rows": [*rows, *kept]}


@pytest.mark.parametrize(("count", "shown", "intervals"), [(1, 1, 1), (2, 2, 2), (3, 3, 0), (4, 0, 0), (18, 0, 0)])
def test_languages_give_way_to_the_difference_and_the_ties(count: int, shown: int, intervals: int) -> None:
    document = widened(count)
    text = summary(document)
    assert fits(text)
    head, first = (text.splitlines()[i].split() for i in (1, 3))
    assert head[1 : 1 + shown] == document["languages"][:shown]
    assert first[0] == "mnrl-moe"
    rest = [True] * (1 if count == 1 else 2)  # the average of several, and the difference
    assert ["±" in cell for cell in first[1 : 1 + shown + len(rest)]] == [*[bool(intervals)] * shown, *rest]
    assert ("too wide for this table" in text) == (shown == 0)
    assert [letters for _, letters in LAST.findall(text)] == [
        averages(document)[entry["entry"]]["letters"] for entry in document["entries"]
    ]


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
