"""Every claim beside what a run measured of it, and its verdict by the rule of harness.evidence.claims.judging."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from harness.evidence.claims.as_run import entry_of
from harness.evidence.claims.claim import Claim
from harness.evidence.claims.claim_comparison import Comparison, compare, incomparable
from harness.evidence.claims.claims_file import load
from harness.evidence.claims.judging import Gain, Level, Parts, Word, gain_of, judge, level_of
from harness.results.folder import ResultFolder
from harness.stats.entry_scores import EntryScores

UNMEASURED = "not measured in this run"


@dataclass(frozen=True)
class Line:
    """One claim, what the run measured of it, and the verdict, or the reasons why there is none.

    `entry` is the row that measures it (harness.evidence.claims.as_run.entry_of), "" for the claim's own.
    """

    claim: Claim
    verdict: Word
    reasons: tuple[str, ...] = ()
    level: Level | None = None
    gain: Gain | None = None
    comparison: Comparison = field(default_factory=Comparison)  # of the conditions of claim and run
    entry: str = ""

    @property
    def reason(self) -> str:
        """The reasons as one text, "" without any."""
        text = "; ".join(self.reasons)
        return f"not comparable: {text}" if self.verdict == "not comparable" else text

    @property
    def measured(self) -> float | None:
        """The run's own mean, None if there is none to compare with the claim."""
        return self.level.measured if self.level else None


def verdicts_on(results: ResultFolder) -> list[Line]:
    """Return every bundled claim with its verdict on a run, in the file's order."""
    claims = load()
    return [
        replace(
            _line(claim, _control(claim, claims), results),
            comparison=compare(claim, results),
            entry=entry_of(claim, results),
        )
        for claim in claims
    ]


def verdicts_by_row(lines: Iterable[Line], suite: str) -> dict[tuple[str, str, str], Word]:
    """Return the verdict of each (entry, language, measure) of a suite that exactly one claim is about.

    Claims that are not comparable count only if all claims on the row are: of everything published on a row, one may
    be about the same thing.
    """
    by_row: dict[tuple[str, str, str], list[Word]] = {}
    for line in lines:
        claim = line.claim
        if claim.suite == suite.partition("@")[0] and line.verdict:
            by_row.setdefault((line.entry or claim.entry, claim.language, claim.measure), []).append(line.verdict)
    judged = {row: [word for word in words if word != "not comparable"] or words for row, words in by_row.items()}
    return {row: words[0] for row, words in judged.items() if len(words) == 1}


def _control(claim: Claim, claims: Sequence[Claim]) -> Claim | None:
    """Return what the same paper publishes about the claim's control; None if there is none, or several."""
    control = (claim.paper, claim.control, claim.suite, claim.language, claim.measure)
    matches = [
        other for other in claims if (other.paper, other.entry, other.suite, other.language, other.measure) == control
    ]
    return matches[0] if claim.control and len(matches) == 1 else None


def _line(claim: Claim, control: Claim | None, results: ResultFolder) -> Line:
    if reasons := incomparable(claim, results):
        return Line(claim, "not comparable", tuple(reasons))
    scores = _scores(claim, results)
    if scores is None:
        return Line(claim, "", (UNMEASURED,))
    trained = results.trains(entry_of(claim, results))
    level = level_of(claim.value, scores, trained=trained)
    if control is None:
        return Line(claim, judge(level, None), level=level)
    control_scores = _scores(control, results)
    reasons = incomparable(control, results) or ([] if control_scores else [UNMEASURED])
    if control_scores is None or reasons:
        first, *others = reasons
        return Line(claim, "not comparable", (f"its control {control.entry}: {first}", *others), level)
    both_trained = (trained, results.trains(entry_of(control, results)))
    gained = gain_of(claim.value - control.value, (scores, control_scores), trained=both_trained)
    return Line(claim, judge(level, gained), level=level, gain=gained)


def _scores(claim: Claim, results: ResultFolder) -> Parts | None:
    """Return the scores of a claim's entry, one array per language, [seeds, queries, 1]; None if one is missing."""
    entry, languages = entry_of(claim, results), claim.of or (claim.language,)
    scored: list[EntryScores | None] = [results.scored.get((entry, language)) for language in languages]
    if any(scores is None for scores in scored):
        return None
    i = results.measures.index(claim.measure)
    return [scores.values[:, :, i : i + 1] for scores in scored if scores is not None]
