"""Names that become parts of paths: those that the harness makes are taken, those that lead elsewhere are not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from harness.machine.names import LanguageTag, PathName, Seed, Suffix, Word, language_tag, path_name
from harness.results.folder import read_result_folder

RESULTS = Path(__file__).resolve().parents[2] / "results"


@pytest.mark.parametrize(
    "name",
    [
        *("mnrl", "mnrl@published", "clpl-moe@published@A", "clpl[clpl.penalty_weight=0.5]", "infonce-ance"),
        *('a[b.c="x y"]', "wikiqa@e5", "nDCG@10", "Judged@10", "nDCG(dcg='exp-log2')@10", "RBP(p=0.8)", "32", "한국어"),
        "x" * 240,
    ],
)
def test_a_name_of_the_harness_is_part_of_a_path(name: str) -> None:
    assert path_name(name) == name


@pytest.mark.parametrize(
    "name", ["", ".", "..", ".git", "../x", "a/b", "/x", "a/../b", "nul\0", "x" * 241, "가" * 81, "\ud800"]
)
def test_a_name_that_could_lead_elsewhere_is_not(name: str) -> None:
    with pytest.raises(ValueError, match="cannot be part of a path") as error:
        path_name(name)
    assert len(str(error.value)) < 1000
    assert str(error.value).isprintable()


@pytest.mark.parametrize("name", ["ko", "pt-BR", "zh_Hans", "sr-Latn-RS", "eng"])
def test_a_language_is_a_tag(name: str) -> None:
    assert TypeAdapter(LanguageTag).validate_python(name) == name


@pytest.mark.parametrize("name", ["", "average", "../ko", "ko/..", "k o", "ko\n", "-ko", "ko-", "한국어", "k" * 65])
def test_what_is_no_tag_names_no_language(name: str) -> None:
    with pytest.raises(ValueError, match="is not a language tag"):
        language_tag(name)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        *((Suffix, value) for value in ("", "../x", ".json", "run.", "run.gz\n", "a b")),
        *((Word, value) for value in ("..", "a/b", "a.b", "k\n")),
        *((Seed, value) for value in (-1, 1 << 63)),
        (PathName, 3),
    ],
)
def test_a_suffix_a_key_and_a_seed_are_held_to_their_form(kind: Any, value: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(kind).validate_python(value)


@pytest.mark.parametrize("run", sorted(RESULTS.glob("*/run.json")), ids=lambda path: path.parent.name)
def test_the_committed_results_are_read(run: Path) -> None:
    results = read_result_folder(run.parent)
    named = {json.loads(path.read_bytes())["entry"] for path in (run.parent / "records").rglob("*.json")}
    assert {record.entry for record in (*results.records, *results.failures)} == named
