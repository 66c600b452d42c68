"""Datasets of MTEB tasks: fetched from a hub over HTTP into the hub's cache, and verified."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from support import hub_standin
from support.commands import spawn
from support.hub_standin import KLUE, NLI, RETRIEVAL, STS, TASKS, HubServer, serving

from harness.data.readers.mteb_tables import TABLES
from harness.errors import DataError
from harness.mteb import dataset_card, task_datasets
from harness.request import suite
from harness.request.data_sources import Task
from harness.request.suite import Suite

pytestmark = pytest.mark.xdist_group("mteb")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return hub_standin.use(tmp_path / "home", monkeypatch)


def suite_with(*tasks: Task) -> Suite:
    mini = suite.load("mini")
    korean = mini.languages["ko"].model_copy(update={"tasks": tasks})
    return mini.model_copy(update={"languages": {"ko": korean}})


def test_status_lists_every_file_that_the_tasks_read_with_its_size_and_hash(home: Path) -> None:
    hub_standin.fill(home)
    rows = task_datasets.tasks_status(suite_with(RETRIEVAL, NLI), ["ko"])
    assert {(row.language, row.state) for row in rows} == {("ko", "present")}
    assert [row.file for row in rows] == [  # not those of KLUE's other configuration
        "XPQARetrieval: mteb/XPQARetrieval/README.md",
        *(f"XPQARetrieval: mteb/XPQARetrieval/kor-kor-{name}/test-00000-of-00001.parquet" for name in TABLES),
        "KLUE-NLI: klue/klue/README.md",
        "KLUE-NLI: klue/klue/nli/validation-00000-of-00001.parquet",
    ]
    content = hub_standin.klue()["nli/validation-00000-of-00001.parquet"]
    assert (rows[-1].bytes, rows[-1].expected) == (len(content), f"sha256:{hashlib.sha256(content).hexdigest()}")


def test_status_distinguishes_a_missing_dataset_from_a_damaged_file(home: Path) -> None:
    folder = hub_standin.put(home, "klue/klue", KLUE, hub_standin.klue())
    blob = (folder / "sts/validation-00000-of-00001.parquet").resolve()
    blob.write_bytes(blob.read_bytes()[:-1])
    rows = task_datasets.tasks_status(suite_with(RETRIEVAL, STS), ["ko"])
    assert [(row.file, row.state) for row in rows] == [
        ("XPQARetrieval: mteb/XPQARetrieval/README.md", "missing"),
        ("KLUE-STS: klue/klue/README.md", "present"),
        ("KLUE-STS: klue/klue/sts/validation-00000-of-00001.parquet", "damaged"),
    ]


def test_all_files_of_a_dataset_without_a_card_are_read(home: Path) -> None:
    hub_standin.put(home, "klue/klue", KLUE, {"sts/validation.parquet": b"x", "nli/validation.parquet": b"y"})
    rows = task_datasets.tasks_status(suite_with(STS), ["ko"])
    assert [row.file for row in rows] == [f"KLUE-STS: klue/klue/{name}/validation.parquet" for name in ("nli", "sts")]


def test_a_damaged_file_is_rejected_before_it_is_read(home: Path) -> None:
    from harness.mteb import task_lookup, task_scoring

    folder = hub_standin.put(home, "klue/klue", KLUE, hub_standin.klue())
    blob = (folder / "sts/validation-00000-of-00001.parquet").resolve()
    blob.write_bytes(blob.read_bytes()[:-1])
    with pytest.raises(DataError, match=r"MTEB task KLUE-STS: .* is damaged; run `harness data fetch mini`"):
        task_scoring.load(task_lookup.find(STS, "ko"), "mini")


def test_a_missing_file_is_rejected_by_name(home: Path) -> None:
    from harness.mteb import task_lookup, task_scoring

    files = hub_standin.klue()
    del files["sts/validation-00000-of-00001.parquet"]
    hub_standin.put(home, "klue/klue", KLUE, files)
    with pytest.raises(
        DataError, match=r"klue/klue/sts/validation-\*\.parquet is missing; run `harness data fetch mini`"
    ):
        task_scoring.load(task_lookup.find(STS, "ko"), "mini")


def test_rows_that_the_task_cannot_load_are_rejected_with_one_line(home: Path) -> None:
    from harness.mteb import task_lookup, task_scoring

    name = "sts/validation-00000-of-00001.parquet"
    files = {**hub_standin.klue(), name: hub_standin.parquet([{"sentence1": "a", "sentence2": "b"}])}
    hub_standin.put(home, "klue/klue", KLUE, files)
    with pytest.raises(DataError, match=r"MTEB task KLUE-STS: .* does not load \(KeyError") as caught:
        task_scoring.load(task_lookup.find(STS, "ko"), "mini")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("subset", "configuration", "expected"),
    [
        ("kor-kor", "kor-kor-corpus", True),
        ("hin", "hin", True),
        ("kor_Hang-kor_Hang", "kor_Hang", True),
        ("ko", "kor-corpus", False),
        ("kor-kor", "hin-hin-corpus", False),
    ],
)
def test_a_subset_reads_only_its_own_configurations(subset: str, configuration: str, expected: bool) -> None:
    assert dataset_card.reads(subset, configuration) is expected


@pytest.fixture
def hub() -> Iterator[str]:
    xpqa = {**hub_standin.xpqa(), "hin-hin-corpus/test-00000-of-00001.parquet": b"of another subset"}
    HubServer.datasets = {"klue/klue": hub_standin.klue(), "mteb/XPQARetrieval": xpqa}
    HubServer.sent = []
    with serving() as url:
        yield url


FETCH = """
import sys
from pathlib import Path
from harness.mteb.task_datasets import fetch_tasks, tasks_status
from harness.request import suite
from harness.request.data_sources import Task
mini = suite.load("mini")
tasks = [Task.model_validate_json(text) for text in sys.argv[1:]]
korean = mini.languages["ko"].model_copy(update={"tasks": tuple(tasks)})
listed = mini.model_copy(update={"languages": {"ko": korean}})
fetch_tasks(listed, ["ko"])
rows = tasks_status(listed, ["ko"])
print(*[f"{row.state} {row.file}" for row in rows], sep="\\n")
blob = Path(rows[-1].location).resolve()
blob.write_bytes(b"half")
print("damaged:", tasks_status(listed, ["ko"])[-1].state)
fetch_tasks(listed, ["ko"])
print("fetched:", tasks_status(listed, ["ko"])[-1].state)
"""


def test_fetch_downloads_what_the_tasks_read_and_replaces_damaged_files(hub: str, tmp_path: Path) -> None:
    arguments = [task.model_dump_json() for task in TASKS]
    done = spawn(
        "-c", FETCH, *arguments, cwd=tmp_path, HF_ENDPOINT=hub, HF_HOME=str(tmp_path / "home"), HF_HUB_OFFLINE="0"
    )
    assert done.status == 0, done.err
    lines = done.out.splitlines()
    assert lines[-2:] == ["damaged: damaged", "fetched: present"]
    assert len(lines) == 8 + 2
    assert all(line.startswith("present ") for line in lines[:-2])
    assert sum(name.startswith("hin-hin") for name in HubServer.sent) == 0
    assert HubServer.sent.count("nli/validation-00000-of-00001.parquet") == 2  # again after it was damaged
    assert HubServer.sent.count("sts/validation-00000-of-00001.parquet") == 1


def test_a_dataset_that_the_hub_lacks_is_one_line_that_names_the_command(hub: str, tmp_path: Path) -> None:
    HubServer.datasets = {}
    done = spawn(
        *("-c", FETCH, STS.model_dump_json()),
        cwd=tmp_path,
        HF_ENDPOINT=hub,
        HF_HOME=str(tmp_path / "home"),
        HF_HUB_OFFLINE="0",
    )
    assert done.status == 1
    assert "harness.errors.DataError: MTEB task KLUE-STS: its dataset klue/klue at 349481" in done.err.splitlines()[-1]
    assert "run `harness data fetch mini`" in done.err.splitlines()[-1]
