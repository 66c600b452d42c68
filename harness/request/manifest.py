"""The tables of a suite's manifest: every setting that changes a score, none left to a library's default.

Unknown keys are errors; nothing here touches the data.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from harness.schema import Strict


def _inside(path: str) -> str:
    parts = PurePosixPath(path)
    if parts.is_absolute() or ".." in parts.parts or "\\" in path:
        raise ValueError(f"path '{path}' leaves its folder")
    return path


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


def _revision(value: str) -> str:
    if len(value) != 40 or set(value) - set("0123456789abcdef"):
        raise ValueError(f"revision '{value}' is not a 40-digit hash; branches and tags can move")
    return value


RelativePath = Annotated[str, AfterValidator(_inside)]
Measure = Annotated[str, AfterValidator(measure)]
Revision = Annotated[str, AfterValidator(_revision)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Fraction = Annotated[float, Field(ge=0, lt=1)]
Precision = Literal["float32", "bfloat16", "float16"]


class File(Strict):
    """One data file; without `url` it is part of the package."""

    path: RelativePath
    sha256: Sha256
    bytes: int = Field(gt=0)
    url: str | None = None

    @property
    def hash(self) -> str:
        """The hash of the content, written KIND:VALUE."""
        return f"sha256:{self.sha256}"


class PublishedRows(Strict):
    """Training rows that the authors of a paper published, one file in their repository at a pinned commit.

    `git_blob` is the hash under which git stores the file. It verifies a download whose sha256 and size are unknown.
    """

    path: RelativePath
    url: str
    git_blob: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]
    licence: str
    citation: str

    @property
    def hash(self) -> str:
        """The hash of the content, written KIND:VALUE."""
        return f"git:{self.git_blob}"

    @property
    def bytes(self) -> None:
        """The size, which is not declared."""


class Hub(Strict):
    """A dataset on the Hugging Face hub, at one revision; `files` are glob patterns below its root."""

    id: str
    revision: Revision
    files: tuple[RelativePath, ...] = Field(min_length=1)


class Source(Strict):
    """Data of one origin and the reader that understands it: files by sha256, a hub dataset, or an ir_datasets id."""

    reader: str
    files: tuple[File, ...] = ()
    hub: Hub | None = None
    ir_datasets: str | None = None  # such as miracl/ko; its pinned md5 hashes verify every file
    licence: str
    citation: str

    @model_validator(mode="after")
    def _one_origin(self) -> Source:
        if sum((bool(self.files), self.hub is not None, self.ir_datasets is not None)) != 1:
            raise ValueError("a source has exactly one of files, a hub dataset and an ir_datasets id")
        return self


class Counts(Strict):
    """Expected sizes of the sources, where given; a difference is an error."""

    passages: int
    train_queries: int
    dev_queries: int
    nli: int | None = None
    train_judgments: int | None = None
    train_positives: int | None = None
    dev_judgments: int | None = None
    dev_positives: int | None = None


class Task(Strict):
    """A task of MTEB, scored through `mteb.evaluate`; `subset` is mteb's name of the language's part."""

    name: str
    revision: Revision  # of the task's dataset; another one in the installed mteb is an error
    subset: str = "default"
    split: str = "test"


class Language(Strict):
    """The sources of one language. Without `training`, training queries come from `retrieval`."""

    retrieval: Source
    training: Source | None = None  # training queries and judgments, and the passages to train on and mine from
    nli: Source | None = None
    published_rows: PublishedRows | None = None  # for entries under `@published` that ask for them
    tasks: tuple[Task, ...] = ()
    counts: Counts


class Text(Strict):
    """How a text becomes what the encoder reads (docs/traps.md, T11 and T12)."""

    title: bool = True  # False drops the title: an ablation
    title_join: str  # between title and text
    query_prompt: str = ""
    passage_prompt: str = ""
    prompts: Literal["model"] | None = Field(default=None, exclude_if=lambda value: value is None)  # for those unstated
    query_max_length: int = Field(gt=2)  # tokens, special ones included
    passage_max_length: int = Field(gt=2)
    train_passage_max_length: int | None = Field(default=None, gt=2)  # where training cuts earlier than evaluation


class BuiltBase(Strict):
    """A small encoder built from the suite's passages, with a fixed initialisation seed."""

    vocab_size: int
    hidden_size: int
    intermediate_size: int
    layers: int
    attention_heads: int
    initialisation_seed: int


class PinnedBase(Strict):
    """A published encoder at one revision."""

    id: str
    revision: Revision


class LocalBase(Strict):
    """An encoder in a folder, identified by its content, not by its path."""

    path: Path = Field(exclude=True)
    sha256: Sha256


class TrainFile(Strict):
    """A user's file of training rows {query, pos, neg, neg_q}, identified by its content, not by its path."""

    path: Path = Field(exclude=True)
    sha256: Sha256
    negative_queries: bool = False  # whether rows have neg_q


class Evaluation(Strict):
    """What is measured, on what, how deep."""

    measures: tuple[Measure, ...] = Field(min_length=1)
    primary: Measure
    depth: int = Field(gt=0)
    encode_batch_size: int = Field(gt=0)
    precision: Precision = "float32"  # of the encoder; vectors and similarities are float32
    query_precision: Precision | None = None  # of the encoder for the dev queries; None: as for passages
    holdout: Fraction = 0.0  # share of the training queries evaluated in place of dev, to choose settings
    dimensions: tuple[int, ...] = ()  # also score vectors truncated to these dimensions (Matryoshka)

    @model_validator(mode="after")
    def _primary_is_measured(self) -> Evaluation:
        if self.primary not in self.measures:
            raise ValueError(f"primary measure '{self.primary}' is not among the measures")
        return self


class Training(Strict):
    """Trainer settings of one family of methods."""

    epochs: float = Field(gt=0)
    batch_size: int = Field(gt=0)
    gradient_accumulation: int = Field(default=1, gt=0)
    learning_rate: float = Field(gt=0)
    warmup: Fraction  # share of all steps
    scheduler: Literal["linear", "cosine", "constant_with_warmup"] = "linear"
    weight_decay: float = Field(default=0.0, ge=0)
    max_grad_norm: float = Field(default=1.0, gt=0)
    dropout: Fraction | None = None  # None keeps what the base model's configuration says
    checkpoint_steps: int | None = Field(default=None, gt=0)  # an interrupted training resumes from the last one
    precision: Precision = "float32"
    gradient_checkpointing: bool = False  # recompute activations instead of storing them
    pairs: int | None = Field(default=None, gt=0)  # maximum number of (query, relevant passage), by a seeded draw
    best_of: int | None = Field(default=None, gt=1)  # evaluations, evenly spaced; the best weights are kept
    best_holdout: Fraction = 0.1  # share of the training queries held out for these evaluations


class Expert(Strict):
    """One judge of (query, passage) pairs: a ranker plugin with settings, the suite's base, or a published encoder.

    A published encoder has its own prompts, as stated here or else as it declares them: it was trained with them.
    """

    name: str
    ranker: str | None = None
    settings: Mapping[str, Any] = Field(default_factory=dict)
    encoder: Literal["base"] | PinnedBase | None = None
    query_prompt: str = ""
    passage_prompt: str = ""

    @model_validator(mode="after")
    def _one_kind(self) -> Expert:
        if (self.ranker is None) == (self.encoder is None):
            raise ValueError(f"expert '{self.name}' needs either a ranker or an encoder")
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
    path: Path | None = Field(
        default=None, exclude=True
    )  # file: JSON lines, see harness.writers.query_file; model: folder
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
