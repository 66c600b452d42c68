"""Records that are made again are named, with why."""

from __future__ import annotations

from pathlib import Path

from support.commands import REPOSITORY, invoke, read_json, spawn, write_plugin

PLUGIN = """
from dataclasses import dataclass
from methods.bm25 import BM25

@dataclass(frozen=True)
class PLUGIN(BM25):
    k1: float = {}
"""


def test_a_record_of_an_edited_plugin_is_named_and_made_again_when_an_entry_is_added(tmp_path: Path) -> None:
    write_plugin(tmp_path / "own", "mine", PLUGIN.format(0.9))
    first = ("run", "--suite", "mini", "--langs", "ko", "--methods", "mine", "--methods-path", tmp_path / "own")
    assert invoke(*first, "--device", "cpu", "--out", tmp_path / "out").status == 0
    before = read_json(tmp_path / "out/records/mine/ko/0.json")
    write_plugin(tmp_path / "own", "mine", PLUGIN.format(2.5))
    added = ("-m", "harness", "run", "--methods", "bm25", "--out", tmp_path / "out")  # in processes of their own
    named = "made again, as their code, libraries or data have changed since: mine (1)"
    assert named in spawn(*added, "--dry-run", cwd=REPOSITORY).out.splitlines()
    result = spawn(*added, cwd=REPOSITORY)
    assert (result.status, named in result.err.splitlines()) == (0, True), result.err
    after = read_json(tmp_path / "out/records/mine/ko/0.json")
    assert (after["cell_key"] != before["cell_key"], after["measures"] != before["measures"]) == (True, True)


def test_nothing_is_named_where_nothing_has_changed(tmp_path: Path) -> None:
    request = (
        "run",
        "--suite",
        "mini",
        "--langs",
        "ko",
        "--methods",
        "bm25",
        "--device",
        "cpu",
        "--out",
        tmp_path / "out",
    )
    assert invoke(*request).status == 0
    assert "made again" not in invoke("run", "--langs", "ko,hi", "--out", tmp_path / "out").err
