"""Energy is the difference of the machine's counters, and absent without counters."""

from __future__ import annotations

from pathlib import Path

from harness.machine import energy


def put(powercap: Path, name: str, microjoules: int) -> None:
    folder = powercap / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "energy_uj").write_text(f"{microjoules}\n")
    (folder / "max_energy_range_uj").write_text("1000000000\n")


def test_all_packages_are_summed_without_their_parts(tmp_path: Path) -> None:
    for name, start in (("intel-rapl:0", 5_000_000), ("intel-rapl:1", 0), ("intel-rapl:0:0", 0)):
        put(tmp_path, name, start)
    meter = energy.start("cpu", tmp_path)
    for name, end in (("intel-rapl:0", 7_000_000), ("intel-rapl:1", 500_000), ("intel-rapl:0:0", 900_000)):
        put(tmp_path, name, end)
    assert meter.read() == {
        "cpu_joules": 2.5,
        "kind": "measured",
        "scope": "whole devices, all that ran beside the cell",
    }


def test_a_counter_that_wrapped_around_is_corrected(tmp_path: Path) -> None:
    put(tmp_path, "intel-rapl:0", 999_000_000)
    meter = energy.start("cpu", tmp_path)
    put(tmp_path, "intel-rapl:0", 1_000_000)
    assert meter.read()["cpu_joules"] == 2.0


def test_a_machine_without_counters_has_no_energy(tmp_path: Path) -> None:
    assert energy.start("cpu", tmp_path / "absent").read() == {}


def test_an_unreadable_counter_gives_no_energy(tmp_path: Path) -> None:
    (tmp_path / "intel-rapl:0").mkdir()
    assert energy.start("cpu", tmp_path).read() == {}
