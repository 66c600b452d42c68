"""An installed wheel works outside the checkout: methods, manifests, data and templates travel in it."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.commands import REPOSITORY, Result, spawn


@dataclass(frozen=True)
class Installed:
    """A wheel installed into a folder, used from another one."""

    wheel: Path
    site: Path
    work: Path

    def python(self, *arguments: str) -> Result:
        return spawn(*arguments, cwd=self.work, PYTHONPATH=str(self.site), PYTHONSAFEPATH="1")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    top = tmp_path_factory.mktemp("wheel")
    built = spawn("-m", "hatchling", "build", "-t", "wheel", "-d", top / "dist", cwd=REPOSITORY)
    assert built.status == 0, built.err
    (wheel,) = (top / "dist").glob("*.whl")
    options = ("--no-deps", "--no-index", "--no-compile", "--disable-pip-version-check", "--quiet")
    pip = spawn("-m", "pip", "install", *options, "--target", top / "site", wheel, cwd=top)
    assert pip.status == 0, pip.err
    (top / "work").mkdir()
    return Installed(wheel, top / "site", top / "work")


def test_the_package_and_its_files_come_from_the_wheel(installed: Installed) -> None:
    script = "from harness.machine import bundled; import methods"
    result = installed.python(
        "-c", f"{script}; print(bundled.manifests(), bundled.templates(), methods.__file__, sep='\\n')"
    )
    assert result.out.splitlines() == [
        f"{installed.site}/harness/_data/datasets_manifest",
        f"{installed.site}/harness/_data/report_templates",
        f"{installed.site}/methods/__init__.py",
    ]


def test_the_suites_are_listed_from_the_wheel(installed: Installed) -> None:
    result = installed.python("-m", "harness", "list", "suites")
    assert (result.status, result.err) == (0, "")
    assert {"mini", "wikiqa"} <= {line.split()[0] for line in result.out.splitlines()}


def test_the_published_claims_are_listed_from_the_wheel(installed: Installed) -> None:
    result = installed.python("-m", "harness", "list", "claims")
    assert (result.status, result.err) == (0, "")
    expected = 1 + 137 + 1 + 6 + 2 + 41  # head, claims, sources, conditions of the rows; two blank lines and a head
    assert len(result.out.splitlines()) == expected


def test_the_published_contrasts_are_read_from_the_wheel(installed: Installed) -> None:
    script = (
        "from harness.evidence.claims.claims_file import load\n"
        "from harness.evidence.contrasts.published import published_contrasts\n"
        "print(len(published_contrasts(load())))"
    )
    result = installed.python("-c", script)
    assert (result.status, result.err, result.out) == (0, "", "17\n")


def test_the_fourteen_entries_and_the_examples_of_habits_are_listed_from_the_wheel(installed: Installed) -> None:
    result = installed.python("-m", "harness", "list", "methods")
    assert (result.status, result.err) == (0, "")
    assert len(result.out.splitlines()) == 14 + 11


def test_the_main_job_is_planned_from_the_wheel_and_writes_nothing(installed: Installed) -> None:
    result = installed.python("-m", "harness", "run", "--methods", "all", "--langs", "ko,hi,fa", "--dry-run")
    assert (result.status, result.err) == (0, "")
    assert "114 of 114 cells to run" in result.out  # 12 trained entries × 3 languages × 3 seeds, and 2 × 3
    assert list(installed.work.iterdir()) == []


def test_the_bundled_data_are_present_in_the_wheel(installed: Installed) -> None:
    result = installed.python("-m", "harness", "data", "status", "mini")
    assert (result.status, result.err) == (0, "")
    assert {line.split()[1] for line in result.out.splitlines()} == {"present"}


def test_the_wheel_holds_nothing_but_the_package_its_data_and_its_licence(installed: Installed) -> None:
    names = zipfile.ZipFile(installed.wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"harness", "methods"}
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)
    assert not any("__pycache__" in name for name in names)


def test_a_method_and_a_suite_are_started_from_the_wheel(installed: Installed, tmp_path: Path) -> None:
    for kind in ("method", "suite"):
        result = installed.python("-m", "harness", "new", kind, "mine", "--out", str(tmp_path / kind))
        assert (result.status, result.err) == (0, "")
    assert (tmp_path / "method/tests/test_mine.py").is_file()
    assert (tmp_path / "suite/mine.toml").is_file()
