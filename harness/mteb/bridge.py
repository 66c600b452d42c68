"""MTEB on a suite's own data and a model's own folder: `mteb.evaluate` without hub, network or shared cache entries.

Two things that mteb leaves to its caller are made explicit here: which model this is (trap T1: its result cache knows
a model by name and revision alone), and how long a query and a passage may be (trap T12).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from datasets import Dataset
from mteb import evaluate as mteb_evaluate
from mteb.abstasks.abstask import AbsTask
from mteb.abstasks.retrieval import AbsTaskRetrieval
from mteb.abstasks.task_metadata import TaskMetadata
from mteb.cache import ResultCache
from mteb.models import ModelMeta
from mteb.models.sentence_transformer_wrapper import SentenceTransformerEncoderWrapper
from mteb.results import TaskResult
from mteb.types import PromptType

from harness.errors import CellError, RequestError, unknown
from harness.keys import digest, file_sha256
from harness.request.manifest import Evaluation, Precision, Text
from harness.types import Data
from harness.vectors.embedding import open_model

SPLIT = "dev"
NOT_THE_MODEL = {"training.json", "README.md"}  # logs and cards: they change no vector
# fmt: off
LANGUAGES = {  # ISO 639-1 → ISO 639-3 and ISO 15924, for the languages of MIRACL
    "ar": "ara-Arab", "bn": "ben-Beng", "de": "deu-Latn", "en": "eng-Latn", "es": "spa-Latn", "fa": "fas-Arab",
    "fi": "fin-Latn", "fr": "fra-Latn", "hi": "hin-Deva", "id": "ind-Latn", "ja": "jpn-Jpan", "ko": "kor-Kore",
    "ru": "rus-Cyrl", "sw": "swa-Latn", "te": "tel-Telu", "th": "tha-Thai", "yo": "yor-Latn", "zh": "zho-Hans",
}
# fmt: on


class SuiteTask(AbsTaskRetrieval):
    """One language's dev queries against its passages; title and text are joined already and passed as text."""

    ignore_identical_ids = False  # trap T4

    def __init__(self, data: Data, metadata: TaskMetadata, evaluation: Evaluation) -> None:
        self.metadata = metadata
        self.evaluation = evaluation
        self.k_values = cutoffs(evaluation)
        super().__init__()
        self.dataset = {
            "default": {
                SPLIT: {
                    "corpus": _rows(data.passages),
                    "queries": _rows({query: data.queries[query] for query in data.dev}),
                    "relevant_docs": {query: dict(grades) for query, grades in data.dev.items()},
                    "top_ranked": None,
                }
            }
        }
        self.data_loaded = True  # so that mteb neither loads nor unloads


class LengthAwareEncoder(SentenceTransformerEncoderWrapper):
    """mteb's wrapper of a sentence-transformers model, with one maximum length for queries and one for passages.

    Where mteb names no role (both sentences of an STS or pair classification task) it adds no prompt, and a text is cut
    at the longer of the two.
    """

    def __init__(self, folder: str, device: str, text: Text, precision: Precision) -> None:
        import torch

        model = open_model(Path(folder), device)
        if precision != "float32":
            model.to(getattr(torch, precision))
        model.prompts = {"query": text.query_prompt, "document": text.passage_prompt}
        with warnings.catch_warnings():  # mteb asks for the dimension by a name that sentence-transformers has renamed
            warnings.simplefilter("ignore", FutureWarning)
            super().__init__(model)
        lengths = (text.query_max_length, text.passage_max_length)
        self._lengths = {PromptType.query: lengths[0], PromptType.document: lengths[1], None: max(lengths)}
        self._exact = precision == "float32"

    def encode(self, inputs: Any, *, prompt_type: PromptType | None = None, **settings: Any) -> Any:
        """Return unit float32 vectors as mteb's wrapper does, cut at the length of the inputs' role."""
        self.model.max_seq_length = self._lengths[prompt_type]
        vectors = super().encode(inputs, prompt_type=prompt_type, **settings)
        if self._exact:
            return vectors
        exact = np.asarray(vectors, dtype=np.float32)  # halves are not exact enough to be of length 1
        return exact / np.linalg.norm(exact, axis=1, keepdims=True)


def as_task(data: Data, name: str, evaluation: Evaluation) -> SuiteTask:
    """Return the dev split of `data` as a retrieval task, ranked to the suite's depth.

    Raises RequestError for a passage that mteb would not read as it is (it strips white space at the ends; loaded data
    has none) and for a language whose ISO 639-3 code is not in LANGUAGES.
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


def identity(folder: Path, name: str, text: Text, device: str = "cpu", precision: Precision = "float32") -> ModelMeta:
    """Return what mteb is to know the model in `folder` by; opening it is left to mteb.

    The revision is the sha256 of the model's files, of the text settings and of the precision, so that no two models
    share a cached score. A model with an adapter needs that adapter's `register()` before it is evaluated.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file() and not _ignored(path.relative_to(folder)))
    content = {path.relative_to(folder).as_posix(): file_sha256(path) for path in files}
    return ModelMeta.create_empty(
        overwrites={
            "name": f"harness/{name}",
            "revision": digest([content, text.model_dump(), precision]),
            "loader": _load,
            "loader_kwargs": {"folder": str(folder), "on": device, "text": text, "precision": precision},
            "framework": ["Sentence Transformers"],
        }
    )


def evaluate(model: ModelMeta, task: SuiteTask, cache: ResultCache | None = None) -> dict[str, float]:
    """Return the suite's measures as mteb computes them, in mteb's rounding (5 digits)."""
    (scores,) = run(model, task, task.evaluation.encode_batch_size, cache).scores[SPLIT]
    found = {measure: scores[mteb_name(measure, task.evaluation.depth)] for measure in task.evaluation.measures}
    for measure, value in found.items():
        if value != value:
            raise CellError(f"mteb's {measure} of {model.name} on {task.metadata.name} is NaN")
    return found


def run(model: ModelMeta, task: AbsTask, batch_size: int, cache: ResultCache | None = None) -> TaskResult:
    """Return what mteb measures for a model on any one of its tasks; without `cache` nothing is read from or kept."""
    settings: Any = {  # beyond mteb's EncodeKwargs, the rest goes to the model's `encode`
        "batch_size": batch_size,
        "normalize_embeddings": True,
        "show_progress_bar": False,
    }
    results = mteb_evaluate(
        model, task, co2_tracker=False, cache=cache, show_progress_bar=False, encode_kwargs=settings
    )
    (result,) = results.task_results
    return result


def mteb_name(measure: str, depth: int) -> str:
    """Return mteb's name of a measure: `nDCG@10` is `ndcg_at_10`, and `AP` is `map_at_DEPTH`.

    Raises RequestError for a measure that mteb's retrieval tasks do not compute.
    """
    kind, _, cutoff = measure.partition("@")
    names = {"nDCG": "ndcg", "R": "recall", "RR": "mrr", "AP": "map", "P": "precision"}
    if kind not in names or not (cutoff.isdecimal() or measure == "AP"):
        raise unknown("measure", measure, ["AP", *(f"{kind}@K" for kind in names)], where="mteb's retrieval tasks")
    return f"{names[kind]}_at_{cutoff or depth}"


def cutoffs(evaluation: Evaluation) -> tuple[int, ...]:
    """Return the cut-offs that mteb is asked for: rank 1 (it always reports it), the measures', and the depth."""
    wanted = {int(mteb_name(measure, evaluation.depth).rpartition("_")[2]) for measure in evaluation.measures}
    return tuple(sorted({1, *wanted, evaluation.depth}))


def _load(name: str, revision: str | None = None, *, folder: str, on: str, **settings: Any) -> LengthAwareEncoder:
    return LengthAwareEncoder(folder, on, settings["text"], settings["precision"])


def _ignored(path: Path) -> bool:
    return path.name in NOT_THE_MODEL or path.name.startswith(".")


def _rows(texts: Mapping[str, str]) -> Dataset:
    """Return texts in the order of their ids, as the harness encodes them."""
    return Dataset.from_dict({"id": sorted(texts), "text": [texts[name] for name in sorted(texts)]})
