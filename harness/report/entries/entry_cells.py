"""The cells of an entry as its page shows them, and the provenance that they share."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.evidence.leaderboard import Leaderboard
from harness.report.entries.cell_files import file_names
from harness.report.entries.cell_view import CellView, cell_view
from harness.report.facts import shared_facts
from harness.report.page_links import pair_link
from harness.results.flatten import Facts
from harness.results.makers import reuse_notes
from harness.results.notes import warnings
from harness.results.record import Record
from harness.results.signature import cell_signatures

TRAINING = "training.settings."
SHOWN_ELSEWHERE = ("model", "energy", "makers", "warnings")


@dataclass(frozen=True)
class LanguageFacts:
    """The provenance that all cells of one language share, beyond what all cells of the entry share.

    `queries_href` links to the comparison with the baseline query by query; "" where there is no such page.
    """

    language: str
    queries_href: str
    facts: Facts


@dataclass(frozen=True)
class EntryCells:
    """All cells of an entry, by language in the leaderboard's order, then by seed."""

    cells: tuple[CellView, ...]
    languages: tuple[LanguageFacts, ...]
    shared: Facts
    training: Facts  # training settings that are the same in all cells
    signature: str  # of all done cells
    reused: tuple[str, ...]  # outputs of another machine, library or code version, or of an unknown maker
    warnings: tuple[str, ...]

    @property
    def done(self) -> int:
        return sum(cell.record.status == "done" for cell in self.cells)


def entry_cells(folder: Path, board: Leaderboard, records: Sequence[Record], pages: Collection[str]) -> EntryCells:
    """Return the cells of one entry, done and failed ones; `pages` are the names of the report's other pages."""
    done = [record for record in records if record.status == "done"]
    provenance = shared_facts(done, [_unshown_provenance(record) for record in done])
    lines, signature = cell_signatures(done)
    signatures = {(record.language, record.seed): line for record, line in zip(done, lines, strict=True)}
    varying = {(record.language, record.seed): provenance.varying_facts(i) for i, record in enumerate(done)}
    cells: list[CellView] = []
    languages: list[LanguageFacts] = []
    for language in board.languages:
        in_language = sorted((record for record in records if record.language == language), key=lambda cell: cell.seed)
        if not in_language:
            continue
        entry = in_language[0].entry
        language_facts = provenance.by_language.get(language, [])
        single = sum(record.status == "done" for record in in_language) == 1  # its section shows the language's facts
        queries_href = _queries_href(board, entry, language, pages)
        languages.append(LanguageFacts(language, queries_href, [] if single else language_facts))
        names = file_names(folder, entry, language)
        for record in in_language:
            facts = varying.get((language, record.seed), [])
            if single and record.status == "done":
                facts = sorted([*facts, *language_facts])
            cells.append(cell_view(board, record, names, signatures.get((language, record.seed), ""), facts))
    training = [(name.removeprefix(TRAINING), value) for name, value in provenance.shared if name.startswith(TRAINING)]
    shared = [fact for fact in provenance.shared if not fact[0].startswith((TRAINING, "entry."))]
    return EntryCells(
        cells=tuple(cells),
        languages=tuple(languages),
        shared=shared,
        training=training,
        signature=signature,
        reused=tuple(reuse_notes(done)),
        warnings=tuple(warnings(done)),
    )


def _queries_href(board: Leaderboard, entry: str, language: str, pages: Collection[str]) -> str:
    baseline = board.baseline_of(entry)
    scored = {(entry, language), (baseline, language)} <= board.scored.keys()
    if not scored or entry == baseline or f"queries/{language}.html" not in pages:
        return ""
    return f"../{pair_link(entry, language, baseline)}"


def _unshown_provenance(record: Record) -> Mapping[str, Any]:
    """Return a record's provenance without the parts that have a place of their own on the page."""
    provenance = {name: value for name, value in record.provenance.items() if name not in SHOWN_ELSEWHERE}
    for name, shown in (("training", "losses"), ("entry", "equations")):
        table = provenance.get(name)
        if isinstance(table, Mapping) and shown in table:
            provenance[name] = {key: value for key, value in table.items() if key != shown}
    return provenance
