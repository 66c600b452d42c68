"""Sentence pairs with a label (0 or 1) or a score, for mteb's evaluators of pair classification and of STS.

NLI sets become pairs as in mteb's own tasks (KLUE-NLI, XNLI, FarsTail): entailment is 1, contradiction 0, and neutral
pairs are left out. In the Hindi recast data 0 is "not entailed".
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from harness.data import validation
from harness.data.raw_data import SentencePairs
from harness.data.readers import nli_files
from harness.data.readers.nli_pairing import CONTRADICTED, ENTAILED, NEITHER, LabelledPair
from harness.data.text_files import json_lines, json_object, member, only_path, read_json
from harness.errors import DataError

ScoredPair = tuple[str, str, float]
NLI: Mapping[str, tuple[Callable[[Sequence[Path]], Iterator[LabelledPair]], Mapping[str, str]]] = {
    "hub-nli": (nli_files.hub_pairs, nli_files.HUB_ROLES),
    "klue-nli": (nli_files.klue_pairs, nli_files.KLUE_ROLES),
    "farstail-nli": (nli_files.farstail_pairs, nli_files.FARSTAIL_ROLES),
    "recast-nli": (nli_files.recast_pairs, nli_files.RECAST_ROLES),
}


def read_nli(name: str, paths: Sequence[Path]) -> SentencePairs:
    """Return the pairs of an NLI set in the format of that name (one of NLI).

    Left out and counted: neutral pairs, pairs with an unknown label or an empty text, repeated pairs, and pairs with
    both labels.
    """
    read, roles = NLI[name]
    pairs = list(read(paths))
    known = [pair for pair in pairs if pair[2] in roles and pair[0] and pair[1]]
    judged = [pair for pair in known if roles[pair[2]] != NEITHER]
    labels: dict[tuple[str, str], set[float]] = {}
    for premise, hypothesis, label in judged:
        labels.setdefault((premise, hypothesis), set()).add(1.0 if roles[label] == ENTAILED else 0.0)
    kept = [(*pair, next(iter(values))) for pair, values in labels.items() if len(values) == 1]
    report = {
        "pairs with an unknown label or an empty text": len(pairs) - len(known),
        "neutral pairs": len(known) - len(judged),
        "repeated pairs": len(judged) - sum(map(len, labels.values())),
        f"pairs both {ENTAILED} and {CONTRADICTED}": len(labels) - len(kept),
    }
    return _pairs(kept, paths[0], report)


def read_triples(paths: Sequence[Path]) -> SentencePairs:
    """Return two pairs for each line {"premise", "entailment", "contradiction"}: label 1 and label 0."""
    nli = nli_files.read_jsonl(paths)
    pairs = [
        (triple.premise, *other)
        for triple in nli.triples
        for other in ((triple.entailment, 1.0), (triple.contradiction, 0.0))
    ]
    return _pairs(pairs, paths[0], nli.report)


def read_labelled(paths: Sequence[Path]) -> SentencePairs:
    """Return the pairs of lines {"sentence1", "sentence2", "label"}, the label 0 or 1."""
    path = only_path(paths, "pairs-jsonl")
    return _pairs(_json_lines(path, "label", _label), path)


def read_scored(paths: Sequence[Path]) -> SentencePairs:
    """Return the pairs of lines {"sentence1", "sentence2", "score"}, the score any finite number."""
    path = only_path(paths, "sts-jsonl")
    return _pairs(_json_lines(path, "score", _score), path)


def read_klue_sts(paths: Sequence[Path]) -> SentencePairs:
    """Return the pairs of KLUE-STS (Park et al. 2021, arXiv 2105.09680): a JSON list; the score is `labels.label`."""
    path = only_path(paths, "klue-sts")

    def pairs() -> Iterator[ScoredPair]:
        for number, value in enumerate(member({"file": read_json(path)}, "file", list, str(path))):
            where = f"{path} row {number}"
            row = json_object(value, where, "sentence1", "sentence2", "labels")
            labels = member(row, "labels", dict, where)
            yield (*_texts(row, where), _score(labels.get("label"), where))

    return _pairs(pairs(), path)


def _json_lines(path: Path, name: str, value: Callable[[Any, str], float]) -> Iterator[ScoredPair]:
    for where, row in json_lines(path, "sentence1", "sentence2", name):
        yield (*_texts(row, where), value(row.get(name), where))


def _texts(row: Mapping[str, Any], where: str) -> tuple[str, str]:
    left, right = (validation.text(row.get(name), where, name) for name in ("sentence1", "sentence2"))
    return left, right


def _label(value: Any, where: str) -> float:
    if isinstance(value, bool) or value not in (0, 1):
        raise DataError(f"{where}: label is {value!r}; use 1 for a pair of equal meaning, 0 for another")
    return float(value)


def _score(value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise DataError(f"{where}: score is {value!r}; use a finite number")
    return float(value)


def _pairs(pairs: Iterable[ScoredPair], path: Path, report: Mapping[str, int] | None = None) -> SentencePairs:
    """Return the pairs as columns; raises DataError where all values are equal, which orders nothing."""
    rows = list(pairs)
    if len({value for *_, value in rows}) < 2:
        raise DataError(f"{path}: pairs with fewer than two different values, which cannot be told apart; add others")
    left, right, values = zip(*rows, strict=True)
    return SentencePairs(left, right, values, report or {})


SCORED: Mapping[str, Callable[[Sequence[Path]], SentencePairs]] = {"klue-sts": read_klue_sts, "sts-jsonl": read_scored}
