"""Whether the records of a folder agree with run.json, with themselves and with each other.

No cell is rerun, and no data are read.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from harness.evidence.verification.finding import Finding, Proof, file_of
from harness.keys import digest
from harness.results.differences import differing, listed
from harness.results.folder import ResultFolder
from harness.results.record import Record
from harness.results.run_file import RUN_FILE
from harness.types import EVALUATION_DIGESTS

LAST_BITS = 1e-9  # of a mean, and of a vector statistic that two records share
ROUNDING = 1e-6  # of such a statistic on machines of two kinds: float32 encoders differ by 1.3e-7 in results/wikiqa-e5
AS_REQUESTED = ("text", "evaluation", "base_model")  # tables of the provenance that run.json's suite holds too

ABSENT = f"requested in {RUN_FILE}, and there is no record of it"

Check = Callable[[ResultFolder, Record], Iterator[str]]


def prove_records(results: ResultFolder) -> Proof:
    """Return what holds of the records of a folder whose scores per query have been read and have their means."""
    mismatches = [*_of_run_file(results), *(Finding(_absent_file(name), ABSENT) for name in results.absent)]
    for record in results.records:
        mismatches += [Finding(file_of(record), what) for check in CHECKS for what in check(results, record)]
    mismatches += [Finding(file_of(record), what) for record in results.failures for what in _failure(results, record)]
    contradicted = {finding.file for finding in mismatches}
    consistent = [record for record in results.records if file_of(record) not in contradicted]
    proven = Finding("records", f"{len(consistent)} state the request of {RUN_FILE} and the means of their scores")
    unknown = () if results.run.suite_content else (Finding(RUN_FILE, "holds no suite to compare records with"),)
    return Proof((proven,), tuple(mismatches), unknown)


def _absent_file(name: str) -> str:
    return f"records/{name}.json" if name.count("/") == 2 else f"records/{name}/"


def _of_run_file(results: ResultFolder) -> Iterator[Finding]:
    """Yield what run.json contradicts itself in."""
    run, content = results.run, results.run.suite_content
    if content and run.suite_digest and digest(content) != run.suite_digest:
        yield Finding(RUN_FILE, "suite_digest is not that of its suite")
    resolved = run.content.get("resolved", {})
    for name in ("suite_digest", "base_model", "max_train"):
        stated = run.content.get(name) if name == "suite_digest" else content.get(name)
        if name in resolved and stated is not None and resolved[name] != stated:
            yield Finding(RUN_FILE, f"resolved.{name} is not that of its suite")
    for name, model in run.resolved.models.items():
        if content and model.suite_digest != digest(run.suite_content_on(name)):
            yield Finding(RUN_FILE, f"resolved.models.{name}: suite_digest is not that of its suite")


def _request(results: ResultFolder, record: Record) -> Iterator[str]:
    """Yield where a record states another request than run.json."""
    content = results.run.suite_content_on(record.model)
    if record.model and not record.entry.endswith(f"@{record.model}"):
        yield f"names the base model {record.model}, which its entry is not a row of"
    for name in AS_REQUESTED if content else ():
        yield from _differing(name, content.get(name), record.value(name))
    suite_digest = results.run.suite_digest_on(record.model)
    if suite_digest and record.suite_digest and record.suite_digest != suite_digest:
        yield f"suite_digest is {record.suite_digest[:8]}, that of {RUN_FILE} {suite_digest[:8]}"
    requested = results.run.resolved.entries.get(record.entry)
    if isinstance(requested, Mapping):
        yield from _differing("entry", requested, record.value("entry"))
    elif results.run.resolved.entries:
        yield f"{RUN_FILE} requests no entry of this name"
    if results.run.resolved.seeds and record.trained and record.seed not in results.run.resolved.seeds:
        yield f"{RUN_FILE} requests no seed {record.seed}"


def _differing(name: str, requested: Any, stated: Any) -> Iterator[str]:
    """Yield the differences in the names that two tables share; a table that is absent states nothing."""
    if not isinstance(requested, Mapping) or not isinstance(stated, Mapping):
        return
    common = requested.keys() & stated.keys()
    old, new = ({key: table[key] for key in sorted(common)} for table in (requested, stated))
    if differences := differing(old, new, f"{name}."):
        yield f"states another request than {RUN_FILE}: {listed(differences)}"


def _means(results: ResultFolder, record: Record) -> Iterator[str]:
    """Yield the means that are not those of what they are the mean of."""
    measures = results.scores[record.name].measures
    if absent := sorted({*measures} ^ {*record.measures}):
        yield f"measures and scores per query are not of the same measures ({', '.join(absent)})"
    for measure, value in record.cross_validation.get("measures", {}).items():
        folds = value["per_fold"]
        if not _close(value["mean"], sum(folds) / len(folds)):
            yield f"cross_validation: the mean of {measure} is not that of its folds"
    for name, task in record.tasks.items():
        scores = task.get("scores", {})
        if task.get("main_score") in scores and task.get("value") != scores[task["main_score"]]:
            yield f"tasks: the value of {name} is not its {task['main_score']}"


def _training(_: ResultFolder, record: Record) -> Iterator[str]:
    """Yield where `trained` and the training log disagree."""
    if "training" in record.provenance and record.trained != (record.value("training") is not None):
        yield "says that it was trained and has no training log, or the other way round"


def _geometry(results: ResultFolder, record: Record) -> Iterator[str]:
    """Yield where the untuned vectors differ from those of the language's other records on the same base model.

    Before training the base is the same for all; without training the vectors stay as they were.
    """
    before = record.geometry.get("before")
    if before is None:
        return
    reference = next(
        other
        for other in results.records
        if (other.language, other.model) == (record.language, record.model) and "before" in other.geometry
    )
    tolerance = LAST_BITS if _machine(record) == _machine(reference) else ROUNDING
    if not _close_tables(before, reference.geometry["before"], tolerance):
        yield f"geometry before training differs from that of {reference.name}"
    if not record.trained and not _close_tables(before, record.geometry.get("after", before)):
        yield "geometry changed, and nothing was trained"


def _machine(record: Record) -> list[Any]:
    """Return what decides the last bits of vectors, as far as a record says it."""
    return [record.value("environment", name) for name in ("instruction_set", "gpu", "device", "packages")]


def _digests(results: ResultFolder, record: Record) -> Iterator[str]:
    """Yield the evaluation data that differ from those of the language's other records."""
    reference = next(other for other in results.records if other.language == record.language)
    for name in EVALUATION_DIGESTS:
        if record.data_digests.get(name) != reference.data_digests.get(name):
            yield f"data digest of {name} differs from that of {reference.name}"


def _failure(_: ResultFolder, record: Record) -> Iterator[str]:
    if record.measures or record.files:
        yield "has failed, and has scores"


CHECKS: tuple[Check, ...] = (_request, _means, _training, _geometry, _digests)


def _close(first: float, second: float, tolerance: float = LAST_BITS) -> bool:
    return math.isclose(first, second, rel_tol=tolerance, abs_tol=tolerance)


def _close_tables(first: Mapping[str, float], second: Mapping[str, float], tolerance: float = LAST_BITS) -> bool:
    return first.keys() == second.keys() and all(
        _close(value, second[name], tolerance) for name, value in first.items()
    )
