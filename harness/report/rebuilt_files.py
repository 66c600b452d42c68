"""The files of a report, written again from run.json and the records and compared with those in the folder.

Nothing is written. A file that is equal byte for byte is proven: it shows what the records hold. One that differs is a
mismatch if this generator wrote it, or if a number in a table differs; otherwise it is unproven.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from harness.errors import DataError
from harness.evidence.leaderboard import leaderboard_of
from harness.evidence.verification.finding import Finding, Proof
from harness.machine import plain_files
from harness.machine.garbage import no_collection
from harness.report.documents import references
from harness.report.file_differences import different_number, first_difference, is_table
from harness.report.generator import generator
from harness.report.queries import query_pages
from harness.report.report_files import PAGE_FOLDERS, TABLES, encoded, report_content
from harness.report.report_formats import Format, file_name
from harness.report.report_settings import REPORT_FILE, ReportSettings, read_report_settings
from harness.results.checksums import files_below
from harness.results.folder import ResultFolder
from harness.results.run_file import RUN_FILE
from harness.stats.entry_scores import BASE

if TYPE_CHECKING:
    from harness.evidence.texts import LanguageTexts, Texts

BYTES = "equal byte for byte to what the records give"
UNKNOWN = "its report does not say which version wrote it"
TEXTS = "shows what is in the texts or judgments of queries and passages, and their data are not at hand"
NOT_REBUILT = "not a file of a report; nothing to compare it with"


def prove_files(results: ResultFolder, texts: Texts) -> Proof:
    """Return what holds of every file below a folder but run.json and records; `texts` are those at hand."""
    folder = results.path
    present = {name for name in files_below(folder) if not name.startswith("records/")} - {RUN_FILE, REPORT_FILE}
    try:
        stated = read_report_settings(folder)
    except DataError as error:
        return _mismatch(REPORT_FILE, str(error))
    for form, settings in stated.items():
        if settings.baseline != BASE and not results.is_baseline(settings.baseline):
            return _mismatch(REPORT_FILE, f"{form}.baseline is {settings.baseline!r}, which was not measured")
    written = {
        form: stated.get(form, ReportSettings()) for form in Format if form in stated or file_name(form) in present
    }
    proofs, rebuilt = [], set[str]()
    with no_collection():
        for settings, forms in _groups(written):
            content = _content(results, settings, forms, texts)
            rebuilt |= content.keys()
            proofs += [_compared(folder, name, text, settings, texts) for name, text in content.items()]
    return Proof.joined([*proofs, *(_extra(name, set(stated)) for name in sorted(present - rebuilt))])


def _groups(written: Mapping[Format, ReportSettings]) -> list[tuple[ReportSettings, list[Format]]]:
    """Return each settings with the formats that were written so: mostly all formats at once."""
    groups: list[tuple[ReportSettings, list[Format]]] = []
    for form, settings in written.items():
        forms = next((forms for other, forms in groups if other == settings), None)
        if forms is None:
            groups.append((settings, [form]))
        else:
            forms.append(form)
    return groups


def _content(
    results: ResultFolder, settings: ReportSettings, forms: Collection[Format], texts: Texts
) -> dict[str, str]:
    """Return the files of `forms`; the page links to the formats that were written with it."""
    together = settings.formats if Format.html in forms else forms
    shown = None
    if settings.texts is not None:
        shown = {language: _as_written(settings, language, value) for language, value in texts.items()}
    board = leaderboard_of(results, settings.baseline)
    content = report_content(results.path, board, together, texts=shown, show_texts=settings.show_texts)
    return {name: text for name, text in content.items() if _format(name) in forms}


def _as_written(settings: ReportSettings, language: str, texts: LanguageTexts | str) -> LanguageTexts | str:
    """Return the texts of a language as far as a page was written with them."""
    if reason := (settings.texts or {}).get(language):
        return reason
    return replace(texts, titled=None) if language in settings.joined and not isinstance(texts, str) else texts


def _format(name: str) -> Format:
    """Return the format that a file is written with: all tables in CSV with csv, all pages with html."""
    if name == references.FILE:
        return Format.tex
    return Format(PurePosixPath(name).suffix.removeprefix("."))


def _compared(folder: Path, name: str, rebuilt: str, settings: ReportSettings, texts: Texts) -> Proof:
    """Return what a comparison of a file with its rebuilt content shows."""
    known = settings.generator
    try:
        stored = plain_files.read(folder, name, "TABLE_BYTES")
    except OSError:
        return _mismatch(name, "missing, though its report was written with it") if known else Proof()
    if stored == encoded(rebuilt):
        return Proof(proven=(Finding(name, BYTES),))
    text = stored.decode(errors="backslashreplace")
    difference = first_difference(name, text, rebuilt) or "bytes differ, the text does not"
    if _without_texts(name, settings, texts):
        return Proof(unproven=(Finding(name, TEXTS),))
    if known == generator():
        return _mismatch(name, difference)
    if number := different_number(name, text, rebuilt):
        return _mismatch(name, f"{number} ({_other(known)})")
    numbers = "the numbers of both are equal, " if is_table(name) else ""
    return Proof(unproven=(Finding(name, f"{_other(known)}, {numbers}the bytes are not: {difference}"),))


def _mismatch(name: str, what: str) -> Proof:
    return Proof(mismatches=(Finding(name, what),))


def _without_texts(name: str, settings: ReportSettings, texts: Texts) -> bool:
    """Return whether a page is made from texts, or titles apart from them, that are not at hand."""
    path = PurePosixPath(name)
    if path.parent.name != query_pages.FOLDER or (settings.texts or {}).get(path.stem) != "":
        return False
    current = texts.get(path.stem, "")
    if isinstance(current, str):
        return True
    return settings.show_texts and current.titled is None and path.stem not in settings.joined


def _other(known: Mapping[str, str]) -> str:
    """Return how the generator of a file differs from the one at hand."""
    if not known:
        return UNKNOWN
    current = generator()
    return f"written by another version (other {', '.join(_differing(known, current))})"


def _differing(known: Mapping[str, str], current: Mapping[str, str]) -> list[str]:
    return [name for name in dict.fromkeys([*current, *known]) if known.get(name) != current.get(name)]


def _extra(name: str, stated: Collection[Format]) -> Proof:
    """Return what a file shows that no report of these records has."""
    path = PurePosixPath(name)
    if stated and path.suffix == ".html" and path.parent.name in PAGE_FOLDERS:
        return _mismatch(name, "no report of these records has this page")
    if stated and name in TABLES:
        return _mismatch(name, "no report of these records has this table")
    return Proof(unproven=(Finding(name, NOT_REBUILT),))
