"""What kind of query: its length, the words it shares with a relevant passage, and how many passages are relevant.

Words are runs of letters, digits and their marks, without case. Invisible characters within a word are left out. In
scripts that are written without spaces (Han, kana, Thai, Lao, Khmer, Burmese), each character is a word.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from harness.stats.align import Floats
from harness.stats.query_groups import Group, bands, thirds
from harness.types import Data

RELEVANT_BANDS = (1, 2, 4)  # first numbers of relevant passages of a group: 1, 2 to 3, 4 and more
_UNSPACED = re.compile(
    "([\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff])"
)


@dataclass(frozen=True)
class Trait:
    """A number of every query, in a unit, and the groups that it makes; one group is no comparison."""

    name: str
    unit: str
    values: Floats
    groups: tuple[Group, ...]

    def label(self, group: Group) -> str:
        """The range of a group's values."""
        low, high = (f"{bound:.0f}" for bound in (self.values[group].min(), self.values[group].max()))
        return low if low == high else f"{low}–{high}"


def words(text: str) -> list[str]:
    """Return the words of a text.

    >>> words("Wo liegt Köln-Süd?"), words("می\\u200cرود"), words("東京 tower")
    (['wo', 'liegt', 'köln', 'süd'], ['میرود'], ['東', '京', 'tower'])
    """
    visible = (c for c in unicodedata.normalize("NFKC", text).casefold() if unicodedata.category(c) != "Cf")
    kept = "".join(c if unicodedata.category(c)[0] in "LNM" else " " for c in visible)
    return _UNSPACED.sub(r" \1 ", kept).split()


def query_traits(data: Data, queries: Sequence[str]) -> tuple[Trait, ...]:
    """Return the traits of queries, all of them judged; each passage is read once, in the order of their ids."""
    relevant = {query: [doc for doc, grade in data.dev.get(query, {}).items() if grade > 0] for query in queries}
    docs = sorted({doc for of_query in relevant.values() for doc in of_query})
    of_passage = {doc: frozenset(words(data.passages.get(doc, ""))) for doc in docs}
    of_query = [words(data.queries.get(query, "")) for query in queries]
    shares = [
        max((_share(own, of_passage[doc]) for doc in relevant[query]), default=0.0)
        for query, own in zip(queries, of_query, strict=True)
    ]
    lengths = np.array([len(own) for own in of_query], dtype=float)
    overlaps = np.array([100 * share for share in shares])
    counts = np.array([len(relevant[query]) for query in queries], dtype=float)
    return (
        Trait("Length of the query", "words", lengths, tuple(thirds(lengths))),
        Trait("Words of the query that a relevant passage has", "%", overlaps, tuple(thirds(overlaps))),
        Trait("Relevant passages", "", counts, tuple(bands(counts, RELEVANT_BANDS))),
    )


def _share(query: Sequence[str], passage: frozenset[str]) -> float:
    """Return the share of the distinct words of a query that a passage has, 0 for a query without a word."""
    distinct = set(query)
    return len(distinct & passage) / len(distinct) if distinct else 0.0
