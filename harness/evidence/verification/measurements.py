"""What a rerun cell measured besides its ranking, compared with its record.

MTEB tasks, scores of cut vectors and of labelled pairs, cross-validation, geometry, agreement of experts and the
training log are stored as numbers without their queries, so that no test can be made of them: their distance itself is
graded. With d the distance relative to the larger of 1 and the two values,

    bitwise      equal
    numerical    d ≤ BOUND
    statistical  d ≤ margin
    failed       further apart, or another count or name

For lists of numbers (losses of a training, folds) d is that of their means. If weights and ranking are equal, the same
arithmetic was done: then every number must be equal up to LAST_BITS, and what is not has failed. Data, text, evaluation
and entry must always be those of the record. A value that only one of the two has is compared if the record has it and
it was measured; records of other versions may hold more or fewer settings.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from harness.evidence.verification.grade import BOUND, WORDS, Grade, Word
from harness.request.entry import IDENTITY
from harness.results.flatten import text
from harness.results.record import Record

LAST_BITS = 1e-9  # relative: sums of the same numbers, rounded in another order
MEASURED = ("tasks", "by_dimension", "cross_validation", "geometry", "pairs", "agreement")  # fields of a record
STATED = ("base_model", "text", "evaluation", "data", "suite_digest")  # of its provenance
SAME_BITS = ("ties", "writers", "base_model_sha256")  # stated too, and true of the same arithmetic only
ARITHMETIC = ("encode_dtype", "train_dtype", "train_batch_size")  # of the provenance's computation
VOLATILE = ("seconds", "mteb", "models")  # leaves that another machine or library may change; shown, not graded
LIBRARIES = ("packages", "instruction_set")  # of the environment: what writes a file of weights
CHOSEN = ("step",)  # that of the best checkpoint: a close call, so graded only if the same arithmetic was done
ABSENT = "absent"


@dataclass(frozen=True)
class Departure:
    """One value of a record that a rerun did not give, and the grade of its distance."""

    name: str
    stored: str
    rerun: str
    word: Word


def departures(
    stored: Record, rerun: Record, basis: Grade, margin: float, changed: Collection[str] = ()
) -> list[Departure]:
    """Return every measured or stated value that differs; `basis` is the grade of weights and ranking.

    `changed` are settings that the rerun was told to change.
    """
    same = basis.weights_equal and basis.run_equal
    old, new = _measured(stored), _measured(rerun)
    ungraded = VOLATILE if same else VOLATILE + CHOSEN
    names = [name for name in old if not {*name.split(".")} & {*ungraded}]
    measured = ((name, old[name], new.get(name, ABSENT)) for name in names)
    words = ((name, before, after, _word(before, after, margin, same=same)) for name, before, after in measured)
    rows = [Departure(name, text(before), text(after), word) for name, before, after, word in words if word]
    return [*_weights(stored, rerun, basis), *rows, *_stated(stored, rerun, same=same, changed=changed)]


def graded(basis: Grade, found: Collection[Departure]) -> Grade:
    """Return the grade of a cell: the worst of its weights and ranking, and of everything else it measured."""
    worst = max((departure.word for departure in found), key=WORDS.index, default=basis.word)
    if WORDS.index(worst) <= WORDS.index(basis.word):
        return basis
    first = next(departure for departure in found if departure.word == worst)
    why = f"{basis.why}; {first.name} is {first.stored} in the record, {first.rerun} in the rerun"
    return Grade(
        worst,
        why,
        basis.weights_equal,
        basis.run_equal,
        basis.largest_score_difference,
        basis.largest_mean_difference,
    )


def _weights(stored: Record, rerun: Record, basis: Grade) -> Iterator[Departure]:
    """Yield the files of weights that differ.

    Another version of a library may write equal weights into a file of other bytes. Under equal libraries and
    instructions, an equal ranking comes from equal files.
    """
    old, new = stored.table("model", "weights"), rerun.table("model", "weights")
    same_libraries = all(stored.value("environment", name) == rerun.value("environment", name) for name in LIBRARIES)
    word: Word = "failed" if basis.run_equal and same_libraries else "numerical"
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name):
            yield Departure(f"model.weights.{name}", text(old.get(name, ABSENT)), text(new.get(name, ABSENT)), word)


def _measured(record: Record) -> dict[str, Any]:
    tables = {name: getattr(record, name) for name in MEASURED}
    return dict(_leaves({**tables, "training": record.table("training")}, ""))


def _leaves(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, value in sorted(table.items()):
        if isinstance(value, list | tuple) and any(isinstance(item, Mapping | list | tuple) for item in value):
            value = {str(i): item for i, item in enumerate(value)}
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", list(value) if isinstance(value, tuple) else value


def _word(before: Any, after: Any, margin: float, *, same: bool) -> Word | None:
    """Return the grade of a value's distance, None if the two are equal."""
    if before == after:
        return None
    numbers = _means(before, after)
    if numbers is None:  # names and counts
        return "failed"
    if same:
        return None if _all_close(before, after) else "failed"
    distance = abs(numbers[0] - numbers[1]) / max(1.0, *map(abs, numbers))
    return "numerical" if distance <= BOUND else "statistical" if distance <= margin else "failed"


def _means(before: Any, after: Any) -> tuple[float, float] | None:
    """Return two numbers, or the means of two lists of as many numbers; None for anything else."""
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        if any(isinstance(value, float) for value in before) and all(map(_is_number, (*before, *after))):
            return sum(before) / len(before), sum(after) / len(after)
        return None
    return (before, after) if isinstance(before, float) and isinstance(after, float) else None


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _all_close(before: Any, after: Any) -> bool:
    pairs = zip(before, after, strict=True) if isinstance(before, list) else ((before, after),)
    return all(math.isclose(old, new, rel_tol=LAST_BITS, abs_tol=LAST_BITS) for old, new in pairs)


def _stated(stored: Record, rerun: Record, *, same: bool, changed: Collection[str]) -> Iterator[Departure]:
    """Yield what the record states otherwise than the rerun, in the names that both have."""
    old, new = _statements(stored, same=same), _statements(rerun, same=same)
    for name in old.keys() & new.keys() - set(changed):
        if old[name] != new[name]:
            yield Departure(name, text(old[name]), text(new[name]), "failed")


def _statements(record: Record, *, same: bool) -> dict[str, Any]:
    """Return what a record states of its cell: not its prose, nor the plugins' versions, which code may change.

    The files of a base that was built here may differ with the machine, those of a published one may not.
    """
    pinned = record.value("base_model", "id") or record.value("base_model", "sha256")
    names = STATED + (SAME_BITS if same else ("base_model_sha256",) if pinned else ())
    entry, computation = record.table("entry"), record.table("computation")
    statements = {
        "trained": record.trained,
        "n_queries": record.n_queries,
        "entry": {name: entry[name] for name in sorted(IDENTITY) if name in entry},
        "computation": {name: computation[name] for name in ARITHMETIC if name in computation},
        **{name: record.provenance[name] for name in names if name in record.provenance},
    }
    return dict(_leaves(statements, ""))
