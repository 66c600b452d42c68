"""What stages read of a cell's suite and entry where it takes more than one field to tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import astuple, replace
from typing import Any

from harness.request import plugins
from harness.request.cell import Cell
from harness.request.data_sources import PairTask, PublishedRows, Task
from harness.request.manifest import Text, TrainFile, Writer
from harness.request.suite import Suite
from harness.types import Need, NegativeQueries, Ranker, TrainingRows
from harness.vectors.embedding import budget_of

READ_BY_OTHER_STAGES: Mapping[str, bool | set[str]] = {  # of a language's declaration, besides `prepare`
    **dict.fromkeys(("nli", "nli_quality", "nli_degraded", "tasks", "pair_tasks", "published_rows"), True),
    "counts": {"nli"},
}


def retrieval_sources(suite: Suite, language: str) -> dict[str, Any]:
    """Return what a language's manifest declares of its retrieval data."""
    return suite.languages[language].model_dump(mode="json", exclude=READ_BY_OTHER_STAGES)


def selected_rows(cell: Cell) -> list[Any]:
    """Return what decides which NLI rows a cell reads and how they read; [] where it is all of them as they are."""
    declared, minimum = cell.suite.languages[cell.language], cell.entry.minimum_quality
    settings: list[Any] = []
    if declared.nli_degraded is not None:
        settings.append(["degraded", declared.nli_degraded.model_dump()])
    if minimum is not None:
        scores = declared.nli_quality.model_dump(mode="json") if declared.nli_quality else None
        settings.append(["quality", minimum, scores])
    return settings


def has_outside_method(cell: Cell) -> bool:
    """Return whether a cell trains a method that does not come with this package; its columns may have any names."""
    names = [name for name in (cell.entry.method, *cell.entry.joined) if name is not None]
    return any(not plugins.is_bundled(name, cell.place.methods_path) for name in names)


def is_untuned(cell: Cell) -> bool:
    """Return whether a cell's model is the base as it is: neither trained nor a published checkpoint."""
    return cell.method is None and not cell.entry.checkpoint


def trains_on_queries(cell: Cell) -> bool:
    """Return whether a cell trains, and on more than NLI triples."""
    return any(method.family != "nli" for method in cell.objectives.values())


def augmentation_writer(cell: Cell) -> Writer | None:
    """Return the writer of a cell's further training queries; None for a cell that trains on no queries."""
    return cell.suite.augmentation if trains_on_queries(cell) else None


def negative_query_writer(cell: Cell) -> Writer | None:
    """Return the writer of a cell's negative queries; None where its rows need none or the data hold them."""
    writer = cell.suite.negative_queries
    needed = Need.NEGATIVE_QUERIES in cell.row_needs and not data_hold_negative_queries(cell)
    return writer if needed and isinstance(writer, Writer) else None


def declared_rows(cell: Cell) -> PublishedRows | None:
    """Return the rows of the paper's authors that a cell trains on; None where it trains on other queries.

    A request that names other training rows or another source of negative queries takes precedence.
    """
    suite = cell.suite
    replaced = cell.language in suite.train_files or isinstance(suite.negative_queries, Writer)
    asked_for = cell.method is not None and cell.entry.rows == "published" and not replaced
    return suite.languages[cell.language].published_rows if asked_for else None


def data_hold_negative_queries(cell: Cell) -> bool:
    """Return whether the suite's data, or the rows trained on, hold the queries that negatives answer."""
    if declared_rows(cell) is not None:
        return True
    train_file = cell.suite.train_files.get(cell.language)
    return train_file.negative_queries if train_file else cell.suite.negative_queries == "data"


def scored_rows(cell: Cell) -> TrainFile | None:
    """Return the user's training rows whose scores serve as those of one expert, in place of the suite's experts.

    None where the method reads no scores, where a row lacks some, and where a cell has pairs that no row scores: mined
    or drawn negatives, and written queries.
    """
    file = cell.suite.train_files.get(cell.language)
    all_pairs_of_rows = cell.entry.negatives != "random" and cell.entry.mining_rounds == 1
    reads = Need.EXPERT_SCORES in cell.needs and all_pairs_of_rows and augmentation_writer(cell) is None
    return file if file is not None and file.scores and reads else None


def mines_answered_passages(cell: Cell) -> bool:
    """Return whether only passages that answer a query of the data may be negatives.

    So it is for methods that read the negatives' queries, and for their control, which trains on the same rows.
    """
    return Need.NEGATIVE_QUERIES in cell.row_needs and data_hold_negative_queries(cell)


def training_rows_source(cell: Cell) -> TrainingRows | None:
    """Return where a cell's training queries come from; None for a cell that does not train."""
    if cell.method is None:
        return None
    if declared_rows(cell) is not None:
        return "authors' rows"
    return "train file" if cell.language in cell.suite.train_files else "train split"


def negative_queries_source(cell: Cell) -> NegativeQueries | None:
    """Return where the queries that a cell's negatives answer come from; None for a cell that does not train."""
    if cell.method is None:
        return None
    if Need.NEGATIVE_QUERIES not in cell.needs:
        return "none"
    if negative_query_writer(cell):
        return "written"
    in_rows = cell.language in cell.suite.train_files or declared_rows(cell) is not None
    return "of the training rows" if in_rows else "training queries"


def previous_round(cell: Cell) -> Cell | None:
    """Return the cell that trains the model which mines for this one; None in the first round of mining."""
    rounds = cell.entry.mining_rounds
    return replace(cell, entry=cell.entry.model_copy(update={"mining_rounds": rounds - 1})) if rounds > 1 else None


def all_passages(suite: Suite) -> Suite:
    """Return the suite without what narrows its training queries: a base is built from the passages alone."""
    evaluation = suite.evaluation.model_copy(update={"holdout": 0.0})
    return suite.model_copy(update={"max_train": None, "evaluation": evaluation, "train_files": {}})


def base_positions(text: Text) -> int:
    """Return the number of tokens that a base built for these lengths has positions for."""
    return max(text.query_max_length, text.passage_max_length)


def training_lengths(text: Text, most: int | None = None) -> dict[str, int]:
    """Return the tokens, at most `most`, that training cuts queries and passages at, special ones included."""
    lengths = {"query": text.query_max_length, "document": text.train_passage_max_length or text.passage_max_length}
    return lengths if most is None else {role: min(length, most) for role, length in lengths.items()}


def choice_settings(cell: Cell) -> list[Any]:
    """Return what the choice of the best checkpoint reads besides the training settings; [] where none is chosen."""
    if cell.training.best_of is None:
        return []
    text, evaluation = cell.suite.text, cell.suite.evaluation
    return [evaluation.primary, *astuple(budget_of(cell)), text.query_max_length, text.passage_max_length]


def cuts(cell: Cell) -> list[int]:
    """Return the dimensions at which vectors are searched besides their own, largest first."""
    return sorted({*cell.suite.evaluation.dimensions, *cell.entry.dimensions}, reverse=True)


def scores_pairs(cell: Cell) -> bool:
    """Return whether a cell's model is scored on labelled pairs of held-out training queries; a ranker has no model."""
    return cell.suite.evaluation.pairs is not None and not isinstance(cell.plugin, Ranker)


def tasks_of(cell: Cell) -> tuple[Task | PairTask, ...]:
    """Return the tasks that a cell is scored on: those of MTEB, and those of the suite's own sentence pairs.

    A ranker has no model to score. A suite that holds out training queries in place of dev has no tasks either: their
    test data must not choose settings.
    """
    if isinstance(cell.plugin, Ranker) or cell.suite.evaluation.holdout:
        return ()
    declared = cell.suite.languages[cell.language]
    return (*declared.tasks, *declared.pair_tasks)


def pair_settings(cell: Cell, task: PairTask) -> list[Any]:
    """Return what decides the scores of a task of the suite's own pairs, besides the model and how it reads."""
    source = cell.suite.languages[cell.language].pairs_of(task).model_dump(mode="json")
    return [task.name, task.type, source, cell.suite.unverified.get(cell.language, ""), trains_on_pairs(cell, task)]


def trains_on_pairs(cell: Cell, task: PairTask) -> bool:
    """Return whether a cell trains on the set that a task's pairs are of."""
    declared = cell.suite.languages[cell.language]
    return Need.NLI in cell.needs and declared.pairs_of(task) == declared.nli
