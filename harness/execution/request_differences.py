"""How two requests differ, in words: which settings, files, entries and base models, with both values.

A request is here what run.json holds of it: `resolved`, `suite` and `model_names`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from harness.results.differences import Differing, differing
from harness.results.model_names import base_text

Content = Mapping[str, Any]
LISTED = 3  # differences that a message names
UNKNOWN_PART = "suite_digest: a setting or a data file of the suite, which run.json does not hold"
OF_SUITE = ("max_train", "unverified", "measures", "primary")  # of `resolved`, which the suite's definition has too


def differences_in(names: Sequence[str], old: Content, new: Content) -> list[str]:
    """Return what differs in the parts of `resolved` with these names, one text per difference."""
    before, after = (_as_stored(content["resolved"]) for content in (old, new))
    if bool(before.get("models")) != bool(after.get("models")):
        names = [name for name in names if name not in ("entries", "models", "base_model", "suite_digest")]
        texts = [f"base model: {_models(old)} → {_models(new)}"]
    elif "base_model" in names:
        texts = [f"base model: {_base(old)} → {_base(new)}"]
    else:
        texts = []
    of_suite = suite_differences(old, new) if "suite_digest" in names else []
    for name in names:
        if name == "suite_digest":
            texts += list(map(str, of_suite)) if of_suite or texts else [UNKNOWN_PART]
        elif name != "base_model" and not (of_suite and name in OF_SUITE):
            texts += _of_part(name, before, after)
    return texts or list(names)


def in_short(texts: Sequence[str]) -> str:
    """Return the first differences in one line, and the number of the others."""
    more = f" and {len(texts) - LISTED} more" if len(texts) > LISTED else ""
    return ", ".join(texts[:LISTED]) + more


def suite_differences(old: Content, new: Content) -> list[Differing]:
    """Return the differences between two definitions of a suite, base models left out; files are named by their paths.

    [] where one of them is not known.
    """
    tables = [_as_stored(content.get("suite") or {}) for content in (old, new)]
    if not all(tables):
        return []
    left, right = (by_path({name: part for name, part in table.items() if name != "base_model"}) for table in tables)
    return differing(left, right)


def by_path(value: Any) -> Any:
    """Return nested JSON with a table of path → file in place of each list of files.

    >>> by_path({"files": [{"path": "a.tsv", "bytes": 3}]})
    {'files': {'a.tsv': {'bytes': 3}}}
    """
    if isinstance(value, Mapping):
        return {name: by_path(item) for name, item in value.items()}
    if isinstance(value, list) and value and all(isinstance(item, Mapping) and "path" in item for item in value):
        return {item["path"]: {name: part for name, part in item.items() if name != "path"} for item in value}
    return value


def _of_part(name: str, before: Content, after: Content) -> Iterator[str]:
    """Yield the differences of one part; of entries and models in what both have, and in which there are."""
    old, new = before.get(name), after.get(name)
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        shared = [key for key in old if key in new]
        tables = [{name: {key: _without_digest(table[key]) for key in shared}} for table in (old, new)]
        yield from map(str, differing(tables[0], tables[1]))
        if len(shared) == len(old):
            return
        old, new = list(old), list(new)
    yield from map(str, differing({name: old}, {name: new}))


def _without_digest(value: Any) -> Any:
    """Return what a named model has otherwise than the shared suite, without the digest that stands for all of it."""
    if not isinstance(value, Mapping):
        return value
    return {name: part for name, part in value.items() if name != "suite_digest"}


def _models(content: Content) -> str:
    """Return the base models of a request: the named ones by their names, or the single one."""
    models = content["resolved"].get("models")
    return f"named {', '.join(models)}" if models else f"{_base(content)}, without a name"


def _base(content: Content) -> str:
    return base_text(content["resolved"].get("base_model") or {}, content.get("model_names") or {})


def _as_stored(value: Any) -> Any:
    """Return a value as JSON has it, with lists for tuples."""
    return json.loads(json.dumps(value))
