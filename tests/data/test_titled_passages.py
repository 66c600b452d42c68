"""Title and text of a passage apart, from the files of a suite."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.commands import DATA, tiny_suite

from harness.data.load import load
from harness.data.raw_data import Passage
from harness.data.titled_passages import TitledPassages, titled_passages
from harness.request import suite as suites
from harness.request.suite import Suite

CORPUS = (
    b'{"_id": "d1", "title": " Tea ", "text": "Tea is made from leaves. "}\n'
    b'{"_id": "d2", "title": "", "text": "Coffee is made from beans."}\n'
    b'{"_id": "d3", "title": "Rice"}\n'
)


@pytest.fixture
def suite(tmp_path: Path) -> Suite:
    return suites.load(str(tiny_suite(tmp_path / "suite", {"corpus.jsonl": CORPUS})))


def read(suite: Suite, cache: Path, docs: tuple[str, ...] = ("d1", "d2", "d3")) -> dict[str, Passage]:
    """Return the titled ones of some passages, given their texts as the suite prepares them."""
    titled = titled_passages(suite, "en", data_dir=None, cache_dir=cache)
    assert isinstance(titled, TitledPassages)
    joined = load(suite, "en", cache_dir=cache).passages
    return titled.read({doc: joined[doc] for doc in docs})


def test_title_and_text_are_those_of_the_files_and_a_passage_without_a_title_is_left_out(
    suite: Suite, tmp_path: Path
) -> None:
    assert read(suite, tmp_path) == {"d1": Passage("Tea", "Tea is made from leaves."), "d3": Passage("Rice", "")}
    assert read(suite, tmp_path, ("d1",)) == {"d1": Passage("Tea", "Tea is made from leaves.")}


def test_a_suite_that_drops_titles_has_none(suite: Suite, tmp_path: Path) -> None:
    text = suite.text.model_copy(update={"title": False})
    assert read(suite.model_copy(update={"text": text}), tmp_path) == {}


def test_a_passage_whose_prepared_text_is_another_is_left_out(suite: Suite, tmp_path: Path) -> None:
    titled = titled_passages(suite, "en", data_dir=None, cache_dir=tmp_path)
    assert titled
    assert titled.read({"d1": "Tea is made from leaves.", "d3": "Rice"}) == {"d3": Passage("Rice", "")}


@pytest.mark.parametrize("change", ["missing", "edited"])
def test_files_that_are_not_the_declared_ones_have_no_titles(suite: Suite, tmp_path: Path, change: str) -> None:
    file = tmp_path / "suite/corpus.jsonl"
    if change == "missing":
        file.unlink()
    else:
        file.write_bytes(DATA["corpus.jsonl"])
    assert titled_passages(suite, "en", data_dir=None, cache_dir=tmp_path) is None
