"""Helpers beside a plugin: importable by every usual statement, part of its key, and apart from other folders'."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from support.commands import write_plugin

from harness.errors import RequestError
from harness.request import plugin_sources, plugins

METHOD = """
from dataclasses import dataclass
from typing import ClassVar
IMPORT

@dataclass(frozen=True)
class PLUGIN:
    needs: ClassVar = frozenset()
    family: ClassVar = "ranking"

    def examples(self, data):
        return FACTOR

    def loss(self, model):
        import lazy_helper

        return lazy_helper.LATE
"""
IMPORTS = {
    "from the helper": ("from factors import FACTOR", ""),
    "the helper": ("import factors", "FACTOR = factors.FACTOR"),
    "the helper under another name": ("import factors as f", "FACTOR = f.FACTOR"),
    "relatively": ("from .factors import FACTOR", ""),
    "the helper relatively": ("from . import factors", "FACTOR = factors.FACTOR"),
    "a private helper": ("from _private import FACTOR", ""),
    "from a package": ("from deep.inner import FACTOR", ""),
    "a package": ("import deep.inner", "FACTOR = deep.inner.FACTOR"),
    "a helper that imports a helper": ("from chain import FACTOR", ""),
    "beside a library": ("import numpy as np, factors", "FACTOR = int(np.int64(factors.FACTOR))"),
}
Folder = Callable[..., Path]


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Folder]:
    """Write a folder with a method that imports a helper, and the helpers; the helper's FACTOR is given."""

    def write(name: str = "one", factor: int = 7, imported: str = "from the helper") -> Path:
        place = tmp_path / name
        write_plugin(place, "mine", METHOD.replace("IMPORT", "\n".join(IMPORTS[imported])))
        (place / "deep").mkdir(exist_ok=True)
        helpers = dict.fromkeys(("factors", "_private", "deep/inner"), f"FACTOR = {factor}\n")
        others = {"lazy_helper": "LATE = 3\n", "chain": "from factors import FACTOR\n", "unused": "X = 1\n"}
        for helper, source in {**helpers, **others, "deep/__init__": ""}.items():
            (place / f"{helper}.py").write_text(source, encoding="utf-8")
        return place

    yield write
    plugin_sources._digest.cache_clear()


def digest(folder: Path) -> str:
    plugin_sources._digest.cache_clear()
    return plugins.sources_sha256("mine", folder)


@pytest.mark.parametrize("imported", IMPORTS)
def test_a_plugin_imports_what_lies_beside_it(folder: Folder, imported: str) -> None:
    before = list(sys.path)
    place = folder(imported=imported)
    method = plugins.load("mine", {}, place)
    assert (method.examples(None), method.loss(None)) == (7, 3)
    assert sys.path == before
    assert not {"factors", "_private", "deep", "chain", "lazy_helper"} & set(sys.modules)
    assert not list(place.rglob("__pycache__"))


def test_helpers_of_one_name_in_two_folders_do_not_meet(folder: Folder) -> None:
    loaded = [plugins.load("mine", {}, folder(name, factor)) for name, factor in (("one", 1), ("two", 2))]
    assert [method.examples(None) for method in loaded] == [1, 2]


@pytest.mark.parametrize("imported", IMPORTS)
def test_an_edit_of_a_helper_changes_the_plugins_digest_and_one_of_another_file_does_not(
    folder: Folder, imported: str
) -> None:
    place = folder(imported=imported)
    before = digest(place)
    (place / "unused.py").write_text("X = 2\n", encoding="utf-8")
    assert digest(place) == before
    for helper in ("factors", "_private", "deep/inner"):
        (place / f"{helper}.py").write_text("FACTOR = 8\n", encoding="utf-8")
    assert digest(place) != before


def test_an_edit_of_a_helper_that_is_imported_in_a_function_changes_the_digest(folder: Folder) -> None:
    place = folder()
    before = digest(place)
    (place / "lazy_helper.py").write_text("LATE = 4\n", encoding="utf-8")
    assert digest(place) != before


def test_the_digest_does_not_depend_on_where_the_folder_is(folder: Folder) -> None:
    assert digest(folder("one")) == digest(folder("two"))


@pytest.mark.parametrize("name", ["numpy", "random"])
def test_a_helper_with_the_name_of_an_installed_module_is_refused(folder: Folder, name: str) -> None:
    place = folder()
    (place / f"{name}.py").write_text("FACTOR = 9\n", encoding="utf-8")
    (place / "mine.py").write_text(METHOD.replace("IMPORT", f"from {name} import FACTOR"), encoding="utf-8")
    for refuse in (lambda: plugins.load("mine", {}, place), lambda: digest(place)):
        with pytest.raises(
            RequestError, match=rf"may mean {name}\.py or the installed module '{name}'; rename the file"
        ):
            refuse()


@pytest.mark.parametrize("name", ["numpy", "random"])
def test_as_the_refusal_says_it_can_be_imported_relatively(folder: Folder, name: str) -> None:
    place = folder()
    (place / f"{name}.py").write_text("FACTOR = 9\n", encoding="utf-8")
    source = METHOD.replace("IMPORT", f"from . import {name}\nFACTOR = {name}.FACTOR")
    (place / "mine.py").write_text(source, encoding="utf-8")
    assert plugins.load("mine", {}, place).examples(None) == 9
    before = digest(place)
    (place / f"{name}.py").write_text("FACTOR = 10\n", encoding="utf-8")
    assert digest(place) != before


def test_a_helper_that_fails_is_one_line_that_names_the_plugin(folder: Folder) -> None:
    place = folder()
    (place / "factors.py").write_text("FACTOR = undefined\n", encoding="utf-8")
    with pytest.raises(RequestError, match=r"mine\.py fails when it is imported: NameError: name 'undefined'"):
        plugins.load("mine", {}, place)


def test_a_version_is_a_source_like_any_other(folder: Folder) -> None:
    place = folder()
    source = (place / "mine.py").read_text(encoding="utf-8")
    (place / "mine.py").write_text(f"VERSION = 1\n{source}", encoding="utf-8")
    plugins.load("mine", {}, place)
    before = digest(place)
    (place / "mine.py").write_text(f"VERSION = 2\n{source}", encoding="utf-8")
    assert digest(place) != before
