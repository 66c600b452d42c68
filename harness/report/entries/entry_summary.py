"""What an entry is, as its records say: its paper, equations, departures, settings, and what all its cells share."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.report import table_view
from harness.results.flatten import Facts, flatten
from harness.results.record import Record

PUBLISHED = "@published"
SAID = frozenset({"name", "title", "about", "paper", "recipe", "departures", "equations", "settings", "training"})
_CITED = re.compile(r"https?://[^\s,;]+|arXiv[ :]?\s?(\d{4}\.\d{4,5})(?:v\d+)?|DOI[ :]?\s?(10\.\d{4,9}/[^\s,;]+)", re.I)


@dataclass(frozen=True)
class Part:
    """A piece of a citation; `href` is empty where it leads nowhere."""

    text: str
    href: str = ""


@dataclass(frozen=True)
class About:
    """What all records of an entry say of it."""

    entry: str
    title: str
    text: str
    paper: tuple[Part, ...]
    recipe: str
    other: str  # the entry of the other recipe, "" where this folder has none
    swept: bool
    departures: tuple[str, ...]
    equations: tuple[tuple[str, str], ...]  # plugin, text
    facts: Facts  # method, adapters, negatives and whatever else the declaration says
    settings: Facts  # of the plugins, as they were set

    @property
    def other_href(self) -> str:
        return table_view.page_of(self.other).partition("/")[2]


def of_records(records: Sequence[Record], entries: Collection[str]) -> About:
    """Return what an entry is by its records, the done ones first; `entries` are those that have a page."""
    name = records[0].entry
    tables = [said for one in records if isinstance(said := one.provenance.get("entry"), Mapping)]
    entry: Mapping[str, Any] = tables[0] if tables else {}
    equations = next((found for table in tables if (found := _table(table, "equations"))), {})
    other = _other(name)
    return About(
        entry=name,
        title=_text(entry.get("title")),
        text=_text(entry.get("about")),
        paper=tuple(cited(_text(entry.get("paper")))),
        recipe=_text(entry.get("recipe")) if records[0].trained else "",
        other=other if other in entries else "",
        swept=bool(_table(entry, "swept")),
        departures=tuple(map(_text, _list(entry.get("departures")))),
        equations=tuple((plugin, text) for plugin, text in equations.items() if isinstance(text, str) and text),
        facts=[*_facts(entry), *([] if records[0].trained else [("training", "none")])],
        settings=flatten(_table(entry, "settings")),
    )


def cited(text: str) -> Iterable[Part]:
    """Yield a citation in pieces: arXiv ids, DOIs and web addresses with what they lead to, the rest as it is.

    >>> [part.href for part in cited("arXiv 2412.17364, DOI 10.1561/1500000019")]
    ['https://arxiv.org/abs/2412.17364', '', 'https://doi.org/10.1561/1500000019']
    """
    end = 0
    for found in _CITED.finditer(text):
        if found.start() > end:
            yield Part(text[end : found.start()])
        arxiv, doi = found.groups()
        href = f"https://arxiv.org/abs/{arxiv}" if arxiv else f"https://doi.org/{doi}" if doi else found.group()
        yield Part(found.group(), href)
        end = found.end()
    if end < len(text):
        yield Part(text[end:])


def _other(entry: str) -> str:
    """Return the name of the other recipe's entry: `@published` stands before the values of a sweep."""
    if PUBLISHED in entry:
        return entry.replace(PUBLISHED, "", 1)
    bare, bracket, values = entry.partition("[")
    return f"{bare}{PUBLISHED}{bracket}{values}"


def _facts(entry: Mapping[str, Any]) -> Facts:
    """Return the declaration but for what has a place of its own, the plugins and negatives first."""
    first = ("method", "joined", "adapters", "negatives")
    told = {name: value for name, value in entry.items() if name not in SAID}
    head = [fact for name in first if name in told for fact in flatten({name: told[name]})]
    rest = flatten({name: value for name, value in told.items() if name not in (*first, "plugins")})
    versions = ", ".join(f"{name} {value}" for name, value in flatten(_table(entry, "plugins")))
    return [*head, *rest, *([("plugin versions", versions)] if versions else [])]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()


def _table(entry: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = entry.get(name)
    return value if isinstance(value, Mapping) else {}
