"""A trial of the models of a request before its first cell: two texts per role are encoded, two rows are trained on.

One of the texts of a role is as long as the suite reads one, the rows are the starts of the suite's own texts. The
trial opens models of its own, keeps nothing, and leaves the state of the random generators as it was, so that it
changes no number of a cell.
"""

from __future__ import annotations

import gc
import itertools
import math
import os
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import CellError, RequestError, short_reason
from harness.execution.trial_rows import trial_rows
from harness.keys import digest
from harness.machine.store import Store
from harness.request.cell import Cell
from harness.stages import text_columns
from harness.stages.model_lengths import positions, too_long
from harness.stages.objective import Objective, declared
from harness.stages.stage_settings import training_lengths
from harness.stages.text_columns import Declared, collator
from harness.stages.train import adapted
from harness.types import Data
from harness.vectors.as_found import dtypes
from harness.vectors.embedding import embed, open_encoder, precision_of
from harness.vectors.encoder import TASKS, Encoder, Role
from harness.vectors.routes import first_module

if TYPE_CHECKING:
    from datasets import Dataset
    from sentence_transformers import SentenceTransformer

LARGE_TABLE = 10_000  # rows
ROLES: Mapping[Role, str] = {"query": "queries", "passage": "passages"}


def check_encodes(folder: Path, cell: Cell, name: str, store: Store, opened: SentenceTransformer | None = None) -> str:
    """Return the dtype in which a model encodes, as found in it: of queries and of passages where they differ.

    Raises RequestError where the model, called `name`, does not open or encode, or gives NaN, as the cell encodes.

    In each role it reads a short text and one that is cut at the suite's length. `opened` is the model on CPU, which is
    used where the cell encodes there in float32.
    """
    model, precision, setting = opened if cell.place.device == "cpu" else None, "float32", "precision"
    found: dict[str, str] = {}
    with _aside(cell):
        for role, texts in ROLES.items():
            try:
                if model is None or precision != precision_of(cell, role):
                    model, precision = open_encoder(folder, cell, role), precision_of(cell, role)
                    of_queries = role == "query" and cell.suite.evaluation.query_precision is not None
                    setting = "query_precision" if of_queries else "precision"
                _check_expert_length(model, cell, name)
                _check_pads(model, role, name)
                found[role] = dtypes(model)
                long = "text " * Encoder(model, cell.suite.text).length(role)
                embed(model, {"1": "a short text", "2": long}, role, cell, store)
            except CellError as error:
                hint = "" if precision == "float32" else f" in {precision}; add --set evaluate.{setting}=float32"
                problem = f"{name} gives NaN or infinite vectors of {texts}"
                raise RequestError(f"{problem}{hint or '; use another model'}") from error
            except RequestError:
                raise
            except Exception as error:
                problem = f"{name} does not encode {texts}: {short_reason(error)}"
                raise RequestError(f"{problem}; use another model") from error
    query, passage = (found[role] for role in ROLES)
    return query if query == passage else f"{query} for queries, {passage} for passages"


def _check_expert_length(model: SentenceTransformer, cell: Cell, name: str) -> None:
    """Raise RequestError where texts are longer than an expert reads; a base model was checked when it was opened."""
    if longer := too_long(model, cell.suite.text, trains=False):
        length, most = min(longer.values(), key=lambda pair: pair[1])
        raise RequestError(
            f"{name} reads at most {most} tokens, and is given {length}; "
            f"add max_length = {most} to its [[experts]] table in the suite's manifest"
        )


def check_trains(
    folder: Path, cells: Sequence[Cell], data: Mapping[str, Data], name: str, opened: SentenceTransformer | None = None
) -> None:
    """Raise RequestError for an entry whose method or adapters fail on the base model, or give NaN, on two rows.

    `data` are those of each language. Entries with equal methods, adapters and settings are tried once. `opened`, the
    model on CPU, is used for the first of them, without adapters where there is one, and changed.
    """
    tried: dict[str, Cell] = {}
    for cell in cells:
        if cell.method is not None:
            tried.setdefault(_tried_alike(cell), cell)
    by_network = sorted(tried.values(), key=lambda cell: (cell.entry.adapters, _network(cell)))
    for _, group in itertools.groupby(by_network, key=_network):
        _check_group(folder, list(group), data, name, opened)
        opened = None


def _check_group(
    folder: Path, cells: Sequence[Cell], data: Mapping[str, Data], name: str, opened: SentenceTransformer | None
) -> None:
    """Try entries that train one network, which no trial changes."""
    with _aside(cells[0]):
        model = None
        for cell in cells:
            try:
                if model is None:
                    model = adapted(cell, folder, opened)
                    _leave_out_vocabulary(model)
                _train_on(cell, model, data[cell.language])
            except CellError as error:  # of the method's rows: it says what to do
                raise RequestError(f"{cell.entry.name}: {error}") from error
            except Exception as error:
                problem = f"{cell.entry.name} cannot be trained on {name}: {short_reason(error)}"
                raise RequestError(f"{problem}; leave the entry out, or use another base model") from error


def _leave_out_vocabulary(model: SentenceTransformer) -> None:
    """Compute no gradients of large tables of token vectors: they would take most of the trial's time."""
    from torch import nn

    tables = [module.weight for module in model.modules() if isinstance(module, nn.Embedding)]
    large = {id(table) for table in tables if table.shape[0] > LARGE_TABLE}
    if any(weights.requires_grad and id(weights) not in large for weights in model.parameters()):
        for table in tables:
            if id(table) in large:
                table.requires_grad_(False)


def _tried_alike(cell: Cell) -> str:
    """Return what decides how a trial ends; entries that differ in other things end alike."""
    entry, training = cell.entry, cell.training
    settings = {name: dict(entry.settings.get(name, {})) for name in entry.plugins}
    return digest([entry.plugins, settings, entry.dimensions, training.precision, _network(cell)])


def _network(cell: Cell) -> str:
    """Return what decides the network that is trained."""
    adapters = [[name, dict(cell.entry.settings.get(name, {}))] for name in cell.entry.adapters]
    return digest([adapters, cell.training.dropout, cell.training.gradient_checkpointing])


def _train_on(cell: Cell, model: SentenceTransformer, data: Data) -> None:
    """Compute the loss and the gradients of every objective on a few rows; raises ValueError where one is infinite."""
    objective = Objective(cell, model)
    for name, method in cell.objectives.items():
        if (rows := trial_rows(cell, name, method, data)) is None:
            continue
        model.train()
        roles = declared(cell)
        _check_negative_queries(cell, model, rows, roles[name])
        collate = collator(model, {name: [rows]}, cell.suite.text, roles, cell.training.max_length)
        batch = collate(list(rows))
        features, labels = _collected(batch, model)
        with _autocast(cell):
            loss = objective.losses[name].to(model.device)(features, labels)
        total: Any = sum(loss.values()) if isinstance(loss, dict) else loss
        if not math.isfinite(float(total.detach())):
            raise ValueError(f"the loss of two rows is {float(total.detach())}")
        total.backward()
        gradients = [weights.grad for weights in model.parameters() if weights.grad is not None]
        if not gradients:
            raise ValueError("no weight of it is trained: all are frozen")
        if cell.training.precision != "float16" and not all(bool(gradient.isfinite().all()) for gradient in gradients):
            raise ValueError("the gradients of two rows are NaN or infinite")  # float16's are scaled in a training
        model.zero_grad(set_to_none=True)


def _check_negative_queries(cell: Cell, model: SentenceTransformer, rows: Dataset, roles: Declared) -> None:
    """Raise CellError where queries that are cut at the length of passages are longer than the model reads queries."""
    length, most = training_lengths(cell.suite.text, cell.training.max_length)["document"], positions(model, "query")
    read = [column for column in rows.column_names if text_columns.role(column, roles) == "negative_query"]
    if read and most is not None and length > most:
        raise CellError(
            f"column '{read[0]}' holds queries that training cuts at {length} tokens as it does passages, and the base "
            f"model reads at most {most} of a query; add --set train.max_length={most}"
        )


def _collected(batch: Mapping[str, Any], model: SentenceTransformer) -> tuple[list[dict[str, Any]], Any]:
    """Return the features of each column and the labels, on the model's device, as the library's trainer does."""
    from sentence_transformers import SentenceTransformerTrainer

    moved = {name: value.to(model.device) if hasattr(value, "to") else value for name, value in batch.items()}
    collect: Any = SentenceTransformerTrainer.collect_features
    features, labels = collect(None, moved)
    return features, labels


def _autocast(cell: Cell) -> Any:
    """Return the context in which a training of this precision computes its loss."""
    import torch

    precision = cell.training.precision
    if precision == "float32":
        return nullcontext()
    return torch.autocast(cell.place.device, dtype=getattr(torch, precision))


def _check_pads(model: SentenceTransformer, role: Role, name: str) -> None:
    """Raise RequestError where texts of a role that differ in length cannot be in one batch."""
    tokenizer: Any = getattr(first_module(model, TASKS[role]), "tokenizer", None)
    if hasattr(tokenizer, "pad_token") and tokenizer.pad_token is None:
        raise RequestError(
            f"{name} has no pad token; add one to its tokenizer, such as the end-of-text token "
            "(tokenizer.pad_token = tokenizer.eos_token), and save it"
        )


@contextmanager
def _aside(cell: Cell) -> Iterator[None]:
    """Leave generators as they are, and the memory of what was opened free."""
    import numpy as np
    import torch

    states, threads = (random.getstate(), np.random.get_state()), torch.get_num_threads()
    torch.set_num_threads(os.cpu_count() or 1)  # bits do not matter here, seconds do
    on_gpu = cell.place.device != "cpu"
    try:
        with torch.random.fork_rng(devices=list(range(torch.cuda.device_count())) if on_gpu else []):
            yield
    finally:
        torch.set_num_threads(threads)
        random.setstate(states[0])
        np.random.set_state(states[1])
        gc.collect()
        if on_gpu:
            torch.cuda.empty_cache()
