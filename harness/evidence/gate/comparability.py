"""What has to agree before scores of two folders may be held against each other.

suite       its name, and its whole definition but words (title, description, licence, `recipes`). What is
            trained, and how, may differ where that is what is tested and is said to be (ALLOWED).
data        the digests of corpus, queries and judgments, and of the training rows, of each entry and language
measures    the same set, by name
scoring     the version of this package's own scoring, and those of the libraries that compute the measures
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from harness.errors import DataError, RequestError, unknown
from harness.results.differences import NONE, Differing, differing, listed, shared
from harness.results.folder import Pair, Results
from harness.results.record import Record

WORDS = frozenset({"title", "description", "licence", "recipes"})
ALLOWED = (
    *("base_model", "training", "settings", "published", "mining", "experts"),
    *("negative_queries", "augmentation", "max_train", "train_files"),
)
ROWS = frozenset({"max_train", "train_files"})  # either changes the training rows, and so their digests
EVALUATED = ("corpus", "dev")  # digests that agree whatever is trained on
SCORING = ("ir-measures", "pytrec-eval-terrier")  # the libraries that compute the measures


def check_allowed(allowed: Iterable[str]) -> frozenset[str]:
    """Return the parts of a suite that may differ; raises RequestError for one that may not, or that there is not."""
    for name in allowed:
        if name not in ALLOWED:
            raise unknown("part of a suite", name, ALLOWED, where="--allow")
    return frozenset(allowed)


def refuse(new: Results, old: Results, pairs: Collection[Pair], allowed: Collection[str] = ()) -> None:
    """Raise RequestError or DataError, one line, where the two cannot be compared."""
    where = f"{new.folder} and the baseline {old.folder} cannot be compared"
    if new.suite != old.suite:
        raise RequestError(f"{where}: suite {new.suite} against {old.suite}; name a baseline of the same suite")
    _refuse_suite(where, new, old, allowed)
    _refuse_measures(where, new, old)
    for pair in pairs:
        if found := data(new.of[pair], old.of[pair], allowed):
            raise DataError(
                f"{where}: the data of {'/'.join(pair)} differ in {listed(found)}; make the baseline anew on these data"
            )


def suites(new: Results, old: Results, allowed: Collection[str] = ()) -> list[Differing]:
    """Return what the definitions of the suite differ in; of folders without run.json, their digests."""
    left, right = old.run.get("suite"), new.run.get("suite")
    if not (isinstance(left, Mapping) and isinstance(right, Mapping)):
        return differing(_digest(old), _digest(new))
    skipped = WORDS.union(allowed)
    left, right = ({name: part for name, part in suite.items() if name not in skipped} for suite in (left, right))
    return differing(left, right)


def data(new: Iterable[Record], old: Iterable[Record], allowed: Collection[str] = ()) -> list[Differing]:
    """Return the digests in which the data of two sets of records differ."""
    if ROWS.intersection(allowed):
        return differing(evaluated(old), evaluated(new))
    return differing(shared(old, "data", "digests"), shared(new, "data", "digests"))


def evaluated(records: Iterable[Record]) -> dict[str, Any]:
    """Return the digests of what records are evaluated on: passages and judgments."""
    table = shared(records, "data", "digests")
    return {name: table[name] for name in EVALUATED if name in table}


def scoring(results: Results) -> dict[str, Any]:
    """Return the versions of what computes the measures; scoring itself was at 1 before records said so."""
    packages = shared(results.records, "environment", "packages")
    evaluation = shared(results.records, "evaluation")
    own = {"scoring": evaluation.get("score_version", "1")}
    return own | {name: packages.get(name, NONE) for name in SCORING}


def _refuse_suite(where: str, new: Results, old: Results, allowed: Collection[str]) -> None:
    found = suites(new, old, allowed)
    if not found:
        return
    parts = sorted({item.name.partition(".")[0] for item in found})
    what_next = "run it as the baseline was run, or make the baseline anew (--update)"
    if set(parts) <= set(ALLOWED):
        what_next += f"; where that is what is tested, say --allow {','.join([*sorted(allowed), *parts])}"
    raise RequestError(f"{where}: their suites differ in {listed(found)}; {what_next}")


def _refuse_measures(where: str, new: Results, old: Results) -> None:
    ours, theirs = set(new.measures), set(old.measures)
    if ours != theirs:
        names = ", ".join(sorted(ours ^ theirs))
        raise RequestError(f"{where}: only one of them has {names}; run both with the same --measures")
    if found := differing(scoring(old), scoring(new)):
        raise RequestError(
            f"{where}: their measures were computed by other versions, {listed(found)}; "
            "make the baseline anew with these (--update)"
        )


def _digest(results: Results) -> dict[str, str]:
    said = {str(record.provenance.get("suite_digest") or "") for record in results.records}
    return {"digest": " / ".join(sorted(said))}
