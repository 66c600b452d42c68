"""The bundled methods as the package `methods`, in a checkout and in an installed wheel.

A wheel keeps them below `harness`, so that no package of so common a name lies in site-packages. Their modules have the
same names in both: in imports, pickles and keys. The finder stands before Python's own, so that another folder of that
name on the path, such as one of `--methods-path` in the working directory, does not hide them.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from types import ModuleType

from harness.machine import bundled

NAME = "methods"


def make_importable() -> None:
    """Make `import methods` find the bundled package in this process."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


class _Finder(MetaPathFinder):
    """Finds the package alone; Python finds its modules in the package's folder."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != NAME:
            return None
        folder = bundled.methods()
        return spec_from_file_location(NAME, folder / "__init__.py", submodule_search_locations=[str(folder)])
