"""Which folder may become a baseline, and that the old one is there until the new one is."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.commands import Result, invoke, snapshot
from support.fake_records import put_failed
from support.result_folders import SUITE, write

from harness.results import checksums
from harness.results.record import path_of


def update(new: Path, old: Path) -> Result:
    return invoke("check", new, "--baseline", old, "--update")


def hashes(folder: Path) -> dict[str, str]:
    return {name: sha256 for name, (_, sha256) in snapshot(folder).items()}


@pytest.fixture
def new(tmp_path: Path) -> Path:
    """A folder with a regression, whole and listed."""
    folder = write(tmp_path / "new", losses={"mnrl": 0.08}, draw=2)
    checksums.seal(folder)
    return folder


def test_a_whole_folder_becomes_the_baseline_and_what_changes_is_said(tmp_path: Path, new: Path) -> None:
    old = write(tmp_path / "old", ["base", "mnrl", "clpl"], draw=1)
    result = update(new, old)
    assert result.status == 0
    assert "regression: mnrl/ko" in result.out
    assert hashes(old) == hashes(new)
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []
    assert invoke("check", new, "--baseline", old).status == 0


def test_a_first_baseline_is_made(tmp_path: Path, new: Path) -> None:
    assert update(new, tmp_path / "results/tiny").status == 0
    assert hashes(tmp_path / "results/tiny") == hashes(new)


def test_a_baseline_of_another_definition_is_replaced_and_said_to_be_not_comparable(tmp_path: Path, new: Path) -> None:
    old = write(tmp_path / "old", suite={**SUITE, "max_train": 600})
    result = update(new, old)
    assert (result.status, "not compared: " in result.out) == (0, True)
    assert hashes(old) == hashes(new)


def changed(folder: Path) -> None:
    page = folder / "run.json"
    page.write_bytes(page.read_bytes() + b" ")


def failed(folder: Path) -> None:
    put_failed(folder, ("clpl", "ko", 0), "diverged")
    checksums.seal(folder)


def incomplete(folder: Path) -> None:
    for file in path_of(folder, "mnrl", "ko", 2).parent.glob("2.*"):
        file.unlink()
    (folder / checksums.SUMS).unlink()
    checksums.seal(folder)


def cut(folder: Path) -> None:
    path_of(folder, "mnrl", "ko", 2).with_name("2.run.gz").write_bytes(b"")
    (folder / checksums.SUMS).unlink()
    checksums.seal(folder)


def unlisted(folder: Path) -> None:
    (folder / checksums.SUMS).unlink()


@pytest.mark.parametrize(
    ("spoil", "status", "what"),
    [
        (changed, 2, "was changed after it was written (changed: run.json)"),
        (failed, 2, "clpl/ko/0 in "),
        (incomplete, 2, "mnrl/ko/2 of "),
        (cut, 2, "record mnrl/ko/2 in "),
        (unlisted, 2, "has no SHA256SUMS"),
    ],
)
def test_a_folder_that_is_not_whole_leaves_the_baseline_as_it_was(
    tmp_path: Path, new: Path, spoil: object, status: int, what: str
) -> None:
    old = write(tmp_path / "old", draw=1)
    before = snapshot(old)
    assert callable(spoil)
    spoil(new)
    result = update(new, old)
    assert (result.status, what in result.line) == (status, True), result.err
    assert snapshot(old) == before


def test_a_place_that_is_no_baselines_is_left_alone(tmp_path: Path, new: Path) -> None:
    mine = tmp_path / "mine"
    mine.mkdir()
    (mine / "thesis.tex").write_text("mine", encoding="utf-8")
    assert update(new, mine).status == 2
    assert (mine / "thesis.tex").read_text(encoding="utf-8") == "mine"
    assert "contain each other" in update(new, new).err
    assert "contain each other" in update(new, new / "baseline").err
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    assert "is not a folder" in update(new, tmp_path / "file").line
