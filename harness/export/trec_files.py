"""Records → TREC: OUT/<entry>/<language>/<seed>.run, its ir_metadata beside it, and OUT/qrels/<language>.qrels.

The runs are the records' run files, uncompressed.
"""

from __future__ import annotations

import json
import zlib

from harness.errors import DataError, short_reason
from harness.export.ir_metadata import ir_metadata
from harness.export.run_export import RunExport
from harness.machine import bounded, plain_files
from harness.results import record as records
from harness.results.record import Record
from harness.stages.prepare import DATA_FILE

START, END = "# ir_metadata.start\n", "# ir_metadata.end\n"  # the format's markers, as comments: the file is YAML


def write(run: RunExport) -> list[str]:
    """Write every run with its metadata, and each language's judgments; returns a line for judgments left out."""
    import yaml

    for record in run.records:
        run.path(record, ".run").write_bytes(_ranking(run, record))
        text = yaml.safe_dump(ir_metadata(run, record), sort_keys=False, allow_unicode=True, width=120)
        run.path(record, ".ir-metadata.yaml").write_text(START + text + END, encoding="utf-8")
    return _write_qrels(run)


def _ranking(run: RunExport, record: Record) -> bytes:
    """Return a decompressed ranking; raises DataError for one that is damaged or exceeds a limit."""
    name = record.file(records.RUN)
    try:
        return bounded.unzipped(plain_files.read(run.results.path, name), run.results.path / name, "RANKING_BYTES")
    except (OSError, EOFError, zlib.error) as error:
        reason = short_reason(error)
        raise DataError(f"ranking {run.results.path / name} is damaged: {reason}; run its cell again") from error


def _write_qrels(run: RunExport) -> list[str]:
    """Write query id, 0, passage id and grade of every dev judgment: ids and grades, no text."""
    left_out = []
    first_records = {record.language: record for record in reversed(run.records)}
    for language, record in sorted(first_records.items()):
        prepared = run.artifact(record, "prepare", first=True)
        if prepared is None:
            left_out.append(f"judgments of {language} are left out: the cache no longer has them; rerun the request")
            continue
        judgments = json.loads((prepared / DATA_FILE).read_text(encoding="utf-8"))["rest"]["dev"]
        rows = [
            f"{query} 0 {doc} {grade}\n"
            for query in sorted(judgments)
            for doc, grade in sorted(judgments[query].items())
        ]
        path = plain_files.place(run.out, f"qrels/{language}.qrels")
        path.write_text("".join(rows), encoding="utf-8")
    return left_out
