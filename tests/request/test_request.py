"""One request: as it is typed, as run.json holds it, and as the command that repeats it."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from support.commands import REPOSITORY, read_json

from harness.errors import DataError
from harness.request.request import DeviceName, Request, options, words

COMMITTED = sorted(REPOSITORY.glob("results/*/run.json"))
EVERY = Request(
    suite="wikiqa",
    methods=("base", "clpl"),
    languages=("ko", "hi"),
    seeds=(0, 3),
    base_model="org/model@main",
    max_train=40,
    train_file="ko=rows.jsonl",
    negative_queries="data",
    augment="file:queries.jsonl",
    write_prompt=Path("prompt.txt"),
    methods_path=Path("/my methods"),
    measures=("AP", "R@100"),
    settings=("clpl.penalty_weight=0.1,0.5", "train.epochs=2"),
    unverified_data=True,
    device=DeviceName.cpu,
    data_dir=Path("/data"),
)


def test_every_field_has_one_option_with_a_help_line_and_a_flag_of_its_own() -> None:
    assert list(options()) == [field.name for field in fields(Request)]
    assert all(option.help.endswith(".") for option in options().values())
    assert len({option.flag for option in options().values()}) == len(options())
    assert len({option.key for option in options().values()}) == len(options())
    assert (options()["languages"].flag, options()["settings"].flag) == ("--langs", "--set")
    assert options()["base_model"].flag == "--base-model"


@pytest.mark.parametrize("path", COMMITTED, ids=lambda path: path.parent.name)
def test_the_request_of_a_committed_folder_is_read_and_written_as_it_is(path: Path) -> None:
    table = read_json(path)["request"]
    assert Request.from_json(table).to_json() == {**Request().to_json(), **table}  # newer options have their defaults


def test_a_request_with_every_option_survives_run_json() -> None:
    table = json.loads(json.dumps(EVERY.to_json()))
    assert table["set"] == ["clpl.penalty_weight=0.1,0.5", "train.epochs=2"]
    assert table["device"] == "cpu"
    assert table["write_prompt"] == "prompt.txt"
    assert Request.from_json(table) == EVERY


def test_an_option_that_run_json_lacks_or_has_as_null_is_the_default() -> None:
    assert Request.from_json({"suite": "wikiqa", "measures": None}) == Request(suite="wikiqa")


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ({"sweet": "mini"}, "run.json: request.sweet: unknown key; use the version of harness that wrote the file"),
        (
            {"seeds": "0,1"},
            "run.json: request.seeds = '0,1': must be a list; run the request again into another folder",
        ),
        ({"seeds": [0, "1"]}, "run.json: request.seeds = [0, '1']: must be a whole number"),
        ({"max_train": "40"}, "run.json: request.max_train = '40': must be a whole number"),
        ({"set": [1]}, "run.json: request.set = [1]: must be text"),
        ({"device": "tpu"}, "run.json: request.device = 'tpu': must be 'auto', 'cpu' or 'cuda'"),
    ],
)
def test_an_unknown_key_and_a_wrong_type_are_rejected_in_one_line(table: dict[str, Any], problem: str) -> None:
    with pytest.raises(DataError) as error:
        Request.from_json(table)
    assert str(error.value).startswith(problem)
    assert "\n" not in str(error.value)


def test_the_command_has_every_option_that_is_not_empty() -> None:
    assert EVERY.command("--out", "again") == (
        "harness run --suite wikiqa --methods base,clpl --langs ko,hi --seeds 0,3 --base-model org/model@main"
        " --max-train 40 --train-file ko=rows.jsonl --negative-queries data --augment file:queries.jsonl"
        " --write-prompt prompt.txt --methods-path '/my methods' --measures AP,R@100"
        " --set clpl.penalty_weight=0.1,0.5 --set train.epochs=2 --unverified-data --device cpu --data-dir /data"
        " --out again"
    )
    assert Request().command() == ("harness run --suite mini --methods all --seeds 0,1,2 --device cpu")


def test_what_changes_the_suite_is_named_as_in_run_json() -> None:
    assert Request(languages=("ko",), methods_path=Path("mine"), data_dir=Path("data")).changes() == {}
    assert Request(max_train=40, settings=("train.epochs=2",)).changes() == {"max_train": 40, "set": ["train.epochs=2"]}


def test_values_are_split_at_commas_and_stripped() -> None:
    assert words(" ko, hi,,fa,") == ("ko", "hi", "fa")
    assert words("") == ()
