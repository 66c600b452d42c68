"""Plugins of a folder as Python modules that can import what lies beside them.

A folder of plugins (`--methods-path`) becomes a package named after its path, so two folders with helpers
of one name do not meet in `sys.modules`, and `sys.path` stays as it is. Its modules may import each other relatively
(`from ._helper import x`) and by their bare names (`from helper import x`, `import helper`): an import statement that
names a module of the folder is compiled as one of the package. This holds for imports inside functions too, and in
every process that loads a plugin. A name that is also a module of Python or of an installed library is refused: what
it meant would depend on the machine.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder, SourceLoader
from importlib.machinery import ModuleSpec
from pathlib import Path
from types import ModuleType
from typing import Any

from harness.errors import RequestError
from harness.keys import digest

PREFIX = "harness_plugins_"
NEVER_BESIDE = ("harness", "methods")  # wherever the folder of plugins is
_FOLDERS: dict[str, Path] = {}  # name of a package → its folder


def load_from_folder(path: Path) -> ModuleType:
    """Return the module of a plugin's file; raises RequestError for an ambiguous import, or what the module raises."""
    package = _package_of(path.parent)
    return importlib.import_module(f"{package}.{path.stem}")


def beside(folder: Path, top: str) -> Path | None:
    """Return the file of a module or package in a folder of plugins; None where the folder does not hold it.

    Raises RequestError where `top` is also a module of Python or of a library.
    """
    if top in NEVER_BESIDE:
        return None
    candidates = (folder / f"{top}.py", folder / top / "__init__.py")
    file = next((candidate for candidate in candidates if candidate.is_file()), None)
    if file is not None and _is_elsewhere(top, file):
        raise RequestError(
            f"plugin folder {folder}: 'import {top}' may mean {file.relative_to(folder)} or the installed module "
            f"'{top}'; rename the file, or import it with 'from . import {top}'"
        )
    return file


def _is_elsewhere(top: str, file: Path) -> bool:
    """Return whether Python finds a module of that name that is not this file."""
    if top in sys.stdlib_module_names:
        return True
    try:
        spec = importlib.util.find_spec(top)
    except ValueError:  # a module that was made, not found
        return True
    return spec is not None and (spec.origin is None or Path(spec.origin).resolve() != file.resolve())


def _package_of(folder: Path) -> str:
    """Return the name of the package that a folder is, which Python can import from now on."""
    folder = folder.resolve()
    name = f"{PREFIX}{digest(str(folder))[:12]}"
    if name not in sys.modules:
        _FOLDERS[name] = folder
        if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
            sys.meta_path.append(_Finder())
        spec = ModuleSpec(name, None, is_package=True)  # without locations: the finder knows where its modules are
        sys.modules[name] = importlib.util.module_from_spec(spec)
    return name


class _Finder(MetaPathFinder):
    """Finds the modules of folders of plugins, and no others."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        package, *parts = fullname.split(".")
        if package not in _FOLDERS or not parts:
            return None
        place = _FOLDERS[package].joinpath(*parts)
        for file, is_package in ((place / "__init__.py", True), (place.with_name(f"{place.name}.py"), False)):
            if file.is_file():
                loader = _Loader(package, file)
                return importlib.util.spec_from_file_location(
                    fullname, file, loader=loader, submodule_search_locations=[] if is_package else None
                )
        return None


class _Loader(SourceLoader):
    """Compiles a module of a folder of plugins; nothing is written to `__pycache__`, which plain Python reads too."""

    def __init__(self, package: str, file: Path) -> None:
        self.package = package
        self.file = file

    def get_filename(self, fullname: str) -> str:
        return str(self.file)

    def get_data(self, path: str | bytes) -> bytes:
        return self.file.read_bytes()

    def source_to_code(self, data: Any, path: Any = "<string>", **_: Any) -> Any:  # type: ignore[override]
        tree = _Siblings(self.package).visit(ast.parse(data, path))
        return compile(ast.fix_missing_locations(tree), path, "exec", dont_inherit=True)


class _Siblings(ast.NodeTransformer):
    """Turns imports of modules in the folder, by their bare names, into imports of the package's modules."""

    def __init__(self, package: str) -> None:
        self.package = package

    def _is_sibling(self, module: str) -> bool:
        return beside(_FOLDERS[self.package], module.partition(".")[0]) is not None

    def visit_Import(self, node: ast.Import) -> list[ast.stmt]:
        return [statement for alias in node.names for statement in self._imported(alias, node)]

    def _imported(self, alias: ast.alias, node: ast.Import) -> list[ast.stmt]:
        if not self._is_sibling(alias.name):
            return [ast.copy_location(ast.Import([alias]), node)]
        inside = f"{self.package}.{alias.name}"
        statements: list[ast.stmt] = [ast.Import([ast.alias(inside, alias.asname)])]
        if not alias.asname:  # `import a.b` binds a
            statements.append(ast.ImportFrom(self.package, [ast.alias(alias.name.partition(".")[0])], 0))
        return [ast.copy_location(statement, node) for statement in statements]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.ImportFrom:
        if node.level or not node.module or not self._is_sibling(node.module):
            return node
        return ast.copy_location(ast.ImportFrom(f"{self.package}.{node.module}", node.names, 0), node)
