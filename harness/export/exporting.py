"""What is exported, and to whom.

    mteb    a results folder that `mteb.ResultCache(OUT).load_results()` loads
    trec    runs and judgments as text, with an ir_metadata file beside each run
    card    every trained model with a Hugging Face model card

Failed cells are left out and counted; each target says what else it had to leave out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from harness.errors import DataError, NothingMeasured, RequestError
from harness.machine.store import Store
from harness.results import record, rerun_commands
from harness.results.checksums import SUMS, files_below, seal
from harness.results.record import Record
from harness.results.run_file import RunFile, read_run_file

Target = Literal["mteb", "trec", "card"]


@dataclass(frozen=True)
class Export:
    """What is exported: the done records of a folder and its run.json ({} where there is none); and where to."""

    folder: Path
    records: tuple[Record, ...]
    run: RunFile
    out: Path
    store: Store

    def path(self, record: Record, suffix: str) -> Path:
        """Return the file of a suffix that the export makes of a record, its folder made."""
        path = self.out / record.entry / record.language / f"{record.seed}{suffix}"
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def source(self, language: str) -> Mapping[str, Any]:
        """Return what the suite's manifest says of a language, {} where run.json is missing."""
        found: Mapping[str, Any] = self.run.suite_content.get("languages", {}).get(language, {})
        return found

    def command(self, record: Record) -> str:
        """Return the command that runs a record's cell again, as far as run.json tells the request."""
        return rerun_commands.run_command(self.run, record)

    def sources(self, record: Record) -> dict[str, Mapping[str, Any]]:
        """Return what a record was evaluated and trained on, as the suite's manifest describes it."""
        source = self.source(record.language)
        families = (record.provenance.get("training") or {}).get("families", ())
        retrieval = source.get("retrieval")
        found = {"evaluated on": retrieval}
        if set(families) - {"nli"}:
            found["trained on"] = source.get("training") or retrieval
        if "nli" in families:
            found["trained on (NLI)"] = source.get("nli")
        return {role: one for role, one in found.items() if one}

    def artifact(self, record: Record, stage: str, first: bool = False) -> Path | None:
        """Return the output of a stage that a record went through, None where the cache no longer has it."""
        runs = [run for run in record.stages if run.stage == stage]
        return self.store.find(stage, runs[0 if first else -1].key) if runs else None


def measures(record: Record) -> dict[str, float]:
    """Return a record's dev scores in the order of the suite's measures."""
    order = record.provenance.get("evaluation", {}).get("measures", record.measures)
    return {name: record.measures[name] for name in order if name in record.measures}


def export(folder: Path, to: Target, out: Path | None, cache: Path) -> tuple[Path, list[str]]:
    """Write the done records of an output folder to `out` (FOLDER/export/TO where it is None).

    Returns where it is, and a line for everything that was left out. Raises NothingMeasured where no cell is done,
    RequestError where `out` is not empty or cannot be written, and DataError for damaged records.
    """
    out = out or folder / "export" / to
    records = record.read_all(folder)
    done = tuple(one for one in records if one.status == "done")
    if not done:
        raise NothingMeasured(f"no done cell in {folder}; name a folder that 'harness run --out' wrote")
    for one in done:
        if not record.intact(folder, one):
            name = f"{one.entry}/{one.language}/{one.seed}"
            raise DataError(f"the files of record {name} in {folder} are not those it names; run the request again")
    if out.exists() and (not out.is_dir() or any(out.iterdir())):
        raise RequestError(f"{out} is not an empty folder; name another one after --out")
    failed = len(records) - len(done)
    left_out = [f"{failed} of {len(records)} cells failed and are left out"] if failed else []
    chosen = Export(folder, done, read_run_file(folder), out, Store(cache))
    try:
        out.mkdir(parents=True, exist_ok=True)
        left_out += _writer(to)(chosen)
    except OSError as error:
        raise RequestError(f"{out} cannot be written: {error.strerror}; name another folder after --out") from error
    if out.resolve().is_relative_to(folder.resolve()) and (folder / SUMS).is_file():
        inside = out.resolve().relative_to(folder.resolve())
        seal(folder, [f"{inside.as_posix()}/{name}" for name in files_below(out)])
    return out, left_out


def _writer(to: Target) -> Callable[[Export], list[str]]:
    if to == "mteb":
        from harness.export.mteb_results import write as write_mteb

        return write_mteb
    if to == "trec":
        from harness.export.trec_files import write as write_trec

        return write_trec
    from harness.export.model_card import write as write_card

    return write_card
