"""index.html: one row per result folder below a folder, what the folders of each suite show together, and the contrasts
of all folders, pooled.

A result folder holds run.json or records/; its subfolders are not searched. Folders that cannot be read are listed with
the reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from harness.errors import HarnessError, NothingMeasured, RequestError, one_line, quantity
from harness.evidence.leaderboard import collate
from harness.evidence.synthesis.choice import overview
from harness.evidence.synthesis.pooling import ContrastSynthesis
from harness.evidence.synthesis.shared_cells import without_shared
from harness.evidence.synthesis.studies import FolderContrasts, folder_contrasts
from harness.machine.atomic import write_atomically
from harness.report import failures
from harness.report.overview import suite_summary
from harness.report.overview.folder_summary import FolderSummary, folder_summary
from harness.report.summaries.synthesis_formats import context
from harness.report.template_errors import write_error
from harness.report.templating import render
from harness.results.record import read_all

NAME = "index.html"


@dataclass(frozen=True)
class UnreadFolder:
    """A result folder without a leaderboard."""

    name: str
    reason: str


@dataclass(frozen=True)
class SuiteResults:
    """The result folders of one suite, by name, and the sentences about them."""

    suite: str
    sentences: tuple[str, ...]
    folders: tuple[FolderSummary, ...]


@dataclass(frozen=True)
class Index:
    """The contents of the page."""

    suites: tuple[SuiteResults, ...]
    unread: tuple[UnreadFolder, ...]
    contrasts: tuple[ContrastSynthesis, ...]  # over all folders

    @property
    def size(self) -> str:
        """The number of result folders and suites in words."""
        folders = sum(len(results.folders) for results in self.suites) + len(self.unread)
        suites = f" of {quantity(len(self.suites), 'suite')}" if self.suites else ""
        return f"{quantity(folders, 'result folder')}{suites}"


def write(folder: Path, baseline: str) -> Index:
    """Write the index of the result folders below `folder` into it; raises NothingMeasured where there is none."""
    index = read_index(folder, baseline)
    text = render("index.html.j2", index=index, **context(index.contrasts, drawn=True), script=None, data=None)
    try:
        write_atomically(folder / NAME, text.encode(errors="backslashreplace"))
    except OSError as error:
        raise write_error(folder, error) from error
    return index


def read_index(folder: Path, baseline: str) -> Index:
    """Return the index; entries are compared with `baseline` in every folder."""
    if _is_result_folder(folder):
        raise RequestError(f"{folder} is a result folder itself; name the folder above it, or drop --index")
    results: list[FolderSummary] = []
    contrasts: list[FolderContrasts] = []
    unread: list[UnreadFolder] = []
    for path in below(folder):
        name = path.relative_to(folder).as_posix()
        try:
            board = collate(path, baseline)
            results.append(folder_summary(path, name, board))
            contrasts.append(folder_contrasts(name, board, swept=False))
        except NothingMeasured as error:
            unread.append(
                UnreadFolder(name, "; ".join(failures.lines(path, read_all(path))) or _relative(str(error), path))
            )
        except (HarnessError, OSError) as error:
            unread.append(UnreadFolder(name, _relative(str(error), path)))
    if not (results or unread):
        raise NothingMeasured(f"no result folder below {folder}; name a folder with outputs of 'harness run --out'")
    return Index(tuple(_suite_results(results)), tuple(unread), tuple(overview(without_shared(contrasts))))


def _suite_results(results: list[FolderSummary]) -> Iterator[SuiteResults]:
    for suite in sorted({result.suite for result in results}):
        folders = tuple(result for result in results if result.suite == suite)
        yield SuiteResults(suite, tuple(suite_summary.sentences(folders)), folders)


def below(folder: Path) -> Iterator[Path]:
    """Yield the result folders below a folder, by name; hidden folders and links are skipped."""
    try:
        paths = sorted(folder.iterdir())
    except OSError as error:
        raise RequestError(f"{folder} cannot be listed: {error.strerror}; name a folder of result folders") from error
    for path in paths:
        if path.is_dir() and not path.is_symlink() and not path.name.startswith("."):
            if _is_result_folder(path):
                yield path
            else:
                yield from below(path)


def _relative(reason: str, path: Path) -> str:
    """Return a reason without the folder's path, which differs between machines."""
    return one_line(reason).replace(f"{path}/", "").replace(str(path), "it")


def _is_result_folder(folder: Path) -> bool:
    return (folder / "run.json").is_file() or (folder / "records").is_dir()
