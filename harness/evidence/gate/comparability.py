"""What has to agree before the scores of two folders may be compared.

suite       its name and its whole definition, except prose (title, description, licence) and `recipes`. Any part of
            it may differ if that is what is tested and is declared (ALLOWED).
data        the digests of corpus, queries and judgments, and of the training rows, of each entry and language; of the
            training rows not where a part that decides them may differ (ROWS)
measures    the same set, by name
scoring     the version of this package's own scoring, and those of the libraries that compute the measures

What one of the two does not hold, such as a setting that its version of the harness did not have, is unknown: it is
named and does not stop the comparison.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from harness.errors import DataError, RequestError, unknown
from harness.results.differences import Differing, differing, gaps, listed, shared, without
from harness.results.folder import ResultFolder
from harness.results.makers import scorer
from harness.results.record import Pair, Record

PROSE = frozenset({"title", "description", "licence", "recipes"})
ALLOWED = (
    *("base_model", "text", "training", "settings", "published", "mining", "experts", "negative_queries"),
    *("augmentation", "max_train", "train_files", "evaluation", "languages", "tier", "unverified"),
)
ROWS = frozenset({"max_train", "train_files", "languages", "unverified"})  # parts that decide the training rows
# Tables of names that a suite chooses: one that is missing is a difference, not a field of another version.
CHOSEN = ("base_model", "languages", "settings", "published", "train_files", "training", "unverified")
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
) -> tuple[str, ...]:
    """Return the names of what only one of two folders holds: for the other it is unknown, and not compared.

    Raises RequestError or DataError, one line, where the two cannot be compared.
    """
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
    digests = [
        _digests_held(record for pair in pairs for record in folder.records_by_pair[pair]) for folder in (old, new)
    ]
    left, right = ({"data": held, "scoring": scoring(folder)} for held, folder in zip(digests, (old, new), strict=True))
    return (*(f"suite.{name}" for name in _suite_gaps(new, old)), *gaps(left, right))


def suite_differences(new: ResultFolder, old: ResultFolder, allowed: Collection[str] = ()) -> list[Differing]:
    """Return the differences between the definitions of the suite; of folders without run.json, between digests."""
    left, right = old.run.suite_content, new.run.suite_content
    if not (left and right):
        return differing(_digests(old), _digests(new))
    skipped = PROSE.union(allowed)
    models = [name for name in old.run.resolved.models if name in new.run.resolved.models]
    tables = [
        {
            **{name: part for name, part in suite.items() if name not in skipped},
            **{f"models.{model}": _without(folder.run.resolved.models[model].changes, skipped) for model in models},
        }
        for suite, folder in ((left, old), (right, new))
    ]
    return without(differing(tables[0], tables[1]), _suite_gaps(new, old))


def _without(table: Mapping[str, Any], names: Collection[str]) -> dict[str, Any]:
    return {name: value for name, value in table.items() if name not in names}


def data_differences(new: Iterable[Record], old: Iterable[Record], allowed: Collection[str] = ()) -> list[Differing]:
    """Return the digests in which the data of two sets of records differ."""
    new, old = list(new), list(old)
    if ROWS.intersection(allowed):
        return differing(evaluated(old), evaluated(new))
    differences = differing(shared(old, "data", "digests"), shared(new, "data", "digests"))
    return without(differences, gaps(_digests_held(old), _digests_held(new)))


def scoring_differences(new: ResultFolder, old: ResultFolder) -> list[Differing]:
    """Return the differences in what computes the measures, of which both folders hold the version."""
    left, right = scoring(old), scoring(new)
    return without(differing(left, right), gaps(left, right))


def evaluated(records: Iterable[Record]) -> dict[str, Any]:
    """Return the digests of what records are evaluated on: passages and judgments."""
    table = shared(records, "data", "digests")
    return {name: table[name] for name in EVALUATED if name in table}


def scoring(folder: ResultFolder) -> dict[str, Any]:
    """Return the versions of what computes the measures; records that do not name scoring were made by version 1."""
    evaluation = shared(folder.records, "evaluation")
    packages = [scorer(record).get("packages", {}) for record in folder.records]
    names = {name: sorted({str(table[name]) for table in packages if name in table}) for name in SCORING}
    versions = {name: " / ".join(values) for name, values in names.items() if values}
    return {"scoring": evaluation.get("score_version", "1"), **versions}


def _check_suites(where: str, new: ResultFolder, old: ResultFolder, allowed: Collection[str]) -> None:
    differences = suite_differences(new, old, allowed)
    if not differences:
        return
    parts = sorted({_part(item.name) for item in differences})
    remedy = "run it as the baseline was run, or make a new baseline (--update)"
    if set(parts) <= set(ALLOWED):
        remedy += f"; if that is what is tested, add --allow {','.join([*sorted(allowed), *parts])}"
    raise RequestError(f"{where}: their suites differ in {listed(differences)}; {remedy}")


def _part(name: str) -> str:
    """Return the part of the suite that a difference is in, of a named base model too (whose name may hold dots)."""
    if name.startswith("models."):
        return next((part for part in ALLOWED if f".{part}." in name or name.endswith(f".{part}")), name)
    return name.partition(".")[0]


def _check_measures(where: str, new: ResultFolder, old: ResultFolder) -> None:
    if unshared := set(new.measures) ^ set(old.measures):
        raise RequestError(
            f"{where}: only one of them has {', '.join(sorted(unshared))}; run both with the same --measures"
        )
    if differences := scoring_differences(new, old):
        raise RequestError(
            f"{where}: their measures were computed by other versions, {listed(differences)}; "
            "make a new baseline with these (--update)"
        )


def _suite_gaps(new: ResultFolder, old: ResultFolder) -> list[str]:
    left, right = old.run.suite_content, new.run.suite_content
    names = gaps(left, right, CHOSEN)
    for part in ("languages", "training"):
        tables, others = left.get(part, {}), right.get(part, {})
        for name in tables.keys() & others.keys():
            names += gaps(tables[name], others[name], prefix=f"{part}.{name}.")
    return sorted(names)


def _digests_held(records: Iterable[Record]) -> dict[str, Any]:
    """Return the digests of data that records hold, empty ones included."""
    return {name: digest for record in records for name, digest in record.data_digests.items()}


def _digests(folder: ResultFolder) -> dict[str, str]:
    return {"digest": " / ".join(sorted({record.suite_digest for record in folder.records}))}
