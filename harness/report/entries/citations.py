"""Citations with links to the papers that they name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_CITED = re.compile(r"https?://[^\s,;]+|arXiv[ :]?\s?(\d{4}\.\d{4,5})(?:v\d+)?|DOI[ :]?\s?(10\.\d{4,9}/[^\s,;]+)", re.I)


@dataclass(frozen=True)
class CitationPart:
    """A part of a citation; `href` is "" for plain text. `kind` is "arxiv" or "doi" for a part with an `identifier`."""

    text: str
    href: str = ""
    kind: str = ""
    identifier: str = ""


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
        if arxiv:
            yield CitationPart(match.group(), f"https://arxiv.org/abs/{arxiv}", "arxiv", arxiv)
        elif doi:
            yield CitationPart(match.group(), f"https://doi.org/{doi}", "doi", doi)
        else:
            yield CitationPart(match.group(), match.group())
        end = match.end()
    if end < len(citation):
        yield CitationPart(citation[end:])
