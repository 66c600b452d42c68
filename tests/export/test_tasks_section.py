"""The MTEB tasks of a real run on the page, in Markdown and in tasks.csv; and how a suite with tasks is planned."""

from __future__ import annotations

import csv
import statistics
from dataclasses import replace
from pathlib import Path

import pytest
from support.commands import invoke
from support.fake_records import board, draw, put

from harness.evidence.leaderboard import collate
from harness.execution import plan
from harness.report.report_files import write_reports
from harness.report.sections import tasks_section as section
from harness.request.request import Request
from harness.stages.lineage import record_key
from tests.export.conftest import Finished, manifest

pytestmark = pytest.mark.xdist_group("mteb")


@pytest.fixture(scope="module")
def reported(finished_with_tasks: Finished, tmp_path_factory: pytest.TempPathFactory) -> Path:
    import shutil

    folder = tmp_path_factory.mktemp("reported") / "out"
    shutil.copytree(finished_with_tasks.folder, folder)
    write_reports(folder)
    return folder


def rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "tasks.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_csv_has_the_mean_and_the_spread_over_seeds_as_they_are(
    reported: Path, finished_with_tasks: Finished
) -> None:
    found = {(row["entry"], row["task"]): row for row in rows(reported)}
    assert len(found) == 9  # base, mnrl and mnrl-moe on three tasks
    values = [finished_with_tasks.records["mnrl", seed].tasks["XPQARetrieval"]["value"] for seed in (0, 1)]
    row = found["mnrl", "XPQARetrieval"]
    assert float(row["mean"]) == statistics.fmean(values)
    assert float(row["seed_sd"]) == statistics.stdev(values)
    assert row["n_seeds"] == "2"
    assert (row["subset"], row["split"], row["measure"]) == ("kor-kor", "test", "ndcg_at_10")
    assert (found["base", "KLUE-STS"]["seed_sd"], found["base", "KLUE-STS"]["n_seeds"]) == ("", "1")


def test_page_and_markdown_show_the_tasks_and_say_why_they_have_no_interval(reported: Path) -> None:
    markdown = (reported / "leaderboard.md").read_text(encoding="utf-8")
    part = markdown.partition("## MTEB tasks")[2].partition("\n## ")[0]
    assert "There is no interval over queries, for mteb keeps none" in part
    assert "| ko | XPQARetrieval (Retrieval, ndcg\\_at\\_10, kor-kor) | KLUE-STS (STS, " in part
    (row,) = [row for row in rows(reported) if (row["entry"], row["task"]) == ("mnrl", "XPQARetrieval")]
    mean, spread = (f"{100 * float(row[name]):.2f}" for name in ("mean", "seed_sd"))
    assert f"| mnrl | {mean} (sd {spread}) |" in part
    assert "Not run, for they have no model that encodes: bm25" in part
    lines = [line for line in part.splitlines() if line.startswith("|")]
    assert {line.count("|") for line in lines} == {5}
    page = (reported / "leaderboard.html").read_text(encoding="utf-8")
    assert "<h2>MTEB tasks</h2>" in page
    assert 'href="entries/mnrl.html#ko-1"' in page.partition("<h2>MTEB tasks</h2>")[2].partition("</section>")[0]


def test_a_run_without_tasks_has_no_section_and_no_csv(tmp_path: Path) -> None:
    board(tmp_path, ["base"], {"ko": 3}, [0])
    write_reports(tmp_path)
    assert not (tmp_path / "tasks.csv").exists()
    assert "MTEB tasks" not in (tmp_path / "leaderboard.md").read_text(encoding="utf-8")
    assert "MTEB tasks" not in (tmp_path / "leaderboard.html").read_text(encoding="utf-8")


def test_markup_in_a_tasks_name_is_escaped(tmp_path: Path) -> None:
    about = dict.fromkeys(section.DESCRIBED, "<b>x</b>,|")
    put(tmp_path, ("base", "ko", 0), draw("base", "ko", 0, 3), tasks={"<i>T": {**about, "value": 0.5}})
    write_reports(tmp_path)
    assert "<b>" not in (tmp_path / "leaderboard.html").read_text(encoding="utf-8")
    assert "<i>" not in (tmp_path / "leaderboard.md").read_text(encoding="utf-8").replace("\\<i\\>", "")
    assert rows(tmp_path)[0]["type"] == "<b>x</b>,|"


def test_the_table_is_in_the_order_of_the_leaderboard(reported: Path) -> None:
    (table,) = section.task_tables(collate(reported), ["mnrl", "base", "bm25", "mnrl-moe"])
    assert [entry for entry, _ in table.rows] == ["mnrl", "base", "mnrl-moe"]


def test_a_record_made_without_the_tasks_is_not_done_once_the_suite_lists_them(tmp_path: Path) -> None:
    request = Request(methods=("base",), languages=("ko",), seeds=(0,))
    with_tasks = plan.make(replace(request, suite=str(manifest(tmp_path))), tmp_path)
    without = plan.make(request, tmp_path)
    assert record_key(with_tasks.cells[0]) != record_key(without.cells[0])


def test_a_task_that_does_not_exist_is_rejected_in_one_line_before_anything_is_written(tmp_path: Path) -> None:
    path = manifest(tmp_path)
    path.write_text(path.read_text(encoding="utf-8").replace("KLUE-NLI", "KLUE-NLL"), encoding="utf-8")
    result = invoke("run", "--suite", path, "--methods", "base", "--langs", "ko", "--out", tmp_path / "out")
    assert result.status == 2
    assert result.line.startswith("harness: unknown MTEB task 'KLUE-NLL'; did you mean 'KLUE-NLI'? mteb ")
    assert not (tmp_path / "out").exists()


def test_a_missing_dataset_is_rejected_in_one_line_before_the_first_cell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from support import hub_standin

    hub_standin.use(tmp_path / "home", monkeypatch)
    result = invoke(
        "run", "--suite", manifest(tmp_path), "--methods", "base", "--langs", "ko", "--out", tmp_path / "out"
    )
    assert result.status == 2
    assert "run `harness data fetch mini` with a network" in result.line
    assert not (tmp_path / "out").exists()
    assert invoke("run", "--suite", manifest(tmp_path), "--methods", "bm25", "--langs", "ko", "--dry-run").status == 0


def test_status_lists_the_tasks_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from support import hub_standin

    hub_standin.fill(hub_standin.use(tmp_path / "home", monkeypatch))
    result = invoke("data", "status", manifest(tmp_path), "--langs", "ko", "--cache-dir", tmp_path / "cache")
    assert result.status == 0
    lines = [line for line in result.out.splitlines() if "KLUE-STS: klue/klue/" in line]
    assert len(lines) == 2
    assert all(line.startswith("ko   present  ") for line in lines)
