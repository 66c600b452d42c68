"""`harness suite init`: a commented manifest for a folder in BEIR's layout, and what was guessed in it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from harness.data import suite_template
from harness.data.beir_folder import BeirFolder, language_of, scan, tokens_of
from harness.data.found_hashes import with_found_hashes
from harness.data.judged_passages import ABSENT_POSITIVES
from harness.data.languages import language_code
from harness.data.load import counted
from harness.errors import RequestError, quantity
from harness.machine.atomic import write_atomically
from harness.machine.json_toml import parse_toml
from harness.request.manifest import BuiltBase, LocalBase, PinnedBase
from harness.request.suite import Suite
from harness.schema import explain

Base = BuiltBase | PinnedBase | LocalBase


@dataclass(frozen=True)
class Wanted:
    """What is asked for; None: guessed."""

    out: Path | None = None
    name: str | None = None
    language: str | None = None
    split: str | None = None
    base_model: Callable[[Suite], Base] | None = None


def write(folder: Path, wanted: Wanted, cache_dir: Path) -> tuple[Path, list[str]]:
    """Write the manifest of a folder and return its path and what was guessed.

    Raises RequestError where the manifest exists or cannot be written, and DataError for invalid data.
    """
    name = wanted.name or re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower()).strip("-") or "own"
    out = wanted.out or folder / f"{name}.toml"
    if out.suffix != ".toml":
        raise RequestError(f"--out {out}: expected a file that ends in .toml")
    if out.exists():
        raise RequestError(f"{out} exists; delete it, or name another file with --out")
    found = scan(folder, wanted.split)
    queries = list(found.content.queries.values())
    language = _tag(wanted.language or language_of(queries[:1000]))
    files = [_from(out, folder, file) for file in found.files]
    draft = _Draft(found, name, language, files)
    suite = draft.suite(None).locate(str(out))
    base = wanted.base_model(suite) if wanted.base_model is not None else None
    data_dir = None if is_below(folder, out) else folder
    readable = with_found_hashes(suite, data_dir=data_dir, cache_dir=cache_dir)
    numbers, report = counted(readable, language, data_dir=data_dir, cache_dir=cache_dir)
    draft.suite(base, numbers)  # raises where the manifest is invalid
    _put(out, draft.text(base, numbers))
    return out, [f"guessed: {guess}" for guess in draft.guesses(wanted)] + [
        f"found: {row}" for row in draft.found(report)
    ]


def _tag(language: str) -> str:
    try:
        return language_code(language)
    except ValueError as error:
        raise RequestError(f"--language: {error}") from error


def _from(out: Path, folder: Path, file: str) -> str:
    """Return the path of a file as the manifest names it: from its own folder where the data are below it."""
    if not is_below(folder, out):
        return file
    return (folder.resolve() / file).relative_to(out.resolve().parent).as_posix()


def is_below(folder: Path, manifest: Path) -> bool:
    """Return whether a folder of data is at or below the folder of its manifest, where a run finds it."""
    return folder.resolve().is_relative_to(manifest.resolve().parent)


def _put(path: Path, text: str) -> None:
    try:
        write_atomically(path, text.encode())
    except OSError as error:
        raise RequestError(f"{path} cannot be written: {error.strerror}; name another file with --out") from error


@dataclass(frozen=True)
class _Draft:
    folder: BeirFolder
    name: str
    language: str
    files: list[str]

    def text(self, base: Base | None, numbers: dict[str, int] | None = None) -> str:
        """Return the manifest; before anything is counted, with counts of 1."""
        found, pairs = self.folder, self.folder.training_pairs
        numbers = numbers or {"passages": 1, "train_queries": len(found.content.train), "dev_queries": 1}
        values = {
            **numbers,
            "name": json.dumps(self.name),
            "description": json.dumps(f"Data of the folder {found.path.resolve().name}", ensure_ascii=False),
            "negative_queries": suite_template.NEGATIVE_QUERIES if pairs else "",
            "titled": found.titled,
            "query_length": self._query_length,
            "passage_length": self._passage_length,
            "prompts": "" if base is None else suite_template.PROMPTS,
            "base_model": suite_template.BUILT_BASE if base is None else _base_text(base),
            "training": suite_template.training(base is not None, pairs),
            "language": self.language,
            "split": suite_template.SPLIT.format(split=found.split) if found.both_splits else "",
            "missing": self._missing(),
            "files": "".join(f"    {{ path = {json.dumps(file, ensure_ascii=False)} }},\n" for file in self.files),
        }
        return suite_template.render(values)

    def suite(self, base: Base | None, numbers: dict[str, int] | None = None) -> Suite:
        """Return the suite that the text declares; raises RequestError for an invalid one."""
        try:
            return Suite.model_validate(parse_toml(self.text(base, numbers)))
        except ValidationError as error:
            raise RequestError(f"the manifest of {self.folder.path} would be invalid: {explain(error)}") from error

    def _missing(self) -> str:
        absent = self.folder.absent_positives
        return suite_template.MISSING.format(number=len(absent), first=repr(absent[0][1])) if absent else ""

    @property
    def _query_length(self) -> int:
        return tokens_of(list(self.folder.content.queries.values()), 1.0)

    @property
    def _passage_length(self) -> int:
        texts = [f"{passage.title} {passage.text}" for _, passage in self.folder.content.passages.items()]
        return tokens_of(texts, 0.95)

    def guesses(self, given: Wanted) -> Iterator[str]:
        """Yield what the data do not say."""
        if given.language is None:
            yield f"language {self.language}, by the script of the queries (--language)"
        if self.folder.both_splits and given.split is None:
            yield f"evaluated on the judgments of {self.folder.split} (--split)"
        yield f"text lengths {self._query_length} and {self._passage_length} tokens, by numbers of words"
        yield "training settings, which were not tuned on these data"
        yield 'licence and citation "not stated"'

    def found(self, report: dict[str, int]) -> Iterator[str]:
        """Yield what is unusual in the data."""
        if not self.folder.training_pairs:
            yield "no training queries: only entries that train on none run, such as base and bm25"
        if absent := self.folder.absent_positives:
            query, doc = absent[0]
            judgments = f"{quantity(len(absent), 'relevant judgment')} of passages that the corpus lacks"
            yield (
                f"{judgments} (first: {doc!r}, judged for query {query!r}), counted as not retrieved by "
                f"missing_positives = {len(absent)} in the manifest; if the corpus should have them, complete it and "
                "delete that line"
            )
        yield from (f"{rows}: {number}" for rows, number in report.items() if number and rows != ABSENT_POSITIVES)


def _base_text(base: Base) -> str:
    if isinstance(base, LocalBase):
        return (
            "[base_model]\t# a folder on this machine, identified by its content\n"
            f"path = {json.dumps(str(base.path), ensure_ascii=False)}\nsha256 = {json.dumps(base.sha256)}\n"
        )
    assert isinstance(base, PinnedBase)
    return f"[base_model]\nid = {json.dumps(base.id)}\nrevision = {json.dumps(base.revision)}\n"
