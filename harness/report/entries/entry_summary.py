"""An entry as its records declare it: paper, equations, departures from the paper, plugins and settings."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.report.entries.citations import CitationPart, citation_parts
from harness.report.page_links import entry_link
from harness.request.base_models import on_model_name, without_model
from harness.results.flatten import Facts, flatten
from harness.results.record import Record

PUBLISHED = "@published"
OWN_PLACE = frozenset({"name", "title", "about", "paper", "recipe", "departures", "equations", "settings", "training"})


@dataclass(frozen=True)
class EntrySummary:
    """The declaration of an entry."""

    entry: str
    title: str
    text: str
    paper: tuple[CitationPart, ...]
    recipe: str
    counterpart: str  # the entry of the other recipe, "" where this folder has none
    swept: bool
    departures: tuple[str, ...]
    equations: tuple[tuple[str, str], ...]  # plugin, text
    facts: Facts  # method, adapters, negatives and all further keys of the declaration
    settings: Facts  # of the plugins

    @property
    def counterpart_file(self) -> str:
        return entry_link(self.counterpart).partition("/")[2]


def entry_summary(records: Sequence[Record], entries: Collection[str]) -> EntrySummary:
    """Return the summary of an entry by its records, done ones first; `entries` are those with a page."""
    name, trained = records[0].entry, records[0].trained
    declarations = [table for record in records if (table := record.table("entry"))]
    entry = declarations[0] if declarations else {}
    equations = next(filter(None, (_table(declaration, "equations") for declaration in declarations)), {})
    counterpart = on_model_name(_counterpart(without_model(name, records[0].model)), records[0].model)
    return EntrySummary(
        entry=name,
        title=_text(entry.get("title")),
        text=_text(entry.get("about")),
        paper=tuple(citation_parts(_text(entry.get("paper")))),
        recipe=_text(entry.get("recipe")) if trained else "",
        counterpart=counterpart if counterpart in entries else "",
        swept=bool(_table(entry, "swept")),
        departures=tuple(map(_text, _list(entry.get("departures")))),
        equations=tuple((plugin, text) for plugin, text in equations.items() if isinstance(text, str) and text),
        facts=[*_facts(entry), *([] if trained else [("training", "none")])],
        settings=flatten(_table(entry, "settings")),
    )


def _counterpart(entry: str) -> str:
    """Return the name of the other recipe's entry; `@published` stands before the values of a sweep."""
    if PUBLISHED in entry:
        return entry.replace(PUBLISHED, "", 1)
    bare, bracket, values = entry.partition("[")
    return f"{bare}{PUBLISHED}{bracket}{values}"


def _facts(entry: Mapping[str, Any]) -> Facts:
    """Return the declaration without the keys that the page shows elsewhere, method and adapters first."""
    first = ("method", "joined", "adapters", "negatives")
    declaration = {name: value for name, value in entry.items() if name not in OWN_PLACE}
    head = [fact for name in first if name in declaration for fact in flatten({name: declaration[name]})]
    tail = flatten({name: value for name, value in declaration.items() if name not in (*first, "plugins")})
    plugins = ", ".join(f"{name} {value[:12]}" for name, value in flatten(_table(entry, "plugins")))
    return [*head, *tail, *([("plugin sources", plugins)] if plugins else [])]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list | tuple) else ()


def _table(entry: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    value = entry.get(name)
    return value if isinstance(value, Mapping) else {}
