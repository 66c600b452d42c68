"""A suite's dev queries as a retrieval task of mteb."""

from __future__ import annotations

from collections.abc import Mapping

from datasets import Dataset
from mteb.abstasks.retrieval import AbsTaskRetrieval
from mteb.abstasks.task_metadata import TaskMetadata

from harness.errors import RequestError, unknown
from harness.mteb.mteb_names import LANGUAGES, SPLIT, mteb_name
from harness.request.manifest import Evaluation
from harness.types import Data


class SuiteTask(AbsTaskRetrieval):
    """One language's dev queries against its passages; title and text are already joined and passed as text."""

    ignore_identical_ids = False  # docs/traps.md, T4

    def __init__(self, data: Data, metadata: TaskMetadata, evaluation: Evaluation) -> None:
        self.metadata = metadata
        self.evaluation = evaluation
        self.k_values = _cutoffs(evaluation)
        super().__init__()
        self.dataset = {
            "default": {
                SPLIT: {
                    "corpus": _dataset(data.passages),
                    "queries": _dataset({query: data.queries[query] for query in data.dev}),
                    "relevant_docs": {query: dict(grades) for query, grades in data.dev.items()},
                    "top_ranked": None,
                }
            }
        }
        self.data_loaded = True  # so that mteb neither loads nor unloads


def as_task(data: Data, name: str, evaluation: Evaluation) -> SuiteTask:
    """Return the dev split of `data` as a retrieval task, ranked to the suite's depth.

    Raises RequestError for a passage that mteb would change (it strips white space at the ends; loaded data has none)
    and for a language whose ISO 639-3 code is not in LANGUAGES.
    """
    if data.language not in LANGUAGES:
        raise unknown("language", data.language, LANGUAGES, where="the task for mteb")
    for doc, text in data.passages.items():
        if text != text.strip():
            raise RequestError(f"passage '{doc}' begins or ends with white space, which mteb strips; strip it")
    metadata = TaskMetadata(
        name=name,
        description=f"{name}: {len(data.dev)} queries against {len(data.passages)} passages",
        dataset={"path": f"harness/{name}", "revision": data.key},
        type="Retrieval",
        category="t2t",
        eval_splits=[SPLIT],
        eval_langs=[LANGUAGES[data.language]],
        main_score=mteb_name(evaluation.primary, evaluation.depth),
    )
    return SuiteTask(data, metadata, evaluation)


def _cutoffs(evaluation: Evaluation) -> tuple[int, ...]:
    """Return the cut-offs for mteb: rank 1 (which it always reports), those of the measures, and the depth."""
    cutoffs = {int(mteb_name(measure, evaluation.depth).rpartition("_")[2]) for measure in evaluation.measures}
    return tuple(sorted({1, *cutoffs, evaluation.depth}))


def _dataset(texts: Mapping[str, str]) -> Dataset:
    """Return texts in the order of their ids, as the harness encodes them."""
    return Dataset.from_dict({"id": sorted(texts), "text": [texts[name] for name in sorted(texts)]})
