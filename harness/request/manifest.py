"""The tables of a suite's manifest: every setting that changes a score, none left to a library's default.

Unknown keys are errors; nothing here touches the data.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from harness.request.data_sources import Revision, Sha256
from harness.schema import Strict, unset


def measure(name: str) -> str:
    """Return the one form of a measure's name; raises ValueError for one that ir_measures does not know."""
    import ir_measures

    try:
        parsed = ir_measures.parse_measure(name)
    except (NameError, ValueError, SyntaxError) as error:
        raise ValueError(
            f"measure '{name}' is not one that ir_measures knows (such as nDCG@10, R@100, RR@10, AP)"
        ) from error
    if parsed.params.get("cutoff", 1) < 1:
        raise ValueError(f"measure '{name}' has a cut-off below 1")
    in_process = (ir_measures.pytrec_eval, ir_measures.msmarco, ir_measures.judged)  # others start programs, or fail
    if not any(provider.supports(parsed) for provider in in_process):
        raise ValueError(f"measure '{name}' cannot be computed here; use one of trec_eval's, RR@k or Judged@k")
    return str(parsed)


Measure = Annotated[str, AfterValidator(measure)]
Fraction = Annotated[float, Field(ge=0, lt=1)]
Size = Annotated[int, Field(gt=0)]
Precision = Literal["float32", "bfloat16", "float16"]


class Text(Strict):
    """How a text becomes what the encoder reads (docs/traps.md, T11 and T12)."""

    title: bool = True  # False drops the title: an ablation
    title_join: str  # between title and text
    query_prompt: str = ""
    passage_prompt: str = ""
    prompts: Literal["model"] | None = Field(default=None, exclude_if=unset)  # for those unstated
    query_max_length: int = Field(gt=2)  # tokens, special ones included
    passage_max_length: int = Field(gt=2)
    train_passage_max_length: int | None = Field(default=None, gt=2)  # where training cuts earlier than evaluation


class BuiltBase(Strict):
    """A small encoder built from the suite's passages, with a fixed initialisation seed."""

    vocab_size: int = Field(gt=0)
    hidden_size: int = Field(gt=0)
    intermediate_size: int = Field(gt=0)
    layers: int = Field(gt=0)
    attention_heads: int = Field(gt=0)
    initialisation_seed: int = Field(ge=0)

    @model_validator(mode="after")
    def _heads_share_the_hidden_size(self) -> BuiltBase:
        if self.hidden_size % self.attention_heads:
            raise ValueError(f"hidden_size {self.hidden_size} is not a multiple of attention_heads")
        return self


class PinnedBase(Strict):
    """A published encoder at one revision."""

    id: str
    revision: Revision


class LocalBase(Strict):
    """An encoder in a folder, identified by its content, not by its path; or LoRA weights, and the model `adapts`."""

    path: Path = Field(exclude=True)
    sha256: Sha256
    adapts: PinnedBase | LocalBase | None = Field(default=None, exclude_if=unset)


class TrainFile(Strict):
    """A user's file of training rows {query, pos, neg, neg_q}, identified by its content, not by its path."""

    path: Path = Field(exclude=True)
    sha256: Sha256
    negative_queries: bool = False  # whether rows have neg_q
    negatives: bool = Field(default=True, exclude_if=bool)  # whether any row has neg
    scores: bool = Field(default=False, exclude_if=lambda scores: not scores)  # whether all rows have them
    counts: Mapping[str, int] = Field(default_factory=dict, exclude=True)  # what rows have, as found in the file
    prompts: Mapping[str, int] = Field(default_factory=dict, exclude=True)  # of the rows' own → rows


class LabelledPairs(Strict):
    """Average precision over labelled pairs of held-out training queries (harness.stages.labelled_pairs)."""

    holdout: float = Field(gt=0, lt=1, strict=True)  # share of the training queries, which are then not trained on
    negatives: int = Field(gt=0, strict=True)  # sampled per relevant pair


class Evaluation(Strict):
    """What is measured, on what, how deep."""

    measures: tuple[Measure, ...] = Field(min_length=1)
    primary: Measure
    depth: int = Field(gt=0)
    encode_batch_size: int = Field(gt=0)  # texts of a batch, at most
    encode_tokens: int | None = Field(default=None, gt=0, exclude_if=unset)  # and tokens; None: by device
    precision: Precision = "float32"  # of the encoder; vectors and similarities are float32
    query_precision: Precision | None = None  # of the encoder for the dev queries; None: as for passages
    holdout: Fraction = 0.0  # share of the training queries evaluated in place of dev, to choose settings
    dimensions: tuple[
        Annotated[int, Field(gt=0)], ...
    ] = ()  # also score vectors truncated to these dimensions (Matryoshka)
    pairs: LabelledPairs | None = Field(  # AUPRC, beside the measures
        default=None, exclude_if=unset, examples=[{"holdout": 0.2, "negatives": 4}]
    )

    @model_validator(mode="after")
    def _primary_is_measured(self) -> Evaluation:
        if self.primary not in self.measures:
            raise ValueError(f"primary measure '{self.primary}' is not among the measures")
        return self


class Expert(Strict):
    """One judge of (query, passage) pairs: a ranker plugin with settings, the suite's base, or a published encoder.

    A published encoder has its own prompts, as stated here or else as it declares them, and may have its own length and
    precision: those that it was trained for. By default the length is that of training, the precision that of the
    suite's evaluation.
    """

    name: str
    ranker: str | None = None
    settings: Mapping[str, Any] = Field(default_factory=dict)
    encoder: Literal["base"] | PinnedBase | None = None
    query_prompt: str = ""
    passage_prompt: str = ""
    max_length: int | None = Field(default=None, gt=2, exclude_if=unset)  # tokens; queries at most
    precision: Precision | None = Field(default=None, exclude_if=unset)

    @model_validator(mode="after")
    def _one_kind(self) -> Expert:
        if (self.ranker is None) == (self.encoder is None):
            raise ValueError(f"expert '{self.name}' needs either a ranker or an encoder")
        if not isinstance(self.encoder, PinnedBase) and (self.max_length or self.precision):
            raise ValueError(f"expert '{self.name}': max_length and precision are those of a published encoder")
        return self


class Mining(Strict):
    """Where mined negatives come from."""

    depth: int = Field(gt=0)  # candidates kept per training query


class Writer(Strict):
    """Who writes queries for passages: a file of answers, an OpenAI-compatible endpoint, or a local model.

    `prompt` contains `{passage}` once, and optionally `{language}` and `{queries}`. Address and key of an endpoint
    come from the environment (OPENAI_BASE_URL, OPENAI_API_KEY): neither changes what is requested.
    """

    kind: Literal["file", "endpoint", "model"]
    path: Path | None = Field(default=None, exclude=True)  # file: see harness.writers.query_file; model: folder
    sha256: Sha256 | None = None  # of the content of `path`
    model: str = ""  # endpoint: its name for the model; model: hub id
    revision: Revision | None = None  # model: of the hub id
    prompt: str = ""  # empty: the default, see harness.writers.prompt
    temperature: float = Field(default=0.0, ge=0)
    max_tokens: int = Field(default=64, gt=0)
    queries: int = Field(default=1, gt=0)  # per passage; of a file, all are used

    @model_validator(mode="after")
    def _whole(self) -> Writer:
        if self.kind == "file" and (self.path is None or self.model or self.revision or self.prompt):
            raise ValueError("a file writer has a path, and neither model, revision nor prompt")
        if self.kind == "endpoint" and (self.path is not None or self.revision or not self.model):
            raise ValueError("an endpoint writer has a model, and neither path nor revision")
        if self.kind == "model" and (self.path is None) != bool(self.model and self.revision):
            raise ValueError("a model writer has either a path, or a model with its revision")
        if self.kind == "model" and self.temperature:
            raise ValueError("a model writer decodes greedily: its temperature is 0")
        if self.prompt and self.prompt.count("{passage}") != 1:
            raise ValueError("the prompt must contain {passage} exactly once")
        return self
