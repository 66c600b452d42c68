"""What every export target reads: the done records of a result folder, and what its run.json says about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.machine import plain_files
from harness.machine.store import Store
from harness.results import rerun_commands
from harness.results.folder import ResultFolder
from harness.results.record import Record


@dataclass(frozen=True)
class RunExport:
    """A result folder, those of its done records that are exported, the store, and `out`, where the export goes."""

    results: ResultFolder
    records: tuple[Record, ...]
    out: Path
    store: Store

    def path(self, record: Record, suffix: str) -> Path:
        """Return the path of the exported file of a record with that suffix; creates its folder."""
        return plain_files.place(self.out, f"{record.name}{suffix}")

    def source(self, language: str) -> Mapping[str, Any]:
        """Return a language's table of the suite's manifest, {} without a run.json."""
        table: Mapping[str, Any] = self.results.run.suite_content.get("languages", {}).get(language, {})
        return table

    def command(self, record: Record) -> str:
        """Return the command that reruns a record's cell, as far as run.json states the request."""
        return rerun_commands.run_command(self.results.run, record)

    def sources(self, record: Record) -> dict[str, Mapping[str, Any]]:
        """Return role → the source that a record was evaluated or trained on, as the suite's manifest describes it."""
        table = self.source(record.language)
        families = record.table("training").get("families", ())
        retrieval = table.get("retrieval")
        sources = {"evaluated on": retrieval}
        if set(families) - {"nli"}:
            sources["trained on"] = table.get("training") or retrieval
        if "nli" in families:
            sources["trained on (NLI)"] = table.get("nli")
        return {role: source for role, source in sources.items() if source}

    def artifact(self, record: Record, stage: str, first: bool = False) -> Path | None:
        """Return the output of the last (or first) run of a stage of a record, None if the cache no longer has it."""
        runs = [run for run in record.stages if run.stage == stage]
        return self.store.find(stage, runs[0 if first else -1].key) if runs else None


def ordered_measures(record: Record) -> dict[str, float]:
    """Return a record's dev scores in the order of the suite's measures."""
    order = record.table("evaluation").get("measures", record.measures)
    return {name: record.measures[name] for name in order if name in record.measures}
