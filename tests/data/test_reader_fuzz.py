"""Whatever a file of others holds, its reader ends with a value or with one line of the harness.

`make campaign` gives each reader of tests/support/fuzzed_readers.py 10,000 files; here are the first of them.
"""

from __future__ import annotations

import ast
import random
from pathlib import Path

import pytest
from support.commands import REPOSITORY
from support.fuzzed_readers import TARGETS, faults, inputs, placed
from support.mutations import damaged, json_mutant

from harness.errors import HarnessError

COUNT = 150  # files per reader
OWN = "what the harness has written into its cache, whose hashes show damage"
SYSTEM = "files of the operating system"
INSTALLED = "files that are installed with the harness or its libraries"
USER = "the user's own: plugins, settings, a manifest that is written, a prompt"
NOT_FUZZED = {
    **dict.fromkeys(
        (
            *("data.corpus", "execution.cell_costs", "machine.artifact_manifest", "machine.file_hashes"),
            *("machine.store", "stages.base_vectors", "stages.checkpoint", "stages.consult"),
            *("stages.loss_state", "stages.prepare", "stages.published_rows", "stages.retrieve"),
            *("stages.trained_model", "stages.training_checkpoints", "vectors.vector_file", "writers.answers"),
        ),
        OWN,
    ),
    **dict.fromkeys(
        ("execution.ray_watcher", "machine.energy", "machine.hardware", "machine.memory", "machine.torch_state"), SYSTEM
    ),
    **dict.fromkeys(
        ("data.ir_datasets_files", "machine.skeletons", "report.documents.references", "report.page_scripts"), INSTALLED
    ),
    **dict.fromkeys(
        (
            *(
                "data.manifest_edits",
                "data.manifest_pins",
                "data.suite_draft",
                "keys",
                "request.plugin_checks",
                "request.plugin_modules",
            ),
            *("request.plugin_sources", "request.request", "writers.writer_option"),
        ),
        USER,
    ),
    **dict.fromkeys(("machine.bounded", "machine.json_toml", "machine.plain_files"), "what all readers read with"),
    **dict.fromkeys(
        ("execution.ray_cluster", "execution.node_requirements"), "what this run writes to be seen on nodes"
    ),
    **dict.fromkeys(("execution.slurm", "execution.slurm_status"), "what jobs of this run write in a private folder"),
    **dict.fromkeys(("export.tei", "export.tei_folder"), "a model that a run has opened and scored"),
    "data.passage_streams": "rows that data.row_streams has read",
    "execution.request_differences": "JSON that it has written itself",
    "report.figures.svg_element": "JSON that it has written itself",
    "report.queries.entry_pairs": "scores that results.per_query has read and checked",
    "report.rebuilt_files": "bytes; what differs is read by report.file_differences",
}
CALLS = {
    *("parse_json", "parse_toml", "parse_row", "parse_data", "read_toml", "read_text", "read_bytes", "unzipped"),
    *("read_table", "ParquetFile", "safe_load", "loads", "load_file", "model_validate_json", "validate_json"),
    *("json_lines", "read_whole", "lines_of", "literal_eval"),
}
WHOLE = {
    *("plain_files.read", "plain_files.opened", "below.read", "bounded.read", "bounded.lines", "np.load", "csv.reader"),
    *("read_json", "yaml.load", "pickle.load", "torch.load", "tomllib.load"),
}
ROWS = "from harness.data.row_streams import rows"


def reads(path: Path) -> bool:
    """Return whether a module calls something that reads or parses a file."""
    text = path.read_text(encoding="utf-8")
    calls = [node.func for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call)]
    names = {call.attr if isinstance(call, ast.Attribute) else ast.unparse(call) for call in calls}
    return bool(ROWS in text or names & CALLS or {ast.unparse(call) for call in calls} & WHOLE)


def test_every_module_that_reads_a_file_of_others_is_fuzzed() -> None:
    modules = {
        path.relative_to(REPOSITORY / "harness").with_suffix("").as_posix().replace("/", ".")
        for path in (REPOSITORY / "harness").rglob("*.py")
        if reads(path)
    }
    fuzzed = {target.module for target in TARGETS.values()}
    assert fuzzed & NOT_FUZZED.keys() == set()
    assert modules == fuzzed | NOT_FUZZED.keys()


@pytest.mark.parametrize("name", TARGETS)
def test_a_reader_takes_its_valid_file(name: str, tmp_path: Path) -> None:
    TARGETS[name].read(placed(name, tmp_path))


@pytest.mark.parametrize("name", TARGETS)
def test_a_reader_of_others_files_ends_with_a_value_or_a_line(name: str, tmp_path: Path) -> None:
    assert list(faults(name, COUNT, tmp_path)) == []


def test_a_fault_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(path: Path) -> object:
        content = path.read_bytes()
        if content.startswith(b"{"):
            raise HarnessError("a line")
        return content.decode()

    monkeypatch.setattr("support.fuzzed_readers.TARGETS", {"x": _with_read("run.json", careless)})
    assert any("UnicodeDecodeError" in line for line in faults("x", 300, tmp_path))


def _with_read(name: str, read: object) -> object:
    from dataclasses import replace

    return replace(TARGETS[name], read=read)


def test_the_inputs_are_those_of_the_seed_and_differ() -> None:
    first, again = (list(inputs("rows", 50)) for _ in range(2))
    assert first == again
    assert len(set(first)) > 45


def test_mutants_keep_some_of_the_content_and_change_it() -> None:
    document = {"a": [1, {"b": "text"}], "c": None}
    mutants = [json_mutant(random.Random(i), document) for i in range(200)]
    assert sum(b'"b"' in mutant for mutant in mutants) > 80
    assert len(set(mutants)) > 120
    assert all(isinstance(damaged(random.Random(i), b""), bytes) for i in range(50))
