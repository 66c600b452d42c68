"""Result folders as the gate and the comparison read them: whole, or refused in one line."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import DataError, RequestError, unknown
from harness.evidence.leaderboard import per_query, read_run_json, refuse, resolved
from harness.keys import digest
from harness.results import checksums
from harness.results.record import Record, read_all
from harness.stats.align import Floats, aligned

if TYPE_CHECKING:
    import pandas

Pair = tuple[str, str]  # entry, language


@dataclass(frozen=True)
class Results:
    """One folder: its done records with their scores, its failed ones, and run.json ({} where there is none)."""

    folder: Path
    run: Mapping[str, Any]
    records: tuple[Record, ...]
    failures: tuple[Record, ...]
    tables: Mapping[tuple[str, str, int], pandas.DataFrame]  # entry, language, seed → queries by measures

    @cached_property
    def of(self) -> Mapping[Pair, tuple[Record, ...]]:
        """The done records of each entry and language, by seed."""
        found: dict[Pair, list[Record]] = {}
        for record in self.records:
            found.setdefault((record.entry, record.language), []).append(record)
        return {pair: tuple(records) for pair, records in found.items()}

    @property
    def suite(self) -> str:
        return self.records[0].suite

    @property
    def measures(self) -> tuple[str, ...]:
        """The measures that every record has, in the order of the first."""
        first, *others = (set(table.columns) for table in self.tables.values())
        common = first.intersection(*others)
        return tuple(name for name in next(iter(self.tables.values())).columns if name in common)

    @property
    def primary(self) -> str:
        """The measure that decides: run.json's, else the records', else the first."""
        said = self.records[0].provenance.get("evaluation")
        own = said.get("primary") if isinstance(said, Mapping) else None
        choice = resolved(self.run).get("primary") or own
        return str(choice) if choice in self.measures else self.measures[0]

    def scores(self, pair: Pair, measure: str) -> dict[str, dict[str, float]]:
        """Return cell → query id → score, a cell for each seed, named with its folder."""
        return {
            f"{self.folder}: {'/'.join(pair)}/{record.seed}": self.tables[(*pair, record.seed)][measure].to_dict()
            for record in self.of[pair]
        }


def read(folder: Path) -> Results:
    """Return the results of a folder.

    Raises NothingMeasured where no cell is done, and DataError for records that are damaged, changed, of two suites,
    twice there, without their scores, or with a score that is not a number.
    """
    records = read_all(folder)
    done = tuple(record for record in records if record.status == "done")
    refuse(folder, records, done)
    _refuse_changed(folder)
    run = read_run_json(folder)
    tables = {(record.entry, record.language, record.seed): per_query(folder, record) for record in done}
    for record in done:
        if len(tables[record.entry, record.language, record.seed]) != record.n_queries:
            name = f"{record.entry}/{record.language}/{record.seed}"
            raise DataError(f"record {name} in {folder} has another number of queries than its scores; run it again")
    _refuse_two_suites(folder, run, done)
    failed = tuple(record for record in records if record.status == "failed")
    return Results(folder, run, done, failed, tables)


def paired(new: Results, old: Results, pair: Pair, measure: str) -> tuple[Floats, Floats]:
    """Return the scores of one entry and language, each [seeds, queries], queries in one order.

    Raises DataError where they are not over the same queries.
    """
    ours, theirs = new.scores(pair, measure), old.scores(pair, measure)
    values = aligned({**ours, **{f"baseline {name}": scores for name, scores in theirs.items()}})[1]
    if values.shape[1] < 2:
        raise DataError(f"{'/'.join(pair)} has one query, and a difference on it no error; compare on more queries")
    return values[: len(ours)], values[len(ours) :]


def chosen(wanted: Sequence[str], known: Sequence[str], kind: str, where: str) -> tuple[str, ...]:
    """Return the names that were asked for, all known ones for none; raises RequestError for an unknown one."""
    for name in wanted:
        if name not in known:
            raise unknown(kind, name, known, where)
    return tuple(dict.fromkeys(wanted)) or tuple(known)


def check_margin(margin: float) -> None:
    """Raise RequestError for a margin that is negative or not a number."""
    if not (math.isfinite(margin) and margin >= 0):
        raise RequestError(f"--margin {margin} is no margin; name one from 0 on in units of the measure, such as 0.01")


def _refuse_changed(folder: Path) -> None:
    """Raise DataError where run.json or the records are not as SHA256SUMS lists them; there may be none."""
    if not (folder / checksums.SUMS).is_file():
        return
    found = [item.file for item in checksums.differences(folder) if item.what == "changed"]
    read_here = [file for file in found if file in ("run.json", checksums.SUMS) or file.startswith("records/")]
    if read_here:
        raise DataError(
            f"{folder / read_here[0]} was changed after it was written; `harness verify {folder}` says more"
        )


def _refuse_two_suites(folder: Path, run: Mapping[str, Any], done: Sequence[Record]) -> None:
    """Raise DataError where records, or run.json, say that they are of differently defined suites."""
    said = {found for record in done if (found := record.provenance.get("suite_digest"))}
    if run.get("suite_digest"):
        said.add(run["suite_digest"])
    if isinstance(run.get("suite"), Mapping):
        said.add(digest(run["suite"]))
    if len(said) > 1:
        raise DataError(f"{folder} holds records of differently defined suites; run it again into a folder of its own")
