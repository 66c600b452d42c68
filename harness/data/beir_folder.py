"""What a folder in BEIR's layout holds, and what is guessed from its texts."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

from harness.data.raw_data import RetrievalData
from harness.data.readers import beir
from harness.errors import DataError, RequestError

SUFFIXES = ("", ".gz")
LENGTHS = (32, 48, 64, 96, 128, 192, 256, 384, 512)  # tokens
TOKENS_PER_WORD = 1.5  # of subword vocabularies, in scripts with spaces between words
LANGUAGE_OF = {  # script → the language with most texts in it
    **{"HANGUL": "ko", "HIRAGANA": "ja", "KATAKANA": "ja", "CJK": "zh", "THAI": "th", "DEVANAGARI": "hi"},
    **{"ARABIC": "ar", "CYRILLIC": "ru", "HEBREW": "he", "GREEK": "el", "BENGALI": "bn", "TAMIL": "ta", "LATIN": "en"},
}
FIRST_WITHOUT_SPACES = "\u0e00"  # the code points before are of scripts with spaces, and need no look at their names
PERSIAN = frozenset("پچژگ")  # letters of Persian that Arabic lacks
WITHOUT_SPACES = frozenset(  # scripts
    ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN", "JAVANESE", "BALINESE")
)


@dataclass(frozen=True)
class BeirFolder:
    """The files of a folder, relative to it, the split that is evaluated, and the content."""

    path: Path
    files: tuple[str, ...]
    split: str
    content: RetrievalData

    @property
    def both_splits(self) -> bool:
        """Whether there are judgments of two splits to evaluate on."""
        return len([file for file in self.files if Path(file).name.partition(".")[0] in ("dev", "test")]) > 1

    @property
    def titled(self) -> int:
        """The number of passages with a title."""
        return sum(bool(passage.title.strip()) for _, passage in self.content.passages.items())

    @cached_property
    def absent_positives(self) -> list[tuple[str, str]]:
        """The relevant judgments (query id, passage id) whose passage is not there, in the order of the files."""
        docs = {doc for doc, _ in self.content.passages.items()}
        return [
            (query, doc)
            for judgments in self.content.roles.values()
            for query, grades in judgments.items()
            for doc, grade in grades.items()
            if grade > 0 and doc not in docs
        ]

    @property
    def training_pairs(self) -> int:
        """The number of relevant judgments of training queries."""
        return sum(grade > 0 for grades in self.content.train.values() for grade in grades.values())


def scan(folder: Path, split: str | None) -> BeirFolder:
    """Return what a folder holds; `split` names the judgments to evaluate on, by default test where they are there.

    Raises RequestError where a file of the layout is missing, and DataError for an invalid one.
    """
    if not folder.is_dir():
        raise RequestError(f"{folder} is not a folder; name one that holds corpus.jsonl, queries.jsonl and qrels/")
    files = [_first(folder, name) for name in (*beir.TEXTS, *beir.TRAINING, *beir.EVALUATED)]
    found = [file for file in files if file is not None]
    names = {Path(file).name.removesuffix(".gz") for file in found}
    if missing := [name for name in beir.TEXTS if name not in names]:
        raise DataError(
            f"{folder} has no {missing[0]} (or {missing[0]}.gz); BEIR's layout names it so: rename the file"
        )
    evaluated = [name.removesuffix(".tsv") for name in beir.EVALUATED if name in names]
    if not evaluated:
        raise DataError(f"{folder} has no qrels/test.tsv and no qrels/dev.tsv; name the judgments to evaluate on so")
    if split is not None and split not in evaluated:
        raise RequestError(f"--split {split}: {folder} has judgments of {' and '.join(evaluated)}; name one of them")
    chosen = split or evaluated[-1]
    paths = beir.of_split([folder / file for file in found], chosen)
    result = BeirFolder(folder, tuple(found), chosen, beir.read(paths))
    _check_answerable(result)
    return result


def _check_answerable(found: BeirFolder) -> None:
    """Raise DataError where no query that is evaluated has a relevant passage in the corpus."""
    docs = {doc for doc, _ in found.content.passages.items()}
    relevant = [doc for grades in found.content.dev.values() for doc, grade in grades.items() if grade > 0]
    if not docs.intersection(relevant):
        problem = "names a passage of the corpus" if relevant else "has a grade above 0"
        raise DataError(f"{found.path}: no judgment of {found.split}.tsv {problem}; check its columns and their order")


def _first(folder: Path, name: str) -> str | None:
    """Return where a file of the layout is, relative to the folder; judgments may be in qrels/ or beside the texts."""
    parents = ("qrels/", "") if name.endswith(".tsv") else ("",)
    candidates = [f"{parent}{name}{suffix}" for parent in parents for suffix in SUFFIXES]
    there = [file for file in candidates if (folder / file).is_file()]
    if len(there) > 1:
        raise DataError(f"{folder} has {' and '.join(there)}; keep one of them")
    return there[0] if there else None


def language_of(texts: Iterable[str]) -> str:
    """Return the language tag that the script of the letters suggests, `und` where it suggests none.

    >>> language_of(["how to stop the kettle"]), language_of(["برای چای"]), language_of(["やかん"])
    ('en', 'fa', 'ja')
    """
    letters = [letter for text in texts for letter in text if letter.isalpha()]
    scripts = Counter(map(_script, letters))
    if scripts["HIRAGANA"] + scripts["KATAKANA"] > len(letters) / 20:
        return "ja"
    if scripts["ARABIC"] > len(letters) / 2 and PERSIAN & set(letters):
        return "fa"
    known = [script for script, _ in scripts.most_common() if script in LANGUAGE_OF]
    return LANGUAGE_OF[known[0]] if known else "und"


def tokens_of(texts: Sequence[str], share: float) -> int:
    """Return a length in tokens that holds `share` of the texts, by words, or by letters in scripts without spaces."""
    units = sorted(map(_units, texts))
    needed = units[min(int(len(units) * share), len(units) - 1)] + 2  # the special tokens
    return next((length for length in LENGTHS if length >= needed), LENGTHS[-1])


def _units(text: str) -> float:
    """Return about how many tokens a text has: one per letter of a script without spaces, more than one per word."""
    letters = [letter for letter in text if letter >= FIRST_WITHOUT_SPACES and _script(letter) in WITHOUT_SPACES]
    return len(letters) + len(text.split()) * TOKENS_PER_WORD


@cache
def _script(letter: str) -> str:
    return re.split(r"[ -]", unicodedata.name(letter, ""))[0]
