"""Tables of relevance judgments, in BEIR's layout or in that of TREC, recognised by their first lines.

    BEIR    query-id, tab, corpus-id, tab, score; the names of the columns are the first line
    TREC    query id, iteration, document id, grade, separated by blanks or tabs

A first line with BEIR's names before TREC's columns is left out. The iteration is not used, as in trec_eval.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from harness.data.text_files import read_text, table
from harness.errors import DataError

COLUMNS = ("query-id", "corpus-id", "score")
HEADER = "query-id<TAB>corpus-id<TAB>score"
MOST = 1000  # grades are at most 4 in TREC; far larger ones are times or ids, and give trec_eval an nDCG of 0
Judgment = tuple[str, str, int]
"""Query id, passage id, grade."""


def judgments(path: Path) -> Iterator[tuple[str, Judgment]]:
    """Yield ("FILE line N", judgment) for every row; raises DataError at the first that is malformed."""
    lines = [(f"{path} line {n}", line) for n, line in enumerate(read_text(path).splitlines(), start=1) if line.strip()]
    rows = lines[1:] if lines and _names(lines[0][1]) == COLUMNS else lines
    if rows and _is_trec(rows[0][1]):
        return ((where, _trec(line, where)) for where, line in rows)
    if lines:
        _check_header(*lines[0])
    return ((where, _beir(row, where)) for where, row in table(path))


def _names(line: str) -> tuple[str, ...]:
    """Return the fields of a line, whatever separates them."""
    return tuple(name.strip('"') for name in line.replace(",", " ").replace(";", " ").split())


def _is_trec(line: str) -> bool:
    fields = line.split()
    return len(fields) == 4 and line.count("\t") in (0, 3) and _grade(fields[3]) is not None


def _check_header(where: str, line: str) -> None:
    """Raise DataError, with what to do, for a first line that does not have BEIR's names, separated by tabs."""
    if tuple(name.strip('"') for name in line.split("\t")) == COLUMNS:
        return
    if _names(line) == COLUMNS:
        raise DataError(f"{where}: the columns are not separated by tabs; write one tab between any two, in every line")
    if len(line.split()) == 4 and line.count("\t") in (1, 2) and _grade(line.split()[3]) is not None:
        raise DataError(f"{where}: tabs and blanks separate the columns; write one of them, in every line")
    fields = line.split("\t")
    if len(fields) == 3 and _grade(fields[2]) is None:
        raise DataError(f"{where}: the header is not {', '.join(COLUMNS)}; write {HEADER} in its place")
    if len(fields) == 3:
        raise DataError(f"{where}: the header is not {', '.join(COLUMNS)}, tab-separated; add it as the first line")
    raise DataError(
        f"{where}: neither {HEADER} nor a TREC judgment (query id, 0, document id, grade); "
        "write the file in one of these layouts"
    )


def _trec(line: str, where: str) -> Judgment:
    fields = line.split()
    grade = _grade(fields[-1]) if len(fields) == 4 else None
    if grade is None:
        raise DataError(f"{where}: {line.strip()!r} is not query id, 0, document id and grade; correct the row")
    return fields[0], fields[2], grade


def _beir(row: Mapping[str, str], where: str) -> Judgment:
    query, doc, score = row.values()
    grade = _grade(score)
    if grade is None:
        raise DataError(f"{where}: the score {score!r} is not an integer of at most {MOST}; correct the row")
    return query, doc, grade


def _grade(text: str) -> int | None:
    """Return the grade that a text holds, None if it is not an integer (1.0 is one)."""
    try:
        value = float(text)
        return int(value) if value == int(value) <= MOST else None
    except (ValueError, OverflowError):
        return None
