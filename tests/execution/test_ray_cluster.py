"""The Ray executor on several nodes of one machine: the same bytes, whatever happens to the nodes."""

from __future__ import annotations

import signal
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
from support.commands import Run, invoke, request, spawn, write_plugin
from support.ray_nodes import PLUGIN, Nodes, can_hide_folders, start, wait_until

from harness.results import record
from harness.stages.training_checkpoints import SEAL

pytest.importorskip("ray", reason="the extra 'ray' is not installed")
LEFT = 5.0  # seconds after which no cell of a run may be left
hides_folders = pytest.mark.skipif(not can_hide_folders(), reason="no mounts of one's own (unshare --user --mount)")


@pytest.fixture(scope="module")
def nodes() -> Iterator[Nodes]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("RAY_memory_monitor_refresh_ms", "0")  # other work on this machine ends no cell
        cluster = Nodes()
        patch.setenv("RAY_ADDRESS", cluster.address)
        yield cluster
        cluster.shutdown()


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder whose `shared` all nodes see."""
    folder = tmp_path_factory.mktemp("ray")
    for name in ("shared", "reached"):
        (folder / name).mkdir()
    write_plugin(folder / "methods", "slow", PLUGIN.format(wait=str(folder / "wait"), reached=str(folder / "reached")))
    return folder


def slow(place: Path, seeds: str, out: str) -> tuple[str | Path, ...]:
    """Return a request whose trainings wait in their second step while `wait` exists, into shared folders."""
    folders = ("--out", place / "shared" / out, "--cache-dir", place / "shared" / f"{out}-cache")
    return (*request("--methods", "slow", "--methods-path", place / "methods", "--seeds", seeds), *folders)


def reached(place: Path) -> dict[str, int]:
    """Return node → process of the trainings that wait."""
    found = {path.name: path.read_text() for path in (place / "reached").iterdir()}
    return {node: int(process) for node, process in found.items() if process}


def test_cells_on_two_nodes_write_the_bytes_of_local_processes(nodes: Nodes, tmp_path: Path, finished: Run) -> None:
    part = ("--methods", "base,bm25,infonce-random", "--device", "auto")
    arguments = (*request(*part), "--executor", "ray", "--out", tmp_path / "out", "--cache-dir", tmp_path / "cache")
    result = spawn("-m", "harness", "--verbose", *arguments, cwd=tmp_path)
    assert result.status == 0, result.err
    written = sorted(path.relative_to(tmp_path / "out") for path in (tmp_path / "out/records").rglob("*.run.gz"))
    assert len(written) == 4  # base and bm25 once, infonce-random under two seeds
    for path in written:
        assert (tmp_path / "out" / path).read_bytes() == (finished.folder / path).read_bytes(), path
    stages = [run for each in record.read_all(tmp_path / "out") for run in each.stages if run.stage != "score"]
    made = Counter((run.stage, run.key) for run in stages if not run.cached)
    assert made.keys() >= {(run.stage, run.key) for run in stages if run.stage in ("base", "mine", "train")}
    assert set(made.values()) == {1}
    assert "infonce-random/ko/1 · train" in result.err.splitlines()
    assert result.err.startswith("warning: Ray node gpu (")  # by default it computes where a GPU is declared
    assert "has GPUs for Ray, but torch finds no CUDA there: cells compute on CPU" in result.err
    assert not list(tmp_path.rglob(".harness-nodes-*"))


@pytest.mark.parametrize(
    ("options", "line"),
    [
        (("--device", "cuda"), "has GPUs for Ray, but torch finds no CUDA there; install a driver and a CUDA build"),
        (("--device", "cuda", "--gpus-per-cell", "2"), "no node of the Ray cluster has 2 GPU (the most is 1) for a"),
        (("--device", "cpu", "--gpus-per-cell", "0.5"), "--gpus-per-cell 0.5: cells compute on"),
        (("--device", "cpu", "--cpus-per-cell", "3"), "no node of the Ray cluster has 3 CPU (the most is 1) for a"),
        (
            ("--device", "cpu", "--memory-per-cell", "900T"),
            "no node of the Ray cluster has 900.0 TiB of memory (the most",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_what_no_node_can_give_is_one_line(nodes: Nodes, tmp_path: Path, options: tuple[str, ...], line: str) -> None:
    arguments = ("run", "--methods", "bm25", "--langs", "ko", "--executor", "ray", "--out", tmp_path / "out")
    result = invoke(*arguments, *options)  # this process is connected to the cluster
    assert result.status == 2
    assert line in result.line
    assert not (tmp_path / "out").exists()


@dataclass
class Story:
    """One run during which a node that lacks the shared folder joins, and one that computes is killed."""

    err: str
    status: int
    hashes: dict[int, dict[str, str]]  # seed → file → sha256
    refused: str  # what a run that begins beside that node says


@pytest.fixture(scope="module")
def story(nodes: Nodes, place: Path) -> Story:
    (place / "wait").touch()
    shared, refused = place / "shared", ""
    options = (*slow(place, "0,1,2", "out"), "--executor", "ray")
    run = start(*options, "--jobs", "3", err=place / "err")
    wait_until(lambda: len(reached(place)) == 2 or run.poll() is not None, "two cells that train")
    assert run.poll() is None, (place / "err").read_text()
    if can_hide_folders():
        with nodes.blind("elsewhere", shared):
            wait_until(lambda: "no further cells" in (place / "err").read_text(), "the line about the new node")
            beside = invoke(*slow(place, "0", "beside"), "--executor", "ray")  # from this process's connection
            refused = f"{beside.status} {beside.line} {(shared / 'beside').exists()}"
    nodes.kill(next(iter(reached(place))))
    wait_until(lambda: "was lost" in (place / "err").read_text() or run.poll() is not None, "the line about the loss")
    (place / "wait").unlink()
    status = run.wait(timeout=600)
    return Story((place / "err").read_text(), status, hashes(shared / "out"), refused)


def hashes(folder: Path) -> dict[int, dict[str, str]]:
    return {each.seed: dict(each.files) for each in record.read_all(folder)}


def test_a_cell_of_a_killed_node_runs_again_and_writes_the_same_bytes(story: Story, place: Path) -> None:
    assert story.status == 0, story.err
    (line,) = [line for line in story.err.splitlines() if "was lost" in line]
    assert line.startswith("warning: slow/ko/")
    assert line.endswith("was lost: it runs again (1 of 3)")
    assert invoke(*slow(place, "0,1,2", "local"), "--jobs", "2").status == 0
    assert story.hashes == hashes(place / "shared/local")


@hides_folders
def test_a_node_without_the_shared_folder_is_named_before_the_first_cell(story: Story, place: Path) -> None:
    assert story.refused.startswith("2 harness: Ray node elsewhere (")
    problem = f"does not see the files of this command in {place / 'shared'}; mount the shared file system there"
    assert problem in story.refused
    assert story.refused.endswith(" False")  # nothing was written


@hides_folders
def test_a_node_that_joins_without_the_shared_folder_gets_no_further_cells(story: Story, place: Path) -> None:
    (line,) = [line for line in story.err.splitlines() if "no further cells" in line]
    assert line.startswith("warning: Ray node elsewhere (")
    assert f"does not see the files of this command in {place / 'shared/out-cache'}; mount" in line
    assert sorted(story.hashes) == [0, 1, 2]  # the cell that it was given has run elsewhere


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_leaves_no_cell_running(nodes: Nodes, place: Path, number: signal.Signals) -> None:
    name = number.name.lower()
    for path in (place / "reached").iterdir():
        path.unlink()
    (place / "wait").touch()
    run = start(*slow(place, "0", name), "--executor", "ray", err=place / "err")
    wait_until(lambda: reached(place) or run.poll() is not None, "a cell that trains")
    assert run.poll() is None, (place / "err").read_text()
    (worker,) = reached(place).values()
    run.send_signal(number)
    if number == signal.SIGTERM:
        time.sleep(0.5)
        (place / "wait").unlink()  # the step ends within the time that workers are given
    assert run.wait(timeout=600) == 128 + number
    (place / "wait").unlink(missing_ok=True)
    gone = wait_for_end(worker)
    assert gone
    how = "ended by SIGTERM" if number == signal.SIGTERM else "interrupted"
    assert (place / "err").read_text().splitlines()[-1] == f"harness: {how}; run the same command again to resume"
    seals = [seal.parent.name for seal in (place / f"shared/{name}-cache/.partial").rglob(SEAL)]
    assert seals == (["checkpoint-2"] if number == signal.SIGTERM else [])
    assert not list((place / f"shared/{name}").rglob("records/*/*/*.json"))
    assert not list((place / "shared").rglob(".harness-nodes-*"))


def wait_for_end(process: int) -> bool:
    """Return whether a process ends within LEFT seconds."""
    until = time.monotonic() + LEFT
    while psutil.pid_exists(process) and psutil.Process(process).status() != psutil.STATUS_ZOMBIE:
        if time.monotonic() > until:
            return False
        time.sleep(0.1)
    return True


def test_a_cell_that_kills_its_worker_twice_is_a_failed_row_on_a_cluster_started_here(tmp_path: Path) -> None:
    code = (
        "import os, signal\n"
        "from dataclasses import dataclass\n"
        "@dataclass(frozen=True)\n"
        "class PLUGIN:\n"
        "    def search(self, passages, queries, depth):\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    write_plugin(tmp_path / "methods", "fatal", code)
    arguments = ("run", "--methods", "bm25,fatal", "--langs", "ko", "--methods-path", tmp_path / "methods")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("RAY_ADDRESS", raising=False)
        result = spawn(
            *("-m", "harness", *arguments, "--executor", "ray", "--jobs", "1", "--out", tmp_path / "out"),
            cwd=tmp_path,
        )
    assert result.status == 1, result.err
    assert "was lost: it runs again (1 of 1)" in result.err
    assert "failed fatal/ko/0: its worker was lost 2 times, last: " in result.err
    assert (tmp_path / "out/records/bm25/ko/0.run.gz").is_file()
