"""What a request adds to the folder that has one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.model_runs import folder_of

from harness.execution import widening
from harness.execution.widening import additions, contradictions, kept, widened
from harness.request.request import DeviceName, Request


def asked(folder: Path, **given: Any) -> Request:
    """Return the request of a folder with what is given on the command line."""
    return widened(replace(Request(), **given), folder, given.keys())


def test_what_is_not_given_is_as_in_the_folder(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, ("A",), set=["train.epochs=2"], max_train=40)
    request = asked(folder, methods=("clpl", "mnrl"))
    assert request.methods == ("base", "mnrl", "clpl")
    assert (request.suite, request.seeds, request.languages) == ("fake", (0, 1), ("ko",))
    assert (request.settings, request.max_train, request.base_model) == (("train.epochs=2",), 40, "A=org/A")


def test_languages_seeds_and_named_models_are_added(tmp_path: Path) -> None:
    request = asked(folder_of(tmp_path, ("A",)), languages=("hi",), seeds=(1, 2), base_model="B=org/B")
    assert (request.languages, request.seeds, request.base_model) == (("ko", "hi"), (0, 1, 2), "A=org/A,B=org/B")


def test_what_is_the_folders_and_was_not_asked_for_so_is_named_as_it_is_typed(tmp_path: Path) -> None:
    folder = folder_of(tmp_path, ("A",), set=["train.epochs=2"], max_train=40)
    typed = replace(Request(), seeds=(0, 1, 5), max_train=40)
    request = widened(typed, folder, ("seeds", "max_train"))
    assert kept(typed, request) == [
        "--suite fake",
        "--methods base,mnrl",
        "--langs ko",
        "--base-model A=org/A",
        "--set train.epochs=2",
    ]
    assert kept(request, request) == []
    assert kept(replace(request, languages=("ko",)), replace(request, languages=())) == ["no --langs"]


def test_a_device_is_named_where_this_machine_would_choose_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    typed = replace(Request(), device=DeviceName.auto)
    request = replace(typed, device=DeviceName.cpu)
    monkeypatch.setattr(widening, "resolve_device", lambda _: "cpu")
    assert kept(typed, request) == []
    monkeypatch.setattr(widening, "resolve_device", lambda _: "cuda")
    assert kept(typed, request) == ["--device cpu"]


def test_what_is_given_and_differs_stays_for_the_plan_to_refuse(tmp_path: Path) -> None:
    request = asked(folder_of(tmp_path, ()), max_train=9, base_model="org/other")
    assert (request.max_train, request.base_model) == (9, "org/other")


def test_a_folder_without_a_request_takes_the_request_as_it_is(tmp_path: Path) -> None:
    assert asked(tmp_path, seeds=(5,)) == replace(Request(), seeds=(5,))


STORED = {"entries": {"mnrl": {"method": "mnrl"}}, "languages": ["ko"], "seeds": [0], "max_train": None}


def test_more_is_an_addition_and_less_or_other_a_contradiction() -> None:
    more = {
        "entries": {"mnrl": {"method": "mnrl"}, "base": {}},
        "languages": ["ko", "hi"],
        "seeds": [0],
        "max_train": None,
    }
    assert additions(STORED, more) == {"entries": ["base"], "languages": ["hi"]}
    assert contradictions(STORED, more) == []
    assert contradictions(more, STORED) == ["entries", "languages"]
    assert contradictions(STORED, {**more, "max_train": 9}) == ["max_train"]
    assert contradictions(STORED, {**more, "entries": {"mnrl": {"method": "other"}}}) == ["entries"]
    assert contradictions(STORED, {**more, "left_out": {"clpl": "no negative queries"}}) == []
