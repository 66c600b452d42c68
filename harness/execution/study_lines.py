"""What a request measures or trains on besides retrieval as usual: labelled pairs, NLI rows by their quality, tasks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.data.load import load_nli
from harness.data.nli_selection import kept_line
from harness.request.cell import Cell
from harness.stages.stage_settings import scores_pairs, tasks_of
from harness.types import Need


def lines(cells: Sequence[Cell]) -> Iterator[str]:
    """Yield one line per such part of a request, for `--dry-run`; raises DataError for NLI files that are not there."""
    if paired := next(filter(scores_pairs, cells), None):
        settings = paired.suite.evaluation.pairs
        assert settings is not None  # what `scores_pairs` says
        yield (
            f"labelled pairs: {settings.holdout:.0%} of the training queries held out, and {settings.negatives} "
            "sampled per relevant passage; no entry trains on these queries"
        )
    yield from _damaged(cells)
    for minimum, kept in kept_rows(cells).items():
        yield kept_line(minimum, {language: f"{read} of {rows}" for language, (read, rows) in kept.items()})
    tasks = dict.fromkeys(f"{task.name} ({cell.language})" for cell in cells for task in tasks_of(cell))
    if tasks:
        yield f"tasks beside retrieval: {', '.join(tasks)}"


def _damaged(cells: Sequence[Cell]) -> Iterator[str]:
    languages: dict[str, list[str]] = {}
    for cell in cells:
        declared = cell.suite.languages[cell.language].nli_degraded
        if declared is not None and Need.NLI in cell.needs:
            how = f"a share of {declared.share:g}, drawn with seed {declared.seed}"
            languages.setdefault(how, []).append(cell.language)
    for how, of in languages.items():
        yield f"damaged NLI rows ({', '.join(dict.fromkeys(of))}): {how}"


def kept_rows(cells: Sequence[Cell]) -> dict[float, dict[str, tuple[int, int]]]:
    """Return minimum quality → language → rows that are read and rows of the set, of the cells that have a minimum."""
    counts: dict[float, dict[str, tuple[int, int]]] = {}
    for cell in cells:
        minimum, language, place = cell.entry.minimum_quality, cell.language, cell.place
        if minimum is None or language in counts.get(minimum, {}):
            continue
        read = load_nli(cell.suite, language, minimum, data_dir=place.data_dir, cache_dir=place.cache).selected
        counts.setdefault(minimum, {})[language] = (read["kept"], read["rows"])
    return counts


def warnings(cells: Sequence[Cell]) -> Iterator[str]:
    """Yield a line per entry whose minimum quality leaves out no NLI row of a language."""
    counts = kept_rows(cells)
    languages: dict[tuple[str, float], list[str]] = {}
    for cell in cells:
        minimum = cell.entry.minimum_quality
        if minimum is not None and len(set(counts[minimum][cell.language])) == 1:
            languages.setdefault((cell.entry.name, minimum), []).append(cell.language)
    for (entry, minimum), of in languages.items():
        yield (
            f"{entry} trains on all NLI rows ({', '.join(dict.fromkeys(of))}): none has a quality below {minimum:g} "
            "(nli.minimum_quality)"
        )
