"""Half precision that a request asks for: warned of where a CPU is slower in it, refused on a GPU without it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from support.commands import REPOSITORY, invoke, spawn, tiny_suite

from harness.errors import RequestError
from harness.execution import plan
from harness.execution.preflight import preflight
from harness.machine import product_rate
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.request.request import Request
from harness.results import record
from harness.stages import half_precision

SLOW = "bfloat16 on this CPU: 0.2 GFLOP/s against 45 in float32, so 225 × slower; set {} to float32"


@pytest.fixture
def _slow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(product_rate, "measured", lambda precision: {precision: 0.2, "float32": 45.0})


def cells(suite: Path, *settings: str, methods: tuple[str, ...] = ("base", "bm25", "mnrl")) -> list[Cell]:
    request = Request(suite=str(suite), methods=methods, languages=("en",), seeds=(0,), settings=settings)
    return plan.make(request, suite.parent / "cache").cells


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    return tiny_suite(tmp_path / "suite")


def test_float32_measures_nothing(suite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(precision: str) -> dict[str, float]:
        raise AssertionError(precision)

    monkeypatch.setattr(product_rate, "measured", never)
    assert half_precision.warnings(cells(suite), Store(tmp_path / "cache")) == []


@pytest.mark.usefixtures("_slow")
def test_each_setting_has_one_line_with_both_rates(suite: Path, tmp_path: Path) -> None:
    asking = cells(suite, "evaluate.precision=bfloat16", "train.precision=bfloat16")
    lines = half_precision.warnings(asking, Store(tmp_path / "cache"))
    assert lines == [SLOW.format("evaluate.precision"), SLOW.format("train.precision")]
    base, bm25, mnrl = ([half_precision.asked(cell)] for cell in asking)
    assert bm25 == [{}]
    assert (len(*base), len(*mnrl)) == (1, 2)
    queries = cells(suite, "evaluate.query_precision=float16", methods=("base",))
    (line,) = half_precision.warnings(queries, Store(tmp_path / "cache"))
    assert line == SLOW.format("evaluate.query_precision").replace("bfloat16", "float16")


@pytest.mark.parametrize(("half", "warned"), [(44.9, True), (45.0, False), (120.0, False)])
def test_a_processor_that_is_at_least_as_fast_in_it_has_no_warning(
    suite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, half: float, *, warned: bool
) -> None:
    monkeypatch.setattr(product_rate, "measured", lambda precision: {precision: half, "float32": 45.0})
    lines = half_precision.warnings(cells(suite, "evaluate.precision=bfloat16"), Store(tmp_path / "cache"))
    assert bool(lines) == warned


def test_the_measurement_of_this_processor_decides(suite: Path, tmp_path: Path) -> None:
    asking, store = cells(suite, "evaluate.precision=bfloat16"), Store(tmp_path / "cache")
    lines = half_precision.warnings(asking, store)
    rates = product_rate.product_rates("bfloat16", store)
    assert len(lines) == (rates["bfloat16"] < rates["float32"])


def test_a_dry_run_a_run_its_records_and_its_page_have_the_same_line(
    suite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = [
        *("run", "--suite", suite, "--methods", "base,bm25", "--seeds", "0", "--device", "cpu", "--jobs", "1"),
        *("--set", "evaluate.precision=bfloat16", "--out", tmp_path / "out", "--cache-dir", tmp_path / "cache"),
    ]
    monkeypatch.setattr(product_rate, "measured", lambda precision: {precision: 0.2, "float32": 45.0})
    line = SLOW.format("evaluate.precision")
    shown = invoke(*command, "--dry-run")
    assert shown.out.splitlines().count(f"warning: {line}") == 1
    assert not (tmp_path / "cache" / product_rate.STAGE).exists()  # a dry run keeps nothing
    done = invoke(*command)
    assert done.status == 0, done.err
    assert done.err.splitlines().count(f"warning: {line}") == 1
    assert json.loads((tmp_path / "out/run.json").read_text(encoding="utf-8"))["warnings"] == [line]
    records = {stored.entry: stored for stored in record.read_all(tmp_path / "out")}
    assert records["base"].provenance["warnings"] == [line]  # another process: the rate is the stored one
    assert line not in records["bm25"].provenance.get("warnings", [])
    assert product_rate.STAGE not in json.dumps(records["base"].provenance)
    assert "225 × slower" in (tmp_path / "out/leaderboard.html").read_text(encoding="utf-8")
    code = "import sys; from harness.cli import main; assert not main.main(sys.argv[1:]); print('torch' in sys.modules)"
    again = spawn("-c", code, *command, cwd=REPOSITORY)
    assert again.status == 0, again.err
    assert again.out.splitlines()[-1] == "False"  # a finished folder: torch is not imported


def test_a_gpu_without_bfloat16_is_refused_before_the_first_cell(
    suite: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: including_emulation)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "Tesla T4")
    asking = cells(suite, "evaluate.precision=bfloat16", "train.precision=bfloat16", methods=("mnrl",))
    on_gpu = [replace(cell, place=replace(cell.place, device="cuda")) for cell in asking]
    message = (
        "mnrl on suite tiny: Tesla T4 does not compute bfloat16; "
        "set evaluate.precision and train.precision to float16 or float32"
    )
    with pytest.raises(RequestError) as raised:
        preflight(on_gpu, Store(tmp_path / "cache"))
    assert str(raised.value) == message
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: True)
    half_precision.check(on_gpu)
