"""Published gains of tuned checkpoints over the checkpoints that they start from.

A run has one base model, so it measures the level of a checkpoint and not this gain: two runs do, held against each
other by `harness compare`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from harness.evidence.claims.claim import Claim
from harness.report.numbers import signed

Number = tuple[str, str, str, str]  # paper, row, language, measure
TuningGains = Mapping[Number, float]


def number_of(claim: Claim) -> Number:
    """Return what names a published number within the claims file."""
    return claim.paper, claim.row, claim.language, claim.measure


def tuning_gains(claims: Iterable[Claim]) -> TuningGains:
    """Return number → published gain over the published number of the checkpoint that it was tuned from."""
    published = {number_of(claim): claim for claim in claims}
    gains = {}
    for number, claim in published.items():
        if claim.tuned_from:
            start = published.get((claim.tuned_from.paper, claim.tuned_from.row, claim.language, claim.measure))
            if start:
                gains[number] = claim.value - start.value
    return gains


def tunings(claims: Sequence[Claim], gains: TuningGains) -> list[str]:
    """Return the published gains of a paper's tunings in sentences; none for a paper without tunings."""
    rows: dict[tuple[str, str], list[str]] = {}
    for claim in claims:
        if (gain := gains.get(number_of(claim))) is not None:
            rows.setdefault((claim.row, claim.measure), []).append(f"{signed(gain)} ({claim.language})")
    if not rows:
        return []
    texts = "; ".join(f"{row}, {measure} {', '.join(values)}" for (row, measure), values in rows.items())
    count = sum(map(len, rows.values()))
    losses = sum(gains.get(number_of(claim), 0) < 0 for claim in claims)
    return [
        f"Published gains of tuning over the starting checkpoint, {losses} of {count} a loss: {texts}.",
        "A run has one base model, so it measures levels; two runs and harness compare measure such a gain.",
    ]
