"""A stand-in of MIRACL's corpora, in MIRACL's file format and ir_datasets' folders.

    python tests/benchmarks/miracl_corpus.py --data-dir DIR --home HOME [--langs ko,hi,fa] [--others 100000] [--seed 0]
    IR_DATASETS_HOME=HOME harness run --suite miracl --unverified-data …

DIR holds MIRACL's real topics and judgments; they are copied. The corpus holds every judged document id and `others`
more. Its text is made up: words of random syllables in the language's script, drawn from a Zipf distribution. A
relevant passage also holds about half of the words of a query that it answers and, for the other half, made-up synonyms
that are the same in all passages: there is something to find, and something to learn. A passage judged irrelevant holds
a quarter of the words. The files' md5 are not MIRACL's, so that a run needs `--unverified-data`. HOME holds the
queries' words: do not publish it.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from itertools import accumulate
from pathlib import Path

from harness.data import ir_datasets_files
from harness.data.readers import miracl
from harness.keys import derive

SYLLABLES = {  # onsets and vowels of made-up words; of Korean, the first syllables of blocks of the script
    "ko": [chr(code) for code in range(0xAC00, 0xD7A4, 28 * 3)],
    "hi": [onset + vowel for onset in "कखगचजटडतदनपबमयरलवसह" for vowel in ("", "ा", "ि", "ी", "ु", "े", "ो")],
    "fa": [onset + vowel for onset in "بپتجچخدرزسشفکگلمنوه" for vowel in ("", "ا", "ی", "و")],
}
VOCABULARY = 20_000  # words; of a Zipf distribution, few of them make most of the text
WORDS = 30  # of a passage, besides those of its queries


class Writer:
    """Passages of one language, drawn with a seed."""

    def __init__(self, language: str, seed: int) -> None:
        self._syllables = SYLLABLES[language]
        self._seed = seed
        self._rng = random.Random(derive(seed, "corpus", language))
        self._words = [self.word(self._rng) for _ in range(VOCABULARY)]
        self._weights = list(accumulate(1 / rank for rank in range(1, VOCABULARY + 1)))

    def word(self, rng: random.Random) -> str:
        """Return a made-up word of two to four syllables."""
        return "".join(rng.choices(self._syllables, k=rng.randint(2, 4)))

    def synonym(self, word: str) -> str:
        """Return the made-up word that is the synonym of a query's word."""
        return self.word(random.Random(derive(self._seed, "synonym", word)))

    def text(self, judging: Sequence[tuple[str, bool]]) -> str:
        """Return a passage; `judging` holds the queries that judge it, each with whether it is relevant."""
        words = self._rng.choices(self._words, cum_weights=self._weights, k=WORDS)
        for query, relevant in judging[:3]:  # some passages are judged for dozens
            for word in query.split():
                if relevant:
                    words.append(word if self._rng.random() < 0.5 else self.synonym(word))
                elif self._rng.random() < 0.25:
                    words.append(word)
        self._rng.shuffle(words)
        return " ".join(words)

    def title(self) -> str:
        return " ".join(self._rng.choices(self._words, k=2))


def rows(language: str, paths: Sequence[Path], others: int, seed: int) -> Iterator[dict[str, str]]:
    """Yield the passages, shuffled: those judged in `paths` (topics and judgments of train and dev), and others."""
    source = miracl.read([*paths, Path("no corpus")])
    judging: dict[str, list[tuple[str, bool]]] = {}
    for judged in (source.train, source.dev):
        for query, grades in judged.items():
            for doc, grade in grades.items():
                judging.setdefault(doc, []).append((source.queries[query], grade > 0))
    for doc in _left_out(paths, judging):
        judging[doc] = []
    unused = (f"{number}#{part}" for number in range(90_000_000, 90_000_000 + others) for part in range(3))
    ids = sorted(judging)
    while len(ids) < len(judging) + others:
        if (name := next(unused)) not in judging:
            ids.append(name)
    writer = Writer(language, seed)
    random.Random(derive(seed, "order", language)).shuffle(ids)
    for doc in ids:
        yield {"docid": doc, "title": writer.title(), "text": writer.text(judging.get(doc, []))}


def _left_out(paths: Sequence[Path], known: dict[str, list[tuple[str, bool]]]) -> set[str]:
    """Return the documents that are judged only for queries that the reader leaves out."""
    judged = {line.split()[2] for path in paths[1::2] for line in path.read_text(encoding="utf-8").splitlines()}
    return judged - set(known)


def write(language: str, data_dir: Path, home: Path, others: int, seed: int = 0) -> int:
    """Write one language's files below `home`, as ir_datasets stores them; return the number of passages."""
    files = ir_datasets_files.files(f"miracl/{language}", "miracl")
    judged = [Path(ir_datasets_files.status(file, language, data_dir).location) for file in files[:4]]
    for source, file in zip(judged, files, strict=False):
        target = home / file.path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
    count = 0
    with ExitStack() as stack:
        parts = []
        for file in files[4:]:
            path = home / file.path
            path.parent.mkdir(parents=True, exist_ok=True)
            raw = stack.enter_context(path.open("wb"))
            parts.append(stack.enter_context(gzip.GzipFile("", "wb", 1, raw, mtime=0)))  # the same bytes every time
        for row in rows(language, judged, others, seed):
            parts[count % len(parts)].write((json.dumps(row, ensure_ascii=False) + "\n").encode())
            count += 1
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data-dir", type=Path, required=True)
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--langs", default="ko,hi,fa")
    parser.add_argument("--others", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    for language in arguments.langs.split(","):
        count = write(language, arguments.data_dir, arguments.home, arguments.others, arguments.seed)
        print(f"{language}: {count:,} passages below {arguments.home / 'miracl'}")


if __name__ == "__main__":
    main()
