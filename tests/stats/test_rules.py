"""The rules of evidence at their boundaries, and that no other module of the package has rules of its own."""

import ast
import math
from pathlib import Path

import numpy as np
import pytest

import harness
from harness.stats import rules
from harness.stats.rules import are_shown, direction, excludes_zero, is_equivalent, is_shown, lies_within

NAN = math.nan


@pytest.mark.parametrize(("p", "shown"), [(0.0, True), (0.05, True), (0.0500001, False), (1.0, False), (NAN, False)])
def test_a_p_of_at_most_alpha_is_shown_and_nan_is_not(p: float, shown: bool) -> None:
    assert is_shown(p) is shown
    assert is_equivalent(p) is shown
    assert are_shown(np.array([p, 1.0])).tolist() == [shown, False]


@pytest.mark.parametrize(
    ("low", "high", "excluded"),
    [(0.01, 0.02, True), (-0.02, -0.01, True), (-0.01, 0.01, False), (0.0, 0.01, False), (NAN, NAN, False)],
)
def test_an_interval_excludes_zero_on_one_side_of_it_only(low: float, high: float, excluded: bool) -> None:
    assert excludes_zero(low, high) is excluded


@pytest.mark.parametrize(
    ("p", "difference", "expected"), [(0.05, 0.1, "better"), (0.05, -0.1, "worse"), (0.06, 0.1, ""), (NAN, 0.1, "")]
)
def test_a_difference_that_is_shown_has_a_direction(p: float, difference: float, expected: str) -> None:
    assert direction(p, difference) == expected


def test_an_interval_on_the_margin_lies_within_it() -> None:
    assert lies_within(-0.01, 0.01, 0.01)
    assert not lies_within(-0.011, 0.0, 0.01)
    assert not lies_within(0.0, 0.011, 0.01)
    assert not lies_within(NAN, NAN, 0.01)


def constants(path: Path) -> dict[str, float]:
    """Return the numbers that a module defines at its top level, by name."""
    return {
        target.id: node.value.value
        for node in ast.parse(path.read_text(encoding="utf-8")).body
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, float)
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def test_no_other_module_defines_a_level_a_margin_or_a_power() -> None:
    names = constants(Path(rules.__file__)).keys()
    assert names == {"ALPHA", "LEVEL", "MARGIN", "POWER", "GATE_POWER"}
    package = Path(harness.__file__).parent
    others = [path for path in package.rglob("*.py") if path != Path(rules.__file__)]
    assert {
        str(path): sorted(constants(path).keys() & names) for path in others if constants(path).keys() & names
    } == {}
    judging = [path for room in ("stats", "evidence", "report") for path in (package / room).rglob("*.py")]
    values = {rules.ALPHA, rules.LEVEL}
    assert [str(path) for path in judging if path in others and values & {*constants(path).values()}] == []
