"""From measured rates to the hours and the money of MIRACL's sizes: arithmetic alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

GPUS = 8
HOUR = 3600.0
GRID = "the grid"


@dataclass(frozen=True)
class Rates:
    """What one device was measured at."""

    passages: float  # encoded per second
    row: float  # seconds per training row: a query, its passage and one hard negative
    pair: float  # seconds per query and passage of the search


@dataclass(frozen=True)
class Language:
    """The sizes of a language; `rows` are those of all epochs."""

    name: str
    passages: int
    queries: int
    rows: float


@dataclass(frozen=True)
class Grid:
    """The trained cells of each language: their number, and the passes over the corpus that they cost together.

    A pass of a network with experts has more operations than one of its base. The base's own pass comes on top, once.
    """

    cells: int
    passes: float


def encoding(rates: Rates, language: Language) -> float:
    """Return the seconds to encode a language's passages once."""
    return language.passages / rates.passages


def search(rates: Rates, language: Language) -> float:
    """Return the seconds to search them for the dev queries."""
    return language.passages * language.queries * rates.pair


def trained_cell(rates: Rates, language: Language) -> float:
    """Return the seconds of a cell with a trained dense model: training, encoding, search."""
    return language.rows * rates.row + encoding(rates, language) + search(rates, language)


def grid(rates: Rates, languages: Sequence[Language], cells: Grid) -> float:
    """Return the seconds of all cells of all languages; the base's pass serves its entry and mining."""
    return sum(
        (1 + cells.passes) * encoding(rates, language)
        + (1 + cells.cells) * search(rates, language)
        + cells.cells * language.rows * rates.row
        for language in languages
    )


def table(rates: Rates, languages: Sequence[Language], cells: Grid, price: float | None) -> Iterator[str]:
    """Yield the lines of a Markdown table: GPU hours, the time on GPUS of them, and the cost at a price per GPU hour.

    A cell takes one GPU; the grid is taken to keep all of them busy.
    """
    work = [
        *((f"encode {each.name}: {each.passages:,} passages", encoding(rates, each)) for each in languages),
        *((f"a trained cell, {each.name}", trained_cell(rates, each)) for each in languages),
        (f"{GRID}: {cells.cells} trained cells per language, and the base", grid(rates, languages, cells)),
    ]
    yield f"| computed from these rates | GPU hours | hours on {GPUS} GPUs |" + (" cost |" if price else "")
    yield "|---" * (4 if price else 3) + "|"
    for name, seconds in work:
        hours = seconds / HOUR
        together = f"{hours / GPUS:.3f}" if name.startswith(GRID) else f"{hours:.3f}"
        yield f"| {name} | {hours:.3f} | {together} |" + (f" {hours * price:,.2f} |" if price else "")
