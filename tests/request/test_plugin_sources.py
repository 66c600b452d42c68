"""The digest of a plugin: every function that it uses counts, prose does not."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pytest

from harness.errors import RequestError
from harness.machine.hardware import installed_version
from harness.request import plugin_sources
from harness.request.plugin_sources import sources_sha256

LOSS = '''"""A loss."""
from __future__ import annotations
from typing import TYPE_CHECKING
from acme_methods.shared import scaled
if TYPE_CHECKING:
    from torch import Tensor
EQUATION = "l = 2 x"
def loss(x: Tensor) -> Tensor:
    """Return twice x."""
    import numpy
    return scaled(x, 2)  # twice
'''
SHARED = "from acme_methods.deep.base import one\ndef scaled(x, factor):\n    return x * factor * one()\n"
DEEP = "def one():\n    return 1\n"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Write a package of plugins in which one plugin uses a module that uses another one."""
    folder = tmp_path / "acme_methods"
    (folder / "deep").mkdir(parents=True)
    for name, text in (
        ("__init__", ""),
        ("loss", LOSS),
        ("shared", SHARED),
        ("deep/__init__", ""),
        ("deep/base", DEEP),
    ):
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    (folder / "other.py").write_text("def other():\n    return 0\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    return folder


def digest(package: Path) -> str:
    plugin_sources._digest.cache_clear()
    return sources_sha256(package / "loss.py", {"acme_methods": package})


def edited(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new), encoding="utf-8")


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("loss.py", "scaled(x, 2)", "scaled(x, 3)"),
        ("shared.py", "x * factor", "x + factor"),
        ("deep/base.py", "return 1", "return 1.0"),
        ("deep/__init__.py", "", "import os\n"),
        ("loss.py", "import numpy", "import scipy"),
    ],
)
def test_an_edit_of_anything_that_a_plugin_uses_changes_its_digest(
    package: Path, file: str, old: str, new: str
) -> None:
    before = digest(package)
    edited(package / file, old, new)
    assert digest(package) != before


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("loss.py", "  # twice", "  # two times"),
        ("loss.py", '"""Return twice x."""', '"""Return x, doubled."""'),
        ("loss.py", "scaled(x, 2)", "scaled(\n        x,\n        2,\n    )"),
        ("loss.py", "l = 2 x", "l = 2 · x"),
        ("loss.py", "from torch import Tensor", "from torch import Tensor, nn"),
        ("other.py", "return 0", "return 1"),
    ],
)
def test_prose_layout_and_modules_that_it_does_not_use_change_no_digest(
    package: Path, file: str, old: str, new: str
) -> None:
    before = digest(package)
    edited(package / file, old, new)
    assert digest(package) == before


def test_a_local_variable_named_equation_is_not_prose(package: Path) -> None:
    edited(package / "loss.py", "    return scaled(x, 2)", "    equation = 2\n    return scaled(x, equation)")
    before = digest(package)
    edited(package / "loss.py", "equation = 2", "equation = 3")
    assert digest(package) != before


def test_the_digest_does_not_depend_on_where_the_plugin_is(package: Path, tmp_path: Path) -> None:
    moved = tmp_path / "elsewhere" / "loss.py"
    moved.parent.mkdir()
    moved.write_bytes((package / "loss.py").read_bytes())
    assert sources_sha256(moved, {"acme_methods": package}) == digest(package)


def test_another_version_of_an_imported_library_changes_the_digest(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = digest(package)
    version = metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: "99" if name == "numpy" else version(name))
    installed_version.cache_clear()
    try:
        assert digest(package) != before
    finally:
        installed_version.cache_clear()
        plugin_sources._digest.cache_clear()


def test_a_module_of_no_distribution_counts_by_its_source(package: Path, tmp_path: Path) -> None:
    (tmp_path / "beside_methods.py").write_text("FACTOR = 2\n", encoding="utf-8")
    edited(package / "shared.py", "def scaled", "import beside_methods\ndef scaled")
    before = digest(package)
    edited(tmp_path / "beside_methods.py", "2", "3")
    assert digest(package) != before


def test_the_rows_that_harness_types_draws_are_part_of_a_method(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = package.parent / "engine/harness"
    engine.mkdir(parents=True)
    (engine / "types.py").write_text("def pairs():\n    return 1\n", encoding="utf-8")
    monkeypatch.setattr(plugin_sources, "_ENGINE", {"harness": engine.parent})
    edited(package / "loss.py", "from acme_methods", "from harness.types import pairs\nfrom acme_methods")
    before = digest(package)
    edited(engine / "types.py", "return 1", "return 2")
    assert digest(package) != before


def test_a_source_that_is_not_python_is_one_line(package: Path) -> None:
    edited(package / "shared.py", "def scaled", "def scaled scaled")
    with pytest.raises(RequestError, match=r"^plugin source .*shared\.py is not valid Python: SyntaxError: [^\n]*$"):
        digest(package)


@pytest.mark.parametrize(
    "code",
    [
        "if not TYPE_CHECKING:\n    factor = {}\n",
        "if True or TYPE_CHECKING:\n    factor = {}\n",
        "EQUATION = factor = {}\n",
        "equation: float = {}\n",
    ],
)
def test_what_only_looks_like_prose_is_in_the_digest(package: Path, code: str) -> None:
    edited(package / "loss.py", "def loss", f"{code.format(2)}def loss")
    before = digest(package)
    edited(package / "loss.py", code.format(2), code.format(3))
    assert digest(package) != before
