"""`harness run` has one option per field of the request, and the request holds what was typed."""

from __future__ import annotations

import inspect
import json
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer
from support.commands import REPOSITORY, invoke, spawn, tiny_suite

from harness.cli import main
from harness.cli.request_options import takes_request
from harness.cli.run import run
from harness.request.request import DeviceName, Request, options


def requested(*arguments: str) -> Request:
    """Return the request of a command whose only options are those of a request."""
    requests: list[Request] = []

    def keep(request: Request, given: set[str]) -> None:
        requests.append(request)

    app = typer.Typer()
    app.command()(takes_request(keep))
    app(args=list(arguments), standalone_mode=False)
    (request,) = requests
    return request


def test_the_request_without_an_option_is_the_default_request() -> None:
    assert requested("--device", "cpu") == Request()


def test_every_option_reaches_the_request(tmp_path: Path) -> None:
    request = requested(
        *("--suite", "wikiqa", "--methods", "base, clpl", "--langs", "ko,hi,", "--seeds", "0,3"),
        *("--base-model", "org/model@main", "--max-train", "40", "--train-file", "ko=rows.jsonl"),
        *("--negative-queries", "data", "--augment", "file:queries.jsonl", "--write-prompt", "prompt.txt"),
        *("--methods-path", "mine", "--measures", "AP,R@100", "--set", "a.b=1,2", "--set", "train.epochs=2"),
        *("--unverified-data", "--device", "cpu", "--data-dir", str(tmp_path)),
    )
    assert request == Request(
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
        methods_path=Path("mine").absolute(),
        measures=("AP", "R@100"),
        settings=("a.b=1,2", "train.epochs=2"),
        unverified_data=True,
        device=DeviceName.cpu,
        data_dir=tmp_path,
    )


def test_the_command_of_a_request_makes_the_same_request(tmp_path: Path) -> None:
    request = Request(
        suite="wikiqa",
        languages=("ko",),
        measures=("AP",),
        settings=("clpl.penalty_weight=0.1,0.5", "entry.dimensions=[32,16]"),
        methods_path=tmp_path / "my methods",
        unverified_data=True,
    )
    assert requested(*shlex.split(request.command())[2:]) == request


def test_the_help_of_run_has_the_flag_of_every_field() -> None:
    text = invoke("run", "--help").out
    assert [option.flag for option in options().values() if f"{option.flag} " not in text] == []


@pytest.mark.parametrize("name", ["out", "executor", "jobs", "cache_dir", "dry_run"])
def test_what_is_not_recorded_is_an_option_of_the_command_alone(name: str) -> None:
    assert name in inspect.signature(run).parameters
    assert name not in options()


def test_the_help_starts_without_pydantic() -> None:
    script = f"import sys\nimport {main.__name__}\nprint('pydantic' in sys.modules)"
    assert spawn("-c", script, cwd=REPOSITORY).out == "False\n"


def test_a_run_records_its_request(tmp_path: Path) -> None:
    manifest = tiny_suite(tmp_path / "suite")
    arguments = ("--suite", manifest, "--methods", "bm25", "--data-dir", tmp_path / "suite", "--device", "cpu")
    result = invoke("run", "--out", tmp_path / "out", *arguments)
    assert result.status == 0, result.err
    table: dict[str, Any] = json.loads((tmp_path / "out/run.json").read_text(encoding="utf-8"))["request"]
    request = Request(suite=str(manifest), methods=("bm25",), data_dir=tmp_path / "suite")
    assert Request.from_json(table) == request
    assert table == request.to_json()
