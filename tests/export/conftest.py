"""A small run in Korean with MTEB tasks on a stand-in of the hub's cache: two tuned models, a base, a ranker."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support import hub_standin
from support.hub_standin import TASKS
from support.suite_with_tasks import manifest

from harness.execution import output_folder, plan
from harness.execution.worker import failed, run_cell
from harness.request import suite
from harness.request.request import Request
from harness.results import record
from harness.results.record import Record


@dataclass(frozen=True)
class Finished:
    """A run's folder (read only), its cache, its manifest, and its done records by entry and seed."""

    folder: Path
    cache: Path
    manifest: Path
    records: dict[tuple[str, int], Record]


@pytest.fixture(scope="session")
def finished_with_tasks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Finished]:
    root = tmp_path_factory.mktemp("with-tasks")
    with pytest.MonkeyPatch.context() as patch:
        hub_standin.fill(hub_standin.use(root / "home", patch))
        out, cache = root / "out", root / "cache"
        request = Request(
            suite=str(manifest(root)),
            methods=("base", "bm25", "mnrl", "mnrl-moe"),
            languages=("ko",),
            seeds=(0, 1),
            max_train=40,
            settings=("train.epochs=1",),
        )
        planned = plan.make(request, cache)
        output_folder.claim(out, planned, {})
        for cell in planned.cells:
            if str(cell) == "mnrl-moe/ko/1":
                failed(cell, out, "killed by the test")
            else:
                assert run_cell(cell, out, lambda *_: None).reason == ""
        done = [stored for stored in record.read_all(out) if stored.status == "done"]
        assert suite.load(request.suite).languages["ko"].tasks == TASKS
        records = {(stored.entry, stored.seed): stored for stored in done}
        yield Finished(out, cache, root / "with-tasks.toml", records)
