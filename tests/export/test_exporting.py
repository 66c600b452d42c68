"""`harness export`: rejected requests and the default output folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from support.commands import invoke
from support.fake_records import board, put_failed


@pytest.mark.parametrize("to", ["mteb", "trec", "card"])
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


def test_an_unknown_target_is_one_line(tmp_path: Path) -> None:
    result = invoke("export", tmp_path, "--to", "beir")
    assert result.status == 2
    assert "'beir' is not one of 'mteb', 'trec', 'card'" in result.line
