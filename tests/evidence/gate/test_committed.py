"""The gate on the committed results: a rerun of a part of them passes, a broken loss in the code does not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support.commands import REPOSITORY, Result, invoke

from harness.results import record

BASELINE = REPOSITORY / "results/mini"
PART = ("--langs", "ko", "--methods")
LOSS = "infonce(embeddings, self.temperature, True, mask)"


def in_tree(tree: Path, *arguments: str | Path, cache: Path) -> Result:
    """Run `harness ARGUMENTS` by the code of another tree."""
    environment = {**os.environ, "PYTHONPATH": str(tree), "HARNESS_CACHE": str(cache)}
    command = [sys.executable, "-m", "harness", *map(str, arguments)]
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, timeout=600)
    return Result(done.returncode, done.stdout, done.stderr)


def run(out: Path, methods: str, seeds: str = "0,1") -> tuple[str | Path, ...]:
    return ("run", "--suite", "mini", *PART, methods, "--seeds", seeds, "--jobs", "2", "--device", "cpu", "--out", out)


def gate(out: Path, methods: str) -> Result:
    return invoke("check", out, "--baseline", BASELINE, *PART, methods)


@pytest.fixture(scope="module")
def afresh(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three entries of the committed results in Korean, run by the code as it is now."""
    out = tmp_path_factory.mktemp("afresh") / "out"
    assert invoke(*run(out, "base,bm25,mnrl")).status == 0
    return out


def test_a_part_of_the_committed_results_run_afresh_passes_the_gate(afresh: Path) -> None:
    green = gate(afresh, "base,bm25,mnrl")
    assert (green.status, green.out.splitlines()[-1]) == (0, "mini: passed: 3 same")


def test_the_committed_results_are_reproduced_bit_for_bit_on_the_same_kind_of_machine(
    afresh: Path, tmp_path: Path
) -> None:
    committed = {(cell.entry, cell.seed): cell for cell in record.read_all(BASELINE) if cell.language == "ko"}
    for cell in record.read_all(afresh):
        environments = [done.provenance["environment"] for done in (cell, committed[cell.entry, cell.seed])]
        if any(environments[0][name] != environments[1][name] for name in ("instruction_set", "packages", "threads")):
            pytest.skip("the committed results were made with another processor or other libraries")
    assert invoke(*run(tmp_path / "out", "clpl-moe", "0")).status == 0
    cells = [cell for out in (afresh, tmp_path / "out") for cell in record.read_all(out)]
    assert len(cells) == 1 + 1 + 2 + 1
    for cell in cells:
        assert cell.files == committed[cell.entry, cell.seed].files, cell.name


def test_a_loss_broken_in_the_code_turns_the_gate_red(tmp_path: Path, cache: Path) -> None:
    tree = tmp_path / "tree"
    for name in ("harness", "methods", "datasets_manifest", "report_templates"):
        shutil.copytree(REPOSITORY / name, tree / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(REPOSITORY / "CITATION.cff", tree)
    (tree / "results").mkdir()
    for published in ("claims.toml", "contrasts.toml"):
        shutil.copy(REPOSITORY / "results" / published, tree / "results")
    method = tree / "methods/mnrl.py"
    healthy = method.read_text(encoding="utf-8")
    assert healthy.count(LOSS) == 1

    away = LOSS.replace("embeddings", "[-embeddings[0], embeddings[1]]")  # relevant passages are pushed away
    method.write_text(healthy.replace(LOSS, away), encoding="utf-8")
    made = in_tree(tree, *run(tmp_path / "broken", "base,mnrl"), cache=cache)
    assert made.status == 0, made.err  # it trains, and says nothing
    red = gate(tmp_path / "broken", "base,mnrl")
    assert (red.status, red.out.splitlines()[-1]) == (1, "mini: FAILED: 1 regression, 1 same")
    (line,) = (line for line in red.out.splitlines() if line.startswith("regression: "))
    assert line.startswith("regression: mnrl/ko: nDCG@10 ")
    assert line.endswith("beyond the margin of 1.00; 2 seeds against 5, 256 queries")
