"""Jobs by memory: what a cell needs, and which cells start beside those that run."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from harness.execution import cell_memory, plan
from harness.execution.cell_costs import Costs, costs, remember
from harness.execution.cell_memory import PROCESS, Room, limit_line, peak_bytes
from harness.request.cell import Cell
from harness.request.request import Request
from harness.stages.model_size import ModelSize, model_size

MIB = 1 << 20


def cells(cache: Path, *methods: str) -> list[Cell]:
    return plan.make(Request(methods=methods, languages=("ko",), seeds=(0, 1)), cache).cells


def with_peaks(cache: Path, **peaks: int) -> dict[str, Cell]:
    """Return a cell of each entry, with the peak that its kind is known to have."""
    found = {cell.entry.name: cell for cell in cells(cache, *peaks) if cell.seed == 0}
    for name, peak in peaks.items():
        remember(found[name], Costs(peak_bytes=peak * MIB))
    return found


def test_the_largest_costs_of_a_kind_are_remembered_for_all_its_seeds(tmp_path: Path) -> None:
    first, second = cells(tmp_path, "mnrl")
    remember(first, Costs(seconds=5.0, peak_bytes=7, model_bytes=3))
    remember(second, Costs(seconds=1.0, peak_bytes=9))
    assert costs(first) == costs(second) == Costs(seconds=5.0, peak_bytes=9, model_bytes=3)


def test_the_seconds_of_an_older_version_are_read(tmp_path: Path) -> None:
    (cell, _) = cells(tmp_path, "mnrl")
    remember(cell, Costs(seconds=1.0))
    (path,) = (tmp_path / ".timings").iterdir()
    path.write_text("4.5", encoding="utf-8")
    assert costs(cell) == Costs(seconds=4.5)
    path.write_text("{broken", encoding="utf-8")
    assert costs(cell) == Costs()


def test_without_a_measurement_it_is_estimated_from_the_base_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = ModelSize(parameters=1000 * MIB, other_bytes=0, activation_bytes=1000)
    monkeypatch.setattr(cell_memory, "model_size", lambda suite, store: size)
    by_entry = {cell.entry.name: cell for cell in cells(tmp_path, "bm25", "base", "mnrl", "infonce-random")}
    assert peak_bytes(by_entry["bm25"]) == PROCESS
    assert peak_bytes(by_entry["base"]) == PROCESS + 4000 * MIB
    training, text = by_entry["mnrl"].training, by_entry["mnrl"].suite.text
    queries = training.batch_size * text.query_max_length
    passages = training.batch_size * (text.train_passage_max_length or text.passage_max_length)
    assert peak_bytes(by_entry["mnrl"]) == PROCESS + 16000 * MIB + 1000 * (queries + passages)
    assert peak_bytes(by_entry["infonce-random"]) == PROCESS + 16000 * MIB + 1000 * (queries + 2 * passages)
    on_gpu = replace(by_entry["mnrl"], place=replace(by_entry["mnrl"].place, device="cuda"))
    assert peak_bytes(on_gpu) == PROCESS + 4000 * MIB


def test_the_size_of_a_base_that_is_not_built_yet_is_that_of_its_settings(tmp_path: Path) -> None:
    from transformers import XLMRobertaConfig, XLMRobertaModel

    from harness.machine.store import Store
    from harness.stages.stage_settings import base_positions

    (cell, _) = cells(tmp_path, "mnrl")
    base = cell.suite.base_model
    network = XLMRobertaModel(
        XLMRobertaConfig(
            **{
                "vocab_size": base.vocab_size,
                "hidden_size": base.hidden_size,
                "num_hidden_layers": base.layers,
                "num_attention_heads": base.attention_heads,
                "intermediate_size": base.intermediate_size,
                "max_position_embeddings": base_positions(cell.suite.text) + 2,
                "type_vocab_size": 1,
            }
        )
    )
    size = model_size(cell.suite, Store(tmp_path))
    assert size is not None
    assert size.parameters == sum(weights.numel() for weights in network.parameters())


def test_cells_start_while_the_sum_of_their_peaks_fits(tmp_path: Path) -> None:
    by_entry = with_peaks(tmp_path, mnrl=600, clpl=500, base=300)
    waiting = list(by_entry.values())
    room = Room(jobs=3, memory=1000 * MIB)
    first = room.admit(waiting)
    assert first is waiting[0]
    waiting.remove(first)
    second = room.admit(waiting)
    assert second is not None
    assert peak_bytes(first) + peak_bytes(second) <= 1000 * MIB
    waiting.remove(second)
    assert room.admit(waiting) is None
    room.ended(first)
    room.ended(second)
    assert room.admit(waiting) is waiting[0]


def test_one_cell_runs_whatever_it_needs(tmp_path: Path) -> None:
    by_entry = with_peaks(tmp_path, mnrl=600, clpl=500)
    room = Room(jobs=2, memory=1)
    assert room.admit([by_entry["mnrl"], by_entry["clpl"]]) is by_entry["mnrl"]
    assert room.admit([by_entry["clpl"]]) is None


def test_jobs_are_a_maximum_and_unknown_memory_is_no_limit(tmp_path: Path) -> None:
    by_entry = with_peaks(tmp_path, mnrl=600, clpl=500, base=300)
    room = Room(jobs=2, memory=None)
    waiting = list(by_entry.values())
    assert [room.admit([cell]) for cell in waiting] == [waiting[0], waiting[1], None]


def test_a_line_says_that_memory_and_not_jobs_is_the_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planned = list(with_peaks(tmp_path, mnrl=600, clpl=500, base=300).values())
    monkeypatch.setattr(cell_memory, "usable_memory", lambda: 1000 * MIB)
    assert limit_line(planned, 3) == (
        "memory: a cell needs up to 600.0 MiB, and 1000.0 MiB are available: as few as 1 of 3 cells run in parallel "
        "(--jobs is a maximum); free memory, or lower train.batch_size"
    )
    assert limit_line(planned, 1) is None
    monkeypatch.setattr(cell_memory, "usable_memory", lambda: 1400 * MIB)
    assert limit_line(planned, 3) is None
