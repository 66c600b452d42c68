"""Options that are given twice: the last value would win without a word."""

from __future__ import annotations

from collections.abc import Sequence

from harness.errors import RequestError

REPEATABLE = ("--set", "--slurm")


def check_repeated(arguments: Sequence[str]) -> None:
    """Raise RequestError for an option that occurs twice and may not."""
    words = list(arguments)
    options = words[: words.index("--")] if "--" in words else words
    flags = [word.partition("=")[0] for word in options if word.startswith("--")]
    for flag in flags:
        if flags.count(flag) > 1 and flag not in REPEATABLE:
            raise RequestError(f"{flag} is given twice; give it once (several values of a list are comma-separated)")
