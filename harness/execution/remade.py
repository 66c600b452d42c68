"""Records that are in the output folder and are made again, and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from harness.errors import DataError
from harness.execution.runner import Work
from harness.results import record
from harness.stages.lineage import record_key


def remade(work: Work) -> Iterator[str]:
    """Yield one line per damaged record, and one for all that are of other code, libraries or data than those here."""
    changed: Counter[str] = Counter()
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
        if stored.cell_key == record_key(cell):  # so its files are not as they were written
            yield f"made again: record {path} is damaged: a file beside it is missing or was changed"
        else:
            changed[cell.entry.name] += 1
    if changed:
        records = ", ".join(f"{entry} ({number})" for entry, number in changed.items())
        yield f"made again, as their code, libraries or data have changed since: {records}"
