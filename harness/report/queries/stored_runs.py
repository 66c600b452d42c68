"""The first passages of every query, read from the run files beside the records."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from harness.evidence.leaderboard import Leaderboard
from harness.results.record import RUN, Record, beside, path_of

TOP = 5
_FIRST = b" 1 "  # around a rank; ids hold no white space

List = Sequence[tuple[str, float]]  # (passage id, score), best first
Lists = Mapping[tuple[str, int], Mapping[str, List]]  # (entry, seed) → query id → its list


def seeds(folder: Path, board: Leaderboard, language: str) -> dict[str, list[int]]:
    """Return entry → the seeds of which there is a run file, ascending."""
    found: dict[str, list[int]] = {}
    for record in board.records:
        if record.language == language:
            there = RUN in record.files and _path(folder, record).is_file()
            found.setdefault(record.entry, []).extend([record.seed] if there else [])
    return {entry: sorted(numbers) for entry, numbers in found.items()}


def common(one: Sequence[int], other: Sequence[int]) -> tuple[int, int]:
    """Return the lowest seed that both have, twice; where they share none, the lowest of each."""
    shared = set(one) & set(other)
    return (min(shared), min(shared)) if shared else (min(one), min(other))


def read(folder: Path, board: Leaderboard, language: str, wanted: Iterable[tuple[str, int]]) -> Lists:
    """Return the lists of those (entry, seed) whose run file is the one that its record names."""
    records = {(one.entry, one.seed): one for one in board.records if one.language == language}
    lists = {name: _top(_path(folder, records[name]), records[name]) for name in sorted(set(wanted))}
    return {name: found for name, found in lists.items() if found}


def _path(folder: Path, record: Record) -> Path:
    return beside(path_of(folder, record.entry, record.language, record.seed), RUN)


def _top(path: Path, record: Record) -> Mapping[str, List]:
    try:
        content = path.read_bytes()
        if hashlib.sha256(content).hexdigest() != record.files[RUN]:
            return {}
        return top(gzip.decompress(content))
    except (OSError, EOFError, ValueError, zlib.error):
        return {}


def top(run: bytes, depth: int = TOP) -> dict[str, List]:
    """Return query id → its first `depth` passages, of a TREC run as harness.results.record writes it.

    The lines of a query stand together, by rank. Raises ValueError where they do not.
    """
    found: dict[str, List] = {}
    place = run.find(_FIRST)
    while place >= 0:
        start = run.rfind(b"\n", 0, place) + 1
        query, _, _, rank, _, _ = _fields(run, start)
        if rank == b"1":
            found[query.decode()] = _list(run, start, query, depth)
        place = run.find(_FIRST, run.find(b"\n", place))
    return found


def _list(run: bytes, start: int, query: bytes, depth: int) -> List:
    rows: list[tuple[str, float]] = []
    while start < len(run) and len(rows) < depth:
        name, _, doc, rank, score, _ = _fields(run, start)
        if name != query:
            break
        if int(rank) != len(rows) + 1:
            raise ValueError(f"rank {rank.decode()} of {query.decode()} where {len(rows) + 1} was expected")
        rows.append((doc.decode(), float(score)))
        start = run.find(b"\n", start) + 1
    return rows


def _fields(run: bytes, start: int) -> list[bytes]:
    return run[start : run.find(b"\n", start)].split(b" ", 5)  # the last one, the tag, may hold spaces
