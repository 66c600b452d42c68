"""What a cell leaves behind, and how it is written and read.

DIR/records/<entry>/<language>/<seed>.json
DIR/records/<entry>/<language>/<seed>.per_query.parquet    query_id, measure, value
DIR/records/<entry>/<language>/<seed>.run.gz               TREC run
"""

from __future__ import annotations

import hashlib
import io
import json
import math
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, ValidationError

from harness.errors import REASON, CellError, DataError, one_line
from harness.machine import plain_files
from harness.machine.atomic import write_atomically
from harness.machine.garbage import no_collection
from harness.machine.json_toml import check_numbers
from harness.machine.limits import exceeded, limit
from harness.machine.names import LanguageTag, PathName, Seed, Suffix
from harness.machine.stage_run import StageRun
from harness.results.record_tables import Agreement, CrossValidation, Geometry, Pairs, Table, Task, holding
from harness.schema import Strict, explain
from harness.types import Ranking, Scores

Pair = tuple[str, str]  # entry, language
TIMED = frozenset({"train", "retrieve"})  # a cell with one of these stages from the cache has no meaningful time


class Record(Strict):
    """The result of one cell with its provenance; a failed cell has a reason and no scores.

    `provenance` is nested and open: records of other versions hold other tables. Read it by `table` and `value`, which
    answer for what is absent, or by the properties below.
    """

    schema_version: Literal[1] = 1
    suite: PathName
    entry: PathName
    language: LanguageTag
    seed: Seed
    trained: bool
    status: Literal["done", "failed"]
    reason: Annotated[str, AfterValidator(lambda text: text[:REASON])] = ""  # a longer one is a stranger's
    cell_key: str
    measures: Mapping[PathName, float] = Field(default_factory=dict)  # mean over the judged queries, unrounded
    n_queries: int = Field(0, ge=0, lt=1 << 63)
    by_dimension: Mapping[PathName, Mapping[PathName, float]] = Field(default_factory=dict)  # dimensions kept → means
    cross_validation: Annotated[Table, holding(CrossValidation)] = Field(default_factory=dict)
    tasks: Mapping[PathName, Annotated[Table, holding(Task)]] = Field(default_factory=dict)
    geometry: Annotated[Mapping[str, Mapping[str, float]], holding(Geometry)] = Field(default_factory=dict)
    pairs: Annotated[Table, holding(Pairs)] = Field(default_factory=dict, exclude_if=lambda value: not value)
    agreement: Annotated[Table, holding(Agreement)] = Field(default_factory=dict)
    files: Mapping[Suffix, str] = Field(default_factory=dict)  # suffix → sha256 of the files beside this one
    stages: tuple[StageRun, ...] = ()
    seconds: float = 0.0
    peak_memory_bytes: int = Field(0, ge=0, lt=1 << 63)
    provenance: Mapping[str, Any] = Field(default_factory=dict)

    @property
    def name(self) -> str:
        """The cell: ENTRY/LANGUAGE/SEED."""
        return f"{self.entry}/{self.language}/{self.seed}"

    @property
    def pair(self) -> Pair:
        """The row of the leaderboard that the record belongs to."""
        return self.entry, self.language

    def file(self, suffix: str) -> str:
        """Return the name of one of the cell's files, relative to the output folder."""
        return f"{RECORDS}/{self.name}.{suffix}"

    def path(self, folder: Path) -> Path:
        """Return the path of the record below an output folder."""
        return path_of(folder, self.entry, self.language, self.seed)

    def value(self, *path: str) -> Any:
        """Return what the provenance holds at a path of names, None where it holds nothing."""
        value: Any = self.provenance
        for name in path:
            value = value.get(name) if isinstance(value, Mapping) else None
        return value

    def table(self, *path: str) -> Mapping[str, Any]:
        """Return the table of the provenance at a path of names, {} where there is none."""
        value = self.value(*path)
        return value if isinstance(value, Mapping) else {}

    @property
    def is_timed(self) -> bool:
        """Whether `seconds` is the time of a computation: what takes it did not come from the cache."""
        return self.seconds > 0 and not any(run.cached and run.stage in TIMED for run in self.stages)

    @property
    def model(self) -> str:
        """The name of the base model that the entry is a row of; "" in a run of one model, and for a ranker."""
        return str(self.value("entry", "model") or "")

    @property
    def weights_sha256(self) -> str:
        """The sha256 of the model folder, "" where the record names none."""
        return str(self.value("model", "sha256") or "")

    @property
    def normalized(self) -> bool:
        """Whether the vectors had unit length; those of records that do not say it had."""
        return self.value("computation", "normalized") is not False

    @property
    def suite_digest(self) -> str:
        """The sha256 of the suite's definition, "" where the record does not hold it."""
        return str(self.value("suite_digest") or "")

    @property
    def data_digests(self) -> Mapping[str, Any]:
        """sha256 of corpus, queries, judgments and training rows, by name (harness.types.Data.digests)."""
        return self.table("data", "digests")


RECORDS = "records"  # the folder of all records
LOG = "log"  # what a failed cell printed, with the traceback
PER_QUERY = "per_query.parquet"
RUN = "run.gz"


def path_of(folder: Path, entry: str, language: str, seed: int) -> Path:
    """Return the path of a cell's record below the output folder."""
    return folder.joinpath(RECORDS, entry, language, f"{seed}.json")


def beside(record_path: Path, suffix: str) -> Path:
    """Return the path of a file that belongs to the record at `record_path`."""
    return record_path.with_name(f"{record_path.stem}.{suffix}")


def log_of(folder: Path, record: Record) -> Path | None:
    """Return the path of the log that a failed cell left, None where there is none."""
    there = record.status == "failed" and plain_files.is_plain(folder, record.file(LOG))
    return beside(record.path(folder), LOG) if there else None


def write(folder: Path, record: Record, scores: Scores | None = None, ranking: Ranking | None = None) -> Record:
    """Write a record, its scores and its run; return it with the hashes of the files beside it.

    The JSON is written last: a record that exists is complete.
    """
    files = {}
    if scores is not None and ranking is not None:
        contents = {PER_QUERY: per_query_bytes(scores), RUN: run_bytes(ranking, tag=record.entry)}
        files = {suffix: _write(folder, record, suffix, content) for suffix, content in contents.items()}
    record = record.model_copy(update={"files": files})
    _write_json(folder, record)
    return record


def rewrite(folder: Path, record: Record, scores: Scores) -> Record:
    """Replace the scores of a record and keep its ranking; return the record with the hash of the new scores."""
    files = {**record.files, PER_QUERY: _write(folder, record, PER_QUERY, per_query_bytes(scores))}
    record = record.model_copy(update={"files": files})
    _write_json(folder, record)
    return record


def _write(folder: Path, record: Record, suffix: str, content: bytes) -> str:
    """Write one of a cell's files and return its sha256."""
    write_atomically(plain_files.place(folder, record.file(suffix)), content)
    return hashlib.sha256(content).hexdigest()


def _write_json(folder: Path, record: Record) -> None:
    text = json.dumps(record.model_dump(mode="json"), indent=1, ensure_ascii=False, sort_keys=True, allow_nan=False)
    _write(folder, record, "json", (text + "\n").encode())


def read(path: Path, folder: Path | None = None) -> Record:
    """Return the record at `path`, below an output folder (by default its own).

    Raises DataError if it is incomplete or invalid, or is not a plain file (harness.machine.plain_files).
    """
    top = folder or path.parent
    with plain_files.Below(top) as below:
        return _read(below, path.relative_to(top).as_posix(), _Held())


@dataclass
class _Held:
    """What the records of a folder hold so far: the last value of each part of the provenance, and bytes of memory."""

    parts: dict[str, Any] = field(default_factory=dict)
    taken: int = 0

    def check(self, values: Any, folder: Path) -> None:
        """Raise ValueError for a number that is none, and TooLarge where all records together hold too much."""
        self.taken += check_numbers(values)
        if self.taken > limit("RECORDS_MEMORY"):
            raise exceeded("RECORDS_MEMORY", folder)


def _read(below: plain_files.Below, name: str, held: _Held) -> Record:
    try:
        record = Record.model_validate_json(below.read(name, "RECORD_BYTES"))
        held.check(_numbers(record), below.folder)
        return _shared(record, held, below.folder)
    except OSError as error:
        what = plain_files.remedy(error, "check its permissions")
        raise DataError(f"record {below.folder / name} cannot be read: {error.strerror}; {what}") from error
    except ValueError as error:
        reason = explain(error) if isinstance(error, ValidationError) else one_line(error)
        raise DataError(f"record {below.folder / name} is damaged: {reason}; delete it and run again") from error


def read_all(folder: Path) -> list[Record]:
    """Return every record below an output folder, ordered by entry, language and seed.

    Equal parts of the provenance of consecutive records share one object, since nothing changes them: thousands of
    records take half the memory and are compared in half the time.
    """
    held = _Held()
    with no_collection(), plain_files.Below(folder) as below:
        records = [_read(below, name, held) for name in names(folder)]
    return sorted(records, key=lambda record: (record.entry, record.language, record.seed))


def paths(folder: Path) -> list[Path]:
    """Return the paths of all records below an output folder; raises DataError for a link or a device among them."""
    return [folder / name for name in names(folder)]


def names(folder: Path) -> list[str]:
    """Return the names of all records relative to an output folder; raises what `paths` raises."""
    listed = plain_files.listed(folder, RECORDS)
    for name, what in listed.items():
        if what:
            raise DataError(f"{folder / name} is {what}; a result folder has plain files only: copy what is meant")
    return [name for name in listed if name.endswith(".json")]


def records_by_pair(records: Iterable[Record]) -> dict[Pair, list[Record]]:
    """Return (entry, language) → its records, in their order."""
    groups: dict[Pair, list[Record]] = {}
    for record in records:
        groups.setdefault(record.pair, []).append(record)
    return groups


def _numbers(record: Record) -> list[Any]:
    """Return the parts of a record that hold numbers, besides the provenance."""
    means = [record.measures, record.by_dimension, record.cross_validation, record.tasks, record.geometry, record.pairs]
    runs = [dict(run) for run in record.stages]
    return [record.seconds, record.agreement, record.files, *means, *runs]


def _shared(record: Record, held: _Held, folder: Path) -> Record:
    """Return a record whose parts of the provenance are those of `held` where equal; the others are checked."""
    provenance: Any = record.provenance
    for name, value in provenance.items():
        if name in held.parts and held.parts[name] == value:
            provenance[name] = held.parts[name]
        else:
            held.check([value], folder)
            held.parts[name] = value
    return record


def run_bytes(ranking: Ranking, tag: str) -> bytes:
    """Return a ranking as a gzipped TREC run; equal rankings give equal bytes, on every version of Python.

    The header is zlib's, which names no time and Unix; the gzip module's names another system since Python 3.13.
    """
    lines = [
        f"{query} Q0 {doc} {rank} {score!r} {tag}\n"
        for query in sorted(ranking)
        for rank, (doc, score) in enumerate(ranking[query], start=1)
    ]
    return zlib.compress("".join(lines).encode(), level=6, wbits=zlib.MAX_WBITS | 16)


def per_query_bytes(scores: Scores) -> bytes:
    """Return scores as Parquet with the columns query_id, measure and value; raises CellError for NaN."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [(query, measure, value) for measure in scores for query, value in sorted(scores[measure].items())]
    for query, measure, value in rows:
        if math.isnan(value):
            raise CellError(f"{measure} of query {query} is NaN")
    table = pa.table(dict(zip(("query_id", "measure", "value"), zip(*rows, strict=True), strict=True)))
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="zstd")
    return buffer.getvalue()
