"""A mistyped command line is answered with the help and the options of the command that was meant."""

from __future__ import annotations

import pytest
from support.commands import invoke


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("run --sute mini", "No such option: --sute; did you mean --suite? See `harness run --help`."),
        (
            "suite init x --langs en",
            "No such option: --langs; did you mean --language? See `harness suite init --help`.",
        ),
        ("verify x --hashes", "No such option: --hashes; did you mean --hashes-only? See `harness verify --help`."),
        (
            "data pin x --max-train 3",
            "No such option: --max-train (it is one of `harness run`). See `harness data pin --help`.",
        ),
        (
            "--seeds 0 run",
            "No such option: --seeds (it is one of `harness run` and `harness export`). See `harness --help`.",
        ),
        ("report --xyzzy x", "No such option: --xyzzy. See `harness report --help`."),
        ("run --out", "Option '--out' requires an argument. See `harness run --help`."),
        ("data fech mini", "No such command 'fech'. Did you mean 'fetch'? See `harness data --help`."),
        (
            "export x --to csv",
            "Invalid value for '--to': 'csv' is not one of 'mteb', 'trec', 'card', 'tei'. See `harness export --help`.",
        ),
    ],
)
def test_a_mistyped_command_line_is_answered_for_the_command_that_was_meant(words: str, line: str) -> None:
    result = invoke(*words.split())
    assert (result.status, result.line) == (2, f"harness: {line}")
