"""What has to agree before the scores of two folders may be compared.

suite       its name and its whole definition, except prose (title, description, licence) and `recipes`. What is
            trained, and how, may differ if that is what is tested and is declared (ALLOWED).
data        the digests of corpus, queries and judgments, and of the training rows, of each entry and language
measures    the same set, by name
scoring     the version of this package's own scoring, and those of the libraries that compute the measures
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from harness.errors import DataError, RequestError, unknown
from harness.results.differences import NONE, Differing, differing, listed, shared
from harness.results.folder import ResultFolder
from harness.results.record import Pair, Record

PROSE = frozenset({"title", "description", "licence", "recipes"})
ALLOWED = (
    *("base_model", "training", "settings", "published", "mining", "experts"),
    *("negative_queries", "augmentation", "max_train", "train_files"),
)
ROWS = frozenset({"max_train", "train_files"})  # either changes the training rows, and so their digests
EVALUATED = ("corpus", "dev")  # digests that agree whatever is trained on
SCORING = ("ir-measures", "pytrec-eval-terrier")  # the libraries that compute the measures


def check_allowed(parts: Iterable[str]) -> frozenset[str]:
    """Return the parts of a suite that may differ; raises RequestError for an unknown one."""
    for name in parts:
        if name not in ALLOWED:
            raise unknown("part of a suite", name, ALLOWED, where="--allow")
    return frozenset(parts)


def check_comparable(
    new: ResultFolder, old: ResultFolder, pairs: Collection[Pair], allowed: Collection[str] = ()
) -> None:
    """Raise RequestError or DataError, one line, where the two cannot be compared."""
    where = f"{new.path} and the baseline {old.path} cannot be compared"
    if new.suite != old.suite:
        raise RequestError(f"{where}: suite {new.suite} against {old.suite}; name a baseline of the same suite")
    _check_suites(where, new, old, allowed)
    _check_measures(where, new, old)
    for pair in pairs:
        if differences := data_differences(new.records_by_pair[pair], old.records_by_pair[pair], allowed):
            raise DataError(
                f"{where}: the data of {'/'.join(pair)} differ in {listed(differences)}; make a new baseline on these "
                "data (--update)"
            )


def suite_differences(new: ResultFolder, old: ResultFolder, allowed: Collection[str] = ()) -> list[Differing]:
    """Return the differences between the definitions of the suite; of folders without run.json, between digests."""
    left, right = old.run.suite_content, new.run.suite_content
    if not (left and right):
        return differing(_digests(old), _digests(new))
    skipped = PROSE.union(allowed)
    tables = [{name: part for name, part in suite.items() if name not in skipped} for suite in (left, right)]
    return differing(tables[0], tables[1])


def data_differences(new: Iterable[Record], old: Iterable[Record], allowed: Collection[str] = ()) -> list[Differing]:
    """Return the digests in which the data of two sets of records differ."""
    if ROWS.intersection(allowed):
        return differing(evaluated(old), evaluated(new))
    return differing(shared(old, "data", "digests"), shared(new, "data", "digests"))


def evaluated(records: Iterable[Record]) -> dict[str, Any]:
    """Return the digests of what records are evaluated on: passages and judgments."""
    table = shared(records, "data", "digests")
    return {name: table[name] for name in EVALUATED if name in table}


def scoring(folder: ResultFolder) -> dict[str, Any]:
    """Return the versions of what computes the measures; records that do not name scoring were made by version 1."""
    packages = shared(folder.records, "environment", "packages")
    evaluation = shared(folder.records, "evaluation")
    versions = {"scoring": evaluation.get("score_version", "1")}
    return versions | {name: packages.get(name, NONE) for name in SCORING}


def _check_suites(where: str, new: ResultFolder, old: ResultFolder, allowed: Collection[str]) -> None:
    differences = suite_differences(new, old, allowed)
    if not differences:
        return
    parts = sorted({item.name.partition(".")[0] for item in differences})
    remedy = "run it as the baseline was run, or make a new baseline (--update)"
    if set(parts) <= set(ALLOWED):
        remedy += f"; if that is what is tested, add --allow {','.join([*sorted(allowed), *parts])}"
    raise RequestError(f"{where}: their suites differ in {listed(differences)}; {remedy}")


def _check_measures(where: str, new: ResultFolder, old: ResultFolder) -> None:
    if unshared := set(new.measures) ^ set(old.measures):
        raise RequestError(
            f"{where}: only one of them has {', '.join(sorted(unshared))}; run both with the same --measures"
        )
    if differences := differing(scoring(old), scoring(new)):
        raise RequestError(
            f"{where}: their measures were computed by other versions, {listed(differences)}; "
            "make a new baseline with these (--update)"
        )


def _digests(folder: ResultFolder) -> dict[str, str]:
    return {"digest": " / ".join(sorted({record.suite_digest for record in folder.records}))}
