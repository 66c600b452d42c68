"""Wheel and sdist hold what they need and nothing else, and the same sources give the same bytes."""

from __future__ import annotations

import os
import re
import tarfile
import tomllib
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.commands import REPOSITORY, spawn

INFO = "harness_embeddings-0.1.0.dist-info"
SDIST = "harness_embeddings-0.1.0"
PLACES = {  # folder of a checkout → its place in the wheel
    "harness": "harness",
    "methods": "harness/_data/methods",
    "datasets_manifest": "harness/_data/datasets_manifest",
    "report_templates": "harness/_data/report_templates",
}
FILES = {
    "results/claims.toml": "harness/_data/results/claims.toml",
    "results/contrasts.toml": "harness/_data/results/contrasts.toml",
    "CITATION.cff": "harness/_data/CITATION.cff",
}
KINDS = {".py", ".typed", ".toml", ".j2", ".js", ".jsonl", ".tsv", ".cff", ".in"}


@dataclass(frozen=True)
class Built:
    """What one build made."""

    wheel: Path
    sdist: Path

    @property
    def bytes(self) -> dict[str, bytes]:
        return {path.name: path.read_bytes() for path in (self.wheel, self.sdist)}


def build(source: Path, target: Path) -> Built:
    result = spawn("-m", "hatchling", "build", "-t", "sdist", "-t", "wheel", "-d", target, cwd=source)
    assert result.status == 0, result.err
    (wheel,), (sdist,) = target.glob("*.whl"), target.glob("*.tar.gz")
    return Built(wheel, sdist)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    return build(REPOSITORY, tmp_path_factory.mktemp("dist"))


def sources() -> Iterator[tuple[str, str]]:
    """Yield the path in a checkout and in the wheel of every file that the wheel has to hold."""
    for folder, place in PLACES.items():
        for path in (REPOSITORY / folder).rglob("*"):
            name = path.relative_to(REPOSITORY / folder).as_posix()
            if path.is_file() and "__pycache__" not in path.parts and f"{folder}/{name}" != "methods/py.typed":
                yield f"{folder}/{name}", f"{place}/{name}"
    yield from FILES.items()


def test_the_wheel_holds_the_package_its_data_its_metadata_and_its_licences(built: Built) -> None:
    names = zipfile.ZipFile(built.wheel).namelist()
    metadata = ("METADATA", "RECORD", "WHEEL", "entry_points.txt")
    licences = ("licenses/LICENSE", "licenses/datasets_manifest/mini/LICENSE")
    expected = {place for _, place in sources()} | {f"{INFO}/{name}" for name in (*metadata, *licences)}
    assert set(names) == expected
    assert len(names) == len(expected)


def test_the_sdist_holds_what_the_wheel_is_built_from_and_the_versions_it_was_tested_with(built: Built) -> None:
    with tarfile.open(built.sdist) as archive:
        names = [member.name for member in archive.getmembers()]
    texts = ("README.md", "LICENSE", "CHANGELOG.md", "constraints.txt", "pyproject.toml", "PKG-INFO", ".gitignore")
    expected = {f"{SDIST}/{name}" for name in (*(path for path, _ in sources()), *texts)}
    assert set(names) == expected
    assert len(names) == len(expected)


def test_what_is_distributed_is_code_settings_templates_and_texts_of_the_bundled_suite() -> None:
    others = {path for path, _ in sources() if Path(path).suffix not in KINDS}
    assert others == {"datasets_manifest/mini/LICENSE"}


def test_a_build_from_the_unpacked_sdist_with_other_times_and_modes_has_the_same_bytes(
    built: Built, tmp_path: Path
) -> None:
    with tarfile.open(built.sdist) as archive:
        archive.extractall(tmp_path, filter="data")
    source = tmp_path / SDIST
    for path in source.rglob("*"):
        if path.is_file():
            path.chmod(0o600)
            os.utime(path, (2_000_000_000, 2_000_000_000))
    assert build(source, tmp_path / "again").bytes == built.bytes


def test_source_date_epoch_is_the_time_of_every_file(
    built: Built, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1700000000")
    first, second = build(REPOSITORY, tmp_path / "first"), build(REPOSITORY, tmp_path / "second")
    assert first.bytes == second.bytes != built.bytes
    assert {item.date_time[:3] for item in zipfile.ZipFile(first.wheel).infolist()} == {(2023, 11, 14)}
    with tarfile.open(first.sdist) as archive:
        assert {member.mtime for member in archive.getmembers()} == {1_700_000_000}


def test_documentation_and_changelog_are_of_the_version() -> None:
    version = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert f'version = release = "{version}"\n' in (REPOSITORY / "docs/conf.py").read_text(encoding="utf-8")
    changes = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8").splitlines()
    newest = next(line for line in changes if line.startswith("## "))
    assert re.fullmatch(rf"## \[(Unreleased\] - {version}|{version}\] - \d{{4}}-\d\d-\d\d)", newest)


def test_the_metadata_name_the_pythons_the_licences_and_the_extras(built: Built) -> None:
    text = zipfile.ZipFile(built.wheel).read(f"{INFO}/METADATA").decode()
    lines = text.partition("\n\n")[0].splitlines()
    assert {"Requires-Python: <3.14,>=3.11", "License-Expression: Apache-2.0 AND CC0-1.0"} <= set(lines)
    assert {"Provides-Extra: gpu", "Provides-Extra: lora", "Provides-Extra: ray", "Provides-Extra: slurm"} <= set(lines)
