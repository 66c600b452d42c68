"""Which module may import which, and how long a file and a function may be."""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from statistics import median

import pytest

from harness.machine.bundled import manifests

ROOT = manifests().parent
HARNESS = sorted((ROOT / "harness").rglob("*.py"))
METHODS = sorted((ROOT / "methods").rglob("*.py"))
HEAVY = {
    *("accelerate", "beir", "bm25s", "datasets", "huggingface_hub", "ir_datasets", "ir_measures", "matplotlib", "mteb"),
    *(
        "numpy",
        "onnx",
        "onnxruntime",
        "onnxscript",
        "openai",
        "pandas",
        "pyarrow",
        "pytrec_eval",
        "ray",
        "requests",
        "rich",
        "scipy",
    ),
    *("sentence_transformers", "sklearn", "statsmodels", "submitit", "tokenizers", "torch", "transformers"),
}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(text_of(path))


def at_module_level(tree: ast.Module) -> Iterator[ast.stmt]:
    """Yield the statements that run when the module is imported, those for type checkers left out."""
    for node in tree.body:
        if isinstance(node, ast.If):
            if "TYPE_CHECKING" not in ast.unparse(node.test):
                yield from [*node.body, *node.orelse]
        elif isinstance(node, ast.Try):
            yield from [*node.body, *(line for handler in node.handlers for line in handler.body), *node.orelse]
        else:
            yield node


@cache
def imported(path: Path, *, everywhere: bool) -> frozenset[str]:
    """Return the modules that a file imports: `from a import b` gives `a` and `a.b`."""
    tree = tree_of(path)
    found: set[str] = set()
    for node in ast.walk(tree) if everywhere else at_module_level(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)} line {node.lineno}: relative import"
            found |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
    return frozenset(found)


def packages(modules: Collection[str]) -> set[str]:
    return {module.partition(".")[0] for module in modules}


def within(modules: Collection[str], *allowed: str) -> set[str]:
    """Return those of `modules` that are in one of the packages or modules."""
    return {module for module in modules if any(f"{module}.".startswith(f"{name}.") for name in allowed)}


def test_the_imports_are_seen() -> None:
    modules = imported(ROOT / "harness/pipeline.py", everywhere=True)
    assert {
        "harness.stages.trained_model",
        "harness.stages.trained_model.Model",
        "harness.request.cell.Cell",
    } <= modules
    late = imported(ROOT / "harness/stages/train.py", everywhere=True)
    assert "torch" in late - imported(ROOT / "harness/stages/train.py", everywhere=False)


def faults(paths: Iterable[Path], of: Callable[[Path], Collection[str]]) -> dict[str, Collection[str]]:
    """Return the files with a fault, and what it is."""
    return {name_of(path): fault for path in paths if (fault := of(path))}


def heavy(path: Path) -> set[str]:
    return packages(imported(path, everywhere=False)) & HEAVY


def test_a_method_imports_no_module_of_the_harness_but_types() -> None:
    def others(path: Path) -> set[str]:
        modules = imported(path, everywhere=True)
        return within(modules, "harness") - within(modules, "harness.types")

    assert faults(METHODS, others) == {}


def test_a_method_is_imported_without_a_heavy_library_unless_it_is_a_helper() -> None:
    assert faults((path for path in METHODS if not path.stem.startswith("_")), heavy) == {}
    assert "methods/_loss.py" in faults(METHODS, heavy)


def test_the_engine_imports_no_method() -> None:
    assert faults(HARNESS, lambda path: within(imported(path, everywhere=True), "methods")) == {}


def test_the_words_of_the_project_import_keys_alone() -> None:
    modules = within(imported(ROOT / "harness/types.py", everywhere=True), "harness")
    assert modules == within(modules, "harness.keys", "harness.errors")
    for name in ("keys", "errors", "schema"):
        assert within(imported(ROOT / f"harness/{name}.py", everywhere=True), "harness") == set(), name


ROOMS = (
    *("__main__", "cli", "export", "report", "evidence", "execution", "pipeline", "provenance", "stages", "mteb"),
    *("writers", "vectors", "results", "data", "request", "stats", "machine", "types", "schema", "keys", "errors"),
)
"""The rooms and the loose modules of harness/ from the top floor down: each imports only what stands below it."""


def room_of(module: str) -> str:
    """Return the room of `harness.ROOM.…`."""
    return module.split(".")[1]


def module_of(path: Path) -> str:
    """Return the dotted name of a file: of a package, its own."""
    return name_of(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def targets(path: Path, modules: Collection[str]) -> set[str]:
    """Return those of `modules` that a file imports anywhere, for typing and inside functions too."""
    return {module for module in imported(path, everywhere=True) if module in modules and module != module_of(path)}


def upward(imports: Mapping[str, Collection[str]], rooms: Sequence[str] = ROOMS) -> list[str]:
    """Return the imports that go up, or stay on a floor but leave the room, as "importer -> imported"."""
    return [
        f"{module} -> {target}"
        for module, found in imports.items()
        for target in sorted(found)
        if room_of(module) != room_of(target) and rooms.index(room_of(module)) >= rooms.index(room_of(target))
    ]


def circles(imports: Mapping[str, Collection[str]]) -> list[str]:
    """Return one circle of imports as a list of modules, none where there is no circle."""
    try:
        tuple(TopologicalSorter(imports).static_order())
    except CycleError as error:
        return list(error.args[1])
    return []


MODULES = {module_of(path): path for path in HARNESS if path.parent != ROOT / "harness" or path.stem != "__init__"}
IMPORTS = {module: targets(path, MODULES.keys() - {"harness"}) for module, path in MODULES.items()}


def test_every_module_stands_in_a_room_and_at_most_eight_are_loose() -> None:
    assert {room_of(module) for module in MODULES} == set(ROOMS)
    assert len([path for path in HARNESS if path.parent == ROOT / "harness" and path.stem != "__init__"]) <= 8


def test_every_import_goes_down_a_floor_or_stays_in_its_room() -> None:
    assert upward(IMPORTS) == []


def test_no_files_import_each_other_in_a_circle_imports_for_typing_included() -> None:
    assert circles(IMPORTS) == []


def test_a_planted_import_upward_and_a_planted_circle_are_found() -> None:
    planted = {**IMPORTS, "harness.stats.power": {*IMPORTS["harness.stats.power"], "harness.results.record"}}
    assert upward(planted) == ["harness.stats.power -> harness.results.record"]
    below = {**IMPORTS, "harness.stages.score": {*IMPORTS["harness.stages.score"], "harness.stages.retrieve"}}
    assert circles(below) == []
    closed = {**below, "harness.stages.retrieve": {*below["harness.stages.retrieve"], "harness.stages.score"}}
    assert {"harness.stages.score", "harness.stages.retrieve"} <= set(circles(closed))


def test_a_module_says_what_it_holds_without_its_folder() -> None:
    names = Counter(path.stem for path in HARNESS if path.stem != "__init__")
    assert [name for name, count in names.items() if count > 1] == []


PACKAGES = sorted(path.parent for path in HARNESS if path.stem == "__init__" and path.parent != ROOT / "harness")


@pytest.mark.parametrize("folder", PACKAGES, ids=name_of)
def test_a_room_says_in_a_paragraph_what_belongs_in_it(folder: Path) -> None:
    docstring = ast.get_docstring(tree_of(folder / "__init__.py"))
    assert docstring
    if folder.parent == ROOT / "harness":
        assert "Imports" in docstring, "it does not say what it may import"


def test_the_report_knows_neither_stages_nor_executors() -> None:
    unknown = ("harness.stages", "harness.pipeline", "harness.execution", "harness.cli")
    report = list((ROOT / "harness/report").rglob("*.py"))
    assert len(report) > 100
    assert faults(report, lambda path: within(imported(path, everywhere=True), *unknown)) == {}


LIGHT = [
    *(path for path in HARNESS if room_of(module_of(path) + ".") in ("cli", "request", "errors", "keys", "types")),
    *(ROOT / f"harness/{name}.py" for name in ("evidence/claims/claims_file", "execution/plan", "machine/atomic")),
]


def test_what_every_command_imports_is_light() -> None:
    assert faults(LIGHT, heavy) == {}


def slow(path: Path) -> set[str]:
    libraries = {"beir", "ir_datasets", "mteb", "pandas", "ray", "sentence_transformers", "torch", "transformers"}
    return packages(imported(path, everywhere=False)) & libraries


CELL = [*(ROOT / "harness/stages").glob("*.py"), *(ROOT / "harness/vectors").glob("*.py")]


def test_what_a_cell_runs_through_imports_no_slow_library_at_its_top() -> None:
    assert faults([*CELL, ROOT / "harness/pipeline.py", ROOT / "harness/execution/runner.py"], slow) == {}


def test_a_module_with_a_slow_library_at_its_top_is_imported_only_where_it_is_used() -> None:
    bridges = [module_of(path) for path in HARNESS if slow(path)]
    assert "harness.mteb.bridge" in bridges
    quick = [path for path in HARNESS if not slow(path)]
    assert faults(quick, lambda path: within(imported(path, everywhere=False), *bridges)) == {}


def test_no_file_is_over_300_lines_and_no_function_over_50() -> None:
    def long(path: Path) -> list[str]:
        found = ["the file"] if text_of(path).count("\n") > 300 else []
        nodes = ast.walk(tree_of(path))
        functions = [node for node in nodes if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
        return found + [node.name for node in functions if code_lines(node) > 50]

    assert faults([*HARNESS, *METHODS], long) == {}


def code_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the lines of a function from its first statement after the docstring."""
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_the_median_file_is_under_100_lines() -> None:
    assert median(text_of(path).count("\n") for path in HARNESS if path.stem != "__init__") < 100


def test_there_is_no_utils_module() -> None:
    assert [name_of(path) for path in [*HARNESS, *METHODS] if "util" in path.stem or "helper" in path.stem] == []


def test_the_only_mention_of_a_method_in_the_engine_is_in_prose() -> None:
    names = {path.stem for path in METHODS if not path.stem.startswith("_")}
    found = {
        f"{name_of(path)} line {node.lineno}: {node.value}"
        for path in HARNESS
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Constant) and node.value in names
    }
    assert found == set()
