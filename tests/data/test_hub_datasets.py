"""Datasets of the hub, in a stand-in of its cache and from a stand-in of its server."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from support import hub_standin
from support.commands import spawn
from support.hub_standin import HubServer, serving

from harness.data import hub_datasets
from harness.data.file_status import Lookup
from harness.errors import DataError
from harness.request.data_sources import Hub

REVISION = "0123456789abcdef0123456789abcdef01234567"
NLI = Hub(id="made/nli", revision=REVISION, files=("nli/train-*.parquet",))
CONTENT = hub_standin.parquet([{"premise": "p", "hypothesis": "follows", "label": 0}])


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return hub_standin.use(tmp_path / "home", monkeypatch)


def lookup(tmp_path: Path, **changes: bool) -> Lookup:
    return Lookup(None, tmp_path, "tiny", **changes)


def states(dataset: Hub) -> list[tuple[str, str]]:
    return [(row.state, row.file) for row in hub_datasets.states(dataset, "ko")]


def rejection(dataset: Hub, tmp_path: Path) -> str:
    with pytest.raises(DataError) as caught:
        hub_datasets.paths(dataset, "ko", lookup(tmp_path))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_files_of_the_revision_are_found_by_their_patterns(home: Path, tmp_path: Path) -> None:
    folder = hub_standin.put(home, "made/nli", REVISION, {"nli/train-a.parquet": CONTENT, "sts/train-a.parquet": b""})
    assert hub_datasets.paths(NLI, "ko", lookup(tmp_path)) == [folder / "nli/train-a.parquet"]
    (row,) = hub_datasets.states(NLI, "ko")
    assert (row.bytes, row.expected) == (len(CONTENT), f"sha256:{hashlib.sha256(CONTENT).hexdigest()}")


def test_another_revision_does_not_count(home: Path) -> None:
    hub_standin.put(home, "made/nli", "f" * 40, {"nli/train-a.parquet": CONTENT})
    assert states(NLI) == [("missing", "made/nli/nli/train-*.parquet")]


def test_a_missing_dataset_is_named_with_the_command_that_fetches_it(home: Path, tmp_path: Path) -> None:
    assert rejection(NLI, tmp_path) == (
        "data file made/nli/nli/train-*.parquet of suite tiny is missing; "
        "run `harness data fetch tiny` with a network, or set HF_HOME to a cache that holds it"
    )


def test_a_shard_that_the_names_of_the_others_imply_is_missing(home: Path) -> None:
    hub_standin.put(home, "made/nli", REVISION, {f"nli/train-0000{i}-of-00003.parquet": CONTENT for i in (0, 2)})
    assert states(NLI)[-1] == ("missing", "made/nli/nli/train-00001-of-00003.parquet")


@pytest.mark.parametrize(("name", "kind"), [("a.parquet", "sha256"), ("a.jsonl", "git")])
def test_a_damaged_file_is_detected_by_the_name_of_its_blob(home: Path, tmp_path: Path, name: str, kind: str) -> None:
    dataset = Hub(id="made/nli", revision=REVISION, files=("*",))
    path = hub_standin.put(home, "made/nli", REVISION, {name: CONTENT}) / name
    path.resolve().write_bytes(CONTENT[:-1])
    assert states(dataset) == [("damaged", f"made/nli/{name}")]
    assert f"data file {path} is damaged: expected {kind} {path.resolve().name}, found {kind} " in rejection(
        dataset, tmp_path
    )
    assert hub_datasets.paths(dataset, "ko", lookup(tmp_path, unverified=True)) == [path]


def test_a_link_to_a_deleted_blob_is_missing(home: Path) -> None:
    path = hub_standin.put(home, "made/nli", REVISION, {"nli/train-a.parquet": CONTENT}) / "nli/train-a.parquet"
    path.resolve().unlink()
    assert states(NLI) == [("missing", "made/nli/nli/train-*.parquet")]


def test_an_offline_fetch_fails_with_one_line(home: Path) -> None:
    with pytest.raises(DataError, match=f"dataset made/nli at {REVISION} cannot be fetched: ") as caught:
        hub_datasets.fetch(NLI, "ko")
    assert "\n" not in str(caught.value)


FAILING = f"""
from harness.data.hub_datasets import fetch
from harness.errors import DataError
from harness.request.data_sources import Hub
try:
    fetch(Hub(id="made/nli", revision="{REVISION}", files=("nli/train-*.parquet",)), "ko")
except DataError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("limit", "value", "wait", "reason"),
    [
        ("DOWNLOAD_BYTES", "2000", 0.0, "made/nli has more than 2,000 bytes of a download of unknown size"),
        ("DOWNLOAD_SECONDS", "1", 1.1, "made/nli has more than 1 seconds of one download"),
    ],
)
def test_a_snapshot_that_exceeds_a_limit_of_downloads_is_stopped(
    tmp_path: Path, limit: str, value: str, wait: float, reason: str
) -> None:
    content = hub_standin.parquet([{"premise": f"{i}", "hypothesis": "follows", "label": 0} for i in range(1000)])
    HubServer.datasets, HubServer.sent, HubServer.wait = {"made/nli": {"nli/train-a.parquet": content}}, [], wait
    with serving() as url:
        settings = {"HF_ENDPOINT": url, "HF_HOME": str(tmp_path / "home"), "HF_HUB_OFFLINE": "0"}
        done = spawn("-c", FAILING, cwd=tmp_path, **settings, **{f"HARNESS_LIMIT_{limit}": value})
    HubServer.wait = 0.0
    assert (done.status, len(done.out.splitlines())) == (0, 1), done.err
    assert f"dataset made/nli at {REVISION} cannot be fetched: {reason}" in done.out
    assert HubServer.sent == ["nli/train-a.parquet"]
    assert not [path for path in (tmp_path / "home").rglob("*") if path.is_file() and path.stat().st_size > 2000]


FETCH = f"""
from pathlib import Path
from harness.data.hub_datasets import fetch, states
from harness.request.data_sources import Hub
dataset = Hub(id="made/nli", revision="{REVISION}", files=("nli/train-*.parquet",))
fetch(dataset, "ko")
(row,) = states(dataset, "ko")
Path(row.location).resolve().write_bytes(b"half")
print([row.state for row in states(dataset, "ko")])
fetch(dataset, "ko")
fetch(dataset, "ko")
print([row.state for row in states(dataset, "ko")])
"""


def test_fetch_downloads_the_files_of_the_patterns_and_replaces_damaged_ones(tmp_path: Path) -> None:
    HubServer.datasets = {"made/nli": {"nli/train-a.parquet": CONTENT, "sts/train-a.parquet": b"of another part"}}
    HubServer.sent = []
    with serving() as url:
        settings = {"HF_ENDPOINT": url, "HF_HOME": str(tmp_path / "home"), "HF_HUB_OFFLINE": "0"}
        done = spawn("-c", FETCH, cwd=tmp_path, **settings)
    assert done.status == 0, done.err
    assert done.out.splitlines() == ["['damaged']", "['present']"]
    assert HubServer.sent == ["nli/train-a.parquet"] * 2
