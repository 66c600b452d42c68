"""`harness run --encode-devices`: a corpus of several blocks on two workers, and what cannot be asked for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from support.commands import Result, invoke, large_suite, tiny_suite

from harness.results import record
from harness.vectors.embedding import BLOCK

DEVICES = ("--device", "cpu", "--encode-devices", "cpu,cpu")


@dataclass(frozen=True)
class Runs:
    """The same request on one worker, in `one`, and on two, in `two`: a corpus of three blocks."""

    suite: Path
    one: Path
    two: Path


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    root = tmp_path_factory.mktemp("runs")
    made = Runs(large_suite(root / "suite", passages=2 * BLOCK + 5), root / "one", root / "two")
    assert run(made.suite, made.one, "--device", "cpu").status == 0
    assert run(made.suite, made.two, *DEVICES).status == 0
    return made


def run(suite: Path, root: Path, *options: str) -> Result:
    return invoke(
        *("run", "--suite", suite, "--methods", "base,mnrl", "--seeds", "0"),
        *("--cache-dir", root / "cache", "--out", root / "out", *options),
    )


def outputs(root: Path) -> dict[str, object]:
    """Return what a run leaves that does not name its times: rankings, scores, models and stored vectors."""
    patterns = ("records/**/*.run.gz", "records/**/*.parquet", "encode/**/*.npy", "train/**/*.safetensors")
    files = sorted(path for pattern in patterns for path in root.glob(f"*/{pattern}"))
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


def test_a_corpus_that_two_workers_share_has_the_bytes_of_one(runs: Runs) -> None:
    one, two = outputs(runs.one), outputs(runs.two)
    assert {Path(name).name for name in one} == {"0.run.gz", "0.per_query.parquet", "vectors.npy", "model.safetensors"}
    assert one == two
    keys = [{stored.name: stored.cell_key for stored in record.read_all(root / "out")} for root in (runs.one, runs.two)]
    assert keys[0] == keys[1]


def test_a_record_says_which_stages_several_devices_shared(runs: Runs) -> None:
    shared = {
        (stored.entry, run.stage)
        for stored in record.read_all(runs.two / "out")
        for run in stored.stages
        if run.found.get("encode_devices") == ["cpu", "cpu"]
    }
    assert shared == {("base", "encode"), ("mnrl", "retrieve")}
    assert not any("encode_devices" in run.found for each in record.read_all(runs.one / "out") for run in each.stages)


def test_a_finished_run_is_finished_whatever_devices_are_named(runs: Runs) -> None:
    assert "nothing to run: 2 cells done" in run(runs.suite, runs.two, "--device", "cpu").err
    assert "nothing to run: 2 cells done" in run(runs.suite, runs.one, *DEVICES).err


def test_a_dry_run_names_the_devices(runs: Runs, tmp_path: Path) -> None:
    line = "encoding: corpora are shared out over cpu, cpu; the bytes are those of one device"
    assert line in run(runs.suite, tmp_path, *DEVICES, "--dry-run").out.splitlines()
    assert line not in run(runs.suite, tmp_path, "--device", "cpu", "--dry-run").out.splitlines()


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (
            (*DEVICES, "--executor", "ray"),
            "--encode-devices: a cell has one device with --executor ray; use only one of the two",
        ),
        (
            (*DEVICES, "--jobs", "2"),
            "--encode-devices: one cell at a time uses them; leave --jobs 2 out",
        ),
        (
            DEVICES,
            "--encode-devices cpu,cpu: no cell encodes more than one block of 16,384 passages, which one device does; "
            "leave it out",
        ),
        (
            ("--device", "cpu", "--encode-devices", "cuda:0,cuda:1"),
            "--encode-devices cuda:0,cuda:1: the cells compute on cpu; name cpu once per worker, or add --device cuda",
        ),
    ],
)
def test_devices_without_effect_are_refused(tmp_path: Path, options: tuple[str, ...], line: str) -> None:
    result = run(tiny_suite(tmp_path / "suite"), tmp_path, *options)
    assert result.status == 2
    assert result.line == f"harness: {line}"
    assert not (tmp_path / "out").exists()
