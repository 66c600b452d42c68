"""The environment of a run and the commands that repeat it, for its report."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from harness.evidence.leaderboard import Leaderboard
from harness.report.facts import Provenance

PACKAGE = "environment.packages."
MACHINE = (
    *("python", "os", "cpu", "instruction_set", "gpu", "cuda", "device", "threads", "torch_threads", "deterministic"),
    *("revision", "revision_date", "dirty", "diff_sha256", "sources_sha256"),
)


def environment(provenance: Provenance) -> Iterator[tuple[str, str]]:
    """Yield the values of machine and code that all records share, and the names of those that differ."""
    shared = dict(provenance.shared)
    grouped = [facts for groups in (provenance.by_language, provenance.by_entry) for facts in groups.values()]
    differing = {*provenance.varying, *(name for facts in grouped for name, _ in facts)}
    for name in MACHINE:
        for dotted in (f"environment.{name}", f"code.{name}"):
            if dotted in shared:
                yield name.replace("_", " "), shared[dotted]
            elif dotted in differing:
                yield name.replace("_", " "), "differs between records; each names its own"
    packages = [f"{name.removeprefix(PACKAGE)} {value}" for name, value in shared.items() if name.startswith(PACKAGE)]
    packages += [f"{name.removeprefix(PACKAGE)} (different)" for name in sorted(differing) if name.startswith(PACKAGE)]
    if packages:
        yield "packages", ", ".join(packages)


def commands(board: Leaderboard, provenance: Provenance) -> Iterator[tuple[str, str]]:
    """Yield (purpose, command); DIR stands for the report's folder."""
    shared = dict(provenance.shared)
    if revision := shared.get("code.revision"):
        dirty = shared.get("code.dirty") == "true"
        yield f"the code{' (with changes that are not in it)' if dirty else ''}", f"git checkout {revision}"
    if board.run.command:
        suite = board.run.request.suite if board.run.request else board.suite
        yield "the data", shlex.join(["harness", "data", "fetch", suite])
        yield "the run, as it was typed", shlex.join(board.run.command)
    yield "every cell again, each graded by how well it comes out", "harness verify DIR"
    yield "a new run compared with this one", "harness check NEW --baseline DIR"
    yield "this report", "harness report DIR"
