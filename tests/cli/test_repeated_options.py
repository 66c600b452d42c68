"""An option that is given twice: one value would be ignored."""

from __future__ import annotations

import pytest
from support.commands import invoke

from harness.cli.repeated_options import check_repeated
from harness.errors import RequestError


@pytest.mark.parametrize(
    "arguments",
    [
        ["run", "--seeds", "0", "--seeds", "1"],
        ["run", "--max-train=5", "--max-train", "6"],
        ["report", "out", "--no-texts", "--no-texts"],
    ],
)
def test_an_option_given_twice_is_rejected(arguments: list[str]) -> None:
    with pytest.raises(RequestError, match=r"^--[a-z-]+ is given twice; give it once"):
        check_repeated(arguments)


def test_settings_may_be_repeated_and_values_may_look_alike() -> None:
    check_repeated(["run", "--set", "a.b=1", "--set", "a.c=2", "--langs", "ko", "--methods", "ko"])
    check_repeated(["run", "--slurm", "qos=high", "--slurm", "time=90"])


def test_the_command_line_says_so_in_one_line() -> None:
    result = invoke("run", "--seeds", "0", "--seeds", "1")
    assert (result.status, result.line.startswith("harness: --seeds is given twice")) == (2, True)
