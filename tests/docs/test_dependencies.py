"""Dependencies: bounds and pins agree, extras are named where they are missing, the SBOM and the list are complete."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import pytest
from documents import REPOSITORY, imported
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from harness.machine import energy

LICENCES = imported(REPOSITORY / "docs/licences.py")
PROJECT: dict[str, Any] = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
PINS: dict[str, str] = {canonicalize_name(name): version for name, version in LICENCES.pins().items()}
REQUIREMENTS = [Requirement(text) for texts in (PROJECT["dependencies"], *EXTRAS.values()) for text in texts]
ROWS = [
    [cell.strip() for cell in line.strip("|\n").split(" | ")]
    for line in (REPOSITORY / "docs/licences.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("| ")
][1:]


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=str)
def test_a_dependency_is_pinned_within_its_bounds(requirement: Requirement) -> None:
    assert requirement.specifier.contains(PINS[canonicalize_name(requirement.name)], prereleases=True)


@pytest.mark.parametrize(
    ("name", "versions"),
    [
        ("torch", ("2.11.0", "2.13.0")),
        ("transformers", ("5.17.0", "5.23.0")),
        ("sentence-transformers", ("6.0.0", "6.2.0")),
    ],
)
def test_the_releases_that_the_project_promises_are_within_the_bounds(name: str, versions: tuple[str, ...]) -> None:
    (requirement,) = (Requirement(text) for text in PROJECT["dependencies"] if Requirement(text).name == name)
    assert [version for version in versions if version not in requirement.specifier] == []


def test_the_pythons_that_are_named_are_those_that_can_install_it() -> None:
    named = {text.rpartition(" ")[2] for text in PROJECT["classifiers"] if text.startswith("Programming Language")}
    admitted = SpecifierSet(PROJECT["requires-python"])
    assert {f"3.{minor}" for minor in range(9, 16) if f"3.{minor}.1" in admitted} == named == {"3.11", "3.12", "3.13"}


def test_an_error_that_asks_for_an_extra_names_one_that_exists() -> None:
    sources = [path for folder in ("harness", "methods") for path in (REPOSITORY / folder).rglob("*.py")]
    texts = "".join(path.read_text(encoding="utf-8") for path in sources)
    asked = re.findall(r"not installed; pip install '?([^'\"]*)", texts)
    names = {name for text in asked for name in re.findall(r"^harness-embeddings\[(\w+)\]$", text)}
    assert len(names) == len(set(asked))
    assert {"lora", "ray", "slurm"} <= names <= EXTRAS.keys()


def test_development_has_what_the_extras_add() -> None:
    added = {name: texts for name, texts in EXTRAS.items() if name != "dev"}
    assert added.keys() >= {"gpu", "lora", "ray", "slurm"}
    assert [(name, text) for name, texts in added.items() for text in texts if text not in EXTRAS["dev"]] == []


def test_the_extra_gpu_has_the_functions_that_read_the_counters() -> None:
    import pynvml

    names = ("nvmlInit", "nvmlDeviceGetHandleByUUID", "nvmlDeviceGetTotalEnergyConsumption", "NVMLError")
    assert [name for name in names if not hasattr(pynvml, name)] == []


@pytest.mark.skipif(shutil.which("nvidia-smi") is not None, reason="this machine has a driver")
def test_the_extra_gpu_without_a_driver_gives_no_energy(tmp_path: Path) -> None:
    assert energy.start("cuda", tmp_path).read() == {}


def test_the_list_of_licences_has_every_pin_in_its_version_and_no_other() -> None:
    assert {canonicalize_name(name): version for name, version, *_ in ROWS} == PINS
    assert len(ROWS) == len(PINS)


def test_the_list_names_the_licence_that_each_installed_package_declares_and_who_needs_it() -> None:
    for name, version, licence, who in ROWS:
        try:
            package = distribution(name)
        except PackageNotFoundError:
            continue
        if package.version.partition("+")[0] == version:
            assert licence == LICENCES.licence(package), name
        assert who == "harness" or set(who.replace("`", "").split(", ")) <= {
            *(f"[{extra}]" for extra in EXTRAS),
            "development",
        }
    users = {name: who for name, _, _, who in ROWS}
    assert [users[name] for name in ("torch", "safetensors", "ray", "msgpack", "nvidia-ml-py", "pytest")] == [
        *("harness", "harness", "`[ray]`", "`[ray]`", "`[gpu]`", "development"),
    ]


@pytest.fixture(scope="module")
def sbom(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Return what `make sbom` writes of this environment."""
    folder = tmp_path_factory.mktemp("sbom")
    variables = ("READY=", f"BIN={Path(sys.executable).parent}", f"DIST={folder}", f"SBOM_PYTHON={sys.executable}")
    made = subprocess.run(["make", "sbom", *variables], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stderr
    found: dict[str, Any] = json.loads((folder / "sbom.cdx.json").read_text(encoding="utf-8"))
    return found


def test_the_sbom_holds_every_pin_that_is_installed_with_its_version(sbom: dict[str, Any]) -> None:
    versions = {canonicalize_name(part["name"]): part["version"].partition("+")[0] for part in sbom["components"]}
    missing = {name: version for name, version in PINS.items() if versions.get(name) != version}
    assert {name for name in missing if is_installed(name)} == set()
    assert len(missing) < len(PINS) / 10


def is_installed(name: str) -> bool:
    try:
        return distribution(name).version.partition("+")[0] == PINS[name]
    except PackageNotFoundError:
        return False


def test_the_sbom_names_the_project_and_what_it_depends_on(sbom: dict[str, Any]) -> None:
    assert (sbom["bomFormat"], sbom["specVersion"]) == ("CycloneDX", "1.6")
    root = sbom["metadata"]["component"]
    assert (root["name"], root["version"]) == (PROJECT["name"], PROJECT["version"])
    depends = {item["ref"]: item.get("dependsOn", []) for item in sbom["dependencies"]}
    direct = {canonicalize_name(reference.partition("==")[0]) for reference in depends[root["bom-ref"]]}
    assert {canonicalize_name(Requirement(text).name) for text in PROJECT["dependencies"]} <= direct
    assert depends.keys() >= {part["bom-ref"] for part in sbom["components"]}


def test_the_sbom_holds_no_time_and_no_path_of_the_machine(sbom: dict[str, Any]) -> None:
    assert "timestamp" not in sbom["metadata"]
    assert "serialNumber" not in sbom
    assert sys.prefix not in json.dumps(sbom["components"])
