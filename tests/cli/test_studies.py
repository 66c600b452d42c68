"""The studies' settings through the command line: a whole run, its record and its page, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.commands import Result, invoke

from harness.results import record

PAIRS = 'evaluate.pairs={"holdout": 0.1, "negatives": 4}'
COMMON = ("run", "--langs", "ko", "--seeds", "0", "--device", "cpu", "--jobs", "1")


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result, Result]:
    """A filtered entry on damaged rows with labelled pairs, run twice: the folder and both results."""
    folder = tmp_path_factory.mktemp("study") / "out"
    settings = ("--set", "nli.minimum_quality=0.5", "--set", PAIRS, "--max-train", "48")
    command = (*COMMON, "--suite", "mini@degraded-nli", "--methods", "base,nli-positives", *settings, "--out", folder)
    return folder, invoke(*command), invoke(*command)


def test_the_record_has_the_kept_rows_and_the_area_of_the_pairs(study: tuple[Path, Result, Result]) -> None:
    folder, first, _ = study
    assert first.status == 0
    trained = record.read(record.path_of(folder, "nli-positives", "ko", 0))
    base = record.read(record.path_of(folder, "base", "ko", 0))
    assert trained.table("data", "nli_selected") == {"minimum": 0.5, "rows": 88, "kept": 74, "triples": 74}
    assert trained.value("data", "nli") == trained.value("training", "rows") == 74
    assert base.table("data", "nli_selected") == {}
    for each in (trained, base):
        assert {name: each.pairs[name] for name in ("queries", "relevant", "sampled")} == {
            "queries": 5,
            "relevant": 5,
            "sampled": 20,
        }
        assert 0 < each.pairs["AUPRC"] <= 1


def test_the_terminal_says_how_many_rows_were_kept_also_when_nothing_is_computed(
    study: tuple[Path, Result, Result],
) -> None:
    _, first, again = study
    for result in (first, again):
        assert "NLI rows of a quality of at least 0.5: 74 of 88 (ko)" in " ".join(result.out.split())


def test_the_page_shows_the_pairs_and_verifies(study: tuple[Path, Result, Result]) -> None:
    folder, _, _ = study
    assert '<section id="pairs">' in (folder / "leaderboard.html").read_text("utf-8")
    assert "held-out pairs" in (folder / "entries/nli-positives.html").read_text("utf-8")
    verified = invoke("verify", folder, "--cells", "nli-positives/ko/0")
    assert verified.status == 0, verified.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("--methods", "nli-simcse", "--set", "nli.minimum_quality=0.5"),
            "nli-simcse, ko: nli.minimum_quality needs a score for each NLI row, and suite mini has none; leave it",
        ),
        (
            ("--methods", "mnrl", "--set", "nli.minimum_quality=0.5"),
            "--set nli.minimum_quality=0.5: no requested entry takes nli.minimum_quality; leave it out",
        ),
        (("--methods", "bm25", "--set", PAIRS), f"--set {PAIRS}: no requested entry reads it (bm25); leave it out, "),
        (
            ("--methods", "mnrl", "--set", 'evaluate.pairs={"holdout": 1, "negatives": 4}'),
            '--set evaluate.pairs={"holdout": 1, "negatives": 4}: pairs.holdout: must be less than 1, not 1; give',
        ),
    ],
)
def test_what_is_not_read_is_refused_in_one_line(tmp_path: Path, arguments: tuple[str, ...], message: str) -> None:
    result = invoke(*COMMON, *arguments, "--out", tmp_path / "out")
    assert result.status == 2
    assert result.line.startswith(f"harness: {message}")
    assert not (tmp_path / "out").exists()


def test_a_minimum_that_no_row_has_is_refused_before_a_cell_runs(tmp_path: Path) -> None:
    arguments = ("--suite", "mini@degraded-nli", "--methods", "nli-simcse", "--set", "nli.minimum_quality=1.5")
    result = invoke(*COMMON, *arguments, "--out", tmp_path / "out")
    assert result.status == 2
    assert "no row has a quality of at least 1.5 (nli.minimum_quality); the highest of 88 rows is 1: use" in result.line
