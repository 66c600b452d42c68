"""The progress of a run: bars on a terminal, plain lines in a log, the reason of a failure in both."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest

from harness.execution.eta import Eta
from harness.execution.executor import Outcome
from harness.execution.progress import Display
from harness.machine.clean_console import CleanConsole
from harness.request.cell import Cell, Place
from harness.request.entries import declared, resolve
from harness.request.suite import load


def cell(name: str) -> Cell:
    (entry,) = resolve(["base"], declared())
    return Cell(load("mini"), entry.model_copy(update={"name": name}), "ko", 0, Place(Path("cache")))


def shown(terminal: bool, reason: str = "", name: str = "base") -> str:
    """Return what a run of one cell prints."""
    text = io.StringIO()
    display = Display(CleanConsole(file=text, force_terminal=terminal, width=100, no_color=True))
    with display.running(2, 3):
        display.stage(f"{name}/ko/0", "encode passage", 64, 192)
        display.stage(f"{name}/ko/0", "encode passage", 192, 192)
        if terminal:
            assert display._progress is not None
            display._progress.refresh()
        display.ended(Outcome(cell(name), 1.25, reason))
    return text.getvalue()


def test_a_terminal_shows_the_cells_and_the_stage_of_each_running_cell() -> None:
    text = shown(terminal=True)
    assert "base/ko/0 · encode passage" in text
    assert "192/192" in text
    assert "cells" in text
    assert "3/3" in text


def test_a_log_gets_one_line_per_cell() -> None:
    assert shown(terminal=False).splitlines() == ["1 of 3 cells to run", "3/3 base/ko/0 1.2 s"]


@pytest.mark.parametrize("terminal", [False, True])
def test_the_time_that_is_left_is_shown_once_it_is_known(terminal: bool, tmp_path: Path) -> None:
    text = io.StringIO()
    display = Display(CleanConsole(file=text, force_terminal=terminal, width=100, no_color=True))
    cells = [replace(cell("base"), seed=seed, place=Place(tmp_path)) for seed in (0, 1)]
    with display.running(0, 2, Eta(cells, jobs=1, clock=lambda: 0.0)):
        display.ended(Outcome(cells[0], 75.0))
        if terminal:
            assert display._progress is not None
            display._progress.refresh()
    if terminal:
        assert "about 1 min 15 s" in text.getvalue()
    else:
        assert text.getvalue().splitlines() == ["2 of 2 cells to run", "1/2 base/ko/0 75.0 s, about 1 min 15 s left"]


def test_a_cached_cell_has_no_time_of_its_own() -> None:
    text = io.StringIO()
    display = Display(CleanConsole(file=text))
    with display.running(0, 1):
        display.ended(Outcome(cell("base"), 1.25, cached=True))
    assert text.getvalue().splitlines()[-1] == "1/1 base/ko/0 cached"


def test_a_failure_names_its_log() -> None:
    text = io.StringIO()
    Display(CleanConsole(file=text, width=40)).ended(Outcome(cell("base"), 1.0, "out of memory", "out/[1]/0.log"))
    assert text.getvalue() == "failed base/ko/0: out of memory (log: out/[1]/0.log)\n"


def test_a_failure_is_shown_with_its_reason() -> None:
    for terminal in (False, True):
        assert "failed base/ko/0: out of memory" in shown(terminal, "out of memory")


@pytest.mark.parametrize("terminal", [False, True])
def test_brackets_in_names_and_reasons_are_text(terminal: bool) -> None:
    text = shown(terminal, "cannot open [/tmp/x]", name="mnrl[train.epochs=2]")
    assert "failed mnrl[train.epochs=2]/ko/0: cannot open [/tmp/x]" in text
    if terminal:
        assert "mnrl[train.epochs=2]/ko/0 · encode passage" in text


def test_a_log_has_the_whole_name_of_a_cell_of_a_sweep() -> None:
    assert shown(terminal=False, name="mnrl[train.epochs=2]").splitlines()[-1] == "3/3 mnrl[train.epochs=2]/ko/0 1.2 s"
