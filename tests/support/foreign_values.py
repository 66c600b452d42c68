"""Result folders from a stranger with a value of the wrong type or size in each field of a record and of run.json."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Any

from support.foreign_bombs import spelled
from support.foreign_folders import Plant, in_record, in_run
from support.foreign_places import RECORD

from harness.request.request import Request
from harness.results.record import Record
from harness.results.run_file import Resolved, RunFile, SuiteAsRun

WRONG: tuple[Any, ...] = (
    *(None, True, -1, 1.5, "", "x" * 100_000, [], {}, [[]], {"": {}}, {"a": None}, [None], 10**30, "../x"),
    *({"x": {"y": {"z": []}}}, [{"a": []}], {"a/../b": 1}, ["\u202e\x1b[31m\n::error::"]),
)
TABLES = {"": RunFile, "resolved/": Resolved, "suite/": SuiteAsRun}
RUN_FIELDS = [
    *(f"{table}{field}" for table, model in TABLES.items() for field in model.model_fields),
    *("request", *(f"request/{field.name}" for field in fields(Request))),
]
FIELDS = (
    *("provenance/entry", "provenance/entry/title", "provenance/entry/paper", "provenance/model", "provenance/data"),
    *("provenance/environment", "provenance/environment/packages", "provenance/evaluation", "provenance/text"),
    *("provenance/data/digests", "provenance/suite_digest", "provenance/computation", "provenance/training"),
)


def _of_record() -> Iterator[tuple[str, Plant]]:
    for i, field in enumerate([*Record.model_fields, *FIELDS]):
        value = WRONG[i % len(WRONG)]
        yield f"{field} of a record", in_record((field, value))


def _of_run() -> Iterator[tuple[str, Plant]]:
    for i, field in enumerate(RUN_FIELDS):
        yield f"{field} of run.json".replace("/", " "), in_run((field, WRONG[(i * 5 + 3) % len(WRONG)]))


_NUMBERS: Mapping[str, Plant] = {
    **{
        f"{number} as {value.rpartition('/')[2]}": spelled(RECORD, value, number)
        for number, value in (
            ("NaN", "measures/nDCG@10"),
            ("Infinity", "seconds"),
            ("1e999", "provenance/environment/x"),
            ("-1e308", "measures/nDCG@10"),
            ("1e308", "seconds"),
            ("9223372036854775807", "peak_memory_bytes"),
            ("-5", "n_queries"),
            ("1e-320", "measures/nDCG@10"),
        )
    },
    "NaN in run.json": spelled("run.json", "resolved/x", "NaN"),
    "an integer of 5,000 digits in run.json": spelled("run.json", "resolved/seeds", f"[{'1' * 5000}]"),
    "a huge number of queries": spelled(RECORD, "n_queries", "1" * 39),
}


VALUES: Mapping[str, Plant] = {
    **{name.replace("/", " "): plant for name, plant in (*_of_record(), *_of_run())},
    **{
        f"{field} of another shape": in_record((field, {"x": {"y": 1.0}}))
        for field in ("cross_validation", "tasks", "geometry", "pairs", "agreement")
    },
    **_NUMBERS,
}
