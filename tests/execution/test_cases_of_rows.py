"""Training rows as people have them: the cases train-files and one-step beside the checkout, with what is right."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from support.commands import REPOSITORY, Result, invoke, read_json

from harness.data import train_file
from harness.errors import DataError

CASES = REPOSITORY.parent / "shared/cases"
ROWS = CASES / "train-files"
SUITE = ("--suite", CASES / "crlf/crlf.toml", "--data-dir", CASES / "crlf", "--seeds", "0", "--device", "cpu")

pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="the cases are not beside this checkout")

READ = {
    "plain.jsonl": {"rows": 144},
    "blank-end.jsonl": {"rows": 144},
    "bom.jsonl": {"rows": 144},
    "crlf.jsonl": {"rows": 144},
    "rows.jsonl.gz": {"rows": 144},
    "emoji-nul.jsonl": {"rows": 144},
    "dup-neg.jsonl": {"rows": 144},
    "dup-rows.jsonl": {"rows": 149},
    "unequal.jsonl": {"rows": 144},
    "long.jsonl": {"rows": 8},
    "one.jsonl": {"rows": 1},
    "thirty.jsonl": {"rows": 30},
    "ids.jsonl": {"rows": 144, "id": 144, "pos_id": 144, "neg_id": 144},
    "scores.jsonl": {"rows": 144, "pos_scores": 144, "neg_scores": 144},
    "prompt-type.jsonl": {"rows": 144, "prompt": 144, "type": 144},
    "no-neg-key.jsonl": {"rows": 144, "without neg": 144},
    "null-neg.jsonl": {"rows": 144, "without neg": 144},
    "empty-neg.jsonl": {"rows": 144, "without neg": 144},
    "some-empty-neg.jsonl": {"rows": 144, "without neg": 36},
}
REFUSED = {
    "array.json": " is a JSON array, and one JSON object per line is read; convert it: python -c ",
    "array-pretty.json": " is a JSON array, and one JSON object per line is read; convert it: python -c ",
    "rows.csv": " is a table (query, pos, neg), and one JSON object per line is read; write each row as ",
    "st-triplet.jsonl": " line 1: key 'anchor' is of another format; write 'query' as in ",
    "swift.jsonl": " line 1: key 'messages' is of another format; write 'query' as in ",
    "tevatron.jsonl": " line 1: key 'positive_passages' is of another format; write 'pos' as in ",
    "str-pos.jsonl": " line 1: 'pos' is a JSON string, not a list of texts",
    "instr-query.jsonl": " line 1: 'query' is a list, not a text; write the query alone",
    "empty-text.jsonl": " line 8: empty neg[2]; give it a text or delete the row",
    "pos-in-neg.jsonl": " line 51: neg[3] is also in 'pos'; delete it from one of them",
}


def run(name: str, methods: str, out: Path, *arguments: Any) -> Result:
    return invoke("run", *SUITE, "--methods", methods, "--train-file", ROWS / name, "--out", out, *arguments)


@pytest.mark.parametrize("name", READ)
def test_a_file_is_read_and_what_its_rows_have_is_counted(name: str) -> None:
    (declared,) = train_file.declare(str(ROWS / name), ["en"], ["en"]).values()
    assert declared.counts == READ[name]
    assert (declared.negatives, declared.scores) == (READ[name].get("without neg") != 144, name == "scores.jsonl")


@pytest.mark.parametrize("name", REFUSED)
def test_a_file_of_another_form_is_said_to_be_one(name: str) -> None:
    with pytest.raises(DataError) as error:
        train_file.declare(str(ROWS / name), ["en"], ["en"])
    assert str(error.value).startswith(f"{ROWS / name}{REFUSED[name]}")
    assert "\n" not in str(error.value)


def test_every_file_of_the_case_is_tried() -> None:
    assert {path.name for path in ROWS.iterdir()} - {"README", "dev-query.jsonl"} == {*READ, *REFUSED}


@pytest.mark.parametrize("name", ["array.json", "array-pretty.json"])
def test_the_command_that_is_advised_makes_rows_of_an_array(name: str, tmp_path: Path) -> None:
    shutil.copy(ROWS / name, tmp_path)
    with pytest.raises(DataError) as error:
        train_file.read(tmp_path / name)
    command = str(error.value).partition("convert it: ")[2]
    subprocess.run(command, shell=True, cwd=tmp_path, check=True)
    rows, plain = train_file.read(tmp_path / "rows.jsonl"), train_file.read(ROWS / "plain.jsonl")
    assert [(row.query, row.positives) for row in rows] == [(row.query, row.positives) for row in plain]


def test_a_row_with_the_text_of_an_evaluated_query_is_refused(tmp_path: Path) -> None:
    assert " line 11: query has the text of dev query '" in run("dev-query.jsonl", "mnrl", tmp_path / "out").line


def test_rows_without_negatives_train_what_needs_none_and_are_refused_for_what_needs_them(tmp_path: Path) -> None:
    refused = run("no-neg-key.jsonl", "mnrl,infonce-ance", tmp_path / "out")
    assert (refused.status, "infonce-ance, en: it trains on hard negatives, and no row of" in refused.line) == (2, True)
    assert run("no-neg-key.jsonl", "mnrl", tmp_path / "out", "--set", "train.epochs=1").status == 0
    record = read_json(tmp_path / "out/records/mnrl/en/0.json")
    assert record["provenance"]["data"]["train_file"]["without neg"] == 144


def test_the_one_step_of_thirty_rows_has_the_whole_learning_rate_and_changes_the_weights(tmp_path: Path) -> None:
    one_step = ("--set", "train.epochs=1", "--set", "train.batch_size=32", "--set", "train.warmup=0.1")
    assert run("thirty.jsonl", "base,mnrl", tmp_path / "out", *one_step).status == 0
    base, trained = (read_json(tmp_path / f"out/records/{name}/en/0.json") for name in ("base", "mnrl"))
    training = trained["provenance"]["training"]
    assert (training["rows"], training["steps"], training["warmup_steps"]) == (30, 1, 0)
    assert trained["provenance"]["model"]["weights"] != base["provenance"]["model"]["weights"]
