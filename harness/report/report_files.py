"""The leaderboard as files: leaderboard.html, .md, .csv, .tex and .json in the output folder.

What stands behind its intervals is in evidence.csv, published claims and their verdicts in claims.csv; a sweep adds
sweeps.csv, MTEB tasks tasks.csv, vectors geometry.csv. The page leads to one page an entry (entries/) and one a
language (queries/).

Equal records and run.json give equal bytes. CSV and JSON hold raw values (their shortest exact form), the others
show them × 100 with two decimals. Everything is rendered before anything is written.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.evidence.leaderboard import Leaderboard, collate
from harness.machine.atomic import write_together
from harness.machine.garbage import no_collection
from harness.report import facts, script_data, signature_table, spreadsheet, table_view
from harness.report.documents import document, publication, tex_tables
from harness.report.entries import entry_pages
from harness.report.figures.leaderboard_figures import leaderboard_figures
from harness.report.queries import query_pages
from harness.report.report_formats import Format, name
from harness.report.sections import (
    claims_section,
    evidence_section,
    experts_section,
    geometry_section,
    habits_section,
    sweeps_section,
    tasks_section,
)
from harness.report.template_errors import write_error
from harness.report.templating import render
from harness.results import checksums
from harness.stats.analysis import MARGIN
from harness.stats.bootstrap import DRAWS

if TYPE_CHECKING:
    from harness.evidence.texts import Texts

SIDE = (entry_pages.FOLDER, query_pages.FOLDER)  # folders that hold pages of a report alone


def write_reports(
    folder: Path,
    board: Leaderboard | None = None,
    *,
    formats: Collection[Format] = tuple(Format),
    texts: Texts | None = None,
) -> Path:
    """Write the leaderboard into an output folder in each of `formats` and return the page's path.

    `board` is the folder's leaderboard where the caller has collated it already. Without `texts`
    (harness.evidence.texts) no page holds the text of a query or a passage. Raises what collate raises, and
    RequestError where a template is broken or the folder cannot be written; then no file is changed.
    """
    board = board or collate(folder)
    with no_collection():
        content = content_of(folder, board, formats, texts=texts)
    _write(folder, content, pages=Format.html in formats)
    return folder / name(Format.html)


def content_of(folder: Path, board: Leaderboard, formats: Collection[Format], *, texts: Texts | None) -> dict[str, str]:
    """Return every file of the report by its name below the output folder."""
    context = _context(board)
    content: dict[str, str] = {}
    if Format.csv in formats:
        content |= _tables(board, context)
    if Format.md in formats:
        content[name(Format.md)] = render("leaderboard.md.j2", **context, **publication.of_context(board, context))
    if Format.tex in formats:
        tables = tex_tables.of_board(board, context["tables"][0])
        content[name(Format.tex)] = render("leaderboard.tex.j2", **context, tex=tables)
    if Format.json in formats:
        content[name(Format.json)] = document.text(document.of_context(board, context))
    if Format.html in formats:
        content |= query_pages.files(folder, board, texts=texts)
        content |= entry_pages.files(folder, board, content.keys())
        page = script_data.page(board, context["tables"], context["claims"], content.keys())
        page["figures"] = leaderboard_figures(board, context["tables"])
        content[name(Format.html)] = render("leaderboard.html.j2", **context, **page)
    return content


def _write(folder: Path, content: Mapping[str, str], *, pages: bool) -> None:
    """Write the files and remove the pages of what is no more; what UTF-8 has no bytes for is written as an escape."""
    try:
        for file in content:
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
        write_together({folder / file: text.encode(errors="backslashreplace") for file, text in content.items()})
        if pages:
            stale = [path for side in SIDE for path in (folder / side).rglob("*.html")]
            gone = [path for path in stale if path.relative_to(folder).as_posix() not in content]
            checksums.unlist(folder, [path.relative_to(folder).as_posix() for path in gone])
            for path in gone:
                path.unlink()
    except OSError as error:
        raise write_error(folder, error) from error
    checksums.seal(folder, content)


def _tables(board: Leaderboard, context: Mapping[str, Any]) -> dict[str, str]:
    rows = list(board.rows[["entry", "language", "measure"]].itertuples(index=False, name=None))
    content = {
        name(Format.csv): csv(board),
        evidence_section.CSV: evidence_section.csv(board),
        signature_table.CSV: signature_table.signatures_csv(board, rows),
        claims_section.CSV: claims_section.csv(context["claims"].lines),
    }
    if context["curves"]:
        content[sweeps_section.CSV] = sweeps_section.csv(board, context["curves"])
    if context["tasks"]:
        content[tasks_section.CSV] = tasks_section.csv(board, context["tasks"])
    if context["geometry"]:
        content[geometry_section.CSV] = geometry_section.csv(board)
    return content


def csv(board: Leaderboard) -> str:
    """Return the rows as CSV, numbers unrounded, an empty field where there is none."""
    return str(board.rows.map(spreadsheet.escape_formula).to_csv(index=False, lineterminator="\n"))


def _context(board: Leaderboard) -> dict[str, Any]:
    tables = table_view.tables(board)
    return {
        "board": board,
        "tables": tables,
        "curves": sweeps_section.sweep_curves(board, tables[0].rows),
        "tasks": tasks_section.task_tables(board, [row.entry for row in tables[0].rows]),
        "validations": habits_section.validations(board),
        "shorter": habits_section.truncations(board),
        "claims": claims_section.compare_claims(board),
        "evidence": evidence_section.evidence_tables(board, [row.entry for row in tables[0].rows]),
        "margin": MARGIN,
        "geometry": geometry_section.geometry_content(board, [row.entry for row in tables[0].rows]),
        "experts": experts_section.expert_agreements(board),
        "queries": table_view.queries(board),
        "absent": table_view.absent(board),
        "unverified": table_view.unverified(board),
        "run": facts.of_run(board.run),
        "entries": facts.of_entries(board, [row.entry for row in tables[0].rows]),
        "provenance": facts.of_records(board.records),
        "draws": DRAWS,
    }
