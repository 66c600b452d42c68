"""`harness export`: rejected requests and the default output folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.commands import invoke
from support.fake_records import board, put_failed


@pytest.mark.parametrize("to", ["mteb", "trec", "card", "tei"])
def test_a_folder_that_is_not_empty_is_rejected(tmp_path: Path, to: str) -> None:
    board(tmp_path / "run", ["base"], {"ko": 3}, [0])
    (tmp_path / "out").mkdir()
    (tmp_path / "out/other.txt").write_text("other")
    result = invoke("export", tmp_path / "run", "--to", to, "--out", tmp_path / "out")
    assert result.status == 2
    assert result.line == f"harness: {tmp_path / 'out'} is not an empty folder; pass another one to --out"
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["other.txt"]


def test_a_folder_without_a_done_cell_is_exit_3(tmp_path: Path) -> None:
    put_failed(tmp_path, ("mnrl", "ko", 0), "out of memory")
    result = invoke("export", tmp_path, "--to", "trec")
    assert result.status == 3
    assert result.line.startswith(f"harness: all cells in {tmp_path} failed (1); mnrl/ko/0: out of memory")
    assert not (tmp_path / "export").exists()


def test_a_folder_without_records_is_exit_3(tmp_path: Path) -> None:
    assert invoke("export", tmp_path / "missing", "--to", "mteb").status == 3


def test_a_record_with_a_changed_run_file_is_rejected(tmp_path: Path) -> None:
    board(tmp_path, ["base"], {"ko": 3}, [0])
    (tmp_path / "records/base/ko/0.run.gz").write_bytes(b"")
    result = invoke("export", tmp_path, "--to", "trec")
    assert (result.status, "records/base/ko/0.run.gz was changed after it was written" in result.line) == (2, True)


def test_without_out_the_export_is_written_into_the_runs_folder(tmp_path: Path) -> None:
    board(tmp_path, ["base"], {"ko": 3}, [0])
    result = invoke("export", tmp_path, "--to", "trec", "--cache-dir", tmp_path / "cache")
    assert result.out == f"{tmp_path / 'export/trec'}\n"
    assert (tmp_path / "export/trec/base/ko/0.run").is_file()
    assert not (tmp_path / "cache").exists()  # there was none to read


def test_an_unknown_target_is_one_line(tmp_path: Path) -> None:
    result = invoke("export", tmp_path, "--to", "beir")
    assert result.status == 2
    assert "'beir' is not one of 'mteb', 'trec', 'card', 'tei'" in result.line


def test_the_chosen_cells_are_exported_and_failed_ones_among_them_counted(tmp_path: Path) -> None:
    board(tmp_path / "run", ["base", "mnrl"], {"ko": 3, "hi": 3}, [0, 1])
    put_failed(tmp_path / "run", ("mnrl", "ko", 2), "out of memory")
    options = ("--to", "trec", "--cache-dir", tmp_path / "cache", "--out")
    result = invoke("export", tmp_path / "run", *options, tmp_path / "a", "--methods", "mnrl", "--langs", "ko")
    assert (result.status, result.err.splitlines()[0]) == (0, "harness: 1 of 3 cells failed and are left out")
    assert sorted(path.relative_to(tmp_path / "a").as_posix() for path in (tmp_path / "a").rglob("*.run")) == [
        *("mnrl/ko/0.run", "mnrl/ko/1.run")
    ]
    failed = invoke("export", tmp_path / "run", *options, tmp_path / "b", "--seeds", "2")
    assert (failed.status, failed.line) == (
        3,
        f"harness: no chosen cell of {tmp_path / 'run'} is done (1 failed); choose others",
    )
    typo = invoke("export", tmp_path / "run", *options, tmp_path / "c", "--langs", "kp")
    assert (typo.status, "unknown language 'kp'" in typo.line, "did you mean 'ko'?" in typo.line) == (2, True, True)
    assert not (tmp_path / "c").exists()
