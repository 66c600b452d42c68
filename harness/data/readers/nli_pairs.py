"""Inference data as triples of premise, entailed and contradicting hypothesis (the rows of supervised SimCSE,
Gao et al. 2021, arXiv 2104.08821).

Files of labelled pairs are grouped by premise, and the n-th entailed hypothesis of a premise is paired with its
n-th contradicting one, in file order: no hypothesis is used twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from harness.data import streams, validation
from harness.data.retrieval import Nli
from harness.data.text_files import json_lines, member, read_json, table
from harness.errors import DataError
from harness.types import NliTriple

Row = tuple[str, str, str]
"""Premise, hypothesis, label."""

ENTAILED, CONTRADICTED, NEITHER = "entailed", "contradicted", "neither"


def read_jsonl(paths: Sequence[Path]) -> Nli:
    """Return triples from lines {"premise", "entailment", "contradiction"}; a repeated line is left out, counted."""
    path = _only(paths, "nli-jsonl")
    names = ("premise", "entailment", "contradiction")
    rows = [
        NliTriple(*(validation.text(row.get(name), where, name) for name in names)) for where, row in json_lines(path)
    ]
    triples = tuple(dict.fromkeys(rows))
    validation.some(triples, str(path), "triple")
    return Nli(triples, {"repeated NLI rows": len(rows) - len(triples)})


def read_klue(paths: Sequence[Path]) -> Nli:
    """Return triples from KLUE-NLI (Park et al. 2021, arXiv 2105.09680): a JSON list with `gold_label`."""
    path = _only(paths, "klue-nli")
    roles = {"entailment": ENTAILED, "contradiction": CONTRADICTED, "neutral": NEITHER}
    return _paired(_klue_rows(path), roles, path)


def read_hub(paths: Sequence[Path]) -> Nli:
    """Return triples from the hub's NLI sets (KLUE, KorNLI, XNLI): premise, hypothesis, and label 0 entailment,
    1 neutral, 2 contradiction.

    Left out and counted besides what `_paired` leaves out: pairs of which a text is empty.
    """
    roles = {"0": ENTAILED, "1": NEITHER, "2": CONTRADICTED}
    found = [
        (validation.string(row.get("premise") or "", where, "premise").strip(),
         validation.string(row.get("hypothesis") or "", where, "hypothesis").strip(),
         str(row.get("label")))
        for path in paths
        for where, row in streams.rows(path)
    ]  # fmt: skip
    whole = [row for row in found if row[0] and row[1]]
    nli = _paired(whole, roles, paths[0].parent)
    return Nli(nli.triples, {**nli.report, "NLI pairs with an empty text": len(found) - len(whole)})


def read_farstail(paths: Sequence[Path]) -> Nli:
    """Return triples from FarsTail (Amirkhani et al. 2020, arXiv 2009.08820): tab-separated, labels e, c and n."""
    path = _only(paths, "farstail-nli")
    rows = _table_rows(path, ("premise", "hypothesis", "label"))
    return _paired(rows, {"e": ENTAILED, "c": CONTRADICTED, "n": NEITHER}, path)


def read_recast(paths: Sequence[Path]) -> Nli:
    """Return triples from the Hindi recast data (Uppal et al. 2020, ACL Anthology 2020.aacl-main.71).

    It has two classes only. A not-entailed hypothesis serves as the hard negative in place of a contradicting one:
    what follows is weaker, for it may be true beside the premise.
    """
    path = _only(paths, "recast-nli")
    rows = _table_rows(path, ("Context", "Hypothesis", "Entailment_Label"))
    return _paired(rows, {"entailed": ENTAILED, "not-entailed": CONTRADICTED}, path)


def _only(paths: Sequence[Path], reader: str) -> Path:
    if len(paths) != 1:
        raise DataError(f"reader '{reader}' takes one file, not {len(paths)}; correct the manifest's list of files")
    return paths[0]


def _klue_rows(path: Path) -> Iterator[Row]:
    for number, value in enumerate(member({"file": read_json(path)}, "file", list, str(path))):
        where = f"{path} row {number}"
        row = member({"row": value}, "row", dict, where)
        premise, hypothesis = (validation.text(row.get(name), where, name) for name in ("premise", "hypothesis"))
        yield premise, hypothesis, member(row, "gold_label", str, where)


def _table_rows(path: Path, columns: tuple[str, str, str]) -> Iterator[Row]:
    first, second, last = columns
    for where, row in table(path):
        premise, hypothesis = (validation.text(row.get(name), where, name) for name in (first, second))
        yield premise, hypothesis, member(row, last, str, where)


def _paired(rows: Iterable[Row], roles: Mapping[str, str], path: Path) -> Nli:
    """Return the triples of labelled pairs; `roles` says what each known label means.

    Left out and counted: pairs with a label that is not known (never mapped to another), repeated pairs, hypotheses
    that are both entailed and contradicted, and those that find no partner.
    """
    read = list(rows)
    known = dict.fromkeys(row for row in read if row[2] in roles)
    unknown = sum(row[2] not in roles for row in read)
    by_role = {role: {(p, h) for p, h, label in known if roles[label] == role} for role in (ENTAILED, CONTRADICTED)}
    both = by_role[ENTAILED] & by_role[CONTRADICTED]
    groups: dict[str, dict[str, list[str]]] = {}
    for premise, hypothesis, label in known:
        if roles[label] != NEITHER and (premise, hypothesis) not in both:
            groups.setdefault(premise, {ENTAILED: [], CONTRADICTED: []})[roles[label]].append(hypothesis)
    triples = tuple(
        NliTriple(premise, entailed, contradicted)
        for premise, group in groups.items()
        for entailed, contradicted in zip(group[ENTAILED], group[CONTRADICTED], strict=False)
    )
    validation.some(triples, str(path), "premise with an entailed and a contradicting hypothesis")
    grouped = sum(len(found) for group in groups.values() for found in group.values())
    return Nli(
        triples,
        {
            "NLI pairs with an unknown label": unknown,
            "NLI pairs that are repeated": len(read) - unknown - len(known),
            "NLI hypotheses both entailed and contradicted": len(both),
            "NLI hypotheses without a partner": grouped - 2 * len(triples),
            "neutral NLI pairs": sum(roles[label] == NEITHER for _, _, label in known),
        },
    )
