"""A small run in Korean with MTEB tasks on a stand-in of the hub's cache: two tuned models, a base, a ranker."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support import hub_standin
from support.hub_standin import TASKS

from harness.execution import plan
from harness.execution.worker import run_cell, write_failure
from harness.machine.bundled import manifests
from harness.request import suite
from harness.request.cell import Place
from harness.results import record
from harness.results.record import Record


@dataclass(frozen=True)
class Finished:
    """A run's folder (read only), its cache, its manifest, and its done records by entry and seed."""

    folder: Path
    cache: Path
    manifest: Path
    records: dict[tuple[str, int], Record]


def manifest(folder: Path) -> Path:
    """Write mini's manifest with TASKS listed for Korean."""
    rows = [
        f'[[languages.ko.tasks]]\nname = "{task.name}"\nrevision = "{task.revision}"\n'
        f'subset = "{task.subset}"\nsplit = "{task.split}"\n'
        for task in TASKS
    ]
    path = folder / "with-tasks.toml"
    path.write_text((manifests() / "mini.toml").read_text(encoding="utf-8") + "\n" + "\n".join(rows), encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def finished_with_tasks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Finished]:
    root = tmp_path_factory.mktemp("with-tasks")
    with pytest.MonkeyPatch.context() as patch:
        hub_standin.fill(hub_standin.use(root / "home", patch))
        place = Place(root / "cache")
        settings = ["train.epochs=1"]
        methods = ["base", "bm25", "mnrl", "mnrl-moe"]
        request = plan.Request(
            str(manifest(root)), methods, ["ko"], [0, 1], root / "out", place, max_train=40, settings=settings
        )
        planned = plan.make(request)
        plan.claim_folder(planned, request, {})
        for cell in planned.cells:
            if str(cell) == "mnrl-moe/ko/1":
                write_failure(cell, request.out, "killed by the test")
            else:
                assert run_cell(cell, request.out, lambda *_: None).reason == ""
        done = [cell for cell in record.read_all(request.out) if cell.status == "done"]
        assert suite.load(request.suite).languages["ko"].tasks == TASKS
        records = {(cell.entry, cell.seed): cell for cell in done}
        yield Finished(request.out, place.cache, root / "with-tasks.toml", records)
