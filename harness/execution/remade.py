"""Records that are in the output folder and are made again, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from harness.errors import DataError
from harness.execution.runner import Work
from harness.results import record
from harness.results.stored_files import LEFT_OUT, problem
from harness.stages.lineage import record_key


def remade(work: Work) -> Iterator[str]:
    """Yield why records are made again.

    One line per damaged record, one for all whose ranking was left out of the folder, and one for all that are of other
    code, libraries or data than those here.
    """
    changed: Counter[str] = Counter()
    left_out: Counter[str] = Counter()
    for cell in work.todo:
        path = record.path_of(work.folder, cell.entry.name, cell.language, cell.seed)
        if not path.is_file():
            continue
        try:
            stored = record.read(path)
        except DataError as error:
            yield f"made again: {error}"
            continue
        if stored.status != "done":
            continue
        if stored.cell_key != record_key(cell):
            changed[cell.entry.name] += 1
        elif (why := problem(work.folder, stored)) == LEFT_OUT:
            left_out[cell.entry.name] += 1
        else:
            yield f"made again: {why}"
    if left_out:
        yield f"made again, as their rankings were left out of this folder: {_listed(left_out)}"
    if changed:
        yield f"made again, as their code, libraries or data have changed since: {_listed(changed)}"


def _listed(numbers: Counter[str]) -> str:
    return ", ".join(f"{entry} ({number})" for entry, number in numbers.items())
