"""The reader of Belebele."""

from __future__ import annotations

from pathlib import Path

from harness.data.raw_data import Passage
from harness.data.readers import belebele


def test_belebele_has_one_passage_per_link_and_one_query_per_text(tmp_path: Path) -> None:
    path = tmp_path / "kor_Hang.jsonl"
    path.write_text(
        '{"link": "a", "flores_passage": "of a", "question": "who"}\n'
        '{"link": "a", "flores_passage": "of a", "question": "when"}\n'
        '{"link": "b", "flores_passage": "of b", "question": "who"}\n',
        encoding="utf-8",
    )
    raw = belebele.read([path])
    assert raw.passages == {"C0": Passage("", "of a"), "C1": Passage("", "of b")}
    assert raw.queries == {"Q0": "who", "Q1": "when"}
    assert raw.dev == {"Q0": {"C0": 1, "C1": 1}, "Q1": {"C0": 1}}
