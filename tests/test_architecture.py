"""Which module may import which, and how long a file and a function may be."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from harness.resources import manifests

ROOT = manifests().parent
HARNESS = sorted((ROOT / "harness").rglob("*.py"))
METHODS = sorted((ROOT / "methods").rglob("*.py"))
HEAVY = {
    *("accelerate", "beir", "bm25s", "datasets", "huggingface_hub", "ir_datasets", "ir_measures", "matplotlib", "mteb"),
    *("numpy", "openai", "pandas", "pyarrow", "pytrec_eval", "ray", "requests", "rich", "scipy"),
    *("sentence_transformers", "sklearn", "statsmodels", "tokenizers", "torch", "transformers"),
}


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


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


def imported(path: Path, *, everywhere: bool) -> set[str]:
    """Return the modules that a file imports: `from a import b` gives `a` and `a.b`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found: set[str] = set()
    for node in ast.walk(tree) if everywhere else at_module_level(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(path)} line {node.lineno}: relative import"
            found |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def packages(modules: set[str]) -> set[str]:
    return {module.partition(".")[0] for module in modules}


def within(modules: set[str], *allowed: str) -> set[str]:
    """Return those of `modules` that are in one of the packages or modules."""
    return {module for module in modules if any(f"{module}.".startswith(f"{name}.") for name in allowed)}


def test_the_imports_are_seen() -> None:
    modules = imported(ROOT / "harness/pipeline.py", everywhere=True)
    assert {"harness.stages.train", "harness.stages.train.train", "harness.cell.Cell"} <= modules
    late = imported(ROOT / "harness/stages/train.py", everywhere=True)
    assert "torch" in late - imported(ROOT / "harness/stages/train.py", everywhere=False)


@pytest.mark.parametrize("path", METHODS, ids=name_of)
def test_a_method_imports_no_module_of_the_harness_but_types(path: Path) -> None:
    modules = imported(path, everywhere=True)
    assert within(modules, "harness") == within(modules, "harness.types")


@pytest.mark.parametrize("path", METHODS, ids=name_of)
def test_a_method_is_imported_without_a_heavy_library_unless_it_is_a_helper(path: Path) -> None:
    if not path.stem.startswith("_"):
        assert packages(imported(path, everywhere=False)) & HEAVY == set()


@pytest.mark.parametrize("path", HARNESS, ids=name_of)
def test_the_engine_imports_no_method(path: Path) -> None:
    assert "methods" not in packages(imported(path, everywhere=True))


def test_the_words_of_the_project_import_keys_alone() -> None:
    modules = within(imported(ROOT / "harness/types.py", everywhere=True), "harness")
    assert modules == within(modules, "harness.keys", "harness.errors")
    for name in ("keys", "errors", "files"):
        assert within(imported(ROOT / f"harness/{name}.py", everywhere=True), "harness") == set(), name


@pytest.mark.parametrize("path", sorted((ROOT / "harness/stages").glob("*.py")), ids=name_of)
def test_a_stage_knows_neither_the_command_line_nor_plan_run_or_report(path: Path) -> None:
    above = ("cli", "plan", "run", "report", "collate", "progress", "executors", "pipeline", "record")
    modules = imported(path, everywhere=True)
    assert within(modules, *(f"harness.{name}" for name in above)) == set()


@pytest.mark.parametrize("path", sorted((ROOT / "harness/stats").glob("*.py")), ids=name_of)
def test_the_statistics_know_nothing_of_runs(path: Path) -> None:
    modules = within(imported(path, everywhere=True), "harness")
    assert modules == within(modules, "harness.stats", "harness.errors", "harness.keys", "harness.types")


@pytest.mark.parametrize("path", sorted((ROOT / "harness/report").rglob("*.py")), ids=name_of)
def test_the_report_knows_neither_stages_nor_executors(path: Path) -> None:
    modules = imported(path, everywhere=True)
    assert within(modules, "harness.stages", "harness.pipeline", "harness.executors", "harness.cli") == set()


LIGHT = [
    *("claims", "cli", "cell", "data_command", "entries", "errors", "files", "keys", "listing", "options", "plan"),
    *("plugins", "settings", "suite", "types"),
]


@pytest.mark.parametrize("name", LIGHT)
def test_what_every_command_imports_is_light(name: str) -> None:
    assert packages(imported(ROOT / f"harness/{name}.py", everywhere=False)) & HEAVY == set()


def slow(path: Path) -> set[str]:
    libraries = {"beir", "ir_datasets", "mteb", "pandas", "ray", "sentence_transformers", "torch", "transformers"}
    return packages(imported(path, everywhere=False)) & libraries


CELL = [*(ROOT / "harness/stages").glob("*.py"), *(ROOT / f"harness/{name}.py" for name in ("embedding", "search"))]


@pytest.mark.parametrize("path", [*sorted(CELL), ROOT / "harness/pipeline.py", ROOT / "harness/run.py"], ids=name_of)
def test_what_a_cell_runs_through_imports_no_slow_library_at_its_top(path: Path) -> None:
    assert slow(path) == set()


@pytest.mark.parametrize("path", HARNESS, ids=name_of)
def test_a_module_with_a_slow_library_at_its_top_is_imported_only_where_it_is_used(path: Path) -> None:
    bridges = [name_of(other).removesuffix(".py").replace("/", ".") for other in HARNESS if slow(other)]
    if not slow(path):
        assert within(imported(path, everywhere=False), *bridges) == set()


@pytest.mark.parametrize("path", [*HARNESS, *METHODS], ids=name_of)
def test_no_file_is_over_300_lines_and_no_function_over_60(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.count("\n") <= 300
    functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    long = {node.name: lines for node in functions if (lines := code_lines(node)) > 60}
    assert long == {}


def code_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the lines of a function from its first statement after the docstring."""
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


def test_there_is_no_utils_module() -> None:
    assert [name_of(path) for path in [*HARNESS, *METHODS] if "util" in path.stem or "helper" in path.stem] == []


def test_the_only_mention_of_a_method_in_the_engine_is_in_prose() -> None:
    names = {path.stem for path in METHODS if not path.stem.startswith("_")}
    found = {
        f"{name_of(path)} line {node.lineno}: {node.value}"
        for path in HARNESS
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value in names
    }
    assert found == set()
