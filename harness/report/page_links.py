"""The pages of a report as links: an entry's page, a cell's section on it, and the queries of a pair of entries."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote

from harness.results.record import Record


@dataclass(frozen=True)
class Source:
    """The cell of one seed: its seed and the link to its section, relative to the output folder, URL-encoded."""

    seed: int
    href: str


def entry_file(entry: str) -> str:
    """Return the file name of an entry's page; an entry's name is part of a path (harness.machine.names)."""
    return f"{entry}.html"


def entry_link(entry: str) -> str:
    """Return the link to an entry's page, relative to the output folder, URL-encoded."""
    return f"entries/{quote(entry_file(entry), safe='@')}"


def source(record: Record) -> Source:
    """Return the link to a record's section on the page of its entry."""
    return Source(record.seed, f"{entry_link(record.entry)}#{section_id(record)}")


def section_id(record: Record) -> str:
    """Return the URL-encoded id of a record's section on the page of its entry."""
    return quote(f"{record.language}-{record.seed}", safe="@")


def pair_link(entry: str, language: str, baseline: str) -> str:
    """Return the link to the queries on which two entries differ, relative to the output folder, URL-encoded."""
    parameters = "&".join(f"{name}={quote(value, safe='@')}" for name, value in (("a", entry), ("b", baseline)))
    return f"queries/{quote(f'{language}.html', safe='@')}#{parameters}"
