"""A plugin's equation: that of its docstring, part of the record, and not of keys and comparisons."""

from __future__ import annotations

import dataclasses
import importlib
from pathlib import Path
from typing import Any

import pytest
from support.commands import invoke, write_plugin
from support.fake_records import draw, provenance, put
from support.result_folders import write

from harness.errors import RequestError
from harness.execution.worker import failed
from harness.export.mteb_results import model_of
from harness.machine.bundled import manifests
from harness.request import plugins, suite
from harness.request.cell import Cell, Place
from harness.request.entries import declared, resolve
from harness.request.settings import on_suite
from harness.results.record import Record, path_of, read
from harness.stages.lineage import record_key

NAMES = sorted(path.stem for path in (manifests().parent / "methods").glob("[!_]*.py"))
WITHOUT = {"freeze", "intermediate"}  # they change what is trained, not what is computed


def mini(entry: str, place: Place | None = None) -> Cell:
    loaded = suite.load("mini")
    [row] = resolve([entry], declared())
    return Cell(loaded, on_suite(row, loaded), "ko", 0, place or Place(Path("cache")))


@pytest.mark.parametrize("name", [name for name in NAMES if name not in WITHOUT])
def test_the_equation_is_that_of_the_modules_docstring_and_names_the_settings_as_they_are(name: str) -> None:
    text = plugins.about(name, "equation")
    module = importlib.import_module(f"methods.{name}")
    assert " ".join(text.splitlines()[0].split()) in " ".join(str(module.__doc__).split())
    for field in dataclasses.fields(module.PLUGIN):
        if isinstance(field.default, float):
            assert f"{field.default:g}" in text, field.name


def test_a_plugin_may_have_no_equation() -> None:
    assert plugins.about("intermediate", "equation") == ""
    assert "intermediate" not in mini("clpl-moe").described()["equations"]


def test_an_entry_is_described_with_the_equations_of_all_its_plugins() -> None:
    described = mini("clpl-moe").described()
    assert described["plugins"] == {name: plugins.sources_sha256(name) for name in ("clpl", "intermediate", "moe")}
    assert list(described["equations"]) == ["clpl", "moe"]
    assert "InfoNCE" in described["equations"]["clpl"]
    assert mini("base").described()["equations"] == {}


def test_another_equation_is_in_the_record_and_in_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    before = record_key(mini("mnrl"))
    monkeypatch.setattr(importlib.import_module("methods.mnrl").PLUGIN, "equation", "another")
    assert mini("mnrl").described()["equations"] == {"mnrl": "another"}
    assert record_key(mini("mnrl")) == before


def test_a_failed_cell_has_its_entry_described_too(tmp_path: Path) -> None:
    failed(mini("mnrl"), tmp_path, "out of memory")
    entry = read(path_of(tmp_path, "mnrl", "ko", 0)).provenance["entry"]
    assert entry["plugins"] == {"mnrl": plugins.sources_sha256("mnrl")}
    assert entry["equations"]["mnrl"].startswith("l_i = ")


def test_an_equation_that_is_not_text_is_rejected(tmp_path: Path) -> None:
    head = "from dataclasses import dataclass\n@dataclass(frozen=True)\nclass PLUGIN:\n    equation = 3\n"
    write_plugin(tmp_path, "mine", head + "    def register(self): ...\n    def apply(self, model): ...\n")
    with pytest.raises(RequestError, match=r"mine\.py: class variable 'equation' is 3; write it as text$"):
        plugins.load("mine", {}, tmp_path)


def with_equations(entry: str, equations: dict[str, str]) -> dict[str, Any]:
    return {"entry": {**provenance(entry, "ko", 0)["entry"], "equations": equations}}


@pytest.mark.parametrize("command", ["check", "compare"])
def test_folders_that_differ_in_equations_alone_do_not_differ(tmp_path: Path, command: str) -> None:
    first = write(tmp_path / "one", ["mnrl"], changes=with_equations("mnrl", {"mnrl": "first equation"}))
    second = write(tmp_path / "two", ["mnrl"], changes=with_equations("mnrl", {"mnrl": "second equation"}))
    arguments = [str(second), "--baseline", str(first)] if command == "check" else [str(first), str(second)]
    result = invoke(command, *arguments)
    assert result.status == 0, result.err
    assert "equation" not in result.out + result.err


def test_a_title_is_a_difference_that_check_names(tmp_path: Path) -> None:
    first = write(tmp_path / "one", ["mnrl"], changes={"entry": {"title": "First"}})
    second = write(tmp_path / "two", ["mnrl"], changes={"entry": {"title": "Second"}})
    result = invoke("check", str(second), "--baseline", str(first))
    assert "First" in result.out + result.err


def ranker(folder: Path, **entry: Any) -> Record:
    changes = {"entry": {**provenance("bm25", "ko", None)["entry"], **entry}, "model": None}
    return put(folder, ("bm25", "ko", 0), draw("bm25", "ko", 0, 5), provenance=changes)


def test_mteb_knows_a_ranker_by_the_same_revision_with_and_without_equations(tmp_path: Path) -> None:
    bare = model_of(ranker(tmp_path))
    assert model_of(ranker(tmp_path, equations={"bm25": "s(q, d)"})) == bare
    assert model_of(ranker(tmp_path, settings={"bm25": {"k1": 2.0}})) != bare
