"""What folders have to agree on before they are joined (harness.execution.merging)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from harness.errors import DataError, RequestError
from harness.execution.request_differences import differences_in, in_short
from harness.execution.widening import LEFT_OUT, PARTS
from harness.keys import digest
from harness.results.differences import differing, listed
from harness.results.record import PER_QUERY, RUN, Record
from harness.results.run_file import RunFile, resolved_differences
from harness.results.signature import recipe
from harness.types import EVALUATION_DIGESTS

Folders = tuple[str, str]
DIGEST = "suite_digest"
FILES = {PER_QUERY: "scores per query", RUN: "ranking"}


def check_agreement(first: RunFile, other: RunFile, folders: Folders) -> None:
    """Raise RequestError where the requests of two folders are not parts of one."""
    mine, others = (run.content["resolved"] for run in (first, other))
    names = [name for name in resolved_differences(mine, others) if name not in (*PARTS, LEFT_OUT, DIGEST)]
    if _suite_digest(first) != _suite_digest(other):
        names.append(DIGEST)
    texts = differences_in(names, first.content, other.content)
    tables: list[dict[str, Any]] = [
        {"set": list(run.request.settings) if run.request else []} for run in (first, other)
    ]
    for part in ("entries", "models"):
        values = [resolved.get(part, {}) for resolved in (mine, others)]
        common = sorted(values[0].keys() & values[1].keys())
        for table, named in zip(tables, values, strict=True):
            table[part] = {name: named[name] for name in common}
    texts += map(str, differing(tables[0], tables[1]))
    if texts:
        raise RequestError(
            f"{folders[0]} and {folders[1]} are not of one request: they differ in {in_short(texts)}; "
            "leave one of them out"
        )


def _suite_digest(run: RunFile) -> str:
    return digest(run.suite_content) if run.suite_content else run.suite_digest


def check_cell(before: Record, after: Record, folders: Folders) -> None:
    """Raise DataError where two records of one cell have other results."""
    differences = [name for suffix, name in FILES.items() if before.files.get(suffix) != after.files.get(suffix)]
    if before.weights_sha256 != after.weights_sha256:
        differences.append("weights")
    if before.measures != after.measures:
        differences.append("means")
    if differences:
        raise DataError(
            f"{before.name} has other results in {folders[0]} than in {folders[1]} ({', '.join(differences)}); "
            f"leave one of the two folders out (`harness compare {folders[0]} {folders[1]}` shows how they differ)"
        )


def check_facts(records: Iterable[tuple[str, Record]]) -> None:
    """Raise DataError where records (folder, record) that are about one thing say different things of it."""
    known: dict[tuple[str, ...], tuple[str, Record, Any]] = {}
    for folder, record in records:
        for subject, value in _facts(record):
            where, first, expected = known.setdefault(subject, (folder, record, value))
            if value != expected and value is not None:
                differences = listed(differing({subject[0]: expected}, {subject[0]: value}))
                raise DataError(
                    f"{record.name} in {folder} and {first.name} in {where} differ in {differences}; "
                    "leave one of the two folders out"
                )


def _facts(record: Record) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Yield (subject, value): what all records on the subject have to say."""
    if record.value("base_model_sha256") is not None:
        yield ("base_model_sha256", record.model), record.value("base_model_sha256")
    yield ("suite_digest", record.model), record.suite_digest
    yield ("evaluation",), dict(record.table("evaluation"))
    yield ("measures",), sorted(record.measures)
    yield ("recipe", record.entry), recipe(record)
    evaluated = {name: record.data_digests.get(name) for name in EVALUATION_DIGESTS}
    yield ("data", record.language), evaluated
    yield ("data", record.language, record.entry), dict(record.data_digests)
