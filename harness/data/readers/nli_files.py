"""Inference data in the formats of its publishers, as triples of premise, entailed and contradicted hypothesis.

Each reader takes a selection (harness.data.nli_selection): of which rows triples are made, and how they read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from harness.data import validation
from harness.data.nli_selection import EVERY_ROW, Change, Selection
from harness.data.raw_data import NliData
from harness.data.readers.nli_pairing import CONTRADICTED, ENTAILED, NEITHER, LabelledPair, pair_hypotheses
from harness.data.row_streams import rows
from harness.data.text_files import json_lines, json_object, member, only_path, read_json, table
from harness.types import NliTriple

HUB_ROLES = {"0": ENTAILED, "1": NEITHER, "2": CONTRADICTED}
KLUE_ROLES = {"entailment": ENTAILED, "contradiction": CONTRADICTED, "neutral": NEITHER}
FARSTAIL_ROLES = {"e": ENTAILED, "c": CONTRADICTED, "n": NEITHER}
RECAST_ROLES = {"entailed": ENTAILED, "not-entailed": CONTRADICTED}


def read_jsonl(paths: Sequence[Path], selection: Selection = EVERY_ROW) -> NliData:
    """Return triples from lines {"premise", "entailment", "contradiction"}; repeated lines are left out and counted."""
    path = only_path(paths, "nli-jsonl")
    names = ("premise", "entailment", "contradiction")
    lines = [
        NliTriple(*(validation.text(row.get(name), where, name) for name in names))
        for where, row in json_lines(path, *names)
    ]
    lines = selection.of(lines, _changed_triple, path)
    triples = tuple(dict.fromkeys(lines))
    validation.check_not_empty(triples, str(path), "triple")
    return NliData(triples, {"repeated NLI rows": len(lines) - len(triples)})


def _changed_triple(triple: NliTriple, change: Change) -> NliTriple:
    return NliTriple(triple.premise, change(triple.entailment), change(triple.contradiction))


def read_klue(paths: Sequence[Path], selection: Selection = EVERY_ROW) -> NliData:
    """Return triples from KLUE-NLI (Park et al. 2021, arXiv 2105.09680): a JSON list with `gold_label`."""
    return _paired(klue_pairs(paths), KLUE_ROLES, only_path(paths, "klue-nli"), selection)


def klue_pairs(paths: Sequence[Path]) -> Iterator[LabelledPair]:
    """Yield the labelled pairs of KLUE-NLI's file."""
    path = only_path(paths, "klue-nli")
    for number, value in enumerate(member({"file": read_json(path)}, "file", list, str(path))):
        where = f"{path} row {number}"
        row = json_object(value, where, "premise", "hypothesis", "gold_label")
        premise, hypothesis = (validation.text(row.get(name), where, name) for name in ("premise", "hypothesis"))
        yield premise, hypothesis, member(row, "gold_label", str, where)


def read_hub(paths: Sequence[Path], selection: Selection = EVERY_ROW) -> NliData:
    """Return triples from the hub's NLI sets (KLUE, KorNLI, XNLI): premise, hypothesis, and label 0 entailment,
    1 neutral, 2 contradiction.

    Pairs with an empty text are left out and counted, besides what `pair_hypotheses` leaves out.
    """
    folder = paths[0].parent
    pairs = selection.of(list(hub_pairs(paths)), _changed_pair, folder)
    complete = [pair for pair in pairs if pair[0] and pair[1]]
    nli = pair_hypotheses(complete, HUB_ROLES, selection.where(folder))
    return NliData(nli.triples, {**nli.report, "NLI pairs with an empty text": len(pairs) - len(complete)})


def hub_pairs(paths: Sequence[Path]) -> Iterator[LabelledPair]:
    """Yield the labelled pairs of the hub's NLI sets, stripped; a text may be empty."""
    for path in paths:
        for where, row in rows(path, "premise", "hypothesis", "label"):
            premise, hypothesis = (
                validation.string(row.get(name) or "", where, name).strip() for name in ("premise", "hypothesis")
            )
            yield premise, hypothesis, str(row.get("label"))


def read_farstail(paths: Sequence[Path], selection: Selection = EVERY_ROW) -> NliData:
    """Return triples from FarsTail (Amirkhani et al. 2020, arXiv 2009.08820): tab-separated, labels e, c and n."""
    return _paired(farstail_pairs(paths), FARSTAIL_ROLES, only_path(paths, "farstail-nli"), selection)


def farstail_pairs(paths: Sequence[Path]) -> Iterator[LabelledPair]:
    """Yield the labelled pairs of FarsTail's file."""
    return _table_pairs(only_path(paths, "farstail-nli"), ("premise", "hypothesis", "label"))


def read_recast(paths: Sequence[Path], selection: Selection = EVERY_ROW) -> NliData:
    """Return triples from the Hindi recast data (Uppal et al. 2020, ACL Anthology 2020.aacl-main.71).

    It has only two classes: a not-entailed hypothesis takes the place of a contradicted one. That is a weaker hard
    negative, because it may be true together with the premise.
    """
    return _paired(recast_pairs(paths), RECAST_ROLES, only_path(paths, "recast-nli"), selection)


def recast_pairs(paths: Sequence[Path]) -> Iterator[LabelledPair]:
    """Yield the labelled pairs of the recast data's file."""
    return _table_pairs(only_path(paths, "recast-nli"), ("Context", "Hypothesis", "Entailment_Label"))


def _paired(pairs: Iterable[LabelledPair], roles: Mapping[str, str], path: Path, selection: Selection) -> NliData:
    """Return the triples of the pairs that a selection reads."""
    return pair_hypotheses(selection.of(list(pairs), _changed_pair, path), roles, selection.where(path))


def _changed_pair(pair: LabelledPair, change: Change) -> LabelledPair:
    premise, hypothesis, label = pair
    return premise, change(hypothesis), label


def _table_pairs(path: Path, columns: tuple[str, str, str]) -> Iterator[LabelledPair]:
    """Yield the pairs of a tab-separated file; `columns` name premise, hypothesis and label."""
    *text_columns, label_column = columns
    for where, row in table(path):
        premise, hypothesis = (validation.text(row.get(name), where, name) for name in text_columns)
        yield premise, hypothesis, member(row, label_column, str, where)
