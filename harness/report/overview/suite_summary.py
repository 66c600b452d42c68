"""What the result folders of one suite show together, in sentences: their data, best entry and repeated entries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from harness.errors import quantity
from harness.report.numbers import hundred
from harness.report.overview.folder_summary import Digests, FolderSummary

_SAME = 5e-5  # a smaller difference of two averages is invisible in two decimals


def sentences(folders: Sequence[FolderSummary]) -> Iterator[str]:
    """Yield the sentences on the folders of one suite."""
    entries = dict.fromkeys(entry for folder in folders for entry in folder.entries)
    if len(folders) == 1:
        yield f"1 folder, {quantity(len(entries), 'entry')}."
        return
    yield f"{len(folders)} folders, {quantity(len(entries), 'different entry')}."
    differing = list(_differing_data(folders))
    comparable = not differing and len({folder.primary for folder in folders}) == 1
    yield from differing or ["Their passages, queries and judgments are the same, as far as the records say."]
    if len({folder.definition for folder in folders}) > 1:
        yield "They define the suite differently (such as its training): equal entries may differ for it."
    if comparable:
        yield from _highest(folders)
        yield from _repeated(folders)


def _highest(folders: Iterable[FolderSummary]) -> Iterator[str]:
    """Yield the highest average of a trained entry, else of any, with its folder; nothing where none has an average."""
    ranked = [(folder.best_is_trained, folder.best, folder) for folder in folders if folder.best is not None]
    if ranked:
        is_trained, best, folder = max(ranked, key=lambda row: (row[0], float(row[1].mean[0])))
        level = f"{hundred(float(best.mean[0]))} [{hundred(float(best.low[0]))}, {hundred(float(best.high[0]))}]"
        of_trained = " of a trained entry" if is_trained else ""
        entry = folder.names[best.entry]
        average = "average of " if len(folder.languages) > 1 else ""
        yield f"The highest {average}{folder.primary}{of_trained} is {level}: {entry} in {folder.name}."


def _differing_data(folders: Iterable[FolderSummary]) -> Iterator[str]:
    """Yield a sentence per language in which the folders' data differ."""
    names: dict[str, dict[Digests, list[str]]] = {}
    for folder in folders:
        for language, digests in folder.data.items():
            if digests:
                names.setdefault(language, {}).setdefault(digests, []).append(folder.name)
    for language, by_digests in names.items():
        if len(by_digests) > 1:
            groups = " against ".join(", ".join(group) for group in by_digests.values())
            yield f"The data differ in {language} ({groups}): scores of the two are not to be set side by side."


def _repeated(folders: Sequence[FolderSummary]) -> Iterator[str]:
    """Yield how much the averages of entries that several folders measured differ."""
    averages: dict[str, list[float]] = {}
    for folder in folders:
        for entry, average in folder.averages.items():
            averages.setdefault(entry, []).append(average)
    spreads = {entry: max(values) - min(values) for entry, values in averages.items() if len(values) > 1}
    if spreads and len({frozenset(folder.languages) for folder in folders}) == 1:
        entry, widest = max(spreads.items(), key=lambda item: item[1])
        start = f"Measured in more than one folder: {', '.join(spreads)}"
        if widest < _SAME:
            yield f"{start}; each has the same average everywhere, to two decimals."
        else:
            yield f"{start}; their averages differ by at most {hundred(widest)} ({entry})."
