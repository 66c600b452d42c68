"""An installed wheel works outside the checkout: methods, manifests, data and templates travel in it."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.commands import REPOSITORY, Result, invoke, spawn, write_plugin

from harness.machine.code import code
from harness.request import plugins
from harness.results import record


@dataclass(frozen=True)
class Installed:
    """A wheel installed into a folder, used from another one."""

    wheel: Path
    site: Path
    work: Path

    def python(self, *arguments: str | Path) -> Result:
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
    script = "from harness.machine import bundled; from harness.request import plugins; import methods"
    result = installed.python(
        "-c", f"{script}; print(bundled.manifests(), bundled.templates(), methods.__file__, sep='\\n')"
    )
    assert result.out.splitlines() == [
        f"{installed.site}/harness/_data/datasets_manifest",
        f"{installed.site}/harness/_data/report_templates",
        f"{installed.site}/harness/_data/methods/__init__.py",
    ]


def test_harness_is_all_that_the_wheel_puts_at_the_top_of_site_packages(installed: Installed) -> None:
    names = {path.name for path in installed.site.iterdir()}
    assert names == {"harness", "harness_embeddings-0.1.0.dist-info", "bin"}
    result = installed.python("-S", "-c", "import methods")
    assert result.status == 1
    assert "No module named 'methods'" in result.err


def test_the_version_is_printed_from_the_wheel(installed: Installed) -> None:
    result = installed.python("-m", "harness", "--version")
    assert (result.status, result.out) == (0, "harness 0.1.0\n")


def test_code_and_plugins_have_the_digests_of_the_checkout(installed: Installed) -> None:
    script = (
        "import json\n"
        "from harness.machine.code import code\n"
        "from harness.request import plugins\n"
        "print(json.dumps([code(), {name: plugins.sources_sha256(name) for name in plugins._files(None)}]))"
    )
    result = installed.python("-c", script)
    assert (result.status, result.err) == (0, "")
    of_code, of_plugins = json.loads(result.out)
    assert of_code == {"sources_sha256": code()["sources_sha256"]}
    assert of_plugins == {name: plugins.sources_sha256(name) for name in plugins._files(None)}
    assert {"bm25", "clpl", "mnrl", "moe"} <= of_plugins.keys()


def test_a_package_methods_in_the_working_directory_does_not_hide_the_bundled_one(installed: Installed) -> None:
    folder = installed.work / "methods"
    try:
        write_plugin(folder, "mnrl", "raise SystemExit(5)")
        (folder / "__init__.py").touch()
        script = "from harness.request import plugins; import methods.mnrl; print(methods.mnrl.__file__)"
        result = spawn("-c", script, cwd=installed.work, PYTHONPATH=str(installed.site))
    finally:
        shutil.rmtree(folder)
    assert (result.status, result.err) == (0, "")
    assert result.out == f"{installed.site}/harness/_data/methods/mnrl.py\n"


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
    assert (result.status, result.err, result.out) == (0, "", "19\n")


def test_the_fourteen_entries_and_the_examples_of_habits_are_listed_from_the_wheel(installed: Installed) -> None:
    result = installed.python("-m", "harness", "list", "methods")
    assert (result.status, result.err) == (0, "")
    assert len(result.out.splitlines()) == 14 + 14


def test_the_main_job_is_planned_from_the_wheel_and_writes_nothing(installed: Installed) -> None:
    result = installed.python("-m", "harness", "run", "--methods", "all", "--langs", "ko,hi,fa", "--dry-run")
    assert (result.status, result.err) == (0, "")
    assert "114 of 114 cells to run" in result.out  # 12 trained entries × 3 languages × 3 seeds, and 2 × 3
    assert list(installed.work.iterdir()) == []


def test_the_bundled_data_are_present_in_the_wheel(installed: Installed) -> None:
    result = installed.python("-m", "harness", "data", "status", "mini")
    assert (result.status, result.err) == (0, "")
    assert {line.split()[1] for line in result.out.splitlines()} == {"present"}


REQUEST = (
    *("run", "--methods", "bm25,mnrl-moe", "--langs", "ko", "--seeds", "0", "--max-train", "40", "--device", "cpu"),
    *("--set", "train.epochs=1"),
)


@pytest.fixture(scope="module")
def trained(installed: Installed, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a run from the wheel, in worker processes, with the cache beside it."""
    top = tmp_path_factory.mktemp("trained")
    result = installed.python(
        "-m", "harness", *REQUEST, "--jobs", "2", "--out", top / "out", "--cache-dir", top / "cache"
    )
    assert result.status == 0, result.err
    return top / "out"


def test_the_checkout_reads_what_the_wheel_has_cached_and_writes_the_same_ranking(
    trained: Path, tmp_path: Path
) -> None:
    cache = trained.with_name("cache")
    stored = {path: path.stat().st_mtime_ns for path in cache.rglob("model.safetensors")}
    assert stored
    result = invoke(*REQUEST, "--out", tmp_path / "out", "--cache-dir", cache)
    assert result.status == 0, result.err
    assert {path: path.stat().st_mtime_ns for path in cache.rglob("model.safetensors")} == stored
    ours, theirs = ({cell.name: cell for cell in record.read_all(folder)} for folder in (tmp_path / "out", trained))
    assert ours.keys() == theirs.keys() == {"bm25/ko/0", "mnrl-moe/ko/0"}
    for name, cell in ours.items():
        assert (cell.cell_key, cell.files) == (theirs[name].cell_key, theirs[name].files)
    here, there = (cell.provenance["entry"]["plugins"] for cell in (ours["mnrl-moe/ko/0"], theirs["mnrl-moe/ko/0"]))
    assert here == there


def test_a_saved_mixture_of_experts_opens_in_the_wheel_and_in_the_checkout(installed: Installed, trained: Path) -> None:
    (config,) = (
        path for path in trained.with_name("cache").glob("train/*/*/config.json") if "-moe" in path.read_text("utf-8")
    )
    script = (
        "import sys\n"
        "from sentence_transformers import SentenceTransformer\n"
        "from harness.request import plugins\n"
        "plugins.load('moe', {}).register()\n"
        "model = SentenceTransformer(sys.argv[1], device='cpu')\n"
        "print(type(model[0].model).__module__, [round(float(value), 5) for value in model.encode('가')[:4]])"
    )
    outputs = [
        installed.python("-c", script, config.parent),
        spawn("-c", script, config.parent, cwd=installed.work, PYTHONPATH=str(REPOSITORY)),
    ]
    assert [result.status for result in outputs] == [0, 0], outputs
    assert outputs[0].out == outputs[1].out
    assert outputs[0].out.startswith("methods._moe_model [")


def test_a_method_and_a_suite_are_started_from_the_wheel(installed: Installed, tmp_path: Path) -> None:
    for kind in ("method", "suite"):
        result = installed.python("-m", "harness", "new", kind, "mine", "--out", str(tmp_path / kind))
        assert (result.status, result.err) == (0, "")
    assert (tmp_path / "method/tests/test_mine.py").is_file()
    assert (tmp_path / "suite/mine.toml").is_file()
