"""One cell as a careful user would script it without the harness: one process, one training, `mteb.evaluate`.

    python tests/benchmarks/plain_script.py --suite wikiqa --entry clpl-moe --language ko --seed 0 \
        --base-model FOLDER --data-dir DATA --max-train 600

The data readers, objectives and settings are the project's, so that this is the same cell as in `harness run`. There is
no store, nothing shared between cells, no fork server and no determinism setting, and torch chooses its number of
threads (or `--threads`). Prints one line of JSON. `grid.py` times it. Prompts, gradient accumulation and reduced
precision are left out: the bundled suites do not use them.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.data.load import load
from harness.execution import plan
from harness.keys import derive
from harness.request import plugins
from harness.request.cell import Cell
from harness.request.request import Request
from harness.types import Data, Need, Ranker, TrainingData
from harness.vectors.search import strictly_decreasing

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


def main() -> None:
    """Compute the cell of the command line."""
    options = parsed()
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as scratch:
        cell = planned_cell(options, Path(scratch))
        data = load(cell.suite, cell.language, data_dir=options.data_dir, cache_dir=Path(scratch))
        scores = lexical(cell, data) if isinstance(cell.plugin, Ranker) else dense(cell, data, options, Path(scratch))
    seconds = time.perf_counter() - started
    print(json.dumps({"cell": str(cell), "measures": scores, "seconds": seconds}))


def parsed() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--suite", default="wikiqa")
    parser.add_argument("--entry", required=True)
    parser.add_argument("--language", required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--base-model", type=Path, required=True, help="a sentence-transformers folder")
    parser.add_argument("--data-dir", type=Path)
    parser.add_argument("--max-train", type=int)
    parser.add_argument("--set", action="append", default=[], metavar="NAME.FIELD=VALUE")
    parser.add_argument("--threads", type=int, help="threads of torch, by default torch's choice")
    return parser.parse_args()


def planned_cell(options: argparse.Namespace, scratch: Path) -> Cell:
    """Return the cell of the command line: entry, language, seed and settings."""
    request = Request(
        suite=options.suite,
        methods=(options.entry,),
        languages=(options.language,),
        seeds=(options.seed,),
        data_dir=options.data_dir,
        max_train=options.max_train,
        settings=tuple(options.set),
    )
    (cell,) = plan.make(request, scratch).cells
    return cell


def lexical(cell: Cell, data: Data) -> dict[str, float]:
    """Rank without a model and score with ir_measures; ties are broken before, because its providers differ in that."""
    import ir_measures

    queries = {query: data.queries[query] for query in data.dev}
    ranking = cell.plugin.search(data.passages, queries, cell.suite.evaluation.depth)  # type: ignore[union-attr]
    run = {query: dict(strictly_decreasing(list(rows))[0]) for query, rows in ranking.items()}
    measures = [ir_measures.parse_measure(name) for name in cell.suite.evaluation.measures]
    values = ir_measures.calc_aggregate(measures, {query: dict(rows) for query, rows in data.dev.items()}, run)
    return {str(measure): value for measure, value in values.items()}


def dense(cell: Cell, data: Data, options: argparse.Namespace, scratch: Path) -> dict[str, float]:
    """Train and save the model if the entry trains; evaluate its folder with mteb."""
    import torch
    from sentence_transformers import SentenceTransformer

    from harness.mteb import bridge, folder_model, suite_task

    if options.threads:
        torch.set_num_threads(options.threads)
    folder = options.base_model
    if cell.method is not None:
        model = SentenceTransformer(str(folder), device="cpu")
        training = training_data(cell, data, model)
        torch.manual_seed(derive(cell.seed, "adapter"))
        for adapter in cell.adapters:
            adapter.register()
            adapter.apply(model)
        train(cell, model, training, scratch)
        folder = scratch / "model"
        model.save_pretrained(str(folder), create_model_card=False)
    task = suite_task.as_task(data, f"{cell.suite.name}-{cell.language}", cell.suite.evaluation)
    return bridge.evaluate(folder_model.model_meta(folder, cell.entry.name, cell.suite.text), task)


def training_data(cell: Cell, data: Data, model: SentenceTransformer) -> TrainingData:
    """Mine negatives and score pairs as the method needs, with the untuned model."""
    from harness.stages.mine import draw, negative_queries

    training = TrainingData(data, cell.seed)
    if cell.entry.negatives is None:
        return training
    restricted = cell.suite.negative_queries == "data" and Need.NEGATIVE_QUERIES in cell.row_needs
    answered = negative_queries(data) if restricted else {}
    eligible = sorted(answered) if restricted else sorted(data.passages)
    if cell.entry.negatives == "random":
        negatives = draw(data, eligible, cell.suite.mining.depth, cell.seed)
    else:
        negatives = nearest(cell, data, model, eligible)
    mined = {query: tuple(docs) for query, docs in negatives.items()}
    training = replace(training, negatives=mined, negative_queries=answered)
    if Need.EXPERT_SCORES in cell.needs:
        return replace(training, expert_scores=expert_scores(cell, training, model))
    return training


def encode(cell: Cell, model: SentenceTransformer, texts: list[str], length: int) -> Any:
    """Return unit vectors of `texts`, truncated to `length` tokens."""
    model.max_seq_length = length
    batch_size = cell.suite.evaluation.encode_batch_size
    return model.encode(texts, batch_size=batch_size, normalize_embeddings=True, show_progress_bar=False)


def nearest(cell: Cell, data: Data, model: SentenceTransformer, eligible: list[str]) -> dict[str, list[str]]:
    """Return the irrelevant passages that the model ranks highest for each training query."""
    from sentence_transformers.util import semantic_search

    depth, queries = cell.suite.mining.depth, sorted(data.train)
    query_vectors = encode(cell, model, [data.queries[query] for query in queries], cell.suite.text.query_max_length)
    corpus = encode(cell, model, [data.passages[doc] for doc in eligible], cell.suite.text.passage_max_length)
    limit = depth + max(len(docs) for docs in data.train.values())
    negatives = {}
    for query, hits in zip(queries, semantic_search(query_vectors, corpus, top_k=limit), strict=True):
        ranked = [eligible[int(hit["corpus_id"])] for hit in hits]
        negatives[query] = [doc for doc in ranked if doc not in data.train[query]][:depth]
    return negatives


def expert_scores(
    cell: Cell, training: TrainingData, model: SentenceTransformer
) -> dict[tuple[str, str], tuple[float, ...]]:
    """Return all experts' scaled scores for the relevant and mined passages of each training query."""
    import numpy as np

    from harness.stages.consult import scaled

    data = training.data
    pairs = [
        (query, doc)
        for query in sorted(data.train)
        for doc in dict.fromkeys([*data.train[query], *training.negatives[query]])
    ]
    queries = {query: data.queries[query] for query in sorted(data.train)}
    columns = []
    for expert in cell.suite.experts:
        if expert.ranker is not None:
            ranking = plugins.load(expert.ranker, expert.settings).search(data.passages, queries, len(data.passages))
            scores = {query: dict(rows) for query, rows in ranking.items()}
            raw = [scores[query].get(doc, 0.0) for query, doc in pairs]
        else:
            docs = sorted({doc for _, doc in pairs})
            texts = [data.passages[doc] for doc in docs]
            query_matrix = encode(cell, model, list(queries.values()), cell.suite.text.query_max_length)
            passage_matrix = encode(cell, model, texts, cell.suite.text.passage_max_length)
            query_vectors = dict(zip(queries, query_matrix.astype(float), strict=True))
            passage_vectors = dict(zip(docs, passage_matrix.astype(float), strict=True))
            raw = [float(query_vectors[query] @ passage_vectors[doc]) for query, doc in pairs]
        columns.append(scaled(np.array(raw)))
    return {pair: tuple(map(float, row)) for pair, row in zip(pairs, np.stack(columns, axis=1), strict=True)}


def train(cell: Cell, model: SentenceTransformer, training: TrainingData, scratch: Path) -> None:
    """Train `model` in place with the suite's settings."""
    from sentence_transformers import SentenceTransformerTrainer, SentenceTransformerTrainingArguments
    from torch import nn

    settings, text, method = cell.training, cell.suite.text, cell.method
    assert method is not None
    model.max_seq_length = max(text.query_max_length, text.passage_max_length)
    for module in model.modules():
        if isinstance(module, nn.Dropout) and settings.dropout is not None:
            module.p = settings.dropout
    arguments = SentenceTransformerTrainingArguments(
        output_dir=str(scratch / "checkpoints"),
        num_train_epochs=settings.epochs,
        per_device_train_batch_size=settings.batch_size,
        learning_rate=settings.learning_rate,
        warmup_steps=settings.warmup,
        lr_scheduler_type=settings.scheduler,
        weight_decay=settings.weight_decay,
        max_grad_norm=settings.max_grad_norm,
        optim="adamw_torch_fused",  # the default of transformers 5
        seed=derive(cell.seed, "train"),
        data_seed=derive(cell.seed, "order"),
        use_cpu=True,
        save_strategy="no",
        report_to="none",
        disable_tqdm=True,
    )
    trainer = SentenceTransformerTrainer(
        model=model, args=arguments, train_dataset=method.examples(training), loss=method.loss(model)
    )
    trainer.train()


if __name__ == "__main__":
    main()
