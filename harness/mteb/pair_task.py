"""A suite's sentence pairs as a task of mteb: pair classification or STS, scored by mteb's evaluator of that type.

The main score of pairs with labels is the average precision of their cosine similarities. That of mteb's own tasks is
`max_ap`, the highest over several similarities, which is among the scores too.
"""

from __future__ import annotations

from typing import Any

from datasets import Dataset
from mteb.abstasks.abstask import AbsTask
from mteb.abstasks.pair_classification import AbsTaskPairClassification
from mteb.abstasks.sts import AbsTaskSTS
from mteb.abstasks.task_metadata import TaskMetadata

from harness.data.raw_data import SentencePairs
from harness.errors import unknown
from harness.keys import digest
from harness.mteb.mteb_names import LANGUAGES, SPLIT
from harness.request.data_sources import PairTask, Source

MAIN_SCORES = {"PairClassification": "cosine_ap", "STS": "cosine_spearman"}
VALUES = {"PairClassification": "labels", "STS": "score"}  # type → the column that mteb reads beside the sentences


class LabelledPairs(AbsTaskPairClassification):
    """Pairs with a label."""


class ScoredPairs(AbsTaskSTS):
    """Pairs with a score."""


def as_task(task: PairTask, pairs: SentencePairs, source: Source, language: str) -> AbsTask:
    """Return the pairs as a task of mteb with its data, of one split and no subset.

    Its revision is the digest of the files' hashes. Raises RequestError for a language that is not in LANGUAGES.
    """
    if language not in LANGUAGES:
        raise unknown("language", language, LANGUAGES, where="the task for mteb")
    metadata = TaskMetadata(
        name=task.name,
        description=source.citation,
        dataset={"path": path_of(source), "revision": digest([file.hash for file in source.files] or str(source.hub))},
        type=task.type,
        category="t2t",
        modalities=["text"],
        eval_splits=[SPLIT],
        eval_langs=[LANGUAGES[language]],
        main_score=MAIN_SCORES[task.type],
    )
    kind: Any = {"PairClassification": LabelledPairs, "STS": ScoredPairs}[task.type]
    kind = type(task.name, (kind,), {"metadata": metadata})  # mteb reads the metadata of the class
    made: AbsTask = kind()
    columns = {"sentence1": pairs.left, "sentence2": pairs.right, VALUES[task.type]: pairs.values}
    made.dataset = {"default": {SPLIT: Dataset.from_dict({name: list(column) for name, column in columns.items()})}}
    made.data_loaded = True  # so that mteb neither loads nor unloads
    return made


def path_of(source: Source) -> str:
    """Return what a record calls the data: the files' names, or the id of the dataset on the hub."""
    return source.hub.id if source.hub else ", ".join(file.path for file in source.files)
