"""Texts of drawn lengths: words of mini's passages in three scripts, as many as a drawn number of tokens needs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harness.machine.bundled import manifests

SHORTEST, LONGEST, SPECIAL = 8, 512, 2  # tokens; the special ones of a text


def words() -> list[str]:
    """Return the words of mini's Korean, Hindi and Persian passages, in their order."""
    lines = [
        line
        for language in ("ko", "hi", "fa")
        for line in (manifests() / f"mini/{language}/corpus.jsonl").read_text(encoding="utf-8").splitlines()
    ]
    return [word for line in lines for word in json.loads(line)["text"].split()]


def lengths(count: int, median: float, sigma: float, seed: int = 0) -> NDArray[np.int64]:
    """Return numbers of tokens from a lognormal distribution, those beyond SHORTEST and LONGEST cut off there."""
    drawn = np.random.default_rng(seed).lognormal(np.log(median), sigma, count)
    return np.clip(drawn, SHORTEST, LONGEST).astype(np.int64)


def texts(tokenizer: Any, wanted: Sequence[int] | NDArray[np.int64], seed: int = 0) -> list[str]:
    """Return one text per wanted length, at most that many tokens with the special ones, from a drawn word on."""
    stream = words()
    known = list(dict.fromkeys(stream))
    count_of = dict(zip(known, map(len, tokenizer(known, add_special_tokens=False)["input_ids"]), strict=True))
    repeats = 2 + LONGEST // len(stream)  # a word has at least one token
    stream = stream * repeats
    ends = np.cumsum([count_of[word] for word in stream])
    starts = np.random.default_rng(seed + 1).integers(0, len(stream) // repeats, len(wanted))
    before = np.where(starts > 0, ends[starts - 1], 0)
    stops = np.searchsorted(ends, before + np.asarray(wanted) - SPECIAL, side="right")
    return [" ".join(stream[start : max(start + 1, stop)]) for start, stop in zip(starts, stops, strict=True)]
