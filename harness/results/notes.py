"""Notes about single records, joined over many."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from harness.results.record import Record


def joined(records: Iterable[Record], notes: Callable[[Record], Iterable[str]]) -> Iterator[str]:
    """Yield each different note with the number of cells that it is about and the first of them."""
    cells: dict[str, list[str]] = {}
    for record in records:
        for note in notes(record):
            cells.setdefault(note, []).append(record.name)
    for note, names in cells.items():
        yield f"{note} ({len(names)} {'cell' if len(names) == 1 else 'cells'}, first {names[0]})"


def warnings(records: Iterable[Record]) -> list[str]:
    """Return the warnings of records, as `joined` has them."""
    return list(joined(records, lambda record: map(str, record.value("warnings") or ())))
