"""The memory at hand: that of the machine, or of the control group where it has less."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support.commands import REPOSITORY

from harness.machine.memory import available_memory

GIB = 1 << 30


@pytest.fixture
def meminfo(tmp_path: Path) -> Path:
    path = tmp_path / "meminfo"
    path.write_text(f"MemTotal: 99 kB\nMemAvailable:   {8 * GIB // 1024} kB\n", encoding="ascii")
    return path


def group(folder: Path, limit: str, used: int, cache: int, version: int = 2) -> None:
    names = ("memory.max", "memory.current", "inactive_file")
    if version == 1:
        names = ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / names[0]).write_text(f"{limit}\n", encoding="ascii")
    (folder / names[1]).write_text(f"{used}\n", encoding="ascii")
    (folder / "memory.stat").write_text(f"anon 1\n{names[2]} {cache}\n", encoding="ascii")


def own(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "cgroup"
    path.write_text("".join(f"{line}\n" for line in lines), encoding="ascii")
    return path


def test_without_a_group_it_is_that_of_the_machine(tmp_path: Path, meminfo: Path) -> None:
    assert available_memory(tmp_path / "none", tmp_path / "none", meminfo) == 8 * GIB


def test_the_limit_of_a_group_above_counts_less_what_is_in_use_and_cannot_be_freed(
    tmp_path: Path, meminfo: Path
) -> None:
    groups = tmp_path / "fs"
    group(groups / "jobs", str(GIB), used=700, cache=200)
    group(groups / "jobs/mine", "max", used=500, cache=0)
    assert available_memory(groups, own(tmp_path, "0::/jobs/mine"), meminfo) == GIB - 500


def test_groups_of_version_1_count(tmp_path: Path, meminfo: Path) -> None:
    groups = tmp_path / "fs"
    group(groups / "memory/mine", str(GIB), used=300, cache=100, version=1)
    assert available_memory(groups, own(tmp_path, "3:cpu:/mine", "2:memory:/mine"), meminfo) == GIB - 200


def test_a_limit_above_the_machine_is_none(tmp_path: Path, meminfo: Path) -> None:
    groups = tmp_path / "fs"
    group(groups / "memory", "9223372036854771712", used=0, cache=0, version=1)
    assert available_memory(groups, own(tmp_path, "2:memory:/"), meminfo) == 8 * GIB


def test_where_the_system_says_nothing_it_is_unknown(tmp_path: Path) -> None:
    assert available_memory(tmp_path, tmp_path / "none", tmp_path / "none") is None


@pytest.mark.skipif(sys.platform != "linux", reason="addresses are limited on Linux alone")
def test_addresses_too_few_for_the_libraries_are_one_line_and_not_an_endless_loop() -> None:
    command = f"ulimit -v 600000; exec {sys.executable} -m harness report results/mini"
    done = subprocess.run(["bash", "-c", command], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "harness: this process may use 600,000 KiB of addresses (ulimit -v), and the numerical libraries need "
        "1,000,000 to load; raise the limit\n"
    )
