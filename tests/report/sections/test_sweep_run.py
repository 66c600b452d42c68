"""A run of a sweep: its report, its continuation, and another request in its folder."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from urllib.parse import unquote

import pytest
from support.commands import invoke, read_json, snapshot
from support.drawn_figures import section_html

from harness.report.report_files import write_reports


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[str], Path]:
    """The arguments and the folder of a run of two values."""
    out = tmp_path_factory.mktemp("swept") / "out"
    arguments = ["run", "--methods", "base,mnrl-moe", "--langs", "ko", "--seeds", "0", "--max-train", "16"]
    arguments += ["--device", "cpu", "--set", "moe.experts=1,2", "--set", "train.epochs=1"]
    arguments += ["--set", "evaluate.dimensions=[32]", "--out", str(out)]
    result = invoke(*arguments)
    assert result.status == 0, result.err
    return arguments, out


def test_the_page_of_a_run_shows_its_sweep(swept: tuple[list[str], Path]) -> None:
    _, out = swept
    folders = sorted(path.name for path in (out / "records").iterdir())
    assert folders == ["base", "mnrl-moe[moe.experts=1]", "mnrl-moe[moe.experts=2]"]
    page = (out / "leaderboard.html").read_text(encoding="utf-8")
    assert section_html(page, "sweeps").count("<svg") == 1
    hrefs = [unquote(href) for href in re.findall(r'href="(records/[^"]+)"', page)]
    assert all((out / href).is_file() for href in hrefs)
    assert "not finished" not in page
    record = read_json(out / "records/mnrl-moe[moe.experts=2]/ko/0.json")
    assert record["provenance"]["entry"]["swept"] == {"moe.experts": 2}
    assert set(record["by_dimension"]) == {"32"}


def test_a_finished_sweep_has_nothing_to_run(swept: tuple[list[str], Path]) -> None:
    arguments, out = swept
    dry = invoke(*arguments, "--dry-run")
    assert "mnrl-moe[moe.experts=1]" in dry.out
    assert "0 of 3 cells to run" in dry.out
    before = snapshot(out / "records")
    assert invoke(*arguments).status == 0
    assert snapshot(out / "records") == before


def test_another_value_is_rejected_as_another_request(swept: tuple[list[str], Path]) -> None:
    arguments, out = swept
    other = [word.replace("moe.experts=1,2", "moe.experts=1,4") for word in arguments]
    result = invoke(*other)
    assert result.status == 2
    assert f"{out} belongs to another request (it differs in entries base, " in result.line


def test_the_page_names_values_that_are_not_measured_yet(swept: tuple[list[str], Path], tmp_path: Path) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(swept[1], folder)
    shutil.rmtree(folder / "records/mnrl-moe[moe.experts=2]")
    page = write_reports(folder).read_text(encoding="utf-8")
    notices = re.findall(r'class="notice"[^>]*>(.*?)</p>', page, re.DOTALL)
    assert any("mnrl-moe[moe.experts=2]/ko" in notice for notice in notices)


def test_a_network_of_one_expert_scores_the_same_as_the_dense_network(swept: tuple[list[str], Path]) -> None:
    """Both train on the same rows in the same order, and the gate has a single choice."""
    single = read_json(swept[1] / "records/mnrl-moe[moe.experts=1]/ko/0.json")
    assert single["status"] == "done"
    out = swept[1].parent / "dense"
    arguments = ["run", "--methods", "mnrl", "--langs", "ko", "--seeds", "0", "--max-train", "16", "--device", "cpu"]
    result = invoke(*arguments, "--set", "train.epochs=1", "--set", "evaluate.dimensions=[32]", "--out", str(out))
    assert result.status == 0, result.err
    dense = read_json(out / "records/mnrl/ko/0.json")
    assert single["measures"] == dense["measures"]
