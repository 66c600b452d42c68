"""Citations with links to the papers that they name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_CITED = re.compile(r"https?://[^\s,;]+|arXiv[ :]?\s?(\d{4}\.\d{4,5})(?:v\d+)?|DOI[ :]?\s?(10\.\d{4,9}/[^\s,;]+)", re.I)


@dataclass(frozen=True)
class CitationPart:
    """A part of a citation; `href` is "" for plain text."""

    text: str
    href: str = ""


def citation_parts(citation: str) -> Iterator[CitationPart]:
    """Yield a citation in parts: arXiv ids, DOIs and URLs with their links, and the text between them.

    >>> [part.href for part in citation_parts("arXiv 2412.17364, DOI 10.1561/1500000019")]
    ['https://arxiv.org/abs/2412.17364', '', 'https://doi.org/10.1561/1500000019']
    """
    end = 0
    for match in _CITED.finditer(citation):
        if match.start() > end:
            yield CitationPart(citation[end : match.start()])
        arxiv, doi = match.groups()
        href = f"https://arxiv.org/abs/{arxiv}" if arxiv else f"https://doi.org/{doi}" if doi else match.group()
        yield CitationPart(match.group(), href)
        end = match.end()
    if end < len(citation):
        yield CitationPart(citation[end:])
