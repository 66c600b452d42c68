"""The files of a report: leaderboard.html, .md, .csv, .tex and .json in the output folder, and the tables beside them.

evidence.csv holds the statistics behind the intervals, claims.csv the published claims and their verdicts;
contrasts.csv, sweeps.csv, tasks.csv, ability.csv, pairs.csv and geometry.csv are written for runs with contrasts,
sweeps, tasks, tasks other than retrieval, labelled pairs, or vectors. references.bib, written with leaderboard.tex,
holds what the folder cites.
leaderboard.html links to one page per entry (entries/) and one page per language (queries/). report.json says how the
files were written (harness.report.report_settings).

The same records and run.json give the same bytes. CSV and JSON hold raw values in their shortest exact form, the other
formats show them × 100 with two decimals. All files are rendered before the first one is written.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.evidence.leaderboard import Leaderboard, collate
from harness.machine import plain_files
from harness.machine.atomic import write_together
from harness.machine.garbage import no_collection
from harness.report import coverage, facts, script_data, signature_table, spreadsheet
from harness.report.documents import document, publication, references, tex_compact, tex_tables
from harness.report.documents.run_setup import given_bases, short_bases
from harness.report.entries import entry_pages
from harness.report.figures.ability_figure import ability_figure
from harness.report.queries import query_pages
from harness.report.report_formats import Format, file_name
from harness.report.report_settings import REPORT_FILE, settings_of, settings_text
from harness.report.sections import (
    ability_section,
    claims_section,
    contrasts_section,
    evidence_section,
    experts_section,
    geometry_section,
    models_section,
    practices_section,
    sweeps_section,
    tasks_section,
)
from harness.report.sweep_names import names_for_readers, sweep_title
from harness.report.table_view import tables
from harness.report.template_errors import write_error
from harness.report.templating import render
from harness.results import checksums
from harness.stats.rules import MARGIN

if TYPE_CHECKING:
    from harness.evidence.texts import Texts

PAGE_FOLDERS = (entry_pages.FOLDER, query_pages.FOLDER)  # folders that hold only pages of the report
TABLES = (
    *(file_name(Format.csv), evidence_section.CSV, signature_table.CSV, claims_section.CSV),
    *(contrasts_section.CSV, sweeps_section.CSV, tasks_section.CSV, ability_section.CSV),
    *(practices_section.PAIRS_CSV, geometry_section.CSV),
)  # the files of the CSV format, the last five only where there is something to list


def write_reports(
    folder: Path,
    board: Leaderboard | None = None,
    *,
    formats: Collection[Format] = tuple(Format),
    texts: Texts | None = None,
    show_texts: bool = True,
) -> Path:
    """Write the leaderboard into an output folder in each of `formats` and return the path of leaderboard.html.

    `board` is the folder's leaderboard if already collated. Without `texts` (harness.evidence.texts) or `show_texts` no
    page shows the text of a query or a passage; what is computed from texts needs `texts` alone. Raises what collate
    raises, and RequestError if a template is broken or the folder is not writable; in these cases no file has been
    changed.
    """
    board = board or collate(folder)
    with no_collection():
        content = report_content(folder, board, formats, texts=texts, show_texts=show_texts)
    settings = settings_of(board.baseline, formats, texts, show_texts=show_texts)
    _write(folder, {**content, REPORT_FILE: settings_text(folder, settings)}, pages=Format.html in formats)
    return folder / file_name(Format.html)


def report_content(
    folder: Path, board: Leaderboard, formats: Collection[Format], *, texts: Texts | None, show_texts: bool = True
) -> dict[str, str]:
    """Return file name, relative to the output folder → text."""
    context = _context(board)
    content: dict[str, str] = {}
    if Format.csv in formats:
        content |= _csv_files(board, context)
    if Format.md in formats:
        content[file_name(Format.md)] = render(
            "leaderboard.md.j2", **context, **publication.markdown_context(board, context)
        )
    if Format.tex in formats:
        content |= _tex_files(board, context)
    if Format.json in formats:
        content[file_name(Format.json)] = document.json_text(document.leaderboard_document(board, context))
    if Format.html in formats:
        content |= query_pages.files(folder, board, texts=texts, show_texts=show_texts)
        content |= entry_pages.files(folder, board, content.keys())
        ability = context["ability"][:1]
        context["ability_figure"] = ability and ability_figure(ability[0], board.primary, context["names"])
        page = script_data.page_context(board, context["tables"], context["claims"], content.keys())
        content[file_name(Format.html)] = render("leaderboard.html.j2", **context, **page)
    return content


def _write(folder: Path, content: Mapping[str, str], *, pages: bool) -> None:
    """Write the files and remove outdated pages."""
    try:
        write_together({plain_files.place(folder, file): encoded(text) for file, text in content.items()})
        if pages:
            present = [name for under in PAGE_FOLDERS for name in plain_files.files(folder, under)]
            outdated = [name for name in present if name.endswith(".html") and name not in content]
            checksums.unlist(folder, outdated)
            for name in outdated:
                plain_files.remove(folder, name)
    except OSError as error:
        raise write_error(folder, error) from error
    checksums.seal(folder, content)


def encoded(text: str) -> bytes:
    """Return a file's content: UTF-8, with escapes for characters that it cannot encode."""
    return text.encode(errors="backslashreplace")


def _tex_files(board: Leaderboard, context: Mapping[str, Any]) -> dict[str, str]:
    table = context["tables"][0]
    entries = [row.entry for row in table.rows]
    bibliography = references.bibliography(board, entries, context["claims"], context["views"])
    latex = render(
        "leaderboard.tex.j2",
        **context,
        tex=tex_tables.latex_tables(board, table),
        compact=list(tex_compact.compact_tables(board, table)),
        longest=tex_compact.LONGEST,
        bibliography=bibliography,
    )
    return {file_name(Format.tex): latex, references.FILE: bibliography.text}


def _csv_files(board: Leaderboard, context: Mapping[str, Any]) -> dict[str, str]:
    rows = list(board.rows[["entry", "language", "measure"]].itertuples(index=False, name=None))
    content = {
        file_name(Format.csv): csv(board),
        evidence_section.CSV: evidence_section.csv(board),
        signature_table.CSV: signature_table.signatures_csv(board, rows),
        claims_section.CSV: claims_section.csv(context["claims"].lines),
    }
    if context["views"]:
        content[contrasts_section.CSV] = contrasts_section.csv(board, context["every_view"])
    if context["curves"]:
        content[sweeps_section.CSV] = sweeps_section.csv(board, context["curves"])
    if context["tasks"]:
        content[tasks_section.CSV] = tasks_section.csv(board, context["tasks"])
    if context["ability"]:
        content[ability_section.CSV] = ability_section.csv(board, context["ability"])
    if context["labelled_pairs"]:
        content[practices_section.PAIRS_CSV] = practices_section.pairs_csv(board)
    if context["geometry"]:
        content[geometry_section.CSV] = geometry_section.csv(board)
    return content


def csv(board: Leaderboard) -> str:
    """Return the leaderboard's rows as CSV: unrounded numbers, an empty field for a missing value."""
    return str(board.rows.map(spreadsheet.escape_formula).to_csv(index=False, lineterminator="\n"))


def _context(board: Leaderboard) -> dict[str, Any]:
    """Return the values that all formats show."""
    measure_tables = tables(board)
    rows = measure_tables[0].rows
    entries = [row.entry for row in rows]
    curves = sweeps_section.sweep_curves(board, rows)
    return {
        "board": board,
        "several": len(board.languages) > 1,
        "names": names_for_readers(board),
        "tables": measure_tables,
        "models": models_section.model_table(board, rows),
        "given_bases": given_bases(board),
        "bases": short_bases(board),
        "machines": facts.machines(board),
        "curves": curves,
        "varying": sweep_title([(curve.origin, curve.symbol) for curve in curves]),
        "tasks": tasks_section.task_tables(board, entries),
        "ability": (ability := ability_section.ability_tables(board, entries)),
        "ability_finding": ability_section.finding(ability[0], board.primary) if ability else "",
        "validations": practices_section.validations(board),
        "labelled_pairs": practices_section.pairs_table(board, entries),
        "shorter": practices_section.truncations(board),
        "claims": claims_section.compare_claims(board),
        "every_view": (views := contrasts_section.contrast_views(board)),
        "views": contrasts_section.shown_views(board, views),
        "evidence": evidence_section.evidence_tables(board, entries),
        "margin": MARGIN,
        "geometry": geometry_section.geometry_content(board, entries),
        "experts": experts_section.expert_agreements(board),
        "queries": coverage.queries(board),
        "absent": board.results.absent,
        "unverified": coverage.unverified(board),
        "warnings": board.results.warnings,
        "run": facts.run_facts(board.run),
        "made_by": facts.made_by(board),
        "entries": facts.entry_facts(board, entries),
        "provenance": facts.provenance_facts(board.records),
    }
