"""Whether a run measured what a claim is about: every condition of the claim against what the run did.

A difference makes a claim not comparable and is named. A condition that either side leaves unknown is listed: the claim
is then comparable as far as stated. Suite, tier, measure, languages and base model have to be known on both sides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from harness.evidence.claims.as_run import Setup, as_run, setups
from harness.evidence.claims.claim import Claim
from harness.evidence.claims.conditions import APPLICABLE, label, shown
from harness.evidence.claims.options_given import options_given
from harness.results.folder import ResultFolder

OTHER, UNKNOWN, ASSUMED = "other", "unknown", "assumed"  # what a comparison of one condition gives


@dataclass(frozen=True)
class Comparison:
    """How a run's conditions and a claim's relate: what differs, what one side leaves unknown, what is assumed."""

    differences: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()
    assumed: tuple[str, ...] = ()


def compare(claim: Claim, results: ResultFolder) -> Comparison:
    """Return how the conditions of a run relate to a claim's; of a claim about something else, only how it differs."""
    if claim.private:
        return Comparison((claim.private,))
    runs = setups(claim, results)
    if difference := _other_subject(claim, results, runs):
        return Comparison((difference,))
    outcomes = [outcome for name in _compared(claim, runs) if (outcome := _outcome(name, claim, runs))]
    texts = {kind: tuple(text for of, text in outcomes if of == kind) for kind in (OTHER, UNKNOWN, ASSUMED)}
    others = (*texts[OTHER], *_other_evaluation(claim, results, runs), *options_given(claim, results))
    return Comparison(others, texts[UNKNOWN], texts[ASSUMED])


def incomparable(claim: Claim, results: ResultFolder) -> list[str]:
    """Return why a claim cannot be compared with a run: each difference, named; empty if it can."""
    return list(compare(claim, results).differences)


def _other_subject(claim: Claim, results: ResultFolder, runs: Sequence[Setup]) -> str:
    """Return how suite or tier differ, or that the run's model is unknown, "" if neither.

    A variant of a suite counts as the suite: what it changes is compared condition by condition.
    """
    suite = results.run.suite
    tier = suite.tier if suite and suite.tier else claim.tier
    if claim.tier != tier:
        return f"{claim.tier} tier" if claim.tier != "full" else f"full corpus, this run has the {tier} tier"
    name = results.suite.partition("@")[0]
    if name != claim.suite:
        return f"other suite ({name}, not {claim.suite})"
    if "base_model" in APPLICABLE[claim.kind] and any(as_run("base_model", run) is None for run in runs):
        return "neither records nor run.json say which model encoded"
    return ""


def _compared(claim: Claim, runs: Sequence[Setup]) -> Iterator[str]:
    """Yield the conditions that can change the claim's number.

    No revision of another model, no join without titles, and no depth where the measure has a cut-off: what is
    retrieved below the cut-off changes nothing above it.
    """
    other_model = (_outcome("base_model", claim, runs) or ("", ""))[0] == OTHER
    with_titles = {claim.title, *(as_run("title", run) for run in runs)} == {True}
    skipped = {"model_revision": other_model, "title_join": not with_titles, "depth": bool(_cutoff(claim.measure))}
    yield from (name for name in APPLICABLE[claim.kind] if not skipped.get(name))


def _outcome(name: str, claim: Claim, runs: Sequence[Setup]) -> tuple[str, str] | None:
    """Return (OTHER, UNKNOWN or ASSUMED, the text that names the condition), None if a stated condition is met."""
    known = claim.conditions.known().get(name)
    values = list(dict.fromkeys(as_run(name, run) for run in runs))
    if known is None:
        return UNKNOWN, label(name)
    published = _substituted(known.value, claim)
    others = [value for value in values if value is not None and not _same(name, value, published)]
    basis = ", assumed" if known.why else ""
    if others:
        here = " and ".join(shown(name, value) for value in others)
        return OTHER, f"{label(name)} (here {here}, there {shown(name, published)}{basis})"
    if None in values:
        return UNKNOWN, f"{label(name)} of this run"
    return (ASSUMED, label(name)) if known.why else None


def _substituted(value: object, claim: Claim) -> object:
    return value.replace("{language}", claim.language) if isinstance(value, str) else value


def _same(name: str, value: object, published: object) -> bool:
    """Return whether two values agree; a hub revision may be published by its first digits."""
    if name == "dataset_revision":
        return str(value).startswith(str(published))
    return value == published


def _cutoff(measure: str) -> int | None:
    """Return how many passages per query a measure reads, None if all of them."""
    import ir_measures

    cutoff = ir_measures.parse_measure(measure).params.get("cutoff")
    return None if cutoff is None else int(cutoff)


def _other_evaluation(claim: Claim, results: ResultFolder, runs: Sequence[Setup]) -> Iterator[str]:
    """Yield differences in what was scored."""
    if claim.measure not in results.measures:
        yield "measure not among the run's"
    if claim.of and set(claim.of) != set(results.languages):
        yield f"average of {', '.join(claim.of)}, this run has {', '.join(results.languages)}"
    depths = [depth for run in runs if (depth := as_run("depth", run)) is not None]
    cutoff = _cutoff(claim.measure)
    if cutoff and depths and min(depths) < cutoff:
        yield f"depth (here {min(depths)}, {claim.measure} reads {cutoff})"
    if any(run.value("evaluation", "holdout") for run in runs):
        yield "held-out training queries in place of dev"
    suite = results.run.suite
    if suite and any(language in suite.unverified for language in claim.of or (claim.language,)):
        yield "data differ from the manifest's (unverified)"
