"""references.bib: what a folder cites. Papers of its entries, claims and contrasts, its data, and this software.

An entry holds what its sources state and nothing else: identifiers (arXiv, DOI), an address, and the citation as
written. A citation of several works is one entry each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.evidence.leaderboard import Leaderboard
from harness.machine import bundled
from harness.report.documents import bibtex
from harness.report.documents.cited_works import Work, works
from harness.report.documents.nested import mapping
from harness.report.sections.claims_section import ComparedClaims
from harness.report.sections.contrasts_section import View
from harness.request.data_sources import SOURCE_ROLES
from harness.results.record import Record

FILE = "references.bib"
SOFTWARE = "harness-embeddings"
SHORT = 12  # digits of a revision


@dataclass(frozen=True)
class Bibliography:
    """The file, and who cites what of it: (source, keys) pairs, the page's entries first."""

    text: str
    cited: tuple[tuple[str, tuple[str, ...]], ...]


def bibliography(
    board: Leaderboard, entries: Iterable[str], claims: ComparedClaims, views: Sequence[View]
) -> Bibliography:
    """Return what is cited; `entries` are in the page's order, `claims` and `views` those of the page."""
    works_by_source: dict[str, list[Work]] = {}
    for source, work in (*_entries(board, entries), *_published(claims, views), *_data(board)):
        works_by_source.setdefault(source, []).append(work)
    cited = [(source, tuple(dict.fromkeys(work.key for work in each))) for source, each in works_by_source.items()]
    texts = [*_references([work for each in works_by_source.values() for work in each]), _software(board.records)]
    return Bibliography("\n".join(texts), (*cited, ("this software", (SOFTWARE,))))


def _entries(board: Leaderboard, entries: Iterable[str]) -> Iterator[tuple[str, Work]]:
    declared = {record.entry: record.value("entry", "paper") for record in (*board.failures, *board.records)}
    for entry in entries:
        yield from ((entry, work) for work in works(_text(declared.get(entry))))


def _published(claims: ComparedClaims, views: Sequence[View]) -> Iterator[tuple[str, Work]]:
    """Yield the papers of the claims on the suite, and of the contrasts that were measured."""
    for line in claims.suite_lines:
        yield from (("published claims", work) for work in works(line.claim.paper, line.claim.source))
    for published in (row.contrast.published for view in views for row in view.rows):
        yield from (("published contrasts", work) for work in works(published.paper, published.source))


def _data(board: Leaderboard) -> Iterator[tuple[str, Work]]:
    languages = mapping(board.run.suite_content.get("languages"))
    for language in board.languages:
        for role in SOURCE_ROLES:
            source = mapping(mapping(languages.get(language)).get(role))
            yield from ((f"data in {language}", work) for work in works(_text(source.get("citation"))))


def _references(cited: Sequence[Work]) -> Iterator[str]:
    """Yield one entry per key, sorted; its note has every text that no other one holds."""
    by_key: dict[str, list[Work]] = {}
    for work in cited:
        by_key.setdefault(work.key, []).append(work)
    for key, same in sorted(by_key.items()):
        texts = dict.fromkeys(work.text for work in same)
        longest = [text for text in texts if not any(text != other and text in other for other in texts)]
        yield bibtex.entry(key, _fields(same[0], "; ".join(longest)))


def _fields(work: Work, note: str) -> Iterator[tuple[str, str]]:
    identifiers = work.identifiers
    yield "key", work.key
    yield "note", bibtex.escape(note)
    if "arxiv" in identifiers:
        yield "eprint", identifiers["arxiv"]
        yield "archivePrefix", "arXiv"
    if "doi" in identifiers:
        yield "doi", bibtex.address(identifiers["doi"])
    if work.url:
        yield "url", bibtex.address(work.url)


def _software(records: Sequence[Record]) -> str:
    """Return this software as CITATION.cff has it, with the revisions that made the records."""
    citation = _citation_file()
    names = [_text(author.get("name")) for author in map(mapping, citation.get("authors") or ())]
    revisions = dict.fromkeys(_text(record.value("code", "revision"))[:SHORT] for record in records)
    made_by = [f"records made by revision {revision}" for revision in revisions if revision]
    note = [f"Version {citation.get('version')}", _text(citation.get("license")), *made_by]
    return bibtex.entry(
        SOFTWARE,
        [
            ("author", " and ".join(map(bibtex.whole, names))),
            ("title", bibtex.whole(_text(citation.get("title")))),
            ("note", bibtex.escape("; ".join(filter(None, note)))),
        ],
    )


def _citation_file() -> Mapping[str, Any]:
    import yaml

    return mapping(yaml.safe_load(bundled.citation().read_text(encoding="utf-8")))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""
