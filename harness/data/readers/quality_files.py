"""A score for each row of an NLI set, such as the estimated quality of its translation: one per row, in order."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from harness.data.text_files import RESTORE, json_object, member, only_path, read_json, read_text, table
from harness.errors import DataError, quantity

COMET = "COMET"  # the key of a segment's score in what `comet-score --to_json` writes
COLUMN = "score"


def read_lines(paths: Sequence[Path]) -> list[float]:
    """Return the numbers of a file of one number per line; a blank line is an error, but for the last."""
    path = only_path(paths, "quality-lines")
    lines = read_text(path).splitlines()
    return [_number(line, f"{path} line {i}") for i, line in enumerate(lines, start=1)]


def read_table(paths: Sequence[Path]) -> list[float]:
    """Return the column `score` of a table with a header: tab-separated if it is named .tsv, else comma-separated."""
    path = only_path(paths, "quality-table")
    delimiter = "\t" if path.name.endswith((".tsv", ".tsv.gz")) else ","
    scores = []
    for where, row in table(path, delimiter):
        if COLUMN not in row:
            raise DataError(f"{path} has no column '{COLUMN}', only {', '.join(row)}; rename the column of the scores")
        scores.append(_number(row[COLUMN], where))
    return scores


def read_comet(paths: Sequence[Path]) -> list[float]:
    """Return the segment scores that `comet-score --to_json FILE` of unbabel-comet wrote.

    The file is an object with one list per file of translations (-t): objects with `src`, `mt`, `ref` unless the model
    needs none, and `COMET`. A file of several systems is refused: which of them made the rows is not known.
    """
    path = only_path(paths, "quality-comet")
    systems = json_object(read_json(path), str(path), "a list per file of translations")
    if len(systems) != 1:
        raise DataError(
            f"{path} scores {quantity(len(systems), 'file')} of translations ({', '.join(systems)}); "
            "score the one that the NLI rows are made of (comet-score -t FILE)"
        )
    (name,) = systems
    segments = member(systems, name, list, str(path))
    scores = []
    for number, segment in enumerate(segments, start=1):
        where = f"{path} segment {number}"
        scores.append(_number(json_object(segment, where, COMET).get(COMET), where))
    return scores


def _number(value: object, where: str) -> float:
    """Return a finite number, or the one that a text stands for; raises DataError for anything else."""
    try:
        number = math.nan if isinstance(value, bool) or not isinstance(value, int | float | str) else float(value)
    except (ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise DataError(f"{where}: {str(value)[:80]!r} is not a finite number; give each row a score, or {RESTORE}")
    return number
