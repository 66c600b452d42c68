"""Every setting of a suite and an entry is in the keys of the stages that read it, or is listed as without effect."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from harness.request import entries, suite
from harness.request.cell import Cell, Place
from harness.request.data_sources import Degradation, Task
from harness.request.entry import Entry
from harness.request.manifest import Evaluation, LabelledPairs, Mining, PinnedBase, Text, TrainFile, Writer
from harness.request.settings import on_suite
from harness.request.suite import Suite
from harness.request.training import Training
from harness.stages import lineage

TASK = Task(name="A", revision="0" * 40)
WRITER = Writer(kind="endpoint", model="m", prompt="{passage}")
KEYS: Mapping[str, Callable[[Cell], Any]] = {
    "prepare": lambda cell: lineage.prepare_key(cell.suite, cell.language),
    "base": lambda cell: lineage.base_key(cell.suite),
    "data": lineage.data_key,
    "mine": lineage.mine_key,
    "consult": lineage.consult_key,
    "train": lineage.train_key,
    "encode": lineage.encode_key,
    "retrieve": lineage.retrieve_key,
    "tasks": lambda cell: lineage.task_key(cell, TASK),
    "pairs": lineage.pairs_key,
    "geometry": lineage.geometry_key,
    "record": lineage.record_key,
}
ALL = set(KEYS)
MODEL = {"train", "encode", "retrieve", "tasks", "pairs", "record"}  # of a change in the trained model
PAIRS = {"mine", "consult", *MODEL}
VECTORS = {"geometry", *PAIRS}  # of what changes the base's vectors too
ROWS = {"prepare", "data", *VECTORS}
BASE = {"base", *VECTORS}
RANKING = {"retrieve", "record"}
NONE: set[str] = set()

TEXT: dict[str, tuple[Any, set[str]]] = {
    "title": (False, ALL),
    "title_join": ("\n", ALL),
    "query_prompt": ("query: ", VECTORS),
    "passage_prompt": ("passage: ", VECTORS),
    "prompts": ("model", VECTORS),
    "query_max_length": (8, VECTORS),  # shorter than passages: the base keeps its positions
    "passage_max_length": (8, BASE),
    "train_passage_max_length": (8, {"consult", *MODEL}),
}
EVALUATION: dict[str, tuple[Any, set[str]]] = {
    "measures": (("nDCG@10", "R@50"), {"record"}),
    "primary": ("R@100", NONE),  # sorts and decides; run.json has it, and another one needs another folder
    "depth": (1000, RANKING),
    "encode_batch_size": (7, VECTORS),
    "encode_tokens": (256, VECTORS),
    "precision": ("bfloat16", VECTORS),
    "query_precision": ("bfloat16", VECTORS),
    "holdout": (0.5, ROWS),
    "dimensions": ((16,), RANKING),
    "pairs": (LabelledPairs(holdout=0.1, negatives=4), MODEL),
}
TRAINING: dict[str, Any] = {
    "epochs": 7.0,
    "batch_size": 7,
    "gradient_accumulation": 7,
    "learning_rate": 0.7,
    "warmup": 0.7,
    "warmup_steps": 7,
    "scheduler": "cosine",
    "scheduler_settings": {"num_cycles": 0.7},
    "weight_decay": 0.7,
    "max_grad_norm": 7.0,
    "dropout": 0.7,
    "checkpoint_steps": 7,
    "precision": "bfloat16",
    "gradient_checkpointing": True,
    "pairs": 7,
    "best_of": 7,
    "best_holdout": 0.7,
    "max_length": 7,
    "mini_batch_size": 7,
}
ENTRY: dict[str, tuple[Any, set[str]]] = {
    "method": ("infonce", MODEL),
    "adapters": (("intermediate",), MODEL),
    "negatives": ("random", PAIRS),
    "settings": ({"soft_labels": {"target": "soft-2"}}, MODEL),
    "training": ({"epochs": 7}, MODEL),
    "joined": (("mnrl",), MODEL),
    "mining_rounds": (2, PAIRS),
    "negative_margin": (0.05, PAIRS),
    "minimum_quality": (0.5, MODEL),
    "dimensions": ((16,), MODEL),
    "same_rows_as": ("clpl", PAIRS),  # its negatives then have a known query
    "rows": ("published", NONE),  # mini has no rows of authors; see below
    "row_departures": (("prose",), NONE),
    "checkpoint": ("a/b", NONE),  # of entries that do not train; see below
    "checkpoints": ({"ko": PinnedBase(id="a/b", revision="0" * 40)}, NONE),
    "folds": (3, {"record"}),  # its models have keys of their own, with the fold
    "name": ("another", {"record"}),
    **dict.fromkeys(("title", "about", "paper", "origin"), ("prose", NONE)),
    "recipe": ("published", NONE),  # its settings are those above
    "departures": (("prose",), NONE),
    "swept": ({"a": 1}, NONE),
    "sources": ({"a": "b"}, NONE),
    "model": ("a", NONE),  # a part of the name
}
SUITE: dict[str, tuple[Any, set[str]]] = {
    "name": ("another", {"record"}),
    **dict.fromkeys(("title", "description", "licence", "tier"), ("prose", NONE)),
    "base_model": (PinnedBase(id="a/b", revision="0" * 40), BASE),
    "experts": ((), {"consult", *MODEL}),
    "negative_queries": (WRITER, NONE),  # soft labels read none
    "augmentation": (WRITER, {"data", *PAIRS}),
    "max_train": (7, ROWS),
    "train_files": ({"ko": TrainFile(path=Path("a"), sha256="0" * 64)}, ROWS),
    "unverified": ({"ko": "0" * 64}, ALL),
    "recipes": (("published",), NONE),
    "settings": ({"soft_labels": {"target": "soft-2"}}, NONE),  # laid over the entry before there is a cell
    "published": (suite.Published(), NONE),  # likewise
}
BY_TABLE = {"languages", "text", "evaluation", "mining", "training"}  # of a suite: checked field by field, or below
IN_NO_KEY = {"found"}  # names files whose hashes are in the keys


@pytest.fixture(scope="module")
def cell() -> Cell:
    mini = suite.load("mini")
    (entry,) = entries.resolve(["soft-1"], entries.declared())
    mined = on_suite(entry, mini).model_copy(update={"negatives": "ance"})
    return Cell(mini, mined, "ko", 0, Place(Path("cache")))


def keys(cell: Cell) -> dict[str, Any]:
    return {name: key_of(cell) for name, key_of in KEYS.items()}


def changed(before: Cell, after: Cell) -> set[str]:
    old, new = keys(before), keys(after)
    return {name for name in KEYS if old[name] != new[name]}


def with_table(cell: Cell, table: str, **values: Any) -> Cell:
    part = getattr(cell.suite, table).model_copy(update=values)
    return replace(cell, suite=cell.suite.model_copy(update={table: part}))


def test_every_field_is_in_a_table() -> None:
    assert TEXT.keys() == Text.model_fields.keys()
    assert EVALUATION.keys() == Evaluation.model_fields.keys()
    assert TRAINING.keys() == Training.model_fields.keys()
    assert Mining.model_fields.keys() == {"depth"}
    assert ENTRY.keys() == Entry.model_fields.keys()
    assert SUITE.keys() | BY_TABLE | IN_NO_KEY == Suite.model_fields.keys()


@pytest.mark.parametrize("field", TEXT)
def test_a_setting_of_texts_is_in_the_keys_of_the_stages_that_read_it(cell: Cell, field: str) -> None:
    value, expected = TEXT[field]
    assert changed(cell, with_table(cell, "text", **{field: value})) == expected


@pytest.mark.parametrize("field", EVALUATION)
def test_a_setting_of_the_evaluation_is_in_the_keys_of_the_stages_that_read_it(cell: Cell, field: str) -> None:
    value, expected = EVALUATION[field]
    assert changed(cell, with_table(cell, "evaluation", **{field: value})) == expected


@pytest.mark.parametrize("field", TRAINING)
def test_a_training_setting_is_in_the_keys_of_the_model_and_of_what_is_made_with_it(cell: Cell, field: str) -> None:
    replaced = {"warmup": None} if field == "warmup_steps" else {}
    family = cell.suite.training["regression"].model_copy(update={field: TRAINING[field], **replaced})
    trained = cell.suite.model_copy(update={"training": {**cell.suite.training, "regression": family}})
    entry = cell.entry.model_copy(update={"training": {}})
    assert changed(replace(cell, entry=entry), replace(cell, entry=entry, suite=trained)) == MODEL


@pytest.mark.parametrize("field", ENTRY)
def test_a_field_of_an_entry_is_in_the_keys_of_the_stages_that_read_it(cell: Cell, field: str) -> None:
    value, expected = ENTRY[field]
    assert changed(cell, replace(cell, entry=cell.entry.model_copy(update={field: value}))) == expected


@pytest.mark.parametrize("field", SUITE)
def test_a_field_of_a_suite_is_in_the_keys_of_the_stages_that_read_it(cell: Cell, field: str) -> None:
    value, expected = SUITE[field]
    assert changed(cell, replace(cell, suite=cell.suite.model_copy(update={field: value}))) == expected


@pytest.mark.parametrize("name", ["clpl", "infonce-ance"])
def test_the_source_of_negative_queries_is_in_the_keys_of_clpl_and_of_its_control(cell: Cell, name: str) -> None:
    (entry,) = entries.resolve([name], entries.declared())
    reads = replace(cell, entry=on_suite(entry, cell.suite))
    written = replace(reads, suite=cell.suite.model_copy(update={"negative_queries": WRITER}))
    assert changed(reads, written) == PAIRS


def test_rows_of_authors_are_in_the_keys_of_what_trains_on_them(cell: Cell) -> None:
    miracl = suite.load("miracl")
    (entry,) = entries.resolve(["clpl@published"], entries.declared())
    reads = replace(cell, suite=miracl, entry=on_suite(entry, miracl))
    assert reads.entry.rows == "published"
    assert changed(reads, replace(reads, entry=reads.entry.model_copy(update={"rows": "suite"}))) == {"data", *PAIRS}


def test_a_published_checkpoint_is_in_the_keys_of_what_it_encodes(cell: Cell) -> None:
    (entry,) = entries.resolve(["clpl-moe-checkpoint"], entries.declared())
    opened = [
        entry.model_copy(update={"checkpoints": {"ko": PinnedBase(id="a/b", revision=digit * 40)}}) for digit in "01"
    ]
    keys_of = [KEYS[name] for name in ("encode", "retrieve", "record")]
    for key_of in keys_of:
        first, second = (key_of(replace(cell, entry=entry)) for entry in opened)
        assert first != second


def test_mining_depth_device_seed_threads_and_fold_are_in_the_keys(cell: Cell, monkeypatch: pytest.MonkeyPatch) -> None:
    assert changed(cell, with_table(cell, "mining", depth=7)) == PAIRS
    assert changed(cell, replace(cell, place=replace(cell.place, device="cuda"))) == VECTORS
    assert changed(cell, replace(cell, seed=7)) == MODEL
    assert changed(cell, replace(cell, fold=1)) == MODEL
    before = keys(cell)
    monkeypatch.setenv("HARNESS_THREADS", "2")
    assert {name for name, value in keys(cell).items() if value != before[name]} == VECTORS


def test_the_declared_files_of_a_language_are_in_the_keys_and_its_tasks_in_those_of_the_tasks(cell: Cell) -> None:
    ko = cell.suite.languages["ko"]
    counted = ko.model_copy(update={"counts": ko.counts.model_copy(update={"passages": 7})})
    tasks = ko.model_copy(update={"tasks": (TASK,)})
    for language, expected in ((counted, ALL), (tasks, {"record"})):
        languages = {**cell.suite.languages, "ko": language}
        assert changed(cell, replace(cell, suite=cell.suite.model_copy(update={"languages": languages}))) == expected


@pytest.mark.parametrize(
    ("table", "field", "value"),
    [
        ("evaluation", "primary", "R@100"),
        ("evaluation", "encode_batch_size", 7),
        ("evaluation", "encode_tokens", 256),
        ("text", "query_max_length", 8),
        ("text", "passage_max_length", 31),
    ],
)
def test_what_chooses_the_best_checkpoint_is_in_the_key_of_the_model(
    cell: Cell, table: str, field: str, value: Any
) -> None:
    (entry,) = entries.resolve(["mnrl"], entries.declared())
    text = cell.suite.text.model_copy(update={"train_passage_max_length": 16})
    short = replace(cell, suite=cell.suite.model_copy(update={"text": text}), entry=on_suite(entry, cell.suite))
    best = short.entry.model_copy(update={"training": {**short.entry.training, "best_of": 2}})
    chosen = replace(short, entry=best)
    assert lineage.train_key(with_table(chosen, table, **{field: value})) != lineage.train_key(chosen)
    if field in ("primary", "encode_batch_size", "encode_tokens"):  # lengths are read by every training
        assert lineage.train_key(with_table(short, table, **{field: value})) == lineage.train_key(short)


def test_the_ratio_of_negatives_is_in_the_key_of_the_pairs_and_not_of_the_model(cell: Cell) -> None:
    one, two = (
        with_table(cell, "evaluation", pairs=LabelledPairs(holdout=0.1, negatives=negatives)) for negatives in (1, 2)
    )
    assert changed(one, two) == {"pairs", "record"}


def test_the_quality_of_nli_rows_is_in_the_keys_of_what_reads_them_and_only_if_it_is_read(cell: Cell) -> None:
    (entry,) = entries.resolve(["nli-simcse"], entries.declared())
    reads = replace(cell, entry=on_suite(entry, cell.suite))
    ko = cell.suite.languages["ko"]
    assert ko.nli is not None
    scores = [ko.nli.model_copy(update={"reader": reader}) for reader in ("quality-lines", "quality-table")]

    def of(minimum: float | None, **declared: Any) -> str:
        languages = {**cell.suite.languages, "ko": ko.model_copy(update=declared)}
        changed_suite = cell.suite.model_copy(update={"languages": languages})
        changed_entry = reads.entry.model_copy(update={"minimum_quality": minimum})
        return lineage.inference_key(replace(reads, suite=changed_suite, entry=changed_entry))

    assert of(None) == of(None, nli_quality=scores[0])
    different = [
        *(of(None), of(None, nli_degraded=Degradation(share=0.5)), of(None, nli_degraded=Degradation(share=0.25))),
        *(of(0.5, nli_quality=scores[0]), of(0.5, nli_quality=scores[1]), of(0.6, nli_quality=scores[0])),
    ]
    assert len({*different}) == len(different)
    assert lineage.prepare_key(reads.suite, "ko") == lineage.prepare_key(
        reads.suite.model_copy(update={"languages": {"ko": ko.model_copy(update={"nli_quality": scores[0]})}}), "ko"
    )
