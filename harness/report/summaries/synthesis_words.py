"""What a synthesis says, in sentences: the same on the page, in Markdown and in the terminal."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from harness.errors import quantity
from harness.evidence.contrasts.published import PublishedContrast
from harness.evidence.synthesis.pooling import ContrastSynthesis, PooledStudies, Study
from harness.report.numbers import hundred, signed, signed_interval
from harness.stats.meta_analysis import Synthesis

METHOD = (
    "Random effects: the true gain differs between studies, with standard deviation τ (Paule-Mandel); I² is the share "
    "of the variance that sampling does not explain. The mean's interval is Hartung and Knapp's, wider where τ is "
    "known too poorly for it. The prediction interval is for the true gain in one more study of the same kind: a "
    "language if pooled by language, a folder if by folder."
)
DEPENDENCE = (
    "Languages of one folder share a base model and a recipe, and suites on the same data share queries. Pooled by "
    "language they count as independent, so that the intervals are too narrow where folders differ more than "
    "languages; pooled by folder, only shared queries remain."
)
NEEDED = "a prediction needs at least three studies"


def sentences(synthesis: ContrastSynthesis) -> Iterator[str]:
    """Yield what the studies show together, as pooled, then what a reader has to know of them."""
    for pooled in synthesis.both:
        yield f"{'By language' if pooled.by == 'language' else 'By folder'}: {result_sentence(pooled)}"
    yield from notes(synthesis)


def result_sentence(pooled: PooledStudies) -> str:
    """Return the prediction for a new dataset and the pooled mean, or why there is none."""
    result = pooled.result
    if result is None:
        shown = f"{quantity(len(pooled.studies), 'study')} shown, " if pooled.studies else ""
        return "one study: shown, not pooled." if pooled.count == 1 else f"{shown}none can be pooled."
    mean = f"{mean_text(result)}, τ {hundred(result.tau2**0.5)}, I² {percent(result.i2)}, k = {result.k}"
    predicted = prediction_text(result)
    if predicted is None:
        return f"mean {mean}; {NEEDED}."
    return f"expected on a new dataset: {predicted}; mean {mean}."


def mean_text(result: Synthesis) -> str:
    """Return the pooled mean × 100 with its interval."""
    return f"{signed(result.estimate)} {signed_interval(result.low, result.high)}"


def prediction_text(result: Synthesis) -> str | None:
    """Return the bounds of the prediction interval × 100 in words, None without one."""
    if result.prediction_low is None or result.prediction_high is None:
        return None
    return f"between {signed(result.prediction_low)} and {signed(result.prediction_high)}"


def percent(share: float) -> str:
    """Return a share in %.

    >>> percent(0.926)
    '93 %'
    """
    return f"{100 * share:.0f} %"


def summary(pooled: PooledStudies) -> tuple[str, ...]:
    """Return k (of what can be pooled), mean, its interval, prediction, τ and I²: "-" where there is none."""
    result = pooled.result
    if result is None:
        return (str(pooled.count), *"-----")
    mean = (signed(result.estimate), signed_interval(result.low, result.high))
    return (str(result.k), *mean, prediction_bounds(result), hundred(result.tau2**0.5), percent(result.i2))


def prediction_bounds(result: Synthesis) -> str:
    """Return the prediction interval × 100, "-" without one."""
    if result.prediction_low is None or result.prediction_high is None:
        return "-"
    return signed_interval(result.prediction_low, result.prediction_high)


def bounds(study: Study) -> str:
    """Return the interval of a study, "-" without an error."""
    return "-" if math.isnan(study.error) else signed_interval(study.low, study.high)


def setting(study: Study) -> str:
    """Return what the studies of one row have in common: folder; suite, base model, recipe and sweep where of note."""
    suite = "" if study.suite == study.folder.rpartition("/")[2] else study.suite
    base = f"base {study.base}" if study.base else ""
    recipe = "" if study.recipe == "corrected" else f"recipe {study.recipe}"
    swept = study.entry if study.swept else ""
    return ", ".join(part for part in (study.folder, suite, base, recipe, swept) if part)


def share(weight: float | None) -> str:
    """Return the weight of a study in %, "-" for one that is not pooled."""
    return "-" if weight is None else percent(weight)


def claimed(published: PublishedContrast) -> str:
    """Return what a source claims: its direction, with the published difference where it gives one."""
    said = "no difference" if published.claimed == "equal" else published.claimed
    main = published.main
    if main is None:
        return f"{published.paper}: {said}"
    where = ", ".join(part for part in (main.suite, main.language) if part)
    return f"{published.paper}: {said} ({signed(main.value)} {main.measure}{f', {where}' if where else ''})"


def notes(synthesis: ContrastSynthesis) -> Iterator[str]:
    """Yield which studies are not pooled and why, which rows of sweeps there are, and which queries are shared."""
    studies = [study for pooled in synthesis.both for study in pooled.studies]
    for reason in dict.fromkeys(study.reason for study in studies if study.reason):
        yield f"Not pooled: {_listed(study for study in studies if study.reason == reason)} ({reason})."
    for folder in dict.fromkeys(study.folder for study in studies):
        rows = list(dict.fromkeys(study.entry for study in studies if study.folder == folder and study.swept))
        if rows:
            yield f"{folder} has only rows of a sweep: {', '.join(rows)}."
    if synthesis.repeated_queries:
        yield f"The same queries: {'; '.join(synthesis.repeated_queries)}."
    if synthesis.absent:
        yield f"Not measured in {', '.join(synthesis.absent)}."


def _listed(studies: Iterable[Study]) -> str:
    """Return studies by folder and row, each with its languages."""
    by_row: dict[str, dict[str, None]] = {}
    for study in studies:
        by_row.setdefault(f"{study.folder} {study.entry}", {})[study.language] = None
    return "; ".join(f"{name} {', '.join(languages)}" for name, languages in by_row.items())
