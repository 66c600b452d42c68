"""Plugins: found in folders and packages, checked when they are loaded rather than when they run."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.commands import REPOSITORY, spawn, write_plugin

from harness.errors import RequestError
from harness.request import plugins
from harness.request.entries import declared
from harness.types import Adapter, Method, Ranker

METHOD = """
from __future__ import annotations
from dataclasses import dataclass
from typing import ClassVar

@dataclass(frozen=True)
class Mine:
    needs: ClassVar[frozenset] = frozenset()
    family: ClassVar[str] = "ranking"
    scale: float = 20.0

    def examples(self, data):
        raise NotImplementedError

    def loss(self, model):
        raise NotImplementedError

PLUGIN = Mine
"""


def refusal(folder: Path, code: str) -> str:
    write_plugin(folder, "mine", code)
    with pytest.raises(RequestError) as error:
        plugins.load("mine", {}, folder)
    assert "\n" not in str(error.value)
    assert str(folder / "mine.py") in str(error.value)
    return str(error.value)


def test_every_plugin_that_a_bundled_entry_names_loads_and_is_of_its_kind() -> None:
    entries = declared().values()
    methods = {plugin for entry in entries if (plugin := entry.method)}
    adapters = {plugin for entry in entries for plugin in entry.adapters}
    assert methods
    assert adapters
    assert all(isinstance(plugins.load(name, {}), Method | Ranker) for name in methods)
    assert all(isinstance(plugins.load(name, {}), Adapter) for name in adapters)
    assert len({plugins.sources_sha256(name) for name in methods | adapters}) == len(methods | adapters)


def test_a_plugin_of_an_outside_folder_is_loaded_with_its_settings(tmp_path: Path) -> None:
    write_plugin(tmp_path, "mine", METHOD)
    loaded = plugins.load("mine", {"scale": 10.0}, tmp_path)
    assert isinstance(loaded, Method)
    assert getattr(loaded, "scale", None) == 10.0


def test_the_error_for_an_unknown_plugin_suggests_the_nearest_name() -> None:
    with pytest.raises(RequestError, match=r"^unknown plugin 'mnlr'; did you mean 'mnrl'\? Available: .*\bclpl\b"):
        plugins.load("mnlr", {})


def test_the_error_for_an_unknown_setting_suggests_the_nearest_name() -> None:
    with pytest.raises(RequestError, match=r"^unknown setting 'temprature' in mnrl; did you mean 'temperature'\?"):
        plugins.load("mnrl", {"temprature": 1})


def test_a_setting_that_the_plugin_rejects_is_one_line(tmp_path: Path) -> None:
    check = "    def __post_init__(self):\n        raise ValueError('scale is too small')\n\n"
    write_plugin(tmp_path, "mine", METHOD.replace("    def examples", f"{check}    def examples"))
    with pytest.raises(RequestError, match=r"^invalid settings of mine: scale is too small$"):
        plugins.load("mine", {"scale": 0.0}, tmp_path)


def test_a_module_whose_name_begins_with_an_underscore_is_not_a_plugin(tmp_path: Path) -> None:
    (tmp_path / "_mine.py").write_text(METHOD, encoding="utf-8")
    with pytest.raises(RequestError, match="unknown plugin '_mine'"):
        plugins.load("_mine", {}, tmp_path)


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("examples(self, data)", "examples(self, rows)", "method.examples takes ['rows'], expected ['data']"),
        ("loss(self, model)", "loss(self, model, scale)", "method.loss takes ['model', 'scale'], expected ['model']"),
        ('    family: ClassVar[str] = "ranking"\n', "", "class variable 'family' is missing"),
        ("    needs: ClassVar[frozenset] = frozenset()\n", "", "class variable 'needs' is missing"),
        ("def loss", "def cost", "PLUGIN is not a method, adapter or ranker"),
        ("@dataclass(frozen=True)\n", "", "bind it to a frozen dataclass"),
        ("PLUGIN = Mine", "PLUGIN = Mine()", "bind it to a frozen dataclass"),
        ("PLUGIN = Mine", "", "PLUGIN is None; bind it to a frozen dataclass"),
        ("PLUGIN = Mine", "PLUGIN = Mnie", "fails when it is imported: NameError: name 'Mnie' is not defined"),
        ("PLUGIN = Mine", "PLUGIN = (", "fails when it is imported: SyntaxError"),
        ("PLUGIN = Mine", "import no_such_module", "fails when it is imported: ModuleNotFoundError"),
    ],
)
def test_a_wrong_plugin_is_rejected_with_its_file(tmp_path: Path, old: str, new: str, problem: str) -> None:
    assert old in METHOD
    assert problem in refusal(tmp_path, METHOD.replace(old, new))


def test_an_adapter_and_a_ranker_with_wrong_signatures_are_rejected(tmp_path: Path) -> None:
    head = "from dataclasses import dataclass\n@dataclass(frozen=True)\nclass PLUGIN:\n"
    adapter = head + "    def register(self): ...\n    def apply(self, network): ...\n"
    assert "adapter.apply takes ['network'], expected ['model']" in refusal(tmp_path / "a", adapter)
    ranker = head + "    def search(self, passages, queries): ...\n"
    assert "ranker.search takes ['passages', 'queries'], expected" in refusal(tmp_path / "b", ranker)


def test_two_folders_may_hold_plugins_of_one_name(tmp_path: Path) -> None:
    write_plugin(tmp_path / "one", "mine", METHOD)
    write_plugin(tmp_path / "two", "mine", METHOD.replace("20.0", "30.0"))
    loaded = [plugins.load("mine", {}, tmp_path / name) for name in ("one", "two")]
    assert [plugin.scale for plugin in loaded] == [20.0, 30.0]


def test_a_missing_folder_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(RequestError, match=r"^--methods-path .*/nowhere is not a folder$"):
        plugins.folders(tmp_path / "nowhere")


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """Return the folder of an installed distribution with a package in the entry-point group."""
    package = tmp_path / "outside_methods"
    write_plugin(package, "mine", METHOD)
    (package / "__init__.py").touch()
    info = tmp_path / "outside-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: outside\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[harness.methods]\noutside = outside_methods\n", encoding="utf-8")
    return tmp_path


def test_a_package_of_the_entry_point_group_is_listed_and_planned(installed: Path, tmp_path: Path) -> None:
    path = f"{installed}:{REPOSITORY}"
    listed = spawn("-m", "harness", "list", "methods", cwd=tmp_path, PYTHONPATH=path)
    assert listed.status == 0
    assert [line.split()[0] for line in listed.out.splitlines()][-1] == "mine"
    arguments = ("run", "--methods", "mine", "--langs", "ko", "--seeds", "0", "--dry-run")
    planned = spawn("-m", "harness", *arguments, cwd=tmp_path, PYTHONPATH=path)
    assert (planned.status, planned.err) == (0, "")
    assert "1 of 1 cells to run" in planned.out


def test_an_entry_point_that_names_no_package_is_one_line(installed: Path, tmp_path: Path) -> None:
    points = installed / "outside-1.0.dist-info/entry_points.txt"
    points.write_text("[harness.methods]\noutside = no_such_package\n", encoding="utf-8")
    listed = spawn("-m", "harness", "list", "methods", cwd=tmp_path, PYTHONPATH=f"{installed}:{REPOSITORY}")
    assert listed.status == 2
    message = "entry point of group harness.methods names 'no_such_package', which is not a package; reinstall it"
    assert listed.line == f"harness: {message}"
