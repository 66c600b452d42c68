"""Result folders from a stranger that are small on disk and large when they are read, or made of very many parts."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
from collections.abc import Callable, Mapping

import pyarrow as pa
import pyarrow.parquet as pq
from support.fake_records import draw, put_failed
from support.foreign_folders import Place, Plant, edited, guarded, listed
from support.foreign_places import RANKING, RECORD, SCORES

from harness.results import record

MIB = 1 << 20
HELD = ("leaderboard.html", "leaderboard.csv", SCORES, RANKING, "SHA256SUMS")
DEEP = "[" * 100_000 + "]" * 100_000


def as_file(name: str, content: Callable[[], bytes]) -> Plant:
    """Return what writes a file, with its sha256 in the record that it is beside and in the list."""

    def plant(place: Place) -> None:
        written = content()
        (place.foreign / name).write_bytes(written)
        if name in (RANKING, SCORES):
            suffix = name.rpartition("/")[2].partition(".")[2]
            edited(place.foreign / RECORD, (f"files/{suffix}", hashlib.sha256(written).hexdigest()))
        listed(place.foreign)

    return plant


def zipped(line: bytes, times: int) -> bytes:
    """Return gzip of a text many times, made of few parts: gzip's files may be joined."""
    part = gzip.compress(line * (MIB // len(line)), 9, mtime=0)
    return part * times


def rows(count: int, value: float = 0.5) -> bytes:
    """Return scores of many equal rows."""
    block = pa.table({"query_id": ["q"] * (1 << 20), "measure": ["nDCG@10"] * (1 << 20), "value": [value] * (1 << 20)})
    buffer = io.BytesIO()
    with pq.ParquetWriter(buffer, block.schema, compression="zstd") as writer:
        for _ in range(count >> 20):
            writer.write_table(block)
    return buffer.getvalue()


def sparse(name: str, size: int, *, in_list: bool = False) -> Plant:
    """Return what makes a file of a size that takes no space; its hash in the list is not its own."""

    def plant(place: Place) -> None:
        lines = (place.foreign / "SHA256SUMS").read_text(encoding="utf-8").splitlines(keepends=True)[:-1]
        with (place.foreign / name).open("ab") as file:
            file.truncate(size)
        kept = [line for line in lines if not line.endswith(f"  {name}\n")]
        guarded(place.foreign, "".join(sorted([*kept, *([f"{'0' * 64}  {name}\n"] if in_list else [])])))

    return plant


def spelled(name: str, value: str, text: str) -> Plant:
    """Return what puts a text of JSON in the place of a value of a document, the last of a dotted name."""

    def plant(place: Place) -> None:
        edited(place.foreign / name, (value, "4711 here"))
        path = place.foreign / name
        path.write_text(path.read_text(encoding="utf-8").replace('"4711 here"', text), encoding="utf-8")
        listed(place.foreign)

    return plant


def failures(place: Place) -> None:
    """Add a thousand failed cells, each with a long reason."""
    for seed in range(1000):
        put_failed(place.foreign, ("mnrl", "fa", seed), f"reason {seed} " + "y" * 10_000)
    listed(place.foreign)


def measures(place: Place) -> None:
    """Give every record a hundred measures."""
    for path in (place.foreign / "records").rglob("*.json"):
        cell = json.loads(path.read_bytes())
        scores = draw(cell["entry"], "ko", cell["seed"], 12, [f"nDCG@{i}" for i in range(1, 101)])
        content = record.per_query_bytes(scores)
        record.beside(path, record.PER_QUERY).write_bytes(content)
        means = {measure: sum(values.values()) / len(values) for measure, values in scores.items()}
        edited(path, ("measures", means), (f"files/{record.PER_QUERY}", hashlib.sha256(content).hexdigest()))
    listed(place.foreign)


def requested(count: int) -> Plant:
    """Return what lets run.json name many entries, languages and seeds that no record has."""

    def plant(place: Place) -> None:
        named = {f"e{i}": {} for i in range(count)}
        edited(place.foreign / "run.json", ("resolved/entries", named), ("resolved/seeds", list(range(count))))
        listed(place.foreign)

    return plant


def list_of(count: int) -> Plant:
    """Return what makes a list of very many files that are not there."""

    def plant(place: Place) -> None:
        guarded(place.foreign, "".join(f"{'0' * 64}  a{i:09}\n" for i in range(count)))

    return plant


def wide() -> bytes:
    """Return a table of two lines, where the name of each value would hold all others."""
    columns = [f"column {i}" for i in range(50_000)]
    return "\n".join(",".join(cells) for cells in (columns, columns, [])).encode()


BOMBS: Mapping[str, Plant] = {
    "a ranking of gigabytes": as_file(RANKING, lambda: zipped(b"q 0 d 1 1.0 x\n", 4096)),
    "a ranking of one line": as_file(RANKING, lambda: zipped(b"x", 2048)),
    "scores of millions of rows": as_file(SCORES, lambda: rows(8 << 20)),
    "a million rows of one query": as_file(SCORES, lambda: rows(1 << 20)),
    "a sparse file of a terabyte": sparse("notes.bin", 1 << 40),
    "a sparse file of a terabyte in the list": sparse("notes.bin", 1 << 40, in_list=True),
    "sparse scores": sparse(SCORES, 1 << 40, in_list=True),
    "a sparse ranking": sparse(RANKING, 1 << 40, in_list=True),
    "a sparse record": sparse(RECORD, 1 << 40, in_list=True),
    "a sparse run.json": sparse("run.json", 1 << 40, in_list=True),
    "a sparse report.json": sparse("report.json", 1 << 40),
    "a sparse page": sparse("leaderboard.html", 1 << 40),
    "a sparse list": lambda place: sparse("SHA256SUMS", 1 << 40)(place),
    "a deep record": spelled(RECORD, "provenance/x", DEEP),
    "deep tasks": spelled(RECORD, "tasks/x", '{"a":' * 5000 + "1" + "}" * 5000),
    "a deep run.json": spelled("run.json", "request", DEEP),
    "a deep report.json": spelled("report.json", "x", DEEP),
    "a deep leaderboard.json": spelled("leaderboard.json", "x", DEEP),
    "a not so deep record": spelled(RECORD, "provenance/x", "[" * 150 + "]" * 150),
    "a not so deep run.json": spelled("run.json", "resolved/entries/base", "[" * 60 + "]" * 60),
    "long keys": spelled(RECORD, "provenance/x", json.dumps({"k" * 200 * i: 1 for i in range(300)})),
    "many failures": failures,
    "many measures": measures,
    "many requested cells": requested(3000),
    "a long list of files": list_of(300_000),
    "a table whose places are long": as_file("leaderboard.csv", wide),
    "a table of many rows": as_file("leaderboard.csv", lambda: b"entry,nDCG@10\n" + b"a,1.5\n" * 2_000_000),
    "many lists in run.json": spelled("run.json", "request", f"[{'{},' * 5_000_000}1]"),
    "more lists in run.json": spelled("run.json", "request", f"[{'{},' * 20_000_000}1]"),
    **{f"a sparse {name} within the limits of a file": sparse(name, 2_000_000_000) for name in HELD},
}
