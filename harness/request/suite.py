"""A suite: one benchmark, as its manifest in `datasets_manifest/` declares it.

`NAME@VARIANT` is the suite with the overrides of its table `[variants.VARIANT]`: an ablation, or the set-up of a paper.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, PrivateAttr, ValidationError, model_validator

from harness.errors import DataError, RequestError, unknown
from harness.keys import digest
from harness.machine.bundled import manifests
from harness.machine.json_toml import read_toml
from harness.machine.names import LanguageTag
from harness.request.data_sources import Language
from harness.request.manifest import (
    BuiltBase,
    Evaluation,
    Expert,
    LocalBase,
    Mining,
    PinnedBase,
    Text,
    TrainFile,
    Writer,
    measure,
)
from harness.request.training import Training
from harness.schema import Strict, explain
from harness.types import Family, Need

Recipe = Literal["corrected", "published"]
Settings = Mapping[str, Mapping[str, Any]]  # plugin → its settings


class Published(Strict):
    """Settings of this suite under the papers' published recipe, on top of the others (harness.request.settings)."""

    training: Mapping[Family, Mapping[str, Any]] = Field(default_factory=dict)
    settings: Settings = Field(default_factory=dict)


class Suite(Strict):
    """One benchmark."""

    name: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*(@[a-z0-9][a-z0-9-]*)?$")
    title: str
    description: str
    licence: str
    tier: str = "full"  # of the corpus: scores of different tiers are not comparable
    languages: Mapping[LanguageTag, Language] = Field(min_length=1)
    text: Text
    base_model: BuiltBase | PinnedBase | LocalBase
    evaluation: Evaluation
    mining: Mining
    training: Mapping[Family, Training]
    experts: tuple[Expert, ...] = ()
    negative_queries: Literal["data"] | Writer | None = None
    augmentation: Writer | None = None  # additional training queries, written for the relevant passages
    settings: Settings = Field(default_factory=dict)  # what a corpus of this size needs
    published: Published = Field(default_factory=Published)
    recipes: tuple[Recipe, ...] = ("corrected",)  # that `--methods all` runs on this suite
    max_train: int | None = Field(default=None, gt=0)  # training queries per language, by a seeded draw
    train_files: Mapping[str, TrainFile] = Field(default_factory=dict)  # language → rows in place of the suite's
    unverified: Mapping[str, str] = Field(default_factory=dict)  # language → digest of accepted data that differ
    found: Mapping[str, tuple[str, ...]] = Field(  # language → files whose hashes are as found, not as declared
        default_factory=dict, exclude=True
    )
    _manifest: Path | None = PrivateAttr(default=None)
    _own_base: BuiltBase | PinnedBase | LocalBase | None = PrivateAttr(default=None)  # where another is in its place

    @model_validator(mode="after")
    def _languages_differ_in_more_than_case(self) -> Suite:
        if len({name.lower() for name in self.languages}) < len(self.languages):
            raise ValueError(f"languages differ in case alone ({', '.join(self.languages)}); rename one")
        return self

    @model_validator(mode="after")
    def _a_batch_holds_a_text(self) -> Suite:
        tokens, longest = self.evaluation.encode_tokens, max(self.text.query_max_length, self.text.passage_max_length)
        if tokens is not None and tokens < longest:
            raise ValueError(
                f"evaluation.encode_tokens = {tokens} holds no text of {longest} tokens; use at least that"
            )
        return self

    @property
    def digest(self) -> str:
        """sha256 of the whole definition; a hash as found is worth one that is declared."""
        return digest(self.model_dump(mode="json"))

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders where data beside the manifest are searched for, none where the suite was named by its name.

        The first is that of the path as given; where this is a symbolic link, the other one is that of its target.
        """
        if self._manifest is None:
            return ()
        return tuple(dict.fromkeys((self._manifest.parent, self._manifest.resolve().parent)))

    def locate(self, name: str) -> Suite:
        """Return the suite, with the folder of its manifest where it was named by its path."""
        base, _ = split_variant(name)
        self._manifest = Path(base).absolute() if base.endswith(".toml") else None
        return self

    @property
    def own_base(self) -> BuiltBase | PinnedBase | LocalBase:
        """The base model of the manifest, for which its training values were chosen."""
        return self._own_base or self.base_model

    def on_base(self, base: PinnedBase | LocalBase) -> Suite:
        """Return the suite on another base model than its own."""
        changed = self.model_copy(update={"base_model": base})
        changed._own_base = self.own_base
        return changed

    @property
    def given(self) -> str:
        """What a command line names the suite by: its path, or its name."""
        return self.name if self._manifest is None else str(self._manifest)

    def offers(self, language: str) -> frozenset[Need]:
        """Return what the suite has for the methods that need it, in `language`."""
        train_file = self.train_files.get(language)
        written = isinstance(self.negative_queries, Writer)
        offered = {
            Need.HARD_NEGATIVES: True,
            Need.NEGATIVE_QUERIES: written or (train_file.negative_queries if train_file else self.negative_queries),
            Need.EXPERT_SCORES: self.experts or (train_file and train_file.scores),
            Need.NLI: self.languages[language].nli,
        }
        return frozenset(need for need, is_offered in offered.items() if is_offered)


def measuring(evaluation: Evaluation, measures: Sequence[str]) -> Evaluation:
    """Return the evaluation with other measures; the first is primary where the suite's primary is not among them."""
    try:
        parsed = tuple(dict.fromkeys(measure(name) for name in measures))
    except ValueError as error:
        raise RequestError(str(error)) from error
    primary = evaluation.primary if evaluation.primary in parsed else parsed[0]
    return evaluation.model_copy(update={"measures": parsed, "primary": primary})


def names() -> list[str]:
    """Return the names of the bundled suites."""
    return sorted(path.stem for path in manifests().glob("*.toml"))


def load(name: str) -> Suite:
    """Return the suite of that name, or of that path where it ends in `.toml`; `NAME@VARIANT` is one of its variants.

    Raises RequestError for an unknown name and DataError for an invalid manifest.
    """
    base, variant = split_variant(name)
    path = manifests() / f"{base}.toml" if is_name(base) else Path(base)
    if base and not path.is_file() and Path(base).is_dir():
        raise RequestError(
            f"--suite {base} is a folder; run `harness suite init {base}` and name the manifest it writes"
        )
    if not path.is_file() or not path.name.endswith(".toml"):
        raise _absent(base)
    return parse(path, variant).locate(name)


def is_name(base: str) -> bool:
    """Return whether a suite is named by its name, not by the path of its manifest.

    >>> is_name("mini"), is_name("mini.toml"), is_name("./mini"), is_name("my/mini")
    (True, False, False, False)
    """
    return not (base.endswith(".toml") or base.startswith(".") or len(Path(base).parts) > 1)


def _absent(base: str) -> RequestError:
    """Return the error for a suite that does not exist: of a path, or of a name."""
    path = Path(base)
    if path.is_file():
        return RequestError(f"--suite {base} is not the path of a manifest, which ends in .toml; name one")
    if is_name(base):
        return unknown("suite", base, names())
    near = sorted(other.name for other in path.parent.glob("*.toml")) if path.parent.is_dir() else []
    similar = [str(path.parent / name) for name in difflib.get_close_matches(path.name, near, n=1)]
    bundled = [f"the bundled suite '{path.stem}'"] if path.stem in names() else []
    hint = (
        f"did you mean {(similar + bundled)[0]}?" if similar or bundled else "correct the path of the manifest (.toml)"
    )
    return RequestError(f"--suite {base}: no such file; {hint}")


def split_variant(name: str) -> tuple[str, str]:
    """Return a suite's name or path, and its variant ("" where none is named).

    >>> split_variant("miracl@untitled"), split_variant("my@folder/own.toml")
    (('miracl', 'untitled'), ('my@folder/own.toml', ''))
    """
    if name.endswith(".toml"):
        return name, ""
    path, toml, variant = name.rpartition(".toml@")
    base, at, variant = (f"{path}.toml", "@", variant) if toml else name.partition("@")
    if at and not variant:
        raise RequestError(f"suite '{name}' names no variant after '@'; add its name, or leave '@' out")
    return base, variant


def variants(name: str) -> list[str]:
    """Return the names of a suite's variants."""
    return list(_table(manifests() / f"{name}.toml").get("variants", {}))


def parse(path: Path, variant: str = "") -> Suite:
    """Return the suite that the manifest at `path` declares, with the overrides of one of its variants."""
    table = _table(path)
    declared = table.pop("variants", {})
    if variant and variant not in declared:
        raise unknown("variant", variant, declared, where=f"suite {table.get('name', path)}")
    if variant:
        table = _merged(table, declared[variant])
        table["name"] = f"{table['name']}@{variant}"
    try:
        return Suite.model_validate(table)
    except ValidationError as error:
        raise DataError(f"manifest {path}: {explain(error)}") from error


def _table(path: Path) -> dict[str, Any]:
    try:
        return read_toml(path)
    except ValueError as error:
        raise DataError(f"manifest {path} is not valid TOML: {error}") from error


def _merged(table: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a table with the changes on top; tables are merged, all other values replaced."""
    merged = dict(table)
    for name, value in changes.items():
        old = merged.get(name)
        replaced = name == "base_model"  # one kind of base in place of another
        if isinstance(old, Mapping) and isinstance(value, Mapping) and not replaced:
            merged[name] = _merged(old, value)
        else:
            merged[name] = value
    return merged
