"""A process that ends what Ray started here when this process is gone, however it went (on Linux).

Ray's own processes are killed with this one. Two of its agents, which are Python, see that and first report it to the
head, which is gone too: for a minute.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

WATCHER = """
import os, sys
os.read(0, 1)
for process in sys.argv[1:]:
    number, _, began = process.partition(":")
    try:
        with open(f"/proc/{number}/stat", "rb") as file:
            same = file.read().rpartition(b")")[2].split()[19].decode() == began
        if same:
            os.kill(int(number), 9)
    except OSError:
        pass
"""
PARENT, BEGAN = 1, 19  # of the fields of /proc/PID/stat that follow the name

_watchers: list[subprocess.Popen[bytes]] = []  # their standard input is open as long as this process is there


def children_of(process: int) -> list[str]:
    """Return the processes below a process as PID:BEGAN, the time since which the number is theirs."""
    return [] if sys.platform != "linux" else sorted(_below(process, dict(_processes())))


def end_with_this_process(processes: list[str]) -> None:
    """Kill these processes (children_of) when this one has ended and some are left."""
    if processes:
        command = [sys.executable, "-I", "-S", "-c", WATCHER, *processes]
        nothing = subprocess.DEVNULL
        _watchers.append(
            subprocess.Popen(command, stdin=subprocess.PIPE, stdout=nothing, stderr=nothing, start_new_session=True)
        )


def _processes() -> Iterator[tuple[int, tuple[int, str]]]:
    """Yield the number of every process with that of its parent and when it began."""
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = path.read_bytes().rpartition(b")")[2].split()
        except OSError:  # it has ended
            continue
        yield int(path.parent.name), (int(fields[PARENT]), fields[BEGAN].decode())


def _below(process: int, known: dict[int, tuple[int, str]]) -> Iterator[str]:
    for number, (parent, began) in known.items():
        if parent == process:
            yield f"{number}:{began}"
            yield from _below(number, known)
