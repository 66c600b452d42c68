"""A synthesis as HTML, Markdown, JSON and CSV."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from harness.evidence.synthesis.pooling import ContrastSynthesis, PooledStudies
from harness.report import spreadsheet
from harness.report.figures.figure import Figure
from harness.report.figures.synthesis_figure import synthesis_figure
from harness.report.numbers import or_none, signed
from harness.report.summaries import synthesis_words as words

COLUMNS = (
    *("entry", "control", "measure", "row", "by", "folder", "suite", "base_model", "language", "entry_row"),
    *("control_row", "recipe", "value", "ci_low", "ci_high", "error", "weight", "not_pooled", "k", "p", "tau2", "i2"),
    *("q", "q_p", "prediction_low", "prediction_high", "hartung_knapp_low", "hartung_knapp_high", "hartung_knapp_p"),
)
HEADS = ("folder", "base model", "language", "Δ", "95 % interval", "weight", "not pooled")  # the last one where needed
OVERVIEW = ("contrast", "k", "mean", "95 % interval", "new dataset", "τ", "I²")


@dataclass(frozen=True)
class Part:
    """One contrast as pages show it; `figure` is None in Markdown."""

    name: str
    measure: str
    anchor: str
    claimed: tuple[str, ...]
    figure: Figure | None
    sentences: tuple[str, ...]
    heads: tuple[str, ...]  # HEADS
    studies: tuple[tuple[str, ...], ...]
    summary: tuple[str, ...]  # OVERVIEW


def parts(syntheses: Sequence[ContrastSynthesis], *, drawn: bool) -> list[Part]:
    """Return the contrasts for a page, with their figures where `drawn`."""
    return [_part(synthesis, i, drawn=drawn) for i, synthesis in enumerate(syntheses, start=1)]


def _part(synthesis: ContrastSynthesis, i: int, *, drawn: bool) -> Part:
    pooled = synthesis.pooled
    columns = len(HEADS) if any(study.reason for study in pooled.studies) else len(HEADS) - 1
    return Part(
        name=synthesis.name,
        measure=synthesis.measure,
        anchor=f"synthesis-{i}",
        claimed=tuple(map(words.claimed, synthesis.published)),
        figure=synthesis_figure(synthesis, f"synthesis-{i}") if drawn else None,
        sentences=tuple(words.sentences(synthesis)),
        heads=HEADS[:columns],
        studies=tuple(cells[:columns] for cells in _study_cells(pooled)),
        summary=(synthesis.name, *words.summary(pooled)),
    )


def html(syntheses: Sequence[ContrastSynthesis]) -> str:
    """Return a self-contained page with one forest plot per contrast."""
    return _render("synthesis.html.j2", syntheses, drawn=True, script=None, data=None)


def markdown(syntheses: Sequence[ContrastSynthesis]) -> str:
    """Return the synthesis as Markdown."""
    return _render("synthesis.md.j2", syntheses, drawn=False)


def context(syntheses: Sequence[ContrastSynthesis], *, drawn: bool) -> dict[str, Any]:
    """Return what the templates of a synthesis read."""
    return {
        "parts": parts(syntheses, drawn=drawn),
        "overview": OVERVIEW,
        "texts": (words.METHOD, words.DEPENDENCE),
        "by": syntheses[0].pooled.by if syntheses else "language",
    }


def _render(template: str, syntheses: Sequence[ContrastSynthesis], *, drawn: bool, **extra: Any) -> str:
    from harness.report.templating import render

    return render(template, **context(syntheses, drawn=drawn), **extra)


def _study_cells(pooled: PooledStudies) -> Iterator[tuple[str, ...]]:
    for study, weight in zip(pooled.studies, pooled.weights, strict=True):
        bounds = words.bounds(study)
        folder = f"{study.folder} ({study.entry})" if study.swept else study.folder
        numbers = (signed(study.value), bounds, words.share(weight))
        yield (folder, study.base, study.language, *numbers, study.reason)


def as_json(syntheses: Sequence[ContrastSynthesis]) -> str:
    """Return everything as JSON, unrounded, in units of the measure."""
    document = [
        {
            "entry": synthesis.contrast[0],
            "control": synthesis.contrast[1],
            "measure": synthesis.measure,
            "claimed": [published.model_dump(mode="json") for published in synthesis.published],
            "pooled": [_pooled_json(pooled) for pooled in synthesis.both],
            "same_queries": list(synthesis.repeated_queries),
            "not_measured_in": list(synthesis.absent),
        }
        for synthesis in syntheses
    ]
    return json.dumps({"contrasts": document}, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _pooled_json(pooled: PooledStudies) -> dict[str, Any]:
    studies = [
        {name: or_none(value) if isinstance(value, float) else value for name, value in asdict(study).items()}
        | {"weight": weight}
        for study, weight in zip(pooled.studies, pooled.weights, strict=True)
    ]
    return {"by": pooled.by, "studies": studies, "result": None if pooled.result is None else asdict(pooled.result)}


def csv(syntheses: Sequence[ContrastSynthesis]) -> str:
    """Return one row per study and per pooled mean as CSV, unrounded; missing numbers are empty fields."""
    rows = [row for synthesis in syntheses for pooled in synthesis.both for row in _csv_rows(synthesis, pooled)]
    return spreadsheet.to_csv(COLUMNS, ([row.get(name, "") for name in COLUMNS] for row in rows))


def _csv_rows(synthesis: ContrastSynthesis, pooled: PooledStudies) -> Iterator[Mapping[str, Any]]:
    entry, control = synthesis.contrast
    named = {"entry": entry, "control": control, "measure": synthesis.measure, "by": pooled.by}
    for study, weight in zip(pooled.studies, pooled.weights, strict=True):
        said = {"folder": study.folder, "suite": study.suite, "base_model": study.base, "language": study.language}
        rows = {"entry_row": study.entry, "control_row": study.control, "recipe": study.recipe}
        bounds = {"ci_low": or_none(study.low), "ci_high": or_none(study.high), "error": or_none(study.error)}
        numbers = {"value": study.value, **bounds, "weight": weight, "not_pooled": study.reason}
        yield _filled({**named, "row": "study", **said, **rows, **numbers})
    if (result := pooled.result) is not None:
        numbers = asdict(result)
        mean = {"value": numbers.pop("estimate"), "ci_low": numbers.pop("low"), "ci_high": numbers.pop("high")}
        yield _filled({**named, "row": "pooled", **mean, **numbers})


def _filled(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: "" if value is None else value for name, value in row.items()}


FORMATS: Mapping[str, Callable[[Sequence[ContrastSynthesis]], str]] = {
    ".html": html,
    ".md": markdown,
    ".json": as_json,
    ".csv": csv,
}
