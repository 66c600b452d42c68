"""The first passages of every query, read from the run files beside the records."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from harness.evidence.leaderboard import Leaderboard
from harness.machine import bounded, plain_files
from harness.machine.limits import TooLarge
from harness.results.record import RUN, Record

TOP = 5
_FIRST = b" 1 "  # the field of rank 1; ids hold no white space

PassageList = Sequence[tuple[str, float]]  # (passage id, score), best first
PassageLists = Mapping[tuple[str, int], Mapping[str, PassageList]]  # (entry, seed) → query id → list


def run_seeds(folder: Path, board: Leaderboard, language: str) -> dict[str, list[int]]:
    """Return entry → the seeds with a run file, ascending."""
    seeds: dict[str, list[int]] = {}
    for record in board.records:
        if record.language == language:
            has_run = RUN in record.files and plain_files.is_plain(folder, record.file(RUN))
            seeds.setdefault(record.entry, []).extend([record.seed] if has_run else [])
    return {entry: sorted(numbers) for entry, numbers in seeds.items()}


def seed_pair(seeds_a: Sequence[int], seeds_b: Sequence[int]) -> tuple[int, int]:
    """Return the lowest common seed, twice; without a common seed, the lowest seed of each."""
    shared = set(seeds_a) & set(seeds_b)
    return (min(shared), min(shared)) if shared else (min(seeds_a), min(seeds_b))


def read_lists(folder: Path, board: Leaderboard, language: str, cells: Iterable[tuple[str, int]]) -> PassageLists:
    """Return the lists of the (entry, seed) whose run file has the sha256 in its record."""
    records = {(record.entry, record.seed): record for record in board.records if record.language == language}
    lists = {cell: _read_list(folder, records[cell]) for cell in sorted(set(cells))}
    return {cell: by_query for cell, by_query in lists.items() if by_query}


def _read_list(folder: Path, record: Record) -> Mapping[str, PassageList]:
    try:
        content = plain_files.read(folder, record.file(RUN))
        if hashlib.sha256(content).hexdigest() != record.files[RUN]:
            return {}
        return top_passages(bounded.unzipped(content, record.file(RUN)))
    except (OSError, EOFError, ValueError, TooLarge, zlib.error):
        return {}


def top_passages(run: bytes, depth: int = TOP) -> dict[str, PassageList]:
    """Return query id → its first `depth` passages, from a TREC run as harness.results.record writes it.

    The lines of a query must be contiguous and ordered by rank; raises ValueError otherwise.
    """
    lists: dict[str, PassageList] = {}
    position = run.find(_FIRST)
    while position >= 0:
        start = run.rfind(b"\n", 0, position) + 1
        query, _, _, rank, _, _ = _fields(run, start)
        if rank == b"1":
            lists[query.decode()] = _passages(run, start, query, depth)
        position = run.find(_FIRST, run.find(b"\n", position))
    return lists


def _passages(run: bytes, start: int, query: bytes, depth: int) -> PassageList:
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
    return run[start : run.find(b"\n", start)].split(b" ", 5)  # the last field, the tag, may hold spaces
