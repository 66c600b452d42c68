"""The forest plot of a synthesis: the studies of one contrast by folder, their mean, and the prediction interval."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from harness.errors import quantity
from harness.evidence.synthesis.pooling import ContrastSynthesis
from harness.report.figures.captions import entry_limit_note
from harness.report.figures.figure import Figure
from harness.report.figures.labels import label
from harness.report.figures.svg import render_svg
from harness.report.figures.synthesis_plot import MAX_STUDIES, SynthesisPlot, interval_text
from harness.report.numbers import hundred
from harness.stats.rules import MARGIN

if TYPE_CHECKING:
    from markupsafe import Markup


def synthesis_figure(synthesis: ContrastSynthesis, figure_id: str) -> Figure:
    """Return the figure of one contrast; `figure_id` is unique on the page."""
    from markupsafe import Markup

    entry, control = synthesis.contrast
    title = f"{label(entry)} over {label(control)} in {label(synthesis.measure)}, × 100"
    plot = SynthesisPlot(synthesis)
    svg = render_svg(f"figure-{figure_id}", title, "; ".join(_described(synthesis)), plot.height, plot)
    studies = synthesis.pooled.studies
    folders = quantity(len({study.folder for study in studies}), "folder")
    caption = Markup.escape(f"{quantity(len(studies), 'study')} of {folders}, {synthesis.pooled.count} pooled.")
    return Figure(figure_id, title, caption, _reading(synthesis), svg)


def _described(synthesis: ContrastSynthesis) -> Iterator[str]:
    """Yield the numbers of the figure, for screen readers."""
    for study in synthesis.pooled.studies[:MAX_STUDIES]:
        unpooled = ", not pooled" if study.reason else ""
        numbers = interval_text(study.value, study.low, study.high)
        yield f"{label(study.folder)} {label(study.language)}: {numbers}{unpooled}"
    for pooled in synthesis.both:
        if pooled.result is not None:
            result = pooled.result
            yield f"mean by {pooled.by}: {interval_text(result.estimate, result.low, result.high)}"
            if result.prediction_low is not None and result.prediction_high is not None:
                yield f"new dataset: {interval_text(None, result.prediction_low, result.prediction_high)}"


def _reading(synthesis: ContrastSynthesis) -> Markup:
    from markupsafe import Markup

    studies = synthesis.pooled.studies
    unpooled = " Hollow and dashed: not pooled." if any(study.reason for study in studies) else ""
    return Markup.escape(
        "Squares are studies, larger with more weight, with their 95 % interval over queries and seeds; diamonds the "
        "pooled means with theirs; the thin line the prediction interval. Arrows lead out of the figure. The band is "
        f"± {hundred(MARGIN)}.{unpooled}{entry_limit_note(len(studies), MAX_STUDIES, 'study')}"
    )
