"""A user's own training rows in a run: what they lack is said in the plan, what is not used of them in a warning."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.commands import Result, invoke, read_json, tiny_suite

ROWS: list[dict[str, Any]] = [
    {"query": "what is brewed", "pos": ["Tea is brewed."], "neg": ["Rice is boiled.", "Stone is cut."]},
    {"query": "what swims", "pos": ["Fish swim."], "neg": ["Stone is cut."]},
    {"query": "what flies", "pos": ["Birds fly."], "neg": ["Fish swim."]},
]
SCORES: list[dict[str, Any]] = [
    {"pos_scores": [4.0], "neg_scores": [1.0, -4.0]},
    {"pos_scores": [3.0], "neg_scores": [-2.0]},
    {"pos_scores": [2.0], "neg_scores": [0.0]},
]
SCORED = [row | scores for row, scores in zip(ROWS, SCORES, strict=True)]
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run entries on rows, on the suite of three passages; it has no experts."""
    manifest = tiny_suite(tmp_path / "suite")
    regression = "[training.regression]\nepochs = 1\nbatch_size = 2\nlearning_rate = 1e-3\nwarmup = 0.0\n"
    text = manifest.read_text(encoding="utf-8")
    manifest.write_text(text.replace("[languages.en.counts]", f"{regression}[languages.en.counts]"), encoding="utf-8")

    def command(methods: str, rows: list[dict[str, Any]], *arguments: str) -> Result:
        path = tmp_path / "rows.jsonl"
        path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
        return invoke(
            *("run", "--suite", manifest, "--data-dir", tmp_path / "suite", "--out", tmp_path / "out"),
            *("--seeds", "0", "--device", "cpu", "--jobs", "1", "--train-file", path, "--methods", methods),
            *arguments,
        )

    return command


def data_of(folder: Path, entry: str) -> Any:
    return read_json(folder / f"out/records/{entry}/en/0.json")["provenance"]["data"]["train_file"]


def test_rows_without_negatives_train_an_entry_that_needs_none(run: Run, tmp_path: Path) -> None:
    result = run("base,mnrl", [{**row, "neg": []} for row in ROWS])
    assert result.status == 0, result.err
    assert "warning" not in result.err
    report = data_of(tmp_path, "mnrl")
    assert {name: report[name] for name in report if name != "sha256"} == {"rows": 3, "without neg": 3}
    assert "train_file" not in read_json(tmp_path / "out/records/base/en/0.json")["provenance"]["data"]


def test_rows_without_negatives_are_refused_in_the_plan_for_an_entry_of_hard_negatives(run: Run) -> None:
    without = [{"query": row["query"], "pos": row["pos"]} for row in ROWS]
    result = run("mnrl,infonce-ance", without)
    assert result.status == 2
    assert "infonce-ance, en: it trains on hard negatives, and no row of" in result.line
    assert "run entries that take none (mnrl) or draw them (infonce-random)" in result.line
    advised = run("mnrl,infonce-random", without, "--set", "infonce.negatives=1", "--dry-run")
    assert advised.status == 0, advised.err


def test_rows_that_lack_negatives_in_part_are_counted_and_warned_about(run: Run, tmp_path: Path) -> None:
    rows = [ROWS[0], ROWS[1], {**ROWS[2], "neg": None}]
    result = run("infonce-ance", rows, "--set", "infonce.negatives=1")
    assert result.status == 0, result.err
    (warning,) = [line for line in result.err.splitlines() if line.startswith("warning: ")]
    assert warning.endswith("1 of 3 rows have no 'neg', and a method of hard negatives gets none (infonce-ance)")
    assert data_of(tmp_path, "infonce-ance")["without neg"] == 1
    training = read_json(tmp_path / "out/records/infonce-ance/en/0.json")["provenance"]["training"]
    assert (training["rows"], training["pairs_without_negatives"]) == (2, 1)


def test_scores_of_the_rows_serve_a_method_that_reads_experts_scores(run: Run, tmp_path: Path) -> None:
    result = run("taught,mnrl", SCORED, "--methods-path", entries(tmp_path / "own"), "--cache-dir", tmp_path / "cache")
    assert result.status == 0, result.err
    (consulted,) = (tmp_path / "cache/consult").rglob("value.json")
    scores = [score for (score,) in read_json(consulted)["scores"]]
    given = [4.0, 1.0, -4.0, 3.0, -2.0, 2.0, 0.0]  # of the pairs in the order of the rows
    assert sorted(range(7), key=scores.__getitem__) == sorted(range(7), key=given.__getitem__)
    assert (min(scores), max(scores)) == (0.0, 1.0)
    (warning,) = [line for line in result.err.splitlines() if line.startswith("warning: ")]
    assert warning.endswith("pos_scores and neg_scores are not used: no method reads them from these rows (mnrl)")
    report = data_of(tmp_path, "taught")
    assert (report["scores"], report["pos_scores"], "unused" in report) == ("as those of one expert", 3, False)
    assert set(data_of(tmp_path, "mnrl")["unused"]) == {"pos_scores and neg_scores"}


@pytest.mark.parametrize(
    "rows",
    [
        ROWS,
        [ROWS[0], *SCORED[1:]],
    ],
    ids=["no scores", "scores in some rows"],
)
def test_a_method_that_reads_scores_is_refused_where_some_row_has_none(run: Run, rows: list[dict[str, Any]]) -> None:
    result = run("soft-1", rows)
    assert result.status == 2
    assert "soft-1 on suite tiny, en: no expert scores" in result.line


def entries(folder: Path) -> Path:
    """Write entries of the soft labels on the rows' negatives (`taught`) and on others (`drawn`)."""
    tables = [
        f'[{name}]\ntitle = "t"\nabout = "t"\nmethod = "soft_labels"\nnegatives = "{negatives}"\n'
        for name, negatives in (("taught", "ance"), ("drawn", "random"))
    ]
    folder.mkdir()
    (folder / "own.toml").write_text("".join(tables), encoding="utf-8")
    return folder


def test_a_method_that_reads_scores_of_other_negatives_than_the_rows_is_refused(run: Run, tmp_path: Path) -> None:
    result = run("drawn", SCORED, "--methods-path", entries(tmp_path / "own"))
    assert result.status == 2
    assert "drawn, en: the suite has no experts, and " in result.line
    assert "rows.jsonl scores its own negatives, on which this entry does not train" in result.line


def test_prompts_and_types_of_rows_are_said_to_be_unused(run: Run, tmp_path: Path) -> None:
    rows = [row | {"prompt": "Search: ", "type": "normal", "id": number} for number, row in enumerate(ROWS)]
    planned = run("mnrl", rows, "--dry-run")
    lines = [line for line in planned.out.splitlines() if line.startswith("warning: ")]
    assert [line.partition("rows.jsonl: ")[2] for line in lines] == [
        '\'prompt\' of 3 rows ("Search: ") is not used: queries have the suite\'s prompt "" (mnrl)',
        "'type' of 3 rows is not used: the entry decides which passages are negatives (mnrl)",
    ]
    same = run("mnrl", rows, "--dry-run", "--set", 'text.query_prompt="Search: "')
    assert "'prompt'" not in same.out, same.out
