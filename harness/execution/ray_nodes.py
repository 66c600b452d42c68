"""What a node of a Ray cluster must have before it runs cells, and which one lacks it."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from harness.errors import RequestError, one_line, quantity
from harness.machine.code import code
from harness.machine.hardware import environment
from harness.request import plugins
from harness.request.cell import Cell
from harness.request.manifest import LocalBase

ANSWER = 300.0  # seconds for a node to start a worker, which reads the package from a shared disk
MOUNT = "mount the shared file system there, or name folders on it with --out and --cache-dir"
INSTALL = "install the same on every node"


@dataclass(frozen=True)
class Expected:
    """What the driver has, and a node must have too.

    `files`: text of files that the driver wrote in the shared folders; `read`: paths that cells read; `plugins`: their
    sources' sha256, by name.
    """

    files: Mapping[Path, str]
    read: tuple[Path, ...]
    code: str
    libraries: Mapping[str, str]
    plugins: Mapping[str, str]
    methods_path: Path | None


def expected(cells: Sequence[Cell], files: Mapping[Path, str]) -> Expected:
    """Return what a node must have to run these cells."""
    place = cells[0].place
    bases = [cell.suite.base_model for cell in cells]
    read = [place.data_dir, place.methods_path, *(base.path for base in bases if isinstance(base, LocalBase))]
    read += [file.path for cell in cells for file in cell.suite.train_files.values()]
    by_entry = {cell.entry.name: cell for cell in cells}
    return Expected(
        files,
        tuple(dict.fromkeys(path.absolute() for path in read if path is not None)),
        str(code()["sources_sha256"]),
        environment()["packages"] | {"Python": environment()["python"]},
        {name: sha256 for cell in by_entry.values() for name, sha256 in cell.plugin_sources().items()},
        place.methods_path,
    )


def lacks(wanted: Expected) -> str:
    """Return what this machine has otherwise than the driver, and what to do; "" where it has the same."""
    return next((problem for problem in _problems(wanted) if problem), "")


def _problems(wanted: Expected) -> Iterator[str]:
    if code()["sources_sha256"] != wanted.code:
        yield f"has other sources of harness than this command; {INSTALL}"
    found = environment()["packages"] | {"Python": environment()["python"]}
    for name in dict.fromkeys([*wanted.libraries, *found]):
        has, needed = found.get(name, "no version"), wanted.libraries.get(name, "none")
        if has != needed:
            yield f"has {name} {has}, this command {needed}; {INSTALL}"
    for path, text in wanted.files.items():
        yield _not_shared(path, text)
    for path in wanted.read:
        if not path.exists():
            yield f"does not have {path}; {MOUNT}"
    for name, sha256 in wanted.plugins.items():
        if plugins.sources_sha256(name, wanted.methods_path) != sha256:
            yield f"has another plugin {name} in {wanted.methods_path}; {INSTALL}"


def _not_shared(path: Path, text: str) -> str:
    try:
        if path.read_text(encoding="utf-8") != text:
            return f"has another {path.parent} than this command; {MOUNT}"
        with tempfile.TemporaryFile(dir=path.parent):
            return ""
    except FileNotFoundError:
        return f"does not see the files of this command in {path.parent}; {MOUNT}"
    except OSError as error:
        return f"cannot read and write {path.parent} ({error.strerror}); permit it there"


@contextmanager
def tokens(folders: Iterable[Path]) -> Iterator[Mapping[Path, str]]:
    """Yield a file with its text in each folder, or in the nearest one above it that exists; removed at the end."""
    text = secrets.token_hex(8)
    files = {_existing(folder.absolute()) / f".harness-nodes-{text}": text for folder in folders}
    try:
        for path in files:
            path.write_text(text, encoding="utf-8")
        yield files
    finally:
        for path in files:
            path.unlink(missing_ok=True)


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.is_dir())


def fitting(ray: Any, options: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the nodes on which at least one cell with these options of a Ray task fits; raises RequestError if none.

    Ray itself would wait for such a node without end.
    """
    asked = {"CPU": options["num_cpus"], "GPU": options["num_gpus"], "memory": options.get("memory", 0)}
    nodes = [node for node in ray.nodes() if node["Alive"]]
    fit = [node for node in nodes if places(node, options)]
    if not fit:
        has = {name: max((node["Resources"].get(name, 0) for node in nodes), default=0) for name in asked}
        names = [f"{asked[name]:g} {name} (the most is {has[name]:g})" for name in asked if asked[name] > has[name]]
        wanted = ", ".join(names) or f"{asked['CPU']:g} CPU together with {asked['GPU']:g} GPU"
        raise RequestError(f"no node of the Ray cluster has {wanted} for a cell; start one, or ask for less per cell")
    return fit


def places(node: Mapping[str, Any], options: Mapping[str, Any]) -> int:
    """Return how many cells fit on an idle node."""
    asked = {"CPU": options["num_cpus"], "GPU": options["num_gpus"], "memory": options.get("memory", 0)}
    return min(int(node["Resources"].get(name, 0) / number + 1e-9) for name, number in asked.items() if number)


def name_of(node: Mapping[str, Any]) -> str:
    """Return the name of a node: its address, unless it was started with another one, and the start of its id."""
    return f"{node['NodeName']} ({node['NodeID'][:8]})"


def check_nodes(ray: Any, nodes: Sequence[Mapping[str, Any]], wanted: Expected) -> None:
    """Raise RequestError that names the nodes with the first problem found, and counts those with another one."""
    answers = _ask(ray, nodes, wanted)
    found = [(name_of(node), problem) for node, problem in zip(nodes, answers, strict=True) if problem]
    if not found:
        return
    problem = found[0][1]
    alike = [name for name, other in found if other == problem]
    others = len(found) - len(alike)
    more = f"; {quantity(others, 'other node')} of the cluster lacks something else" if others else ""
    raise RequestError(f"Ray node {', '.join(alike)} {problem}{more}")


def _ask(ray: Any, nodes: Sequence[Mapping[str, Any]], wanted: Expected) -> list[str]:
    """Return what each node says that it lacks; one that cannot answer lacks the package, or is out of reach."""
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    task = ray.remote(num_cpus=0, max_retries=0)(lacks)
    on = [NodeAffinitySchedulingStrategy(node["NodeID"], soft=False) for node in nodes]
    asked = [task.options(scheduling_strategy=strategy).remote(wanted) for strategy in on]
    _, late = ray.wait(asked, num_returns=len(asked), timeout=ANSWER)
    answers = []
    for reference in asked:
        try:
            answers.append("" if reference in late else ray.get(reference))
        except ray.exceptions.RayError as error:
            cause = one_line(getattr(error, "cause", None) or error)[:200]
            answers.append(f"cannot run harness ({cause}); {INSTALL}")
        if reference in late:
            answers[-1] = f"has not answered for {ANSWER:.0f} s; take it out of the cluster"
    return answers
