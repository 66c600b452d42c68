"""Keys: all on one page, and a change of a stage reaches every stage after it and none before it."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path

import pytest

import harness
from harness.request.cell import Cell
from harness.request.manifest import Writer
from harness.stages import lineage
from harness.stages.lineage import prepare_key
from tests.stages.conftest import Workbench

HARNESS = Path(harness.__file__).parent
WRITER = Writer(kind="endpoint", model="m", prompt="{passage}")
IN_ORDER: dict[str, Callable[[Cell], str]] = {
    "prepare": lambda cell: prepare_key(cell.suite, cell.language),
    "augment": lineage.augment_key,
    "mine": lineage.mine_key,
    "write": lineage.write_key,
    "train": lineage.train_key,
    "retrieve": lineage.retrieve_key,
    "score": lineage.record_key,
}


def imported_names(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return {f"{node.module}.{alias.name}" for node in imports for alias in node.names}


def test_no_other_module_makes_keys() -> None:
    makers = [path for path in sorted(HARNESS.rglob("*.py")) if "harness.keys.key" in imported_names(path)]
    assert [path.relative_to(HARNESS).as_posix() for path in makers] == ["stages/lineage.py"]


@pytest.mark.parametrize("stage", IN_ORDER)
def test_a_new_version_of_a_stage_changes_its_key_and_all_later_ones_only(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    suite = bench.suite.model_copy(update={"augmentation": WRITER, "negative_queries": WRITER})
    cell = Workbench(suite, bench.root, bench.numbers).cell("clpl", bench.store())
    before = {name: key_of(cell) for name, key_of in IN_ORDER.items()}
    monkeypatch.setitem(lineage.VERSIONS, stage, 99)
    changed = [name for name, key_of in IN_ORDER.items() if key_of(cell) != before[name]]
    assert changed == list(IN_ORDER)[list(IN_ORDER).index(stage) :]


def test_a_new_version_of_encoding_changes_every_stage_that_reads_vectors_and_all_later_ones(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys: dict[str, Callable[[Cell], str]] = {
        **IN_ORDER,
        "encode": lineage.encode_key,
        "consult": lineage.consult_key,
        "geometry": lineage.geometry_key,
    }
    mined = bench.suite.model_copy(update={"negative_queries": WRITER, "augmentation": WRITER})
    changed_of = {}
    for name in ("clpl", "infonce-random"):
        cell = Workbench(mined, bench.root, bench.numbers).cell(name, bench.store())
        read = {stage: key_of for stage, key_of in keys.items() if name == "clpl" or stage != "write"}
        before = {stage: key_of(cell) for stage, key_of in read.items()}
        with monkeypatch.context() as patch:
            patch.setitem(lineage.VERSIONS, "encode", 99)
            changed_of[name] = {stage for stage, key_of in read.items() if key_of(cell) != before[stage]}
    vectors = {"encode", "retrieve", "score", "consult", "geometry"}
    assert changed_of == {"clpl": {"mine", "write", "train", *vectors}, "infonce-random": vectors}


@pytest.mark.parametrize(
    ("entry", "stage"),
    [
        ("soft-1", "consult"),
        ("nli-simcse", "inference"),
        ("mnrl", "opened-base"),
        ("mnrl", "geometry"),
        ("mnrl", "encode"),
        ("clpl", "mine"),
    ],
)
def test_the_key_of_a_record_depends_on_every_stage_of_its_cell(
    bench: Workbench, monkeypatch: pytest.MonkeyPatch, entry: str, stage: str
) -> None:
    cell, other = bench.cell(entry, bench.store()), bench.cell("bm25", bench.store())
    before, other_before = lineage.record_key(cell), lineage.record_key(other)
    monkeypatch.setitem(lineage.VERSIONS, stage, 99)
    assert lineage.record_key(cell) != before
    assert lineage.record_key(other) == other_before
