"""The leaderboard as files: leaderboard.csv, leaderboard.md and leaderboard.html in the output folder.

What stands behind its intervals is in evidence.csv, published claims and their verdicts in claims.csv; a sweep adds
sweeps.csv, MTEB tasks tasks.csv, vectors geometry.csv.

Equal records and run.json give equal bytes. The CSV holds raw values (their shortest exact form), the other two
show them × 100 with two decimals. All data is escaped: HTML by Jinja's autoescape, Markdown by `markdown`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness import signature
from harness.claims import published
from harness.collate import Leaderboard, collate, weights
from harness.errors import RequestError
from harness.files import write_atomically
from harness.report import claims, evidence, experts, facts, geometry, habits, sweeps, tasks, view
from harness.report.numbers import chance, hundred, signed, three
from harness.resources import templates
from harness.stats.bootstrap import DRAWS
from harness.stats.evidence import MARGIN
from harness.stats.summary import AVERAGE
from harness.sums import seal

if TYPE_CHECKING:
    from jinja2 import Environment

CSV, MARKDOWN, HTML = "leaderboard.csv", "leaderboard.md", "leaderboard.html"


def write_reports(folder: Path, board: Leaderboard | None = None) -> Path:
    """Write the three files into an output folder and return the page's path.

    `board` is the folder's leaderboard where the caller has collated it already. Raises what collate raises,
    and RequestError where the folder cannot be written.
    """
    board = board or collate(folder)
    context = _context(board)
    content = {CSV: csv(board), MARKDOWN: _rendered(context, html=False), HTML: _rendered(context, html=True)}
    content[evidence.CSV] = evidence.csv(board)
    rows = board.rows[["entry", "language", "measure"]].itertuples(index=False, name=None)
    content[signature.CSV] = signature.of_rows(board.suite, rows, board.records, AVERAGE)
    content[claims.CSV] = claims.csv(context["claims"].lines)
    if context["curves"]:
        content[sweeps.CSV] = sweeps.csv(board, context["curves"])
    if context["tasks"]:
        content[tasks.CSV] = tasks.csv(board, context["tasks"])
    if context["geometry"]:
        content[geometry.CSV] = geometry.csv(board)
    try:
        for name, page in content.items():
            write_atomically(folder / name, page.encode())
    except OSError as error:
        raise RequestError(f"cannot write the report into {folder}: {error.strerror}; make it writable") from error
    seal(folder, content)
    return folder / HTML


def csv(board: Leaderboard) -> str:
    """Return the rows as CSV, numbers unrounded, an empty field where there is none."""
    return str(board.rows.to_csv(index=False, lineterminator="\n"))


def html_page(board: Leaderboard) -> str:
    """Return the page; it needs no script, no network and no other file than the records it links to."""
    return _rendered(_context(board), html=True)


def markdown_page(board: Leaderboard) -> str:
    """Return the page as Markdown."""
    return _rendered(_context(board), html=False)


def _rendered(context: dict[str, Any], *, html: bool) -> str:
    return environment(html=html).get_template(f"{HTML if html else MARKDOWN}.j2").render(context)


def markdown(value: Any) -> str:
    """Return data as one line of Markdown in which none of it is markup.

    >>> markdown("a|b *c*")
    'a\\\\|b \\\\*c\\\\*'
    """
    return re.sub(r"([\\`*_\[\]<>|~])", r"\\\1", " ".join(str(value).split()))


def environment(*, html: bool) -> Environment:
    """Return the templates, data escaped for HTML or for Markdown."""
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
    environment.filters |= {"three": three, "chance": chance, "published": published}
    return environment


def _context(board: Leaderboard) -> dict[str, Any]:
    tables = view.tables(board)
    return {
        "board": board,
        "tables": tables,
        "curves": sweeps.of_board(board, tables[0].rows),
        "tasks": tasks.of_board(board, [row.entry for row in tables[0].rows]),
        "validations": habits.validations(board),
        "shorter": habits.shorter(board),
        "claims": claims.of_board(board),
        "evidence": evidence.of_board(board, [row.entry for row in tables[0].rows]),
        "margin": MARGIN,
        "geometry": geometry.of_board(board, [row.entry for row in tables[0].rows]),
        "experts": experts.of_board(board),
        "queries": view.queries(board),
        "absent": view.absent(board),
        "unverified": view.unverified(board),
        "run": facts.of_run(board.run),
        "entries": facts.of_entries(board, [row.entry for row in tables[0].rows]),
        "provenance": facts.of_records(board.records),
        "draws": DRAWS,
    }
