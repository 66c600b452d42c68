"""One result folder as the index shows it: its suite, cells, best entry, and the digests of its data."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from harness.errors import quantity
from harness.evidence.leaderboard import Leaderboard
from harness.machine import plain_files
from harness.report import coverage
from harness.report.documents.run_setup import given_bases
from harness.report.report_formats import Format, file_name
from harness.report.sections import claims_section
from harness.report.sweep_names import EntryNames, names_for_readers
from harness.stats.entry_scores import AVERAGE
from harness.stats.entry_statistics import EntryStatistics
from harness.stats.letters import share_letter
from harness.types import EVALUATION_DIGESTS

Digests = frozenset[tuple[str, ...]]


@dataclass(frozen=True)
class FolderSummary:
    """One result folder; `best` is None where no entry has an average of the primary measure."""

    name: str
    href: str  # of its page, "" where none is written yet
    suite: str
    base: str  # pretrained base models; "" where the suite builds one
    definition: str  # digest of the suite's definition
    primary: str
    baseline: str
    compared: bool  # whether the baseline was measured
    languages: tuple[str, ...]
    seeds: tuple[int, ...]
    cells: int
    failed: int
    missing: int
    unverified: tuple[str, ...]
    verdicts: Mapping[str, int]
    names: EntryNames
    averages: Mapping[str, float]  # entry → average of the primary measure
    entries: tuple[str, ...]
    best: EntryStatistics | None  # the highest average of a trained entry, of any where none is trained
    best_is_trained: bool
    tied: str  # how many of the others are not shown to differ from the best
    data: Mapping[str, Digests]  # by language


def folder_summary(path: Path, name: str, board: Leaderboard) -> FolderSummary:
    """Return the summary of the folder at `path`, which the index calls `name` and whose leaderboard is `board`."""
    averages = {evidence.entry: evidence for evidence in board.evidence if evidence.language == AVERAGE}
    records = (*board.records, *board.failures)
    trained = {record.entry for record in board.records if record.trained}
    best, tied = _best([averages[entry] for entry in averages if entry in trained] or list(averages.values()))
    page = file_name(Format.html)
    return FolderSummary(
        name=name,
        href=quote(f"{name}/{page}", errors="surrogateescape") if plain_files.is_plain(path, page) else "",
        suite=board.suite,
        base=given_bases(board),
        definition=_definition(board),
        primary=board.primary,
        baseline=board.baseline_name,
        compared=bool(board.baselines),
        languages=board.languages,
        seeds=tuple(sorted({record.seed for record in records if record.trained})),
        cells=len(records),
        failed=len(board.failures),
        missing=len(board.results.absent),
        unverified=tuple(coverage.unverified(board)),
        verdicts=Counter(line.verdict or "not measured" for line in claims_section.compare_claims(board).suite_lines),
        names=names_for_readers(board),
        averages={entry: float(evidence.mean[0]) for entry, evidence in averages.items()},
        entries=tuple(dict.fromkeys(record.entry for record in records)),
        best=best,
        best_is_trained=best is not None and best.entry in trained,
        tied=tied,
        data={language: frozenset(_digests(board, language)) for language in board.languages},
    )


def _best(candidates: Collection[EntryStatistics]) -> tuple[EntryStatistics | None, str]:
    """Return the best of the candidates, and how many of the others are not shown to differ from it."""
    if not candidates:
        return None, ""
    best = max(candidates, key=lambda evidence: float(evidence.mean[0]))
    count = sum(share_letter(evidence.letters[0], best.letters[0]) for evidence in candidates) - 1  # the best itself
    return best, f"{quantity(count, 'entry')} not shown to differ" if count > 0 else ""


def _definition(board: Leaderboard) -> str:
    """Return the digest of the suite's definition from run.json, or from the records where run.json has none."""
    digests = {record.suite_digest for record in board.records}
    return board.run.suite_digest or "+".join(sorted(digests))


def _digests(board: Leaderboard, language: str) -> Iterator[tuple[str, ...]]:
    for record in board.records:
        digests = record.data_digests
        if record.language == language and digests:
            yield tuple(str(digests.get(name, "")) for name in EVALUATION_DIGESTS)
