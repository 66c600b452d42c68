"""Texts in which a lexical ranker finds no token: such a query finds nothing, and such a passage is never found.

A ranker says so by `has_tokens` (harness.types.Ranker). The numbers are kept with the output of the stage that ranks,
and a record turns them into warnings.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from harness.machine.stage_run import StageRun
from harness.machine.store import Store
from harness.types import Ranker

FOUND = "without_tokens"
Counts = Mapping[str, tuple[int, int]]  # "queries" and "passages" → how many have no token, and of how many


def counted(ranker: Ranker, passages: Mapping[str, str], queries: Mapping[str, str]) -> Counts:
    """Return how many queries and passages have no token for a ranker; {} for a ranker that does not say."""
    has_tokens = getattr(ranker, "has_tokens", None)
    if has_tokens is None:
        return {}

    def number(texts: Collection[str]) -> tuple[int, int]:
        return sum(not has_tokens(text) for text in texts), len(texts)

    return {"queries": number(queries.values()), "passages": number(passages.values())}


def note(store: Store, counts: Mapping[str, Counts]) -> None:
    """Add to the output of the stage that is being made what each ranker found."""
    if any(counts.values()):
        store.note(**{FOUND: {name: dict(found) for name, found in counts.items() if found}})


def warnings(runs: Iterable[StageRun]) -> Iterator[str]:
    """Yield one sentence for each ranker and kind of text of which some have no token."""
    for run in runs:
        role = "expert " if run.stage == "consult" else ""
        for name, found in run.found.get(FOUND, {}).items():
            for texts, (count, total) in found.items():
                if count:
                    effect = "find nothing" if texts == "queries" else "are never found"
                    yield f"{role}{name}: {count} of {total} {texts} have no token and {effect}"
