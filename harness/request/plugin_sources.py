"""What stands for a plugin's meaning in keys: the sources that it is made of, and the libraries that they import.

The sources are the plugin's file and every module that it imports, directly or through another module: of `methods` and
other packages of plugins, of `harness` (harness.types draws pairs), any that lies beside a plugin of `--methods-path`,
and any that no installed distribution provides.
Sources are parsed, not run. For a library its version counts. Docstrings, comments, layout, imports for type checkers
and `EQUATION` are prose: they are in no digest, so that editing them trains nothing again.
"""

from __future__ import annotations

import ast
import importlib.util
import sys
import sysconfig
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, distribution, packages_distributions
from pathlib import Path
from typing import Any

from harness.errors import RequestError
from harness.keys import digest
from harness.machine.hardware import installed_version
from harness.request.plugin_modules import beside

Parents = Mapping[str, Path]  # name of a top-level module or package → the folder that contains it
_ENGINE = {"harness": Path(__file__).resolve().parents[2]}
_PROSE = {"EQUATION", "equation"}
_FOR_TYPE_CHECKERS = ("TYPE_CHECKING", "typing.TYPE_CHECKING")
_DISTRIBUTIONS = {"sklearn": "scikit-learn"}  # imported by a bundled plugin; asking for all names takes a second


def sources_sha256(path: Path, packages: Mapping[str, Path], folder: Path | None = None) -> str:
    """Return the sha256 of a plugin's sources and of the versions of the libraries that they import.

    `packages`: dotted name and folder of the packages that hold plugins. `folder`: the plugin's, where its modules may
    import each other by their bare names (harness.request.plugin_modules). Raises RequestError for a module that is not
    valid Python, and for an ambiguous import.
    """
    parents = {name.partition(".")[0]: folder.parents[name.count(".")] for name, folder in packages.items()}
    return _digest(path, tuple(sorted((_ENGINE | parents).items())), folder)


@cache  # what is installed does not change while a process runs
def _digest(path: Path, parents: tuple[tuple[str, Path], ...], folder: Path | None = None) -> str:
    sources: dict[str, Any] = {}
    libraries: dict[str, str] = {}
    waiting = [("plugin", path)]
    while waiting:
        name, file = waiting.pop()
        if name in sources:
            continue
        tree = _parsed(file)
        sources[name] = _dumped(tree)
        package = name if file.name == "__init__.py" else name.rpartition(".")[0]
        for module, is_relative in _imports(tree, package):
            top = module.partition(".")[0]
            inside = folder if folder is not None and file.is_relative_to(folder) else None
            is_beside = inside is not None and (is_relative or beside(inside, top) is not None)
            parent = inside if is_beside else dict(parents).get(top) or _parent_of_sources(top)
            if parent is not None:
                waiting += _files(module, parent)
            elif top not in sys.stdlib_module_names:
                libraries[top] = installed_version(_distribution_of(top)) or "not installed"
    return digest([sources, libraries])


def _parsed(path: Path) -> ast.Module:
    """Return a module without its prose."""
    try:
        tree = ast.parse(path.read_bytes())
    except (SyntaxError, ValueError, OSError) as error:
        raise RequestError(f"plugin source {path} is not valid Python: {type(error).__name__}: {error}") from error
    stripped: ast.Module = _Stripped().visit(tree)
    return stripped


class _Stripped(ast.NodeTransformer):
    """Removes what changes no result: docstrings, equations and imports for type checkers."""

    def visit_Expr(self, node: ast.Expr) -> ast.AST | None:
        text = isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
        return None if text else self.generic_visit(node)

    def visit_If(self, node: ast.If) -> Any:
        visited = self.generic_visit(node)
        return node.orelse if ast.unparse(node.test) in _FOR_TYPE_CHECKERS else visited

    def visit_Module(self, node: ast.Module) -> ast.AST:
        return self._without_equation(node)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        return self._without_equation(node)

    def _without_equation(self, node: Any) -> ast.AST:
        node.body = [statement for statement in node.body if not _is_equation(statement)]
        return self.generic_visit(node)


def _is_equation(statement: ast.stmt) -> bool:
    """Return whether a statement only binds an equation to a text, or to the name of one."""
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    names = [target.id for target in targets if isinstance(target, ast.Name)]
    value = getattr(statement, "value", None)
    text = isinstance(value, ast.Constant) and isinstance(value.value, str)
    named = isinstance(value, ast.Name) and value.id in _PROSE
    return len(targets) == 1 and _PROSE.issuperset(names) and bool(names) and (text or named)


def _dumped(node: Any) -> Any:
    """Return a syntax tree as JSON, the same under every version of Python: empty fields are left out."""
    if isinstance(node, ast.AST):
        fields = [[name, _dumped(value)] for name, value in ast.iter_fields(node) if value not in (None, [])]
        return [type(node).__name__, *fields]
    return [_dumped(item) for item in node] if isinstance(node, list) else repr(node)


def _imports(tree: ast.Module, package: str) -> Iterator[tuple[str, bool]]:
    """Yield what a module of `package` imports, anywhere, by dotted names (`from a import b` gives `a.b`).

    Each with whether it is imported relatively.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, False) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: package.count(".") + 2 - node.level] if node.level else []
            names = (".".join(filter(None, [*above, node.module, alias.name])) for alias in node.names)
            yield from ((name, node.level > 0) for name in names)


def _files(module: str, parent: Path) -> Iterator[tuple[str, Path]]:
    """Yield name and file of a module and of the packages that it is in; names inside a module have no file."""
    names = module.split(".")
    for depth in range(1, len(names) + 1):
        path = parent.joinpath(*names[:depth])
        for file in (path / "__init__.py", path.with_name(f"{path.name}.py")):
            if file.is_file():
                yield ".".join(names[:depth]), file


@cache
def _parent_of_sources(top: str) -> Path | None:
    """Return the folder that contains a module which no distribution installed; None for a library."""
    if top in sys.stdlib_module_names or (spec := importlib.util.find_spec(top)) is None:
        return None
    locations = [Path(location) for location in spec.submodule_search_locations or ()]
    parent = locations[0].parent if locations else Path(spec.origin or "").parent
    try:
        installed_in = Path(str(distribution(_distribution_of(top)).locate_file(""))).resolve()
    except PackageNotFoundError:
        return parent
    return None if parent.resolve().is_relative_to(installed_in) else parent  # an editable install is elsewhere


@cache
def _distribution_of(top: str) -> str:
    """Return the name of the distribution that installed a top-level module, or the module's own name."""
    name = _DISTRIBUTIONS.get(top, top)
    if installed_version(name) is not None or top in sys.stdlib_module_names:
        return name
    spec = importlib.util.find_spec(top)
    places = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    if spec is None or not any(str(spec.origin).startswith(place) for place in places):
        return name
    return next(iter(packages_distributions().get(top, ())), name)
