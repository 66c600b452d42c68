"""Checks of rows, ids, judgments and counts. Each raises DataError, which begins with the place `where`."""

from __future__ import annotations

import shlex
import unicodedata
from collections.abc import Collection, Mapping, Sized

from harness.errors import DataError, one_line


def normalized(text: str) -> str:
    """Return the form in which two texts are the same text: NFC, white space runs as one space, ends stripped."""
    return one_line(unicodedata.normalize("NFC", text))


def string(value: object, where: str, field: str) -> str:
    """Return `value` if it is a string that UTF-8 can encode (JSON can escape a lone surrogate)."""
    if not isinstance(value, str):
        raise DataError(f"{where}: {field} is {'missing' if value is None else 'not a string'}; correct the row")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise DataError(f"{where}: {field} has a lone surrogate at {error.start}; correct the row") from error
    return value


def identifier(value: object, where: str, field: str = "id") -> str:
    """Return `value` if it can be an id in a TREC run: a non-empty string without white space."""
    name = string(value, where, field)
    if name.split() != [name]:
        raise DataError(f"{where}: {field} is {name!r}; use a non-empty string without white space")
    return name


def text(value: object, where: str, field: str) -> str:
    """Return `value` if it is a string with more than white space."""
    content = string(value, where, field)
    if not normalized(content):
        raise DataError(f"{where}: empty {field}; give it a text or delete the row")
    return content


def check_new_id(name: str, seen: Collection[str], where: str, kind: str) -> str:
    """Return `name` if no earlier row has it."""
    if name in seen:
        raise DataError(f"{where}: duplicate {kind} id '{name}'; give each row its own id")
    return name


def check_judgment(row: tuple[str, str, int], queries: Collection[str], where: str) -> None:
    """Reject a judgment (query id, passage id, grade) of an unknown query, or with a negative grade."""
    query, doc, grade = row
    if query not in queries:
        raise DataError(f"{where}: judgment of unknown query '{query}'; add the query or delete the judgment")
    if grade < 0:
        raise DataError(
            f"{where}: negative relevance {grade} of '{doc}' for query '{query}'; grades start at 0: write 0"
        )


def check_not_empty(items: Sized, where: str, kind: str) -> None:
    """Reject a file without a single item of its kind."""
    if not len(items):
        raise DataError(f"{where}: holds no {kind}; is it the right file, and complete?")


def check_roles(queries: Mapping[str, str], roles: Mapping[str, Collection[str]], where: str) -> None:
    """Reject a query id with two roles (role → query ids), and a dev query's folded text in another role."""
    dev_texts = {normalized(queries[query]): query for query in roles["dev"]}
    seen: dict[str, str] = {}
    for role, ids in roles.items():
        for query in ids:
            if query in seen:
                raise DataError(f"{where}: query '{query}' is both {seen[query]} and {role}; keep it in one of them")
            seen[query] = role
            twin = dev_texts.get(normalized(queries[query]))
            if role != "dev" and twin not in (None, query):
                raise DataError(f"{where}: {role} query '{query}' has the text of dev query '{twin}'; keep one of them")


def check_counts(actual: Mapping[str, int], expected: Mapping[str, int], where: str, manifest: str) -> None:
    """Reject files with other numbers of rows than the manifest (its path, or the name of a bundled suite) states."""
    wrong = [
        f"{name} = {expected[name]} stated, {actual[name]} found" for name in expected if actual[name] != expected[name]
    ]
    if wrong:
        own = f"write those found with `harness data pin {shlex.quote(manifest)}`"
        remedy = own if manifest.endswith(".toml") else "accept them with --unverified-data"
        raise DataError(
            f"{where}: counts differ from those in {manifest}: {'; '.join(wrong)}; restore the files, or {remedy}"
        )
