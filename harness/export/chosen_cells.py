"""Which cells of a result folder are exported: all that are done, or those that the command names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from harness.errors import NothingMeasured
from harness.evidence.pairing import select
from harness.results.folder import ResultFolder
from harness.results.record import Record


@dataclass(frozen=True)
class Cells:
    """Entries, languages and seeds; of what is empty, all."""

    entries: Sequence[str] = ()
    languages: Sequence[str] = ()
    seeds: Sequence[int] = ()

    def of(self, results: ResultFolder) -> tuple[tuple[Record, ...], int]:
        """Return the records that are done, and the number of chosen cells that failed.

        Raises RequestError for a name that the folder lacks, and NothingMeasured where no chosen cell is done.
        """
        known = (*results.records, *results.failures)
        entries = select(self.entries, [record.entry for record in known], "entry", str(results.path))
        languages = select(self.languages, [record.language for record in known], "language", str(results.path))
        numbers = select([*map(str, self.seeds)], [str(record.seed) for record in known], "seed", str(results.path))
        chosen = [
            record
            for record in known
            if record.entry in entries and record.language in languages and str(record.seed) in numbers
        ]
        done = tuple(record for record in chosen if record.status == "done")
        if not done:
            raise NothingMeasured(f"no chosen cell of {results.path} is done ({len(chosen)} failed); choose others")
        return done, len(chosen) - len(done)
