"""The report around the scores in leaderboard.md: summary, set-up, deviations, environment, and commands to repeat it.

All of it comes from run.json and the records' provenance. Their keys are optional: what they lack is left out.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness.errors import quantity
from harness.evidence.leaderboard import Leaderboard
from harness.report import coverage
from harness.report.documents.findings import findings
from harness.report.documents.repetition import commands, environment
from harness.report.documents.run_setup import Corpus, corpus, run_setup
from harness.report.facts import Provenance
from harness.report.numbers import or_none
from harness.report.sections import claims_text
from harness.report.sweep_names import names_for_readers
from harness.results.flatten import Facts, text
from harness.results.makers import reuse_notes


@dataclass(frozen=True)
class Publication:
    """Sentences, tables and commands, in the order of the report."""

    summary: str
    setup: tuple[tuple[str, str], ...]  # title, sentences
    corpora: tuple[Corpus, ...]
    deviations: tuple[str, ...]
    environment: Facts
    commands: tuple[tuple[str, str], ...]  # purpose, command; DIR stands for the report's folder


@dataclass(frozen=True)
class SampleSize:
    """The seeds and queries behind an entry's score, and its standard deviation over seeds."""

    seeds: int
    queries: int
    seed_sd: float | None


def markdown_context(board: Leaderboard, context: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of leaderboard.md's context that other formats do not need; `context` is shared by all."""
    entries = [row.entry for row in context["tables"][0].rows]
    tables = context["evidence"]
    return {
        "report": publication(board, entries, context["provenance"]),
        "findings": findings(board),
        "paragraphs": claims_text.paragraphs(context["claims"]),
        "sample_sizes": sample_sizes(board, tables[0].language) if tables else {},
    }


def sample_sizes(board: Leaderboard, language: str) -> dict[str, SampleSize]:
    """Return entry → the sample size behind its score on the primary measure in a language, or on average."""
    return {
        evidence.entry: SampleSize(evidence.n_seeds, evidence.n_queries, or_none(evidence.seed_sd[0]))
        for evidence in board.evidence
        if evidence.language == language
    }


def publication(board: Leaderboard, entries: list[str], provenance: Provenance) -> Publication:
    """Return the report; `entries` are in the page's order, `provenance` is that of all records."""
    return Publication(
        summary=_summary(board, entries),
        setup=tuple(run_setup(board, entries)),
        corpora=tuple(corpus(board, language) for language in board.languages),
        deviations=tuple(_deviations(board, entries)),
        environment=[*environment(provenance), *(("reused output", note) for note in reuse_notes(board.records))],
        commands=tuple(commands(board, provenance)),
    )


def _summary(board: Leaderboard, entries: list[str]) -> str:
    judged = sum(coverage.queries(board).values())
    scope = f"{quantity(len(entries), 'entry')} in {', '.join(board.languages)}, {judged} judged queries"
    cells = f"{len(board.records)} of {len(board.records) + len(board.failures)} cells are done"
    missing = board.results.absent
    suffix = f", and {len(missing)} that were requested have no record" if missing else ""
    return f"{scope}. {cells}{suffix}."


def _deviations(board: Leaderboard, entries: list[str]) -> Iterator[str]:
    """Yield how the run departs from its suite, and its entries from their papers."""
    if languages := coverage.unverified(board):
        yield f"The data differ from the manifest's in {', '.join(languages)}: these numbers are not the suite's."
    for name, value in (board.run.request.changes() if board.run.request else {}).items():
        yield f"Changed from the suite: {name.replace('_', ' ')} {text(value)}."
    if board.run.suite and board.run.suite.evaluation.holdout:
        yield "Held-out training queries were evaluated in place of dev."
    if any(record.value("environment", "deterministic") is False for record in board.records):
        yield "Some cells computed with operations that are not deterministic; their records say which."
    for warning in board.results.warnings:
        yield f"Warning: {warning}."
    if board.failures:
        cells = len(board.failures) + len(board.records)
        yield f"{len(board.failures)} of {cells} cells failed; their reasons are below."
    if missing := board.results.absent:
        yield f"{len(missing)} of the requested cells or entries have no record and are listed below."
    yield from _departures(board, entries)


def _departures(board: Leaderboard, entries: list[str]) -> Iterator[str]:
    """Yield the departures of each entry from its paper, as its last record declares them."""
    names = names_for_readers(board)
    declarations = {record.entry: record.table("entry") for record in (*board.failures, *board.records)}
    for entry in entries:
        declaration = declarations.get(entry, {})
        departures = declaration.get("departures")
        if isinstance(departures, list | tuple) and departures:
            paper = f" from {declaration['paper']}" if declaration.get("paper") else ""
            yield f"{names[entry]} departs{paper}: {'; '.join(map(str, departures))}."
