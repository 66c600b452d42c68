"""The first passages of every query and the ranks of its relevant ones, read from the run files beside the records."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from harness.evidence.leaderboard import Leaderboard
from harness.machine import bounded, plain_files
from harness.machine.limits import TooLarge
from harness.results.record import RUN, Record

TOP = 5
_FIRST = b" 1 "  # the field of rank 1; ids hold no white space

PassageList = Sequence[tuple[str, float]]  # (passage id, score), best first
Relevant = Mapping[str, Collection[str]]  # query id → ids of relevant passages
Ranks = Mapping[str, int]  # passage id → its rank, or −n where it is not among the n passages of the query's list


@dataclass(frozen=True)
class StoredRun:
    """What a page shows of one run file, by query id."""

    lists: Mapping[str, PassageList]
    ranks: Mapping[str, Ranks]


StoredRuns = Mapping[tuple[str, int], StoredRun]  # by (entry, seed)


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


def read_runs(
    folder: Path, board: Leaderboard, language: str, cells: Iterable[tuple[str, int]], relevant: Relevant
) -> StoredRuns:
    """Return the runs of the (entry, seed) whose run file has the sha256 in its record."""
    records = {(record.entry, record.seed): record for record in board.records if record.language == language}
    runs = {cell: _read_run(folder, records[cell], relevant) for cell in sorted(set(cells))}
    return {cell: run for cell, run in runs.items() if run}


def _read_run(folder: Path, record: Record, relevant: Relevant) -> StoredRun | None:
    try:
        content = plain_files.read(folder, record.file(RUN))
        if hashlib.sha256(content).hexdigest() != record.files[RUN]:
            return None
        blocks = query_blocks(bounded.unzipped(content, record.file(RUN), "RANKING_BYTES"))
        return StoredRun(top_passages(blocks), relevant_ranks(blocks, relevant)) if blocks else None
    except (OSError, EOFError, ValueError, TooLarge, zlib.error):
        return None


def query_blocks(run: bytes) -> dict[str, bytes]:
    """Return query id → its lines, from a TREC run as harness.results.record writes it.

    The lines of a query must be contiguous and begin with rank 1.
    """
    starts: dict[str, int] = {}
    position = run.find(_FIRST)
    while position >= 0:
        start = run.rfind(b"\n", 0, position) + 1
        query, _, _, rank, _, _ = _fields(run, start)
        if rank == b"1":
            starts[query.decode()] = start
        position = run.find(_FIRST, run.find(b"\n", position))
    bounds = pairwise([*starts.values(), len(run)])
    return {query: run[start:end] for query, (start, end) in zip(starts, bounds, strict=True)}


def top_passages(blocks: Mapping[str, bytes], depth: int = TOP) -> dict[str, PassageList]:
    """Return query id → its first `depth` passages; raises ValueError for lines that are not ordered by rank."""
    return {query: _passages(block, query, depth) for query, block in blocks.items()}


def _passages(block: bytes, query: str, depth: int) -> PassageList:
    rows: list[tuple[str, float]] = []
    start = 0
    while start < len(block) and len(rows) < depth:
        _, _, doc, rank, score, _ = _fields(block, start)
        if int(rank) != len(rows) + 1:
            raise ValueError(f"rank {rank.decode()} of {query} where {len(rows) + 1} was expected")
        rows.append((doc.decode(), float(score)))
        start = block.find(b"\n", start) + 1
    return rows


def relevant_ranks(blocks: Mapping[str, bytes], relevant: Relevant) -> dict[str, Ranks]:
    """Return query id → the ranks of its relevant passages; of a query without lines, −0 is 0."""
    ranks: dict[str, Ranks] = {}
    for query, docs in relevant.items():
        block = b"\n" + blocks.get(query, b"")
        ranks[query] = {doc: _rank(block, query, doc) for doc in docs}
    return ranks


def _rank(block: bytes, query: str, doc: str) -> int:
    start = block.find(f"\n{query} Q0 {doc} ".encode())
    return -(block.count(b"\n") - 1) if start < 0 else int(_fields(block, start + 1)[3])


def _fields(run: bytes, start: int) -> list[bytes]:
    return run[start : run.find(b"\n", start)].split(b" ", 5)  # the last field, the tag, may hold spaces
