"""Code in keys: an edit of a plugin's function trains the entries that use it again, and so does another library."""

from __future__ import annotations

import ast
import functools
import json
import re
import shutil
from collections.abc import Callable, Collection, Iterator
from importlib import metadata
from pathlib import Path

import pytest
from support.commands import REPOSITORY, spawn

from harness.machine.hardware import installed_version
from harness.request import entries, plugin_sources, plugins, suite
from harness.request.cell import Cell, Place
from harness.request.settings import on_suite
from harness.stages import lineage
from harness.types import Need

METHODS = REPOSITORY / "methods"
Keys = dict[str, tuple[str, str]]  # entry → keys of its model and of its ranking


def cells() -> list[Cell]:
    mini = suite.load("mini")
    resolved = entries.resolve(["all", "all@published"], entries.declared())
    return [Cell(mini, on_suite(entry, mini), "ko", 0, Place(Path("cache"))) for entry in resolved]


def keys() -> Keys:
    return {
        cell.entry.name: (lineage.train_key(cell) if cell.method else "", lineage.retrieve_key(cell))
        for cell in cells()
    }


@pytest.fixture(scope="module")
def parsed_once() -> Iterator[None]:
    """Parse equal bytes once, and read imports and JSON from their tree once: nearly all that a digest takes."""
    parse, dump, imports_of = plugin_sources._parsed, plugin_sources._dumped, plugin_sources._imports
    trees: dict[bytes, ast.Module] = {}

    def parsed(path: Path) -> ast.Module:
        content = path.read_bytes()
        if content not in trees:
            trees[content] = parse(path)
        return trees[content]

    dumped = functools.cache(dump)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(plugin_sources, "_parsed", parsed)
        patch.setattr(plugin_sources, "_dumped", lambda node: (dumped if isinstance(node, ast.Module) else dump)(node))
        patch.setattr(plugin_sources, "_imports", functools.cache(lambda *given: tuple(imports_of(*given))))
        yield


@pytest.fixture
def copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Put a copy in the place of the package of methods, and forget what was read before and after."""
    folder = tmp_path / "methods"
    shutil.copytree(METHODS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(plugins, "_packages", lambda: {"methods": folder})
    plugins._files.cache_clear()
    yield folder
    plugins._files.cache_clear()
    plugin_sources._digest.cache_clear()


def digests(names: Collection[str]) -> dict[str, str]:
    plugin_sources._digest.cache_clear()
    return {name: plugins.sources_sha256(name) for name in names}


def uses(module: str, other: str) -> bool:
    """Return whether a module of `methods` names another, directly or through a third; by its text alone."""
    waiting, seen = [module], set()
    while waiting:
        name = waiting.pop()
        if name not in seen:
            seen.add(name)
            waiting += re.findall(r"\bmethods\.(\w+)", (METHODS / f"{name}.py").read_text(encoding="utf-8"))
    return other in seen


MODULES = sorted(path.stem for path in METHODS.glob("*.py"))


def with_pass(source: str, functions: Collection[ast.FunctionDef]) -> str:
    """Return a module with a `pass` in functions, each before the statement after its docstring."""
    lines = source.splitlines()
    statements = [node.body[0] if len(node.body) == 1 else node.body[1] for node in functions]
    for statement in sorted(statements, key=lambda statement: statement.lineno, reverse=True):
        lines.insert(statement.lineno - 1, " " * statement.col_offset + "pass")
    return "\n".join(lines)


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.usefixtures("parsed_once")
def test_an_edit_of_any_function_changes_the_plugins_that_use_its_module_and_no_others(
    copied: Path, module: str
) -> None:
    before, source = digests(plugins._files(None)), (METHODS / f"{module}.py").read_text(encoding="utf-8")
    functions = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.FunctionDef)]
    users = {name for name in before if uses(name, module)}
    for function in functions:
        (copied / f"{module}.py").write_text(with_pass(source, [function]), encoding="utf-8")
        unchanged = {name for name, digest in digests(users).items() if digest == before[name]}
        assert unchanged == set(), function.name
    (copied / f"{module}.py").write_text(with_pass(source, functions), encoding="utf-8")
    after = digests(before)
    assert {name for name in before if after[name] != before[name]} == (users if functions else set())


@pytest.mark.parametrize(
    ("module", "old", "new"),
    [
        ("infonce", "import torch\n", "import torch as _\n    import torch\n"),
        ("_loss", "self.function = function", "self.function: Any = function"),
        ("bm25", "import bm25s\n", "import bm25s as _\n        import bm25s\n"),
        ("intermediate", "from dataclasses import dataclass\n", "from dataclasses import dataclass, field\n"),
    ],
)
def test_an_edit_trains_exactly_the_entries_again_that_use_it(copied: Path, module: str, old: str, new: str) -> None:
    plugin_sources._digest.cache_clear()
    before = keys()
    text = (copied / f"{module}.py").read_text(encoding="utf-8")
    assert old in text
    (copied / f"{module}.py").write_text(text.replace(old, new, 1), encoding="utf-8")
    plugin_sources._digest.cache_clear()
    after = keys()
    experts = [expert.ranker for expert in suite.load("mini").experts if expert.ranker]

    def is_user(cell: Cell) -> bool:
        consulted = experts if Need.EXPERT_SCORES in cell.needs else []
        return any(uses(plugin, module) for plugin in [*cell.entry.plugins, *consulted])

    users = {cell.entry.name for cell in cells() if is_user(cell)}
    assert {name for name, key in after.items() if key != before[name]} == users
    assert set() < users < after.keys()


KEYS: dict[str, Callable[[Cell], str]] = {
    "prepare": lambda cell: lineage.prepare_key(cell.suite, cell.language),
    "base": lambda cell: lineage.base_key(cell.suite),
    "mine": lineage.mine_key,
    "train": lineage.train_key,
    "retrieve": lineage.retrieve_key,
    "record": lineage.record_key,
}


@pytest.mark.parametrize(
    ("library", "entry", "changed"),
    [
        ("torch", "mnrl", ["base", "mine", "train", "retrieve", "record"]),
        ("transformers", "mnrl", ["base", "mine", "train", "retrieve", "record"]),
        ("sentence-transformers", "mnrl", ["base", "mine", "train", "retrieve", "record"]),
        ("tokenizers", "mnrl", ["base", "mine", "train", "retrieve", "record"]),
        ("accelerate", "mnrl", ["train", "retrieve", "record"]),
        ("ir-measures", "mnrl", ["record"]),
        ("bm25s", "bm25", ["retrieve", "record"]),
        ("torch", "bm25", ["base", "mine", "train"]),  # of which bm25 has none
        ("pandas", "mnrl", []),
    ],
)
def test_another_version_of_a_library_changes_the_keys_of_the_stages_that_compute_with_it(
    monkeypatch: pytest.MonkeyPatch, library: str, entry: str, changed: list[str]
) -> None:
    cell = next(cell for cell in cells() if cell.entry.name == entry)
    before = {name: key_of(cell) for name, key_of in KEYS.items()}
    version = metadata.version
    monkeypatch.setattr(metadata, "version", lambda name: "99.0" if name == library else version(name))
    caches = (installed_version, plugin_sources._digest)
    for cache in caches:
        cache.cache_clear()
    try:
        assert [name for name, key_of in KEYS.items() if key_of(cell) != before[name]] == changed
    finally:
        for cache in caches:
            cache.cache_clear()


def test_every_stage_lists_its_libraries() -> None:
    assert lineage.LIBRARIES.keys() == lineage.VERSIONS.keys()
    for name in {name for names in lineage.LIBRARIES.values() for name in names}:
        assert installed_version(name) is not None, name


def test_two_processes_have_equal_keys() -> None:
    script = "import json; from tests.stages.test_keys_of_code import keys; print(json.dumps(keys()))"
    again = spawn("-c", script, cwd=REPOSITORY, PYTHONPATH=f"{REPOSITORY}:{REPOSITORY / 'tests'}", PYTHONHASHSEED="7")
    assert (again.status, again.err) == (0, "")
    assert {name: tuple(pair) for name, pair in json.loads(again.out).items()} == keys()


def test_entries_share_the_stages_that_are_equal_for_them_and_no_models() -> None:
    by_name = {cell.entry.name: cell for cell in cells()}
    clpl, control, random = by_name["clpl"], by_name["infonce-ance"], by_name["infonce-random"]
    assert lineage.mine_key(clpl) == lineage.mine_key(control) != lineage.mine_key(random)
    assert lineage.base_key(clpl.suite) == lineage.base_key(control.suite)
    trained = [lineage.train_key(cell) for cell in by_name.values() if cell.method is not None]
    assert len(trained) == len(set(trained))
    assert lineage.train_key(by_name["base"]) == lineage.base_key(clpl.suite)
