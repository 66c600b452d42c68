"""What a dry run shows of every entry: its cells, and the settings in force with their layers."""

from __future__ import annotations

import re
from pathlib import Path

from harness.execution import dry_run, plan
from harness.execution.cell_costs import Costs, remember
from harness.execution.runner import survey
from harness.machine.bundled import manifests
from harness.machine.store import Store
from harness.request.request import Request
from harness.stages.lineage import retrieve_key

BUILT = "base model: built from the suite's own passages, hidden size 64; no prompts"


def shown(
    tmp_path: Path,
    *methods: str,
    settings: tuple[str, ...] = (),
    suite: str = "mini",
    languages: tuple[str, ...] = ("ko",),
) -> list[str]:
    request = Request(suite=suite, methods=methods, languages=languages, seeds=(0, 1), settings=settings)
    work = survey(plan.make(request, tmp_path / "cache"), tmp_path / "out")
    return list(dry_run.lines(work, jobs=2))


def test_the_settings_of_an_entry_are_one_line_per_layer(tmp_path: Path) -> None:
    head, *settings, model, total, time, disk = shown(tmp_path, "clpl-moe@published", settings=("train.epochs=2",))
    assert head == "clpl-moe@published              2 to run    0 done"
    assert settings == [
        "  clpl.temperature 0.1, clpl.negatives 1, train.batch_size 32, train.learning_rate 0.001, train.warmup 0.1, "
        "train.dropout 0.0 (suite mini)",
        "  clpl.in_batch false, clpl.mask_relevant false, clpl.negative_query_length passage, moe.router topk "
        "(published recipe)",
        "  train.epochs 2.0 (--set)",
        "  clpl.penalty_weight 0.1, moe.experts 2, moe.top_k 1, train.gradient_accumulation 1, train.scheduler linear, "
        "train.weight_decay 0.0, train.max_grad_norm 1.0, train.precision float32, "
        "train.gradient_checkpointing false, train.best_holdout 0.1 (default)",
    ]
    assert model == BUILT
    assert (total, time) == (
        "2 of 2 cells to run, 0 of them already trained",
        "time: unknown: no cell with these settings was run with this cache",
    )
    assert re.fullmatch(
        r"disk: about (.+ MiB) at peak, \1 of it kept \(2 trained models, --keep-models all\); .+ free in .+/cache",
        disk,
    )


def test_every_swept_entry_shows_its_value(tmp_path: Path) -> None:
    lines = shown(tmp_path, "mnrl", settings=("mnrl.temperature=0.1,0.2",))
    assert [line for line in lines if "mnrl.temperature" in line and line.startswith("  ")] == [
        "  mnrl.temperature 0.1 (--set)",
        "  mnrl.temperature 0.2 (--set)",
    ]


def test_an_entry_without_settings_is_one_line(tmp_path: Path) -> None:
    assert shown(tmp_path, "base") == [
        "base                            1 to run    0 done",
        BUILT,
        "1 of 1 cells to run, 0 of them already trained",
        "time: unknown: no cell with these settings was run with this cache",
    ]


def test_cached_cells_take_no_time(tmp_path: Path) -> None:
    request = Request(methods=("base", "bm25"), languages=("ko",))
    work = survey(plan.make(request, tmp_path / "cache"), tmp_path / "out")
    base, bm25 = work.plan.cells
    for cell, seconds in ((base, 600.0), (bm25, 60.0)):
        remember(cell, Costs(seconds=seconds))
    assert list(dry_run.lines(work, jobs=1))[-1].startswith("time: about 11.0 min with --jobs 1")
    store = Store(tmp_path / "cache")
    store.read_json("retrieve", retrieve_key(base), dict)
    assert list(dry_run.lines(work, jobs=1))[-2:] == [
        "2 of 2 cells to run, 0 of them already trained, 1 of them cached: read, not computed",
        "time: about 1.0 min with --jobs 1, from the time that such cells took on this machine",
    ]
    store.read_json("retrieve", retrieve_key(bm25), dict)
    assert list(dry_run.lines(work, jobs=1))[-1] == "time: nothing to compute"


def test_a_list_is_shown_in_brackets(tmp_path: Path) -> None:
    assert "  entry.dimensions [32, 16] (entry mnrl-matryoshka)" in shown(tmp_path, "mnrl-matryoshka")


PAIRS = "labelled pairs: 20% of the training queries held out, and 4 sampled per relevant passage; no entry trains on "
DAMAGED = "damaged NLI rows (ko, hi): a share of 0.5, drawn with seed 0"


def test_what_a_study_adds_is_shown_and_nothing_without_it(tmp_path: Path) -> None:
    paired = ('evaluate.pairs={"holdout": 0.2, "negatives": 4}',)
    plain = set(shown(tmp_path, "base", "mnrl"))
    assert sorted(set(shown(tmp_path, "base", "mnrl", settings=paired)) - plain) == [f"{PAIRS}these queries"]
    both = ("ko", "hi")
    lines = shown(tmp_path, "nli-simcse", suite="mini@degraded-nli", languages=both)
    assert DAMAGED in lines
    assert not [line for line in lines if "quality" in line]
    assert DAMAGED not in shown(tmp_path, "base", "mnrl", suite="mini@degraded-nli", languages=both)


def test_the_nli_rows_that_a_minimum_leaves_are_counted_and_an_entry_that_it_leaves_all_is_named(
    tmp_path: Path,
) -> None:
    lines = shown(tmp_path, "nli-simcse-filtered", suite="mini@degraded-nli", languages=("ko", "hi"))
    assert "NLI rows of a quality of at least 0.05: 88 of 88 (ko), 84 of 88 (hi)" in lines
    assert [line for line in lines if line.startswith("warning: ")] == [
        "warning: nli-simcse-filtered trains on all NLI rows (ko): none has a quality below 0.05 (nli.minimum_quality)"
    ]


def test_the_tasks_beside_retrieval_are_named(tmp_path: Path) -> None:
    manifest = tmp_path / "own.toml"
    table = '[[languages.ko.pair_tasks]]\nname = "own-pairs"\ntype = "PairClassification"\n'
    manifest.write_text((manifests() / "mini.toml").read_text(encoding="utf-8") + table, encoding="utf-8")
    request = Request(suite=str(manifest), methods=("base", "bm25"), languages=("ko", "hi"), data_dir=manifests())
    work = survey(plan.make(request, tmp_path / "cache"), tmp_path / "out")
    assert "tasks beside retrieval: own-pairs (ko)" in list(dry_run.lines(work, jobs=2))
