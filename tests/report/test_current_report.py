"""A finished folder whose report is current: its table is printed again and nothing is written."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from support.commands import REQUEST, Run, invoke, read_json, snapshot, spawn

from harness.report import current_report
from harness.report.current_report import current_table

MODEL_LIBRARIES = ("torch", "transformers", "sentence_transformers", "datasets", "accelerate")
LIBRARIES_OF_REPORTS = ("matplotlib", "pandas", "scipy")


@pytest.fixture
def copy(finished: Run, tmp_path: Path) -> Run:
    """Return the finished run in a folder that may be changed."""
    folder = tmp_path / "out"
    shutil.copytree(finished.folder, folder)
    return Run((*REQUEST, "--out", str(folder)), folder, finished.cache, ())


def current(folder: Path) -> bool:
    return current_table(folder, lambda: pytest.fail("texts are looked for")) is not None


def test_the_table_is_printed_as_by_the_run_and_no_file_is_written(copy: Run, finished: Run) -> None:
    before = snapshot(copy.folder)
    repeated = invoke(*copy.arguments)
    assert repeated.out == finished.results[0].out.replace(str(finished.folder), str(copy.folder))
    assert snapshot(copy.folder) == before


def test_no_library_of_models_or_of_reports_is_imported(finished: Run, tmp_path: Path) -> None:
    script = f"""
import sys
from harness.cli.main import main
assert main({list(finished.arguments)!r}) == 0
print(sorted(name for name in {(*MODEL_LIBRARIES, *LIBRARIES_OF_REPORTS)!r} if name in sys.modules), file=sys.stderr)
"""
    result = spawn("-c", script, cwd=tmp_path, PYTHONPATH=str(Path(__file__).parents[2]))
    assert result.status == 0, result.err
    assert result.err == "nothing to run: 6 cells done\n[]\n"


@pytest.mark.parametrize("name", ["leaderboard.html", "leaderboard.json", "entries/mnrl.html", "claims.csv"])
@pytest.mark.parametrize("damage", ["changed", "removed"])
def test_a_file_that_is_not_as_written_is_written_again(copy: Run, finished: Run, name: str, damage: str) -> None:
    assert current(copy.folder)
    path = copy.folder / name
    if damage == "changed":
        path.write_bytes(path.read_bytes() + b" ")
    else:
        path.unlink()
    assert not current(copy.folder)
    assert invoke(*copy.arguments).status == 0
    assert path.read_bytes() == (finished.folder / name).read_bytes()
    assert current(copy.folder)


def test_a_report_of_other_code_baseline_or_formats_is_written_again(
    copy: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert invoke("report", copy.folder, "--format", "html").status == 0
    assert not current(copy.folder)
    assert invoke("report", copy.folder, "--baseline", "mnrl").status == 0
    assert not current(copy.folder)
    assert invoke(*copy.arguments).status == 0
    assert current(copy.folder)
    monkeypatch.setattr(current_report, "generator", lambda: {"sources": "others"})
    assert not current(copy.folder)


def test_texts_that_were_not_at_hand_are_looked_for(copy: Run) -> None:
    path = copy.folder / "report.json"
    settings = read_json(path)
    for written in settings.values():
        written["texts"] = {"ko": "absent"}
    path.write_text(json.dumps(settings), encoding="utf-8")
    (copy.folder / "SHA256SUMS").unlink()
    from harness.results import checksums

    checksums.seal(copy.folder)
    assert current_table(copy.folder, lambda: {"ko": "absent"}) is not None
    assert current_table(copy.folder, lambda: {"ko": "another reason"}) is None


def test_a_folder_without_a_report_has_none(tmp_path: Path) -> None:
    assert not current(tmp_path)
