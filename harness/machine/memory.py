"""The memory that this process and those that it starts can use now."""

from __future__ import annotations

import os
import re
import resource
from contextlib import suppress
from pathlib import Path

from harness.errors import RequestError

ADDRESSES = 1_000_000 * 1024  # bytes: with less, four of five reports of wikiqa-e5 failed or never ended
CGROUPS = Path("/sys/fs/cgroup")
OWN_CGROUP = Path("/proc/self/cgroup")
MEMINFO = Path("/proc/meminfo")


def available_memory(cgroups: Path = CGROUPS, own: Path = OWN_CGROUP, meminfo: Path = MEMINFO) -> int | None:
    """Return the bytes that are free or can be freed: of the machine, or of the control group where that has fewer.

    None where the system says neither, as macOS.
    """
    found = [memory for memory in (_of_machine(meminfo), _of_groups(cgroups, own)) if memory is not None]
    return min(found, default=None)


def check_address_space() -> None:
    """Raise RequestError where `ulimit -v` leaves less than ADDRESSES: OpenBLAS then asks for memory without end."""
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if 0 <= limit < ADDRESSES:
        raise RequestError(
            f"this process may use {limit // 1024:,} KiB of addresses (ulimit -v), and the numerical libraries need "
            f"{ADDRESSES // 1024:,} to load; raise the limit"
        )


def _of_machine(meminfo: Path) -> int | None:
    with suppress(OSError):
        if match := re.search(r"^MemAvailable:\s+(\d+) kB", meminfo.read_text(encoding="ascii"), re.M):
            return int(match[1]) * 1024
    return None


def _of_groups(cgroups: Path, own: Path) -> int | None:
    """Return what the group of this process and those above it leave, of version 2 or 1; None without a limit."""
    try:
        lines = own.read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    found = []
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers == "":
            root, limit, used, cache = cgroups, "memory.max", "memory.current", "inactive_file"
        elif "memory" in controllers.split(","):
            root, limit, used = cgroups / "memory", "memory.limit_in_bytes", "memory.usage_in_bytes"
            cache = "total_inactive_file"
        else:
            continue
        group = root / path.lstrip("/")
        for folder in (group, *group.parents):
            if folder.is_relative_to(root) and (left := _left(folder, limit, used, cache)) is not None:
                found.append(left)
    return min(found, default=None)


def _left(group: Path, limit: str, used: str, cache: str) -> int | None:
    """Return a group's limit less what is in use and cannot be freed."""
    try:
        most, now = (group / limit).read_text(encoding="ascii").strip(), int((group / used).read_text(encoding="ascii"))
        statistics = (group / "memory.stat").read_text(encoding="ascii")
    except (OSError, ValueError):
        return None
    if not most.isdigit() or int(most) >= os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"):
        return None
    match = re.search(rf"^{cache} (\d+)", statistics, re.M)
    return max(0, int(most) - now + (int(match[1]) if match else 0))
