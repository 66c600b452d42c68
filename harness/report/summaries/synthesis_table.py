"""A synthesis in the terminal: all contrasts in one table, then the studies of each, then what they show."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from harness.evidence.synthesis.pooling import ContrastSynthesis, PooledStudies
from harness.report.console import Name, compact_table
from harness.report.numbers import signed
from harness.report.summaries import synthesis_words as words

if TYPE_CHECKING:
    from rich.table import Table

    from harness.machine.clean_console import CleanConsole


def show(console: CleanConsole, syntheses: Sequence[ContrastSynthesis]) -> None:
    """Print everything."""
    if len(syntheses) > 1:
        console.print(_overview(syntheses))
        console.print_line("", wrap=True)
    for synthesis in syntheses:
        console.print_line(f"{synthesis.name}, {synthesis.measure}: difference × 100", wrap=True)
        for published in synthesis.published:
            console.print_line(f"claimed, {words.claimed(published)}", wrap=True)
        console.print(_studies(synthesis.pooled))
        for sentence in words.sentences(synthesis):
            console.print_line(sentence, wrap=True)
        console.print_line("", wrap=True)
    for text in (words.METHOD, words.DEPENDENCE):
        console.print_line(text, wrap=True)


def _overview(syntheses: Sequence[ContrastSynthesis]) -> Table:
    title = f"{syntheses[0].measure}: difference × 100, pooled by {syntheses[0].pooled.by}"
    table = compact_table("contrast", ("k", "mean", "95 % interval", "new dataset", "I²"), left=(), title=title)
    for synthesis in syntheses:
        *numbers, _, i2 = words.summary(synthesis.pooled)
        table.add_row(Name(synthesis.name), *numbers, i2)
    return table


def _studies(pooled: PooledStudies) -> Table:
    from rich.text import Text

    table = compact_table("study", ("Δ", "95 % interval", "weight"), left=())
    for row in _study_rows(pooled):
        name, *cells = row
        table.add_row(Name(name), *map(Text, cells))
    return table


def _study_rows(pooled: PooledStudies) -> Iterator[tuple[str, ...]]:
    """Yield a row per study, by language below one per folder; then the mean and the prediction."""
    shown = ""
    for study, weight in zip(pooled.studies, pooled.weights, strict=True):
        name = words.setting(study)
        if pooled.by == "language":
            if name != shown:
                yield (name, "", "", "")
            shown, name = name, f"  {study.language}"
        yield (name, signed(study.value), words.bounds(study), words.share(weight))
    if pooled.result is not None:
        k, mean, bounds, predicted, *_ = words.summary(pooled)
        yield (f"mean, by {pooled.by} (k = {k})", mean, bounds, "")
        if predicted != "-":
            yield ("new dataset (prediction interval)", "", predicted, "")
