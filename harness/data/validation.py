"""What is refused in data, and why. Each function raises DataError with the place that it was given as `where`."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping, Sized

from harness.errors import DataError, one_line


def fold(text: str) -> str:
    """Return the form in which two texts are the same text: NFC, white space runs as one space, ends stripped."""
    return one_line(unicodedata.normalize("NFC", text))


def string(value: object, where: str, what: str) -> str:
    """Return `value` where it is a string that UTF-8 can hold (JSON can escape half a character)."""
    if not isinstance(value, str):
        raise DataError(f"{where}: {what} is {'missing' if value is None else 'not a string'}; correct the row")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise DataError(f"{where}: {what} has half a character at {error.start}; correct the row") from error
    return value


def identifier(value: object, where: str) -> str:
    """Return `value` where it can be an id: a non-empty string without white space, which a TREC run splits at."""
    name = string(value, where, "id")
    if name.split() != [name]:
        raise DataError(f"{where}: {name!r} is not an id; give a non-empty string without white space")
    return name


def text(value: object, where: str, what: str) -> str:
    """Return `value` where it is a text with something in it."""
    found = string(value, where, what)
    if not fold(found):
        raise DataError(f"{where}: empty {what}; give it a text or delete the row")
    return found


def new(name: str, seen: Collection[str], where: str, what: str) -> str:
    """Return `name` where no earlier row has it."""
    if name in seen:
        raise DataError(f"{where}: duplicate {what} id '{name}'; give each row an id of its own")
    return name


def judgment(row: tuple[str, str, int], queries: Collection[str], passages: Collection[str], where: str) -> None:
    """Refuse a judgment (query id, passage id, grade) that names what does not exist or has a negative grade."""
    query, doc, grade = row
    if query not in queries:
        raise DataError(f"{where}: judgment of unknown query '{query}'; add the query or delete the judgment")
    if doc not in passages:
        raise DataError(f"{where}: judgment of unknown document '{doc}'; add the document or delete the judgment")
    if grade < 0:
        raise DataError(f"{where}: negative relevance {grade} of '{doc}' for query '{query}'; grades start at 0")


def some(found: Sized, where: str, what: str) -> None:
    """Refuse a file that holds none of what it is there for."""
    if not len(found):
        raise DataError(f"{where}: holds no {what}; is it the right file, and whole?")


def separate(queries: Mapping[str, str], roles: Mapping[str, Collection[str]], where: str) -> None:
    """Refuse a query id with two of the roles (role → query ids), and the folded text of a dev query in another one."""
    evaluated = {fold(queries[query]): query for query in roles["dev"]}
    seen: dict[str, str] = {}
    for role, ids in roles.items():
        for query in ids:
            if query in seen:
                raise DataError(f"{where}: query '{query}' is both {seen[query]} and {role}; keep it in one of them")
            seen[query] = role
            twin = evaluated.get(fold(queries[query]))
            if role != "dev" and twin not in (None, query):
                raise DataError(f"{where}: {role} query '{query}' has the text of dev query '{twin}'; keep one of them")


def counts(found: Mapping[str, int], promised: Mapping[str, int], where: str) -> None:
    """Refuse files that hold another number of anything than the manifest says."""
    wrong = [f"{name} {found[name]}, not {promised[name]}" for name in promised if found[name] != promised[name]]
    if wrong:
        raise DataError(
            f"{where}: counts differ from the manifest's: {'; '.join(wrong)}; correct the files or the counts"
        )
