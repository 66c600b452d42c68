"""What a column of training rows holds, by its name: queries, passages or labels.

The names are those that datasets and losses of sentence-transformers use. A method with columns of other names says
what they hold in its class variable `columns` (column → role); a declaration takes precedence over a known name. A name
without its number stands for the numbered ones: `negative` for `negative_1`, `negative_2` and so on.

Data that are symmetric by their nature have sides too, because one text has to be encoded as the query: `sentence1`,
`sentence` and `premise` are queries, `sentence2` and `hypothesis` are passages.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal, get_args

Role = Literal["query", "negative_query", "passage", "label"]
"""`negative_query` holds queries that are cut at the length of passages; `label` holds numbers, not texts."""

ROLES: tuple[Role, ...] = get_args(Role)
LABELS = ("label", "labels", "score", "scores")  # of the library's collator; a test holds them against it
NAMES: Mapping[Role, tuple[str, ...]] = {
    "query": ("anchor", "query", "question", "sentence1", "sentence", "premise"),
    "negative_query": ("negative_query",),
    "passage": (
        *("positive", "negative", "passage", "answer", "document", "response", "context"),
        *("sentence2", "hypothesis", "entailment", "contradiction"),
    ),
    "label": LABELS,
}
_ROLES: dict[str, Role] = {name: role for role, names in NAMES.items() for name in names}
_UNNUMBERED = {"sentence", "sentence1", "sentence2", *LABELS}  # `sentence_1` is the second text in some data
_NUMBER = re.compile(r"_?\d+$")


def role_of(column: str, declared: Mapping[str, Role]) -> Role | None:
    """Return what a column holds; None for a name that is neither declared nor known.

    >>> role_of("negative_2", {}), role_of("question", {}), role_of("sentence_1", {})
    ('passage', 'query', None)
    >>> role_of("doc_1", {"doc": "passage"})
    'passage'
    """
    name = _NUMBER.sub("", column)
    known = _ROLES.get(column) or (None if name in _UNNUMBERED else _ROLES.get(name))
    return declared.get(column) or declared.get(name) or known


def declared_columns(plugin: Any) -> Mapping[str, Role]:
    """Return column → role as a method declares them; {} where it declares none."""
    columns: Mapping[str, Role] = getattr(plugin, "columns", {})
    return columns


def problem_of(columns: object) -> str:
    """Return what is wrong with a method's `columns`, and how to write it; "" for a valid declaration."""
    example = 'write {"question": "query", "text": "passage", "grade": "label"}'
    if not isinstance(columns, Mapping):
        return f"'columns' is {columns!r}, not a mapping of column to role; {example}"
    for column, role in columns.items():
        if not isinstance(column, str) or role not in ROLES:
            return f"'columns' gives {column!r} the role {role!r}, which is none of {', '.join(ROLES)}; {example}"
    return ""


def advice(column: str) -> str:
    """Return what to do about a column whose role is unknown, with the known names."""
    known = "; ".join(f"{role}: {', '.join(names)}" for role, names in NAMES.items())
    return f'declare it (columns: ClassVar = {{"{column}": "passage"}}) or use a known name ({known})'
