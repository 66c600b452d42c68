"""An index of the result folders below a folder: a row for each, and what those of one suite say together.

A result folder is one that holds run.json or records/; nothing is looked for inside of it. One that cannot be read is
listed with the reason.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from harness.errors import HarnessError, NothingMeasured, RequestError
from harness.evidence.leaderboard import Leaderboard, collate
from harness.machine.atomic import write_atomically
from harness.report import failures, report_formats, table_view
from harness.report.numbers import hundred
from harness.report.sections import claims_section
from harness.report.templating import broken, render
from harness.stats.entry_scores import AVERAGE
from harness.stats.entry_statistics import EntryStatistics

NAME = "index.html"
DATA = ("corpus", "queries", "dev")  # digests of what is scored on
_SAME = 5e-5  # of two averages: not seen in two decimals


@dataclass(frozen=True)
class Result:
    """One result folder; `best` has the highest average of the primary measure, None where no entry has one."""

    name: str
    href: str  # of its page, "" where it was not written yet
    suite: str
    definition: str
    primary: str
    baseline: str
    languages: tuple[str, ...]
    seeds: tuple[int, ...]
    cells: int
    failed: int
    missing: int
    unverified: tuple[str, ...]
    verdicts: Mapping[str, int]
    means: Mapping[str, float]  # entry → average of the primary measure
    entries: tuple[str, ...]
    best: EntryStatistics | None
    data: Mapping[str, frozenset[tuple[str, ...]]]  # language → the digests of its data


@dataclass(frozen=True)
class Unread:
    """A result folder that gives no leaderboard."""

    name: str
    reason: str


@dataclass(frozen=True)
class Together:
    """The folders of one suite, by name."""

    suite: str
    said: tuple[str, ...]
    results: tuple[Result, ...]


@dataclass(frozen=True)
class Index:
    """What the page shows."""

    suites: tuple[Together, ...]
    unread: tuple[Unread, ...]

    @property
    def counted(self) -> str:
        folders = sum(len(together.results) for together in self.suites) + len(self.unread)
        suites = f" of {_many(len(self.suites), 'suite', 'suites')}" if self.suites else ""
        return f"{_many(folders, 'result folder', 'result folders')}{suites}"


def write(folder: Path, baseline: str) -> Index:
    """Write the index of the folders below `folder` into it; raises NothingMeasured where there is none."""
    index = of_folder(folder, baseline)
    text = render("index.html.j2", index=index, script=None, data=None)
    try:
        write_atomically(folder / NAME, text.encode(errors="backslashreplace"))
    except OSError as error:
        raise broken(folder, error) from error
    return index


def of_folder(folder: Path, baseline: str) -> Index:
    """Return the index; entries are compared with `baseline` in every folder."""
    if _is_result(folder):
        raise RequestError(f"{folder} is a result folder itself; name the folder above it, or leave --index out")
    results, unread = [], []
    for path in below(folder):
        name = path.relative_to(folder).as_posix()
        try:
            results.append(_result(path, name, collate(path, baseline)))
        except NothingMeasured as error:
            unread.append(Unread(name, "; ".join(failures.lines(path)) or _near(str(error), path)))
        except (HarnessError, OSError) as error:
            unread.append(Unread(name, _near(str(error), path)))
    if not (results or unread):
        raise NothingMeasured(f"no result folder below {folder}; name one that holds what 'harness run --out' wrote")
    suites = sorted({result.suite for result in results})
    grouped = [(suite, [result for result in results if result.suite == suite]) for suite in suites]
    return Index(tuple(Together(suite, tuple(_said(own)), tuple(own)) for suite, own in grouped), tuple(unread))


def below(folder: Path) -> Iterator[Path]:
    """Yield the result folders below a folder by name; hidden folders and links are not entered."""
    try:
        inside = sorted(folder.iterdir())
    except OSError as error:
        raise RequestError(f"{folder} cannot be listed: {error.strerror}; name a folder of result folders") from error
    for path in inside:
        if path.is_dir() and not path.is_symlink() and not path.name.startswith("."):
            if _is_result(path):
                yield path
            else:
                yield from below(path)


def _near(reason: str, path: Path) -> str:
    """Return a reason without the place of the folder, which another machine has elsewhere."""
    return table_view.one_line(reason).replace(f"{path}/", "").replace(str(path), "it")


def _is_result(folder: Path) -> bool:
    return (folder / "run.json").is_file() or (folder / "records").is_dir()


def _result(path: Path, name: str, board: Leaderboard) -> Result:
    averages = {one.entry: one for one in board.evidence if one.language == AVERAGE}
    everything = (*board.records, *board.failures)
    page = report_formats.name(report_formats.Format.html)
    return Result(
        name=name,
        href=quote(f"{name}/{page}", errors="surrogateescape") if (path / page).is_file() else "",
        suite=board.suite,
        definition=_definition(board),
        primary=board.primary,
        baseline=board.baseline,
        languages=board.languages,
        seeds=tuple(sorted({record.seed for record in everything if record.trained})),
        cells=len(everything),
        failed=len(board.failures),
        missing=len(table_view.absent(board)),
        unverified=tuple(table_view.unverified(board)),
        verdicts=Counter(line.verdict or "not measured" for line in claims_section.of_board(board).here),
        means={entry: float(one.mean[0]) for entry, one in averages.items()},
        entries=tuple(dict.fromkeys(record.entry for record in everything)),
        best=max(averages.values(), key=lambda one: float(one.mean[0]), default=None),
        data={language: frozenset(_digests(board, language)) for language in board.languages},
    )


def _definition(board: Leaderboard) -> str:
    """Return the digest of the suite's definition, of the records where run.json says none."""
    said = {str(record.provenance.get("suite_digest") or "") for record in board.records}
    return str(board.run.get("suite_digest") or "+".join(sorted(said)))


def _digests(board: Leaderboard, language: str) -> Iterator[tuple[str, ...]]:
    for record in board.records:
        data = record.provenance.get("data")
        digests: Any = data.get("digests") if isinstance(data, Mapping) else None
        if record.language == language and isinstance(digests, Mapping):
            yield tuple(str(digests.get(name, "")) for name in DATA)


def _said(results: Sequence[Result]) -> Iterator[str]:
    """Yield what the folders of one suite say together."""
    entries = dict.fromkeys(entry for result in results for entry in result.entries)
    if len(results) == 1:
        yield f"1 folder, {_many(len(entries), 'entry', 'entries')}."
        return
    yield f"{len(results)} folders, {_many(len(entries), 'entry', 'different entries')}."
    differing = list(_other_data(results))
    same = not differing and len({result.primary for result in results}) == 1
    yield from differing or ["Their passages, queries and judgments are the same, as far as the records say."]
    if len({result.definition for result in results}) > 1:
        yield "They define the suite differently (such as its training): equal entries may differ for it."
    ranked = [(one.best, one) for one in results if one.best is not None]
    if ranked and same:
        best, where = max(ranked, key=lambda pair: float(pair[0].mean[0]))
        level = f"{hundred(float(best.mean[0]))} [{hundred(float(best.low[0]))}, {hundred(float(best.high[0]))}]"
        yield f"The highest average of {where.primary} is {level}, that of {best.entry} in {where.name}."
    if same:
        yield from _again(results)


def _other_data(results: Iterable[Result]) -> Iterator[str]:
    """Yield the languages that the folders have other data in, with the folders."""
    groups: dict[str, dict[frozenset[tuple[str, ...]], list[str]]] = {}
    for result in results:
        for language, digests in result.data.items():
            if digests:
                groups.setdefault(language, {}).setdefault(digests, []).append(result.name)
    for language, found in groups.items():
        if len(found) > 1:
            parted = " against ".join(", ".join(names) for names in found.values())
            yield f"The data differ in {language} ({parted}): scores of the two are not to be set side by side."


def _again(results: Sequence[Result]) -> Iterator[str]:
    """Yield how near the averages of what several folders measured come."""
    found: dict[str, list[float]] = {}
    languages = {result.languages for result in results}
    for result in results:
        for entry, mean in result.means.items():
            found.setdefault(entry, []).append(mean)
    spreads = {entry: max(means) - min(means) for entry, means in found.items() if len(means) > 1}
    if spreads and len({frozenset(names) for names in languages}) == 1:
        entry, widest = max(spreads.items(), key=lambda item: item[1])
        what = f"Measured in more than one folder: {', '.join(spreads)}"
        if widest < _SAME:
            yield f"{what}; each has the same average everywhere, to two decimals."
        else:
            yield f"{what}; their averages differ by at most {hundred(widest)} ({entry})."


def _many(count: int, one: str, several: str) -> str:
    return f"{count} {one if count == 1 else several}"
