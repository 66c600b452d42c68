"""The works that a citation names, each with its identifiers and a key that is the same in every folder."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from harness.keys import digest
from harness.report.documents.tex import slug
from harness.report.entries.citations import CitationPart, citation_parts
from harness.report.sections.claims_section import source_url
from harness.results.plain import clean_line

_BETWEEN = re.compile(r"; (?![^(]*\))")  # a semicolon outside of brackets


@dataclass(frozen=True)
class Work:
    """A cited work: its text as written, the same in parts, and its address where it is in no part."""

    text: str
    parts: tuple[CitationPart, ...]
    source: str = ""

    @property
    def identifiers(self) -> dict[str, str]:
        """The first of `arxiv` and `doi` in the text."""
        return {part.kind: part.identifier for part in reversed(self.parts) if part.kind}

    @property
    def key(self) -> str:
        """The key in a bibliography: of letters, digits, periods and hyphens."""
        for kind in ("arxiv", "doi"):
            if kind in self.identifiers:
                return "-".join([kind, *re.findall(r"[a-z0-9.]+", self.identifiers[kind].lower())])
        return f"{slug(self.text)[:20].strip('-') or 'cited'}-{digest(self.text)[:8]}"

    @property
    def url(self) -> str:
        """The first address, "" without one."""
        return next((part.href for part in self.parts if part.href), source_url(self.source))


def works(citation: str, source: str = "") -> Iterator[Work]:
    """Yield the works of a citation: separated by semicolons, and by commas between bare identifiers.

    `source` says where a number is from; a work without identifier is named with it.

    >>> [work.key for work in works("arXiv 1705.00652, arXiv 2412.17364")]
    ['arxiv-1705.00652', 'arxiv-2412.17364']
    """
    for text in filter(None, _BETWEEN.split(clean_line(citation))):
        parts = tuple(citation_parts(text))
        named = [part for part in parts if part.text.strip(" ,")]
        if len(named) > 1 and all(part.kind for part in named):
            yield from (Work(part.text, (part,)) for part in named)
        elif source and not any(part.kind for part in parts):
            yield Work(f"{text}: {clean_line(source)}", parts, source)
        else:
            yield Work(text, parts)
