"""Lineage: the key of every stage, in pipeline order: version, inputs, settings that it reads, libraries that compute.

    prepare → published rows → augment → mine → write → consult → train → encode → retrieve → record

The base model, its stored vectors, the NLI triples, MTEB tasks, labelled pairs and the geometry of the base are side
branches. Each function returns the key of the output that its docstring names. Keys are computed from the request
alone, so a plan knows what is cached without computing anything; only stored vectors have the digest of their texts in
their key, and that key is in no other. A setting that changes an output is in its key or in that of one of its inputs.
A plugin is in the keys by its sources and the libraries that these import (harness.request.plugin_sources).

The processor is in no key: on another one the last bits of an output may differ, so an output holds the machine that
made it, and a record says where it reused one of another machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import astuple
from typing import Any

from harness.keys import key
from harness.machine import determinism
from harness.machine.hardware import installed_version
from harness.request import plugins
from harness.request.cell import Cell
from harness.request.data_sources import PairTask, Task
from harness.request.manifest import BuiltBase, LocalBase, PinnedBase, Precision
from harness.request.suite import Suite
from harness.stages.stage_settings import (
    all_passages,
    augmentation_writer,
    base_positions,
    choice_settings,
    cuts,
    declared_rows,
    has_outside_method,
    is_untuned,
    mines_answered_passages,
    negative_query_writer,
    pair_settings,
    previous_round,
    retrieval_sources,
    scored_rows,
    selected_rows,
    tasks_of,
    training_lengths,
)
from harness.types import Need, Ranker
from harness.vectors.embedding import budget_of
from harness.vectors.embedding import settings_of as embedding_settings
from harness.vectors.encoder import Role
from harness.writers.writing import identity

VERSIONS = {  # raise the number of a stage when the meaning of its output changes
    "prepare": 4,  # 2: passages are stripped, as BEIR and MTEB strip them; 3: passages on disk; 4: without NLI triples
    "inference": 1,
    "base": 1,
    "opened-base": 2,  # of files; 2: read as they declare (similarity, route, prompt left out of pooling, precision)
    "base-digest": 1,
    "published-rows": 1,
    "augment": 1,
    "mine": 3,  # 2: with the size of the pool; 3: the base's vectors are those of all passages, stored
    "write": 2,  # 2: counts the negatives without a query
    "consult": 3,  # 2: with the agreement among experts; 3: the base's vectors are stored ones
    "checkpoint": 1,
    "description": 1,
    "train": 3,  # 2: queries are cut at their own length; 3: the optimiser's steps are fused
    "encode": 3,  # 2: in blocks; 3: batches by tokens, and the base's vectors are stored
    "retrieve": 3,  # 2: one pass over the passages for every cut; 3: with the geometry of a tuned model
    "tasks": 2,  # 2: batches by tokens
    "pairs": 1,
    "geometry": 3,  # 2: a smaller sample; 3: of vectors that other stages compute
    "score": 1,
}
ENCODING = ("numpy", "sentence-transformers", "tokenizers", "torch", "transformers")
TRAINING = (*ENCODING, "accelerate", "datasets")
LIBRARIES: Mapping[str, tuple[str, ...]] = {  # stage → the libraries whose versions are in its key: they compute in it
    "prepare": (),  # reads texts; records hold the digests of what was read
    "inference": (),
    "base": ENCODING,  # of a base that is built or merged (peft too); others are their files
    "opened-base": (),
    "base-digest": (),
    "published-rows": (),
    "augment": (),  # a local model's are in the identity of the writer, and so in the keys of its answers
    "mine": ENCODING,  # where a model mines: random negatives come from this package and Python's generator
    "write": (),
    "consult": ENCODING,
    "checkpoint": ENCODING,
    "train": TRAINING,
    "description": (),
    "encode": ENCODING,
    "retrieve": ("numpy",),
    "tasks": (*ENCODING, "mteb", "pytrec-eval-terrier", "scikit-learn", "scipy"),
    "pairs": (*ENCODING, "scikit-learn"),
    "geometry": ENCODING,
    "score": ("ir-measures", "pytrec-eval-terrier"),
}
COLUMNS = 2  # what columns of outside methods hold; 2: `question`, `sentence1` and others are queries
GEOMETRY_SAMPLE = 500  # passages, and pairs of query and passage; a few megabytes of vectors


def _key(stage: str, inputs: Iterable[str], settings: Any, *, computes: bool = True) -> str:
    """Return a stage's key; `computes`: whether its libraries compute in this case."""
    versions = {name: installed_version(name) for name in LIBRARIES[stage] if computes}
    return key(stage, VERSIONS[stage], inputs, [settings, versions] if versions else settings)


def prepare_key(suite: Suite, language: str) -> str:
    """The checked data: the declared files, and what decides which rows are used and how they read."""
    title = [suite.text.title, suite.text.title_join]
    rows = {"max_train": suite.max_train, "holdout": suite.evaluation.holdout}
    train_file = suite.train_files.get(language)
    local_files = [train_file.sha256 if train_file else "", suite.unverified.get(language, "")]
    return _key("prepare", [], [language, retrieval_sources(suite, language), title, rows, local_files])


def inference_key(cell: Cell) -> str:
    """The NLI triples: the declared files, how many triples they hold, what was accepted, and which rows are read."""
    declared, accepted = cell.suite.languages[cell.language], cell.suite.unverified.get(cell.language, "")
    source = declared.nli.model_dump(mode="json") if declared.nli else None
    return _key("inference", [], [cell.language, source, declared.counts.nli, accepted, *selected_rows(cell)])


def base_key(suite: Suite) -> str:
    """The base model: its revision or content, or the text and settings it is built from."""
    base = suite.base_model
    if isinstance(base, LocalBase) and base.adapts is not None:
        return _key("base", [], [base.model_dump(), {"peft": installed_version("peft")}])
    if not isinstance(base, BuiltBase):
        return _key("opened-base", [], base.model_dump())
    corpora = [prepare_key(all_passages(suite), language) for language in sorted(suite.languages)]
    return _key("base", corpora, [base.model_dump(), base_positions(suite.text)])


def base_digest_key(suite: Suite) -> str:
    """The sha256 of the base model's files, as they were when this cache first used them."""
    return _key("base-digest", [base_key(suite)], None)


def base_vectors_key(cell: Cell) -> str:
    """The untuned base's vectors of whatever texts: the base, and how it reads them."""
    return _key("encode", [base_key(cell.suite)], embedding_settings(cell))


def stored_vectors_key(cell: Cell, texts: str, role: Role, precision: Precision) -> str:
    """The stored vectors of the untuned base: of the texts with this digest, in a role, encoded in a precision.

    By the texts and not by the data that they are part of: passages are the same whatever queries a request trains on,
    and mining and experts read the same queries. What reads them has base_vectors_key and the keys of the data.
    """
    return _key("encode", [base_vectors_key(cell)], [texts, role, precision])


def rows_key(cell: Cell) -> str:
    """The training queries before any are written: as prepared, or the rows that the paper's authors published."""
    prepared = prepare_key(cell.suite, cell.language)
    rows = declared_rows(cell)
    if rows is None:
        return prepared
    settings = [rows.model_dump(), cell.suite.max_train, cell.suite.unverified.get(cell.language, "")]
    return _key("published-rows", [prepared], settings)


def augment_key(cell: Cell) -> str:
    """The written training queries: their writer, and the passages that are relevant to training queries."""
    writer = augmentation_writer(cell)
    assert writer is not None
    return _key("augment", [rows_key(cell)], identity(writer, cell.language, cell.place.device))


def data_key(cell: Cell) -> str:
    """The data that a cell is trained on: its rows, or these with written training queries."""
    return rows_key(cell) if augmentation_writer(cell) is None else augment_key(cell)


def mine_key(cell: Cell) -> str:
    """The negatives: random ones depend on the seed, mined ones on the model that mines."""
    settings: list[Any] = [cell.entry.negatives, cell.suite.mining.model_dump(), mines_answered_passages(cell)]
    if cell.entry.negatives == "random":
        return _key("mine", [data_key(cell)], [*settings, cell.seed], computes=False)
    if cell.entry.negative_margin is not None:
        settings.append(cell.entry.negative_margin)
    return _key("mine", [data_key(cell), miner_key(cell)], [*settings, embedding_settings(cell)])


def miner_key(cell: Cell) -> str:
    """What mines: the vectors of the untuned base in the first round, then the model of the round before."""
    previous = previous_round(cell)
    return base_vectors_key(cell) if previous is None else train_key(previous)


def write_key(cell: Cell) -> str:
    """The written negative queries: their writer, and the negatives that they are about."""
    writer = negative_query_writer(cell)
    assert writer is not None
    return _key("write", [mine_key(cell)], identity(writer, cell.language, cell.place.device))


def consult_key(cell: Cell) -> str:
    """The experts' scores: the experts in order, and the pairs that they score."""
    suite, path = cell.suite, cell.place.methods_path
    experts = [expert.model_dump(mode="json") for expert in suite.experts]
    rankers = [plugins.sources_sha256(expert.ranker, path) for expert in suite.experts if expert.ranker]
    settings = [experts, rankers, suite.text.train_passage_max_length, embedding_settings(cell)]
    settings = settings if scored_rows(cell) is None else ["the rows' scores"]
    written = [write_key(cell)] if negative_query_writer(cell) is not None else []
    published = (
        [VERSIONS["opened-base"]] if any(isinstance(expert.encoder, PinnedBase) for expert in suite.experts) else []
    )
    return _key("consult", [mine_key(cell), *written, base_vectors_key(cell)], [*settings, *published])


def checkpoint_key(cell: Cell) -> str:
    """The model of published weights: the checkpoint, the base whose tokenizer and pooling it has, and its adapter."""
    source = cell.entry.checkpoints[cell.language].model_dump(mode="json")
    return _key("checkpoint", [base_key(cell.suite)], [source, cell.entry.identity(), cell.plugin_sources()])


def train_key(cell: Cell) -> str:
    """The trained model: for an entry that does not train, its checkpoint or the base."""
    if cell.method is None:
        return checkpoint_key(cell) if cell.entry.checkpoint else base_key(cell.suite)
    inputs = [
        base_key(cell.suite),
        data_key(cell),
        *([inference_key(cell)] if Need.NLI in cell.needs else []),
        *([mine_key(cell)] if cell.entry.negatives is not None else []),
        *([write_key(cell)] if negative_query_writer(cell) is not None else []),
        *([consult_key(cell)] if Need.EXPERT_SCORES in cell.needs else []),
    ]
    text = cell.suite.text
    settings = [
        cell.entry.identity(),
        cell.plugin_sources(),
        cell.training.model_dump(),
        [text.query_prompt, text.passage_prompt, training_lengths(text), base_positions(text)],
        choice_settings(cell),
        cell.seed,
        cell.place.device,
        *([threads] if (threads := determinism.thread_settings()) else []),
        *([] if cell.fold is None else [["fold", cell.fold, cell.entry.folds]]),
        *([] if (pairs := cell.suite.evaluation.pairs) is None else [["pairs", pairs.holdout]]),
        *([["columns", COLUMNS]] if has_outside_method(cell) else []),
    ]
    return _key("train", inputs, settings)


def description_key(cell: Cell) -> str:
    """What a record says of the trained model."""
    return _key("description", [train_key(cell)], None)


def encode_key(cell: Cell) -> str:
    """The vectors of the dev queries and the passages."""
    return _key("encode", [train_key(cell), prepare_key(cell.suite, cell.language)], embedding_settings(cell))


def retrieve_key(cell: Cell) -> str:
    """The ranking, by vectors or by a ranker that needs none; with it the geometry of a tuned model's vectors."""
    depth = cell.suite.evaluation.depth
    if isinstance(cell.plugin, Ranker):
        settings = [depth, cell.entry.identity(), cell.plugin_sources(), determinism.thread_settings()]
        return _key("retrieve", [prepare_key(cell.suite, cell.language)], settings)
    return _key("retrieve", [encode_key(cell)], [depth, cuts(cell), [VERSIONS["geometry"], GEOMETRY_SAMPLE]])


def task_key(cell: Cell, task: Task | PairTask) -> str:
    """The model's scores on one task: of MTEB, or of the suite's own pairs, which are then in the key."""
    text, evaluation = cell.suite.text, cell.suite.evaluation
    settings = [
        task.model_dump() if isinstance(task, Task) else pair_settings(cell, task),
        [text.query_prompt, text.passage_prompt, text.query_max_length, text.passage_max_length],
        *([["prompts", text.prompts]] if text.prompts else []),
        [*astuple(budget_of(cell)), evaluation.precision, cell.place.device, determinism.thread_settings()],
    ]
    return _key("tasks", [train_key(cell)], settings)


def pairs_key(cell: Cell) -> str:
    """The average precision of a cell's model over labelled pairs of held-out training queries."""
    model = base_vectors_key(cell) if is_untuned(cell) else train_key(cell)
    pairs = cell.suite.evaluation.pairs
    return _key("pairs", [model, data_key(cell)], [pairs and pairs.model_dump(), embedding_settings(cell)])


def geometry_key(cell: Cell) -> str:
    """The geometry of the untuned base's vectors, of a language's dev queries and passages."""
    return _key("geometry", [base_vectors_key(cell), prepare_key(cell.suite, cell.language)], GEOMETRY_SAMPLE)


def record_inputs(cell: Cell) -> list[str]:
    """The outputs that a record is made of: ranking, tasks, of vectors the base's geometry, labelled pairs."""
    pairs = [pairs_key(cell)] if cell.suite.evaluation.pairs else []
    vectors = [] if isinstance(cell.plugin, Ranker) else [geometry_key(cell), *pairs]
    return [retrieve_key(cell), *(task_key(cell, task) for task in tasks_of(cell)), *vectors]


def record_key(cell: Cell) -> str:
    """The cell's record: what it is made of, what is measured, and its name."""
    return _key("score", record_inputs(cell), [cell.identity(), list(cell.suite.evaluation.measures), cell.entry.folds])
