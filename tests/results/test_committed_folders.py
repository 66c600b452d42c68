"""The folders below results/: as they were written, and without a path of the machine that wrote them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from support.commands import REPOSITORY

from harness.results import checksums

FOLDERS = sorted(path.parent for path in REPOSITORY.glob("results/*/run.json"))


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from (name, *texts(item))
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)


def test_there_are_committed_folders() -> None:
    assert len(FOLDERS) >= 5


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_a_committed_folder_is_as_it_was_written(folder: Path) -> None:
    assert list(checksums.differences(folder)) == []


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_no_committed_record_holds_a_path_of_a_machine(folder: Path) -> None:
    for path in (folder / "run.json", *sorted((folder / "records").rglob("*.json"))):
        found = [text for text in texts(json.loads(path.read_bytes())) if Path(text).is_absolute()]
        assert found == [], f"{path}: {found}"
