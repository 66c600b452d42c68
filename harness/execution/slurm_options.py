"""What `--slurm KEY=VALUE` says: options of sbatch by their long names, and on which cluster of submitit jobs run."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from harness.errors import RequestError

CLUSTERS = ("slurm", "local")  # local: submitit's processes on this machine, for trying without Slurm
MINUTES = 240  # of a cell, where no `time` is given: most schedulers start short jobs sooner, and a cell resumes
OWN = {  # options of sbatch that decide what the harness reads back, and what to use in their place
    **dict.fromkeys(("array", "nodes", "ntasks", "ntasks-per-node"), "--jobs"),
    **dict.fromkeys(("cpus-per-task", "cpus-per-gpu"), "--cpus-per-cell"),
    **dict.fromkeys(("gpus", "gpus-per-node", "gpus-per-task"), "--gpus-per-cell"),
    **dict.fromkeys(("mem", "mem-per-cpu", "mem-per-gpu"), "--memory-per-cell"),
    **dict.fromkeys(("output", "error", "open-mode", "signal", "requeue", "no-requeue", "export", "wait"), ""),
}
_KEY = re.compile(r"[a-z][a-z0-9-]*")
_TIMES = (  # as sbatch reads them
    re.compile(r"(?P<minutes>\d+)(:(?P<seconds>\d+))?"),
    re.compile(r"(?P<hours>\d+):(?P<minutes>\d+):(?P<seconds>\d+)"),
    re.compile(r"(?P<days>\d+)-(?P<hours>\d+)(:(?P<minutes>\d+)(:(?P<seconds>\d+))?)?"),
)


@dataclass(frozen=True)
class SlurmOptions:
    """Where the jobs run, the time limit of each, and further options of sbatch."""

    cluster: str = "slurm"
    minutes: int = MINUTES
    sbatch: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, pairs: Sequence[str]) -> SlurmOptions:
        """Return the options; raises RequestError for one that is malformed, given twice, or the harness's own."""
        given: dict[str, str] = {}
        for pair in pairs:
            key, value = _parsed(pair)
            if key in given:
                raise RequestError(f"--slurm {key} is given twice; give it once")
            given[key] = value
        cluster = given.pop("cluster", "slurm")
        if cluster not in CLUSTERS:
            raise RequestError(f"--slurm cluster={cluster}: give one of {', '.join(CLUSTERS)}")
        minutes = minutes_of(given.pop("time")) if "time" in given else MINUTES
        if cluster == "local" and given:
            raise RequestError(f"--slurm {', '.join(given)}: without effect with cluster=local; leave it out")
        return cls(cluster, minutes, given)


def _parsed(pair: str) -> tuple[str, str]:
    key, equals, value = pair.partition("=")
    if not (equals and value and value.isprintable() and _KEY.fullmatch(key)):
        raise RequestError(f"--slurm {pair!r} is not KEY=VALUE with a long option of sbatch, such as partition=gpu")
    if key in OWN:
        instead = f"use {OWN[key]}" if OWN[key] else "leave it out"
        raise RequestError(f"--slurm {key} is set by the harness; {instead}")
    return key, value


def minutes_of(text: str) -> int:
    """Return the minutes of a time limit as sbatch reads it, rounded up.

    >>> [minutes_of(text) for text in ("90", "90:30", "4:00:00", "1-12", "2-0:30", "1-0:0:1")]
    [90, 91, 240, 2160, 2910, 1441]
    """
    match = next((match for pattern in _TIMES if (match := pattern.fullmatch(text)) and text.isascii()), None)
    parts = {} if match is None else {name: int(value) for name, value in match.groupdict().items() if value}
    hours = 24 * parts.get("days", 0) + parts.get("hours", 0)
    seconds = 3600 * hours + 60 * parts.get("minutes", 0) + parts.get("seconds", 0)
    minutes = math.ceil(seconds / 60)
    if not 0 < minutes < 10_000_000:
        raise RequestError(f"--slurm time={text}: give minutes, HOURS:MM:SS or DAYS-HH:MM:SS, such as 4:00:00")
    return minutes
