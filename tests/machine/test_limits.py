"""Limits in the environment: known names and positive integers, else one line."""

from __future__ import annotations

import pytest
from support.commands import invoke

from harness.machine.limits import LIMITS, limit


@pytest.mark.parametrize("name", sorted(LIMITS))
def test_a_limit_can_be_set(name: str) -> None:
    assert limit(name, {f"HARNESS_LIMIT_{name}": "7"}) == 7
    assert limit(name, {}) == LIMITS[name].value


@pytest.mark.parametrize(
    ("variable", "value", "problem"),
    [
        (
            "HARNESS_LIMIT_LINE_BYTE",
            "7",
            "unknown limit 'HARNESS_LIMIT_LINE_BYTE'; did you mean",
        ),
        ("HARNESS_LIMIT_LINES", "many", "HARNESS_LIMIT_LINES='many' is not a positive integer"),
        ("HARNESS_LIMIT_DEPTH", "0", "HARNESS_LIMIT_DEPTH='0' is not a positive integer"),
    ],
)
def test_a_limit_that_there_is_not_is_refused_by_every_command(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, problem: str
) -> None:
    monkeypatch.setenv(variable, value)
    result = invoke("list", "suites")
    assert (result.status, result.out) == (2, "")
    assert result.line.startswith(f"harness: {problem}")
