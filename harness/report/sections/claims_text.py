"""One paragraph per paper: what a run shows about its published numbers, and what it does not show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from harness.evidence.claims.claim import Claim
from harness.evidence.claims.claim_comparison import ASSUMED, UNKNOWN, Comparison
from harness.evidence.claims.verdicts import UNMEASURED, Line
from harness.report.numbers import ALPHA_TEXT, hundred
from harness.report.sections.claim_words import (
    about_suite,
    base_models,
    comparability,
    languages_text,
    numbers_text,
    rows_text,
    subset_pronoun,
    title_text,
)
from harness.report.sections.claims_section import ComparedClaims
from harness.report.sections.published_tunings import TuningGains, tuning_gains, tunings


def paragraphs(compared: ComparedClaims) -> list[str]:
    """Return one paragraph per paper, in the order of the claims."""
    papers: dict[str, list[Line]] = {}
    for line in compared.lines:
        papers.setdefault(line.claim.paper, []).append(line)
    gains = tuning_gains(line.claim for line in compared.lines)
    return [" ".join(_sentences(paper, lines, compared.suite, gains)) for paper, lines in papers.items()]


def _sentences(paper: str, lines: Sequence[Line], suite: str, gains: TuningGains) -> list[str]:
    suite_lines = [line for line in lines if line.claim.suite == suite]
    other_claims = [line.claim for line in lines if line.claim.suite != suite]
    private = [claim for claim in other_claims if claim.private]
    public = [claim for claim in other_claims if not claim.private]
    sentences = [_opening(paper, [line.claim for line in lines])]
    if suite_lines:
        sentences += [f"{about_suite(len(suite_lines), len(lines), suite)}, the suite of this run."]
        sentences += _outcomes(suite_lines)
        sentences += tunings([line.claim for line in lines], gains)
    elif public:
        pronoun = subset_pronoun(len(lines), len(lines))
        sentences.append(f"{about_suite(0, len(lines), suite)}: this run shows nothing for or against {pronoun}.")
    if private:
        reasons = "; ".join(dict.fromkeys(claim.private for claim in private))
        count = f"{len(private)} of them: " if len(private) < len(lines) else ""
        sentences.append(f"Not independently verifiable: {count}{reasons}.")
    if public:
        sentences.append(_required_runs(public, partial=bool(suite_lines)))
    return sentences


def _opening(paper: str, claims: Sequence[Claim]) -> str:
    row_count = len({(claim.entry, claim.row) for claim in claims})
    measures = ", ".join(dict.fromkeys(claim.measure for claim in claims))
    rows = f"{row_count} rows" if row_count > 1 else "one row"
    return f"{paper}: {numbers_text(len(claims))}, {measures} of {rows} in {languages_text(claims)}."


def _outcomes(lines: Sequence[Line]) -> list[str]:
    """Return one sentence per verdict on the claims about the suite."""
    sentences = []
    for verdict in ("reproduced", "direction only", "not reproduced"):
        if claims := [line.claim for line in lines if line.verdict == verdict]:
            sentences.append(f"{verdict.capitalize()}: {len(claims)} ({rows_text(claims)}).")
    if inconclusive := [line for line in lines if line.verdict.startswith("inconclusive")]:
        rows = rows_text([line.claim for line in inconclusive])
        counted_rows = f"{len(inconclusive)} ({rows}){_detectable(inconclusive)}"
        sentences.append(f"Inconclusive, for this run is too small to tell: {counted_rows}.")
    if incomparable := [line for line in lines if line.verdict == "not comparable"]:
        counts = Counter(reason for line in incomparable for reason in _general_reasons(line))
        reasons = "; ".join(f"{reason} ({count})" for reason, count in counts.most_common())
        sentences.append(f"Not comparable: {len(incomparable)}, for these reasons: {reasons}.")
    if open_ends := [line.comparison for line in lines if line.level and comparability(line.comparison)]:
        sentences.append(_as_far_as_stated(open_ends))
    if unmeasured := [line.claim for line in lines if line.reason == UNMEASURED]:
        sentences.append(f"Not measured in this run: {len(unmeasured)} ({rows_text(unmeasured)}).")
    return sentences


def _as_far_as_stated(comparisons: Sequence[Comparison]) -> str:
    """Return what the comparisons leave open: conditions that are unknown, or assumed, with how often."""
    parts = []
    for word in (UNKNOWN, ASSUMED):
        counts = Counter(name for comparison in comparisons for name in getattr(comparison, word))
        parts += (
            [f"{word}: " + ", ".join(f"{name} ({count})" for name, count in counts.most_common())] if counts else []
        )
    return f"Comparable as far as stated: {len(comparisons)}; {'; '.join(parts)}."


def _general_reasons(line: Line) -> list[str]:
    """Return the reasons why a claim is not comparable, without the details of its row in parentheses."""
    return [reason.partition(" (")[0] for reason in line.reasons]


def _detectable(lines: Iterable[Line]) -> str:
    """Return the minimum detectable effects of the run, as the end of a sentence."""
    texts = sorted(hundred(line.gain.detectable) for line in lines if line.gain)
    sizes = sorted({float(text): text for text in texts if text != "nan"}.items())
    if not sizes:
        return ""
    smallest, largest = sizes[0][1], sizes[-1][1]
    size = smallest if smallest == largest else f"{smallest} to {largest}"
    return f"; the minimum detectable effect (80 % power, α {ALPHA_TEXT}) is {size} points"


def _required_runs(claims: Sequence[Claim], *, partial: bool) -> str:
    """Return which runs the claims about other suites need; `partial`: the paper has claims about this suite too."""
    single = len(claims) == 1
    if partial:
        subject = "The other one" if single else f"The other {len(claims)}"
    else:
        subject = f"To be checked {'it' if single else 'they'}"
    suites = " or ".join(dict.fromkeys(f"{claim.suite} ({claim.tier} tier)" for claim in claims))
    verb = "needs" if single else "need"
    return f"{subject} {verb} a run of {suites}{base_models(claims)}{title_text(claims)}."
