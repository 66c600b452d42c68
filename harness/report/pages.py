"""The leaderboard as files: leaderboard.csv, leaderboard.md and leaderboard.html in the output folder.

Equal records and run.json give equal bytes. The CSV holds raw values (their shortest exact form), the other two
show them × 100 with two decimals. All data is escaped: HTML by Jinja's autoescape, Markdown by `markdown`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.collate import Leaderboard, collate, weights
from harness.errors import RequestError
from harness.files import write_atomically
from harness.report import facts, view
from harness.report.numbers import hundred, signed
from harness.resources import templates
from harness.stats.bootstrap import DRAWS

if TYPE_CHECKING:
    from jinja2 import Environment

CSV, MARKDOWN, HTML = "leaderboard.csv", "leaderboard.md", "leaderboard.html"


def write_reports(folder: Path, board: Leaderboard | None = None) -> Path:
    """Write the three files into an output folder and return the page's path.

    `board` is the folder's leaderboard where the caller has collated it already. Raises what collate raises,
    and RequestError where the folder cannot be written.
    """
    board = board or collate(folder)
    content = {CSV: csv(board), MARKDOWN: markdown_page(board), HTML: html_page(board)}
    try:
        for name, page in content.items():
            write_atomically(folder / name, page.encode())
    except OSError as error:
        raise RequestError(f"cannot write the report into {folder}: {error.strerror}; make it writable") from error
    return folder / HTML


def csv(board: Leaderboard) -> str:
    """Return the rows as CSV, numbers unrounded, an empty field where there is none."""
    return str(board.rows.to_csv(index=False, lineterminator="\n"))


def html_page(board: Leaderboard) -> str:
    """Return the page; it needs no script, no network and no other file than the records it links to."""
    return _environment(html=True).get_template(f"{HTML}.j2").render(_context(board))


def markdown_page(board: Leaderboard) -> str:
    """Return the page as Markdown."""
    return _environment(html=False).get_template(f"{MARKDOWN}.j2").render(_context(board))


def markdown(value: Any) -> str:
    """Return data as one line of Markdown in which none of it is markup.

    >>> markdown("a|b *c*")
    'a\\\\|b \\\\*c\\\\*'
    """
    return re.sub(r"([\\`*_\[\]<>|~])", r"\\\1", " ".join(str(value).split()))


def _environment(*, html: bool) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(templates()),
        undefined=StrictUndefined,
        autoescape=html,
        finalize=None if html else markdown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {"hundred": hundred, "signed": signed, "source": view.source, "weights": weights}
    return environment


def _context(board: Leaderboard) -> dict[str, Any]:
    tables = view.tables(board)
    return {
        "board": board,
        "tables": tables,
        "queries": view.queries(board),
        "absent": view.absent(board),
        "run": facts.of_run(board.run),
        "entries": facts.of_entries(board, [row.entry for row in tables[0].rows]),
        "provenance": facts.of_records(board.records),
        "draws": DRAWS,
    }
