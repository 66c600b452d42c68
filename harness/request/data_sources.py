"""The data that a manifest declares: files, hub datasets, MTEB tasks, and how many rows they must hold.

A file on this machine may be declared without its hash: the hash as found takes its place (harness.data.found_hashes).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from harness.schema import Strict, unset


def _inside(path: str) -> str:
    parts = PurePosixPath(path)
    if parts.is_absolute() or ".." in parts.parts or "\\" in path:
        raise ValueError(f"path '{path}' leaves its folder")
    return path


def _revision(value: str) -> str:
    if len(value) != 40 or set(value) - set("0123456789abcdef"):
        raise ValueError(f"revision '{value}' is not a 40-digit hash; branches and tags can move")
    return value


RelativePath = Annotated[str, AfterValidator(_inside)]
Revision = Annotated[str, AfterValidator(_revision)]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
SOURCE_ROLES = (
    "retrieval",
    "training",
    "nli",
    "nli_quality",
)  # the sources of a language, besides those of its pair tasks


class File(Strict):
    """One data file. Without `url` it is beside the manifest, or part of the package.

    Hash and size of a file without `url` may be left out: they are then those of the file as found. `published` is the
    address of such a file: it is downloaded from there once hash and size are known, since then they verify it.
    """

    path: RelativePath
    sha256: Sha256 | None = None
    bytes: int | None = Field(default=None, gt=0)
    url: str | None = None
    published: str | None = Field(default=None, exclude_if=unset)

    @model_validator(mode="after")
    def _one_address(self) -> File:
        if self.url is not None and self.published is not None:
            raise ValueError(f"file '{self.path}' has a url and 'published'; leave the latter out")
        return self

    @model_validator(mode="after")
    def _downloads_are_verified(self) -> File:
        if self.url is not None and (self.sha256 is None or self.bytes is None):
            raise ValueError(f"file '{self.path}' has a url and needs its sha256 and bytes, which verify the download")
        return self

    @property
    def hash(self) -> str:
        """The hash of the content, written KIND:VALUE; empty while it is neither declared nor found."""
        return f"sha256:{self.sha256}" if self.sha256 else ""

    @property
    def address(self) -> str | None:
        """Where the file is downloaded from; None for one that is not, or could not be verified."""
        return self.url or (self.published if self.sha256 and self.bytes else None)


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
    def address(self) -> str:
        """Where the file is downloaded from."""
        return self.url

    @property
    def bytes(self) -> None:
        """The size, which is not declared."""


class Hub(Strict):
    """A dataset on the Hugging Face hub, at one revision; `files` are glob patterns below its root."""

    id: str
    revision: Revision
    files: tuple[RelativePath, ...] = Field(min_length=1)


class Source(Strict):
    """Data of one origin and the reader that understands it: files by sha256, a hub dataset, or an ir_datasets id.

    `split` names the judgments to evaluate on where the files hold both dev and test, or train alone. `subset` is the
    language's name in a file of several languages. `missing_positives` is the number of relevant judgments whose
    passage the corpus lacks: they count as not retrieved.
    """

    reader: str
    files: tuple[File, ...] = ()
    hub: Hub | None = None
    ir_datasets: str | None = None  # such as miracl/ko; its pinned md5 hashes verify every file
    split: Literal["dev", "test", "train"] | None = Field(default=None, exclude_if=unset)
    subset: str | None = Field(default=None, exclude_if=unset)
    missing_positives: int = Field(default=0, ge=0, exclude_if=lambda value: value == 0)
    licence: str
    citation: str

    @model_validator(mode="after")
    def _one_origin(self) -> Source:
        if sum((bool(self.files), self.hub is not None, self.ir_datasets is not None)) != 1:
            raise ValueError("a source has exactly one of files, a hub dataset and an ir_datasets id")
        if self.split == "train":
            if self.reader != "mteb":
                raise ValueError("split = \"train\" is for reader 'mteb', where it is what is evaluated; leave it out")
        elif self.split is not None and (self.reader != "beir" or not self.files):
            raise ValueError("split names one of the files dev.tsv and test.tsv of reader 'beir'; leave it out")
        if (self.subset is not None) != (self.reader == "xor-retrieve"):
            raise ValueError("subset names a language's part of a file of reader 'xor-retrieve', which needs it")
        return self


class Degradation(Strict):
    """A seeded damage of NLI rows, as a stand-in for translations of varying quality (harness.data.nli_selection)."""

    share: float = Field(gt=0, le=1, strict=True)  # of the rows, in expectation
    seed: int = Field(default=0, ge=0, strict=True)


class Counts(Strict):
    """Expected sizes of the sources, where given; a difference is an error."""

    passages: int | None = Field(default=None, gt=0)
    train_queries: int | None = Field(default=None, ge=0)
    dev_queries: int | None = Field(default=None, gt=0)
    nli: int | None = Field(default=None, ge=0)
    train_judgments: int | None = Field(default=None, ge=0)
    train_positives: int | None = Field(default=None, ge=0)
    dev_judgments: int | None = Field(default=None, gt=0)
    dev_positives: int | None = Field(default=None, gt=0)


class Task(Strict):
    """A task of MTEB, scored through `mteb.evaluate`; `subset` is mteb's name of the language's part."""

    name: str
    revision: Revision  # of the task's dataset; another one in the installed mteb is an error
    subset: str = "default"
    split: str = "test"


class PairTask(Strict):
    """A task on pairs of sentences in files, scored by mteb's evaluator of its type under a name that mteb lacks.

    The pairs are those of `source`, by default those of the language's NLI set, on which some methods train.
    """

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    type: Literal["PairClassification", "STS"]
    source: Source | None = None


class Language(Strict):
    """The sources of one language. Without `training`, training queries come from `retrieval`."""

    retrieval: Source
    training: Source | None = None  # training queries and judgments, and the passages to train on and mine from
    nli: Source | None = None
    nli_quality: Source | None = Field(default=None, exclude_if=unset)  # a score for each row of `nli`
    nli_degraded: Degradation | None = Field(default=None, exclude_if=unset)  # rows of `nli` are damaged, and scored
    published_rows: PublishedRows | None = None  # for entries under `@published` that ask for them
    tasks: tuple[Task, ...] = ()
    pair_tasks: tuple[PairTask, ...] = Field(default=(), exclude_if=lambda tasks: not tasks)
    counts: Counts = Field(default=Counts(), exclude_if=lambda value: value == Counts())

    @model_validator(mode="after")
    def _pair_tasks_have_pairs_and_names(self) -> Language:
        own = [task.name for task in self.pair_tasks]
        names = [*(task.name for task in self.tasks), *own]
        if repeated := [name for name in own if names.count(name) > 1]:
            raise ValueError(f"two tasks are named '{repeated[0]}'; rename one")
        if without := [task.name for task in self.pair_tasks if task.source is None and self.nli is None]:
            raise ValueError(f"pair task '{without[0]}' has no source, and the language has no NLI set; give it one")
        return self

    @model_validator(mode="after")
    def _scores_of_nli_rows(self) -> Language:
        given = [name for name in ("nli_quality", "nli_degraded") if getattr(self, name) is not None]
        if given and self.nli is None:
            raise ValueError(f"{given[0]} is about the rows of nli, and there is none; add nli, or remove it")
        if len(given) > 1:
            raise ValueError("nli_quality and nli_degraded both give the rows their scores; remove one")
        return self

    @property
    def sources(self) -> tuple[Source, ...]:
        """Every declared source, each once."""
        roles = (getattr(self, role) for role in SOURCE_ROLES)
        declared = dict.fromkeys((*roles, *(task.source for task in self.pair_tasks)))
        return tuple(source for source in declared if source is not None)

    def with_sources(self, change: Callable[[Source], Source]) -> Language:
        """Return the language with the same change made to every source."""
        roles = {role: change(source) for role in SOURCE_ROLES if (source := getattr(self, role))}
        pairs = [task.model_copy(update={"source": task.source and change(task.source)}) for task in self.pair_tasks]
        return self.model_copy(update={**roles, "pair_tasks": tuple(pairs)})

    def pairs_of(self, task: PairTask) -> Source:
        """Return the source of a task's pairs."""
        source = task.source or self.nli
        assert source is not None  # checked where the manifest is read
        return source
