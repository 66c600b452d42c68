"""What a synthesis says in sentences."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from support.study_folders import over_base

from harness.evidence.synthesis.choice import read_folders, synthesize
from harness.report.summaries.synthesis_words import notes


def test_the_queries_that_folders_share_are_one_sentence(tmp_path: Path) -> None:
    folders = [over_base(tmp_path / name, {"ko": 0.02, "fa": 0.03}) for name in ("a", "b")]
    [synthesis] = synthesize(read_folders(folders))
    shared = replace(synthesis, repeated_queries=("fa of a and b", "ko of a and b"))
    assert [note for note in notes(shared) if "queries" in note] == ["The same queries: fa of a and b; ko of a and b."]
    assert not any("queries" in note for note in notes(replace(synthesis, repeated_queries=())))
