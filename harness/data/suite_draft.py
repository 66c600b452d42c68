"""`harness suite init`: a commented manifest for a folder in BEIR's layout, and what was guessed in it."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from harness.data.beir_folder import BeirFolder, language_of, scan, tokens_of
from harness.data.found_hashes import with_found_hashes
from harness.data.languages import language_code
from harness.data.load import counted
from harness.errors import RequestError
from harness.machine.atomic import write_atomically
from harness.request.manifest import BuiltBase, LocalBase, PinnedBase
from harness.request.suite import Suite
from harness.schema import explain

Base = BuiltBase | PinnedBase | LocalBase
FEW_PAIRS = 320  # below: batches of 8 for 10 epochs, so that training has more than a few steps

HEAD = """\
# Written by `harness suite init`. Values marked "guessed" were derived from the data: check them.
# Unknown keys are errors; docs/own-suite.md says what every table means.
name = {name}
title = {name}
description = {description}
licence = "not stated"   # guessed: say under which licence the texts may be used
{negative_queries}
[text]
{prompts}title_join = " "         # as BEIR and MTEB join title and text; {titled} of {passages} passages have a title
query_max_length = {query_length}    # tokens; guessed: holds every query by its number of words
passage_max_length = {passage_length} # tokens; guessed: holds 95 % of the passages by their number of words

{base_model}
[evaluation]
measures = ["nDCG@10", "R@100", "RR@10", "AP"]
primary = "nDCG@10"      # as in BEIR and MTEB
depth = 100              # the deepest cut-off of the measures
encode_batch_size = 64   # changes only the speed and the last bits of a vector

[mining]
depth = 10               # candidates kept for each training query

[[experts]]              # who scores pairs for the entries that learn from scores
name = "bm25"
ranker = "bm25"

[[experts]]
name = "char-tfidf"
ranker = "tfidf"
settings = {{ analyzer = "char_wb", shortest = 2, longest = 4 }} # n-grams within words: inflected forms overlap

[[experts]]
name = "base"
encoder = "base"

[training.ranking]       # {why}
epochs = {epochs}
batch_size = {batch_size}
learning_rate = {learning_rate}
warmup = 0.1

[training.regression]    # squared error needs more steps
epochs = {regression_epochs}
batch_size = {batch_size}
learning_rate = {learning_rate}
warmup = 0.1

[languages.{language}.retrieval]
reader = "beir"
licence = "not stated"
citation = "not stated"
{split}{missing}files = [                # `harness data pin` adds sha256 and bytes, once the files are final
{files}]

[languages.{language}.counts]    # counted; a difference is an error
passages = {passages}
train_queries = {train_queries}
dev_queries = {dev_queries}          # queries that are evaluated
"""
PROMPTS = 'prompts = "model"        # as the base model declares them; query_prompt and passage_prompt state others\n'
BUILT = """\
[base_model]             # built from the passages, on CPU without a download; the shape of the bundled suite's
vocab_size = 8000
hidden_size = 64
intermediate_size = 256  # four times hidden, as in XLM-R
layers = 2
attention_heads = 2
initialisation_seed = 0  # fixed, so that all entries and seeds start from the same bytes
"""


@dataclass(frozen=True)
class Wanted:
    """What is asked for; None: guessed."""

    out: Path | None = None
    language: str | None = None
    split: str | None = None
    base_model: Callable[[Suite], Base] | None = None


def write(folder: Path, wanted: Wanted, cache_dir: Path) -> tuple[Path, list[str]]:
    """Write the manifest of a folder and return its path and what was guessed.

    Raises RequestError where the manifest exists or cannot be written, and DataError for invalid data.
    """
    name = re.sub(r"[^a-z0-9]+", "-", folder.resolve().name.lower()).strip("-") or "own"
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
        few = pairs < FEW_PAIRS
        epochs = (10 if few else 3) if base is None else 1
        return HEAD.format(
            name=json.dumps(self.name),
            description=json.dumps(f"Data of the folder {found.path.resolve().name}", ensure_ascii=False),
            negative_queries='negative_queries = "data"  # the training queries of mined passages\n' if pairs else "",
            titled=found.titled,
            passages=numbers["passages"],
            query_length=self._query_length,
            passage_length=self._passage_length,
            prompts="" if base is None else PROMPTS,
            base_model=BUILT if base is None else _base_text(base),
            why=_why(base, pairs),
            epochs=epochs,
            regression_epochs=epochs if base is None else 2,
            batch_size=8 if few else 32,
            learning_rate="1e-3" if base is None else "2e-5",
            language=self.language,
            split=f'split = "{found.split}"           # guessed: or the other one\n' if found.both_splits else "",
            missing=self._missing(),
            files="".join(f"    {{ path = {json.dumps(file, ensure_ascii=False)} }},\n" for file in self.files),
            train_queries=numbers["train_queries"],
            dev_queries=numbers["dev_queries"],
        )

    def suite(self, base: Base | None, numbers: dict[str, int] | None = None) -> Suite:
        """Return the suite that the text declares; raises RequestError for an invalid one."""
        try:
            return Suite.model_validate(tomllib.loads(self.text(base, numbers)))
        except ValidationError as error:
            raise RequestError(f"the manifest of {self.folder.path} would be invalid: {explain(error)}") from error

    def _missing(self) -> str:
        number = self.folder.missing_positives
        return (
            f"missing_positives = {number}    # relevant judgments of passages that the corpus lacks\n"
            if number
            else ""
        )

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
        if self.folder.missing_positives:
            yield f"missing_positives = {self.folder.missing_positives} is stated; is the corpus complete?"
        yield from (f"{rows}: {number}" for rows, number in report.items() if number)


def _base_text(base: Base) -> str:
    if isinstance(base, LocalBase):
        return (
            "[base_model]             # a folder on this machine, identified by its content\n"
            f"path = {json.dumps(str(base.path), ensure_ascii=False)}\nsha256 = {json.dumps(base.sha256)}\n"
        )
    assert isinstance(base, PinnedBase)
    return f"[base_model]\nid = {json.dumps(base.id)}\nrevision = {json.dumps(base.revision)}\n"


def _why(base: Base | None, pairs: int) -> str:
    if base is not None:
        return "guessed: usual for pretrained encoders; not tuned on these data"
    if pairs < FEW_PAIRS:
        return f"guessed: {pairs} pairs, so small batches and 10 epochs; not tuned on these data"
    return "guessed: as in the bundled suite, where they were tuned; not tuned on these data"
