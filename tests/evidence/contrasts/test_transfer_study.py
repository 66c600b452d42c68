"""The study behind the error rates of transfer verdicts, in small: that it counts what it says, and finds errors."""

from __future__ import annotations

import math
from unittest.mock import patch

import numpy as np
import pytest
from support.simulated_scores import Spread
from support.transfer_study import FAMILY, Families, recorded, shares, simulated

from harness.evidence.contrasts import transfer
from harness.machine.bundled import results
from harness.results.folder import read_result_folder
from harness.stats.intervals import Estimate

ALIKE = Spread(0.3, 0.002, 0.03, skewed=True)
WRONG = ("shown", "margin", "beyond", "against", "against_twice")


def test_no_verdict_is_wrong_more_often_than_in_one_of_twenty() -> None:
    alone, together, count = shares([simulated(ALIKE, 5, 0.03, 100)])
    assert count == 100
    limit = 0.05 + 2 * math.sqrt(0.05 * 0.95 / count)
    assert all(found[name] <= limit for found in (alone, together) for name in WRONG)
    assert 0.6 < alone["found"] < alone["found_twice"]
    assert 0.6 < together["found"] < together["found_twice"]  # of the effect that is detectable in the family
    assert together["equivalent"] < alone["equivalent"]


def test_a_rule_without_a_correction_is_caught() -> None:
    families = simulated(ALIKE, 5, 0.03, 100)
    with patch.object(transfer, "holm_by_column", lambda p: p):
        counts = families.counts(np.zeros(100))
    assert counts["shown"].mean() > 0.2
    assert counts["margin"].mean() > 0.2


def certain(*values: float) -> Families:
    """Return one family of contrasts, each with this difference and next to no error."""
    number = np.array([1.0])
    return Families([Estimate(value * number, 1e-6 * number, 1e9 * number) for value in values], blind=False)


def test_the_counts_of_families_without_noise() -> None:
    none = certain(0.0, 0.0).counts(np.array([0.1]))
    assert (none["shown"], none["equivalent"], none["margin"], none["beyond"]) == ([0.0], [1.0], [0.0], [0.0])
    assert (none["found"], none["found_twice"], none["against"]) == ([1.0], [1.0], [0.0])
    off = certain(0.0, -0.02).counts(np.array([0.0]))  # differences that the study takes for chance
    assert (off["shown"], off["equivalent"], off["beyond"]) == ([1.0], [0.5], [1.0])
    assert certain(-0.3, 0.0).counts(np.array([0.1]))["against_twice"] == [1.0]


@pytest.mark.parametrize(("first", "blind"), [([0], True), ([0, 1], False)])
def test_the_trainings_of_a_folder_are_split_by_seed(first: list[int], *, blind: bool) -> None:
    folder = read_result_folder(results() / "mini")
    groups = list(recorded(folder, [first]))
    assert len(groups) == len(folder.languages) + 1
    assert [len(group.estimates) for group in groups] == [FAMILY] * 4
    assert {group.blind for group in groups} == {blind}
    leading = [float(group.estimates[0].value[0]) for group in groups]
    assert len(set(leading)) == 4
    entry = next(entry for entry, _ in folder.scored if folder.trains(entry))
    values = folder.scored[entry, folder.languages[0]].values
    rest = [seed for seed in range(len(values)) if seed not in first]
    expected = values[first].mean(axis=(0, 1)) - values[rest].mean(axis=(0, 1))
    assert groups[0].estimates[0].value == pytest.approx(expected)
    assert (groups[0].words(("higher",), [0.5] * FAMILY)[0] == "undecided").all() == blind
