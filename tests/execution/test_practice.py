"""Practices of entries: what is rejected before a run, and what the leaderboard shows of them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.commands import invoke, tiny_suite
from support.fake_records import put

from harness.errors import RequestError
from harness.evidence.leaderboard import collate
from harness.execution import practice
from harness.report import coverage
from harness.report.report_files import write_reports
from harness.report.sections import practices_section
from harness.request import entries, suite
from harness.request.cell import Cell, Place
from harness.request.manifest import LabelledPairs
from harness.request.settings import on_suite
from harness.types import Data

DATA = Data("xx", {"d": "text"}, {f"q{i}": f"text {i}" for i in range(4)}, {f"q{i}": ("d",) for i in range(4)}, {})


def cell_of(name: str, cache: Path, **changes: Any) -> Cell:
    mini = suite.load("mini")
    (entry,) = entries.resolve([name], entries.declared())
    return Cell(mini, on_suite(entry, mini).model_copy(update=changes), "ko", 0, Place(cache=cache))


PRACTICES = (
    *("mnrl-best", "mnrl-cv", "infonce-ance-iterative", "infonce-ance-filtered", "mnrl-matryoshka", "mnrl-nli"),
    *("mnrl-cached", "mnrl-cosine", "mnrl-freeze", "mnrl-lora", "nli-positives", "nli-contradictions"),
)


@pytest.mark.parametrize("name", PRACTICES)
def test_the_example_of_each_practice_is_accepted_and_is_not_part_of_all(cache: Path, name: str) -> None:
    cell = cell_of(name, cache)
    practice.check(cell)
    practice.check_data(cell, replace(DATA, train={f"q{i}": ("d",) for i in range(9)}))
    declared = entries.declared()
    assert declared[name].practice
    assert name not in {entry.name for entry in entries.resolve(["all"], declared)}


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        ("base", {"folds": 5}, "base: 'folds' needs an entry that trains, which this is not; remove it"),
        ("bm25", {"joined": ("nli_simcse",)}, "bm25: 'joined' needs an entry that trains"),
        ("base", {"dimensions": (8,)}, "base: 'dimensions' needs an entry that trains"),
        ("mnrl", {"mining_rounds": 2}, "mnrl: mining_rounds needs negatives mined by a model; add negatives = "),
        ("infonce-random", {"mining_rounds": 2}, "infonce-random: mining_rounds needs negatives mined by a model"),
        ("infonce-random", {"negative_margin": 0.05}, "infonce-random: negative_margin needs negatives mined"),
        ("mnrl", {"minimum_quality": 0.5}, "mnrl, ko: minimum_quality needs a method that trains on NLI rows; remove"),
        (
            "nli-simcse-filtered",
            {},
            "nli-simcse-filtered, ko: nli.minimum_quality needs a score for each NLI row",
        ),
        ("mnrl", {"joined": ("mnrl",)}, "mnrl: 'mnrl' is trained twice; name each method once"),
        ("mnrl", {"joined": ("moe",)}, "mnrl: joined 'moe' is an adapter or a ranker, not a method; remove it"),
        ("mnrl", {"joined": ("infonce",)}, "mnrl: its methods need hard negatives; add negatives = "),
        (
            "mnrl",
            {"dimensions": (65,)},
            "entry mnrl: vectors of 64 dimensions cannot be truncated to 65; give",
        ),
        ("mnrl", {"same_rows_as": "clpl"}, 'mnrl: same_rows_as is about negatives; add negatives = "ance" or "random"'),
        ("infonce-ance", {"same_rows_as": "moe"}, "infonce-ance: same_rows_as: plugin 'moe' is an adapter or a ranker"),
        ("infonce-ance", {"same_rows_as": "clp"}, "infonce-ance: same_rows_as: unknown plugin 'clp'; did you mean "),
        ("mnrl", {"dimensions": (0,)}, "mnrl: dimensions must be at least 1, not 0"),
        ("mnrl", {"training": {"best_of": 1}}, "mnrl: training: best_of: must be greater than 1, not 1"),
        ("mnrl", {"training": {"epoch": 1}}, "mnrl: training: epoch: unknown key"),
    ],
)
def test_a_practice_that_an_entry_cannot_have_is_rejected_in_one_line(
    cache: Path, name: str, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(RequestError) as error:
        practice.check(cell_of(name, cache, **changes))
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"folds": 5}, "mnrl, ko: 5 folds need as many training queries, not 4"),
        ({"folds": 4}, ""),
        ({"folds": 2, "training": {"best_of": 2}}, ""),
        ({"folds": 4, "training": {"best_of": 2}}, ""),
    ],
)
def test_more_folds_than_queries_are_rejected(cache: Path, changes: dict[str, Any], message: str) -> None:
    cell = cell_of("mnrl", cache, **changes)
    if message:
        with pytest.raises(RequestError, match=message):
            practice.check_data(cell, DATA)
    else:
        practice.check_data(cell, DATA)


def test_a_single_query_cannot_choose_the_best_checkpoint(cache: Path) -> None:
    single = replace(DATA, train={"q0": ("d",)})
    with pytest.raises(
        RequestError,
        match="mnrl-best, ko: no training query is left beside",
    ):
        practice.check_data(cell_of("mnrl-best", cache), single)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--methods", "mnrl-cv"], "harness: mnrl-cv, en: 5 folds need as many training queries, not 2"),
        (
            ["--methods", "mnrl-matryoshka"],
            "harness: entry mnrl-matryoshka: vectors of 16 dimensions cannot be truncated to 32",
        ),
        (["--methods", "mnrl-nli"], "harness: mnrl-nli on suite tiny, en: no nli; "),
        (
            ["--methods", "base", "--set", "evaluate.dimensions=[17]"],
            "harness: suite tiny: vectors of 16 dim",
        ),
        (
            ["--methods", "mnrl", "--set", "mnrl.temperature=0.1,x"],
            "harness: --set mnrl.temperature=0.1,x: ",
        ),
    ],
)
def test_a_practice_that_does_not_fit_is_one_line(tmp_path: Path, arguments: list[str], message: str) -> None:
    manifest = tiny_suite(tmp_path / "suite")
    result = invoke(
        "run",
        "--suite",
        manifest,
        "--data-dir",
        tmp_path / "suite",
        "--device",
        "cpu",
        "--out",
        tmp_path / "out",
        *arguments,
    )
    assert result.status == 2
    assert result.line.startswith(message)
    assert not (tmp_path / "out").exists()


def test_the_dimensions_of_a_given_base_model_are_checked(tmp_path: Path, cache: Path) -> None:
    from harness.machine.store import Store
    from harness.stages import base_model

    mini = suite.load("mini")
    small = mini.base_model.model_copy(
        update={"hidden_size": 16, "vocab_size": 500, "layers": 1, "intermediate_size": 16}
    )
    folder = base_model.base_model(mini.model_copy(update={"base_model": small}), Place(cache=cache), Store(cache))
    result = invoke(
        *("run", "--methods", "mnrl-matryoshka", "--langs", "ko", "--device", "cpu", "--base-model", folder),
        *("--out", tmp_path / "out"),
    )
    assert result.status == 2
    assert result.line == (
        "harness: entry mnrl-matryoshka: vectors of 16 dimensions cannot be truncated to 32; "
        "give dimensions of at most 16"
    )


def with_pairs(cell: Cell, holdout: float) -> Cell:
    pairs = LabelledPairs(holdout=holdout, negatives=1)
    evaluation = cell.suite.evaluation.model_copy(update={"pairs": pairs})
    return replace(cell, suite=cell.suite.model_copy(update={"evaluation": evaluation}))


def test_labelled_pairs_leave_a_training_query_where_one_is_trained_on(cache: Path) -> None:
    practice.check_data(with_pairs(cell_of("mnrl", cache), 0.5), DATA)
    practice.check_data(with_pairs(cell_of("nli-simcse", cache), 0.9), DATA)
    practice.check_data(with_pairs(cell_of("bm25", cache), 0.9), replace(DATA, train={}))
    with pytest.raises(RequestError, match="mnrl, ko: no training query is left beside the 4 of the labelled pairs"):
        practice.check_data(with_pairs(cell_of("mnrl", cache), 0.9), DATA)
    with pytest.raises(RequestError, match=r"base, ko: evaluate\.pairs holds training queries out, and there are none"):
        practice.check_data(with_pairs(cell_of("base", cache), 0.5), replace(DATA, train={}))


def test_held_out_pairs_are_shown_beside_retrieval_and_in_a_table_of_their_own(tmp_path: Path) -> None:
    numbers = {"queries": 4, "relevant": 5, "sampled": 20}
    for entry, seed, area in (("mnrl", 0, 0.5), ("mnrl", 1, 0.7), ("base", 0, 0.25)):
        cell, scores = (entry, "ko", seed), {"AP": {"a": 0.5, "b": 0.25}}
        put(tmp_path, cell, scores, pairs={"AUPRC": area, **numbers})
    put(tmp_path, ("bm25", "ko", 0), {"AP": {"a": 0.5, "b": 0.5}})
    table = practices_section.pairs_table(collate(tmp_path), ["bm25", "mnrl", "base"])
    assert table is not None
    assert [(row.entry, row.means, row.average, row.dev) for row in table.rows] == [
        ("mnrl", (pytest.approx(0.6),), pytest.approx(0.6), 0.375),
        ("base", (0.25,), 0.25, 0.375),
    ]
    assert table.languages[0].chance == 0.2
    page = write_reports(tmp_path).read_text("utf-8")
    assert '<section id="pairs">' in page
    assert "20.00 expected by chance" in page
    assert "| mnrl | 60.00 | 37.50 |" in (tmp_path / "leaderboard.md").read_text("utf-8")
    lines = (tmp_path / "pairs.csv").read_text("utf-8").splitlines()
    assert lines[0] == "suite,entry,language,seed,AUPRC,queries,relevant,sampled,measure,value"
    assert lines[1:] == [
        "fake,base,ko,0,0.25,4,5,20,AP,0.375",
        "fake,mnrl,ko,0,0.5,4,5,20,AP,0.375",
        "fake,mnrl,ko,1,0.7,4,5,20,AP,0.375",
    ]
    document = json.loads((tmp_path / "leaderboard.json").read_text("utf-8"))
    assert document["labelled_pairs"]["rows"][1] == {
        "entry": "mnrl",
        "means": [pytest.approx(0.6)],
        "average": pytest.approx(0.6),
        "dev": 0.375,
    }


def test_kept_nli_rows_are_counted_in_the_terminal(tmp_path: Path) -> None:
    scores = {"AP": {"a": 0.5, "b": 0.25}}
    rows = {"minimum": 0.5, "rows": 88, "kept": 74, "triples": 70}
    for entry in ("nli-simcse", "nli-positives"):
        put(tmp_path, (entry, "ko", 0), scores, provenance={"data": {"nli_selected": rows}})
    assert coverage.selected_rows(collate(tmp_path)) == ["NLI rows of a quality of at least 0.5: 74 of 88 (ko)"]


@pytest.fixture
def shown(tmp_path: Path) -> Path:
    """Two seeds of an entry with two folds in ko, and an entry with shorter vectors in both languages."""
    for seed, folds in ((0, [0.2, 0.4]), (1, [0.3, 0.7])):
        validation = {"folds": 2, "queries": [3, 4], "measures": {"AP": {"mean": sum(folds) / 2, "per_fold": folds}}}
        put(tmp_path, ("mnrl-cv", "ko", seed), {"AP": {"a": 0.5, "b": 0.5}}, cross_validation=validation)
    for language, score in (("ko", 0.25), ("fa", 0.75)):
        cuts = {"8": {"AP": score / 5}, "16": {"AP": score}}
        put(tmp_path, ("short", language, 0), {"AP": {"a": 0.5, "b": 0.5}}, by_dimension=cuts)
    return tmp_path


def test_a_cross_validation_is_shown_beside_the_dev_score(shown: Path) -> None:
    (row,) = practices_section.validations(collate(shown))
    assert (row.entry, row.language, row.folds, row.queries) == ("mnrl-cv", "ko", 2, 7)
    assert (row.mean, row.lowest, row.highest, row.dev) == pytest.approx((0.4, 0.2, 0.7, 0.5))
    write_reports(shown)
    assert "| mnrl-cv | ko | 2 | 7 | 40.00 | 20.00, 70.00 | 50.00 |" in (shown / "leaderboard.md").read_text("utf-8")
    assert '<section id="cross-validation">' in (shown / "leaderboard.html").read_text("utf-8")


def test_shorter_vectors_have_one_row_per_dimension(shown: Path) -> None:
    rows = practices_section.truncations(collate(shown))
    assert [(row.entry, row.dimension, row.means, row.average) for row in rows] == [
        ("short", 16, (0.75, 0.25), 0.5),  # fa, ko
        ("short", 8, (0.15, 0.05), pytest.approx(0.1)),
    ]
    write_reports(shown)
    assert "| short | 16 | 75.00 | 25.00 | 50.00 |" in (shown / "leaderboard.md").read_text("utf-8")


def test_without_practices_the_page_does_not_mention_them(tmp_path: Path) -> None:
    put(tmp_path, ("mnrl", "ko", 0), {"AP": {"a": 0.5, "b": 0.5}})
    page = write_reports(tmp_path).read_text(encoding="utf-8")
    assert "Cross-validation" not in page
    assert "Held-out pairs" not in page
    assert not (tmp_path / "pairs.csv").exists()
    assert "labelled_pairs" not in (tmp_path / "leaderboard.json").read_text("utf-8")
    assert '"pairs"' not in (tmp_path / "records/mnrl/ko/0.json").read_text("utf-8")
    assert "Truncated vectors" not in page
