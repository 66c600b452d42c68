"""A suite as its manifest declares it: every setting that changes a score, none left to a library's default.

One TOML file in `datasets_manifest/` a suite. Unknown keys are errors; nothing here touches the data.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from harness.errors import DataError, RequestError, unknown
from harness.keys import digest
from harness.resources import manifests
from harness.types import Family, Need


def _inside(path: str) -> str:
    parts = PurePosixPath(path)
    if parts.is_absolute() or ".." in parts.parts or "\\" in path:
        raise ValueError(f"path '{path}' leaves its folder")
    return path


def _measure(name: str) -> str:
    import ir_measures

    try:
        return str(ir_measures.parse_measure(name))
    except (NameError, ValueError, SyntaxError) as error:
        raise ValueError(
            f"measure '{name}' is not one that ir_measures knows (such as nDCG@10, R@100, RR@10, AP)"
        ) from error


RelativePath = Annotated[str, AfterValidator(_inside)]
Measure = Annotated[str, AfterValidator(_measure)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Fraction = Annotated[float, Field(ge=0, lt=1)]


class Strict(BaseModel):
    """A frozen model that refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class File(Strict):
    """One data file; without `url` it travels with the package."""

    path: RelativePath
    sha256: Sha256
    bytes: int = Field(gt=0)
    url: str | None = None


class Source(Strict):
    """Files of one origin and the reader that understands them."""

    reader: str
    files: tuple[File, ...]
    licence: str
    citation: str


class Counts(Strict):
    """What the files must hold; a difference is an error."""

    passages: int
    train_queries: int
    dev_queries: int
    nli: int = 0


class Language(Strict):
    """The sources of one language."""

    retrieval: Source
    nli: Source | None = None
    counts: Counts


class Text(Strict):
    """How a text becomes what the encoder reads (traps T11 and T12)."""

    title_join: str  # between title and text
    query_prompt: str = ""
    passage_prompt: str = ""
    query_max_length: int = Field(gt=2)  # tokens, special ones included
    passage_max_length: int = Field(gt=2)


class BuiltBase(Strict):
    """A small encoder made from the suite's own passages, with a fixed initialisation seed."""

    vocab_size: int
    hidden_size: int
    intermediate_size: int
    layers: int
    attention_heads: int
    initialisation_seed: int


class PinnedBase(Strict):
    """A published encoder at one revision."""

    id: str
    revision: str = Field(pattern=r"^[0-9a-f]{40}$")


class LocalBase(Strict):
    """An encoder in a folder; its content is its identity, not its place."""

    path: Path = Field(exclude=True)
    sha256: Sha256


class Evaluation(Strict):
    """What is measured, on what, how deep."""

    measures: tuple[Measure, ...] = Field(min_length=1)
    primary: Measure
    depth: int = Field(gt=0)
    encode_batch_size: int = Field(gt=0)
    holdout: Fraction = 0.0  # share of the training queries that is evaluated in place of dev (to choose settings)

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
    checkpoint_steps: int | None = Field(default=None, gt=0)  # a killed training goes on from the last one
    precision: Literal["float32", "bfloat16", "float16"] = "float32"


class Expert(Strict):
    """One judge of (query, passage) pairs: a ranker plugin with settings, the suite's base, or a published encoder."""

    name: str
    ranker: str | None = None
    settings: Mapping[str, Any] = Field(default_factory=dict)
    encoder: Literal["base"] | PinnedBase | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Expert:
        if (self.ranker is None) == (self.encoder is None):
            raise ValueError(f"expert '{self.name}' wants either a ranker or an encoder")
        return self


class Mining(Strict):
    """Where mined negatives come from."""

    depth: int = Field(gt=0)  # candidates that are kept for each training query


class Suite(Strict):
    """One benchmark."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    title: str
    description: str
    licence: str
    languages: Mapping[str, Language] = Field(min_length=1)
    text: Text
    base_model: BuiltBase | PinnedBase | LocalBase
    evaluation: Evaluation
    mining: Mining
    training: Mapping[Family, Training]
    experts: tuple[Expert, ...] = ()
    negative_queries: Literal["data"] | None = None
    settings: Mapping[str, Mapping[str, Any]] = Field(default_factory=dict)  # plugin → what this suite's scale asks for
    max_train: int | None = Field(default=None, gt=0)  # training queries a language, by a seeded draw

    @property
    def digest(self) -> str:
        """sha256 of the whole definition."""
        return digest(self.model_dump(mode="json"))

    def offers(self, language: str) -> frozenset[Need]:
        """Return what methods may ask for in `language`."""
        offered = {Need.HARD_NEGATIVES}
        if self.negative_queries:
            offered.add(Need.NEGATIVE_QUERIES)
        if self.experts:
            offered.add(Need.EXPERT_SCORES)
        if self.languages[language].nli:
            offered.add(Need.NLI)
        return frozenset(offered)


def measuring(evaluation: Evaluation, measures: Sequence[str]) -> Evaluation:
    """Return the evaluation with other measures; the first is primary where the suite's own is not among them."""
    try:
        wanted = tuple(dict.fromkeys(_measure(name) for name in measures))
    except ValueError as error:
        raise RequestError(str(error)) from error
    primary = evaluation.primary if evaluation.primary in wanted else wanted[0]
    return evaluation.model_copy(update={"measures": wanted, "primary": primary})


def names() -> list[str]:
    """Return the names of the bundled suites."""
    return sorted(path.stem for path in manifests().glob("*.toml"))


def load(name: str) -> Suite:
    """Return the suite of that name, or of that path when it ends in `.toml`.

    Raises RequestError for an unknown name and DataError for a manifest that is not a valid one.
    """
    path = Path(name) if name.endswith(".toml") else manifests() / f"{name}.toml"
    if not path.is_file():
        raise unknown("suite", name, names())
    return parse(path)


def parse(path: Path) -> Suite:
    """Return the suite that the manifest at `path` declares."""
    try:
        return Suite.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"manifest {path} is not valid TOML: {error}") from error
    except ValidationError as error:
        raise DataError(f"manifest {path}: {explain(error)}") from error


def explain(error: ValidationError) -> str:
    """Return the first problem of a validation as one line: where, what, and how many more."""
    problems = error.errors()
    first = problems[0]
    where = ".".join(str(part) for part in first["loc"])
    what = "unknown key" if first["type"] == "extra_forbidden" else first["msg"].removeprefix("Value error, ")
    more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
    return f"{where}: {what}{more}"
