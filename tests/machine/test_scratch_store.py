"""A store on top of another one, for a dry run: nothing of what it makes is kept."""

from __future__ import annotations

from pathlib import Path

from harness.machine.scratch_store import scratch_store
from harness.machine.store import Store


def test_what_is_stored_is_read_and_what_is_made_is_removed(tmp_path: Path) -> None:
    stored = Store(tmp_path)
    stored.read_json("stage", "aa1", lambda: "kept")
    before = sorted(path for path in tmp_path.rglob("*"))
    with scratch_store(tmp_path) as store:
        assert store.read_json("stage", "aa1", lambda: "made again") == "kept"
        assert store.read_json("stage", "bb2", lambda: "new") == "new"
        assert (store.has("stage", "aa1"), store.has("stage", "bb2"), store.has("stage", "cc3")) == (True, True, False)
        made = store.find("stage", "bb2")
        assert made is not None
    assert not made.exists()
    assert sorted(path for path in tmp_path.rglob("*")) == before
