"""Passages on disk."""

from __future__ import annotations

import pickle
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from harness.data import corpus, corpus_writer
from harness.data.corpus import Corpus, blocks
from harness.data.corpus_writer import write_corpus
from harness.errors import DataError
from harness.keys import texts_sha256

IDS = st.text(alphabet="ab#1-가\U0001f600é", min_size=1, max_size=4)


@given(texts=st.dictionaries(IDS, st.text(max_size=5)), batch=st.sampled_from([1, 2, 3, 64]))
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_corpus_reads_as_the_mapping_it_was_written_from(
    tmp_path_factory: pytest.TempPathFactory, texts: dict[str, str], batch: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(corpus, "BATCH", batch)
        patch.setattr(corpus_writer, "RUN", 3)
        written = write_corpus(tmp_path_factory.mktemp("corpus") / "c.arrow", reversed(list(texts.items())))
        assert list(written) == sorted(texts)
        assert dict(written) == texts
        assert len(written) == len(texts)
        assert [written.id_at(row) for row in range(len(texts))] == sorted(texts)
        assert written.sha256 == texts_sha256(texts)
        assert texts_sha256(written) == texts_sha256(texts)
        assert "nowhere" not in written


def test_an_unknown_id_is_a_key_error(tmp_path: Path) -> None:
    written = write_corpus(tmp_path / "c.arrow", [("b", "two"), ("d", "four")])
    for missing in ("a", "c", "e"):
        with pytest.raises(KeyError):
            written[missing]


def test_a_repeated_id_is_rejected_and_leaves_no_spilled_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus_writer, "RUN", 2)
    with pytest.raises(DataError, match="duplicate passage id 'b'"):
        write_corpus(tmp_path / "c.arrow", [("b", "two"), ("a", "one"), ("b", "other")])
    assert list(tmp_path.glob("c-*")) == []


def test_the_file_does_not_depend_on_the_order_of_the_rows(tmp_path: Path) -> None:
    rows = [(f"{i:03}", f"text {i}") for i in range(50)]
    forward = write_corpus(tmp_path / "forward.arrow", rows)
    backward = write_corpus(tmp_path / "backward.arrow", reversed(rows))
    assert forward.path.read_bytes() == backward.path.read_bytes()


@pytest.mark.parametrize("start", [0, 4, 8])
def test_blocks_of_a_corpus_equal_blocks_of_a_dictionary(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, start: int
) -> None:
    monkeypatch.setattr(corpus, "BATCH", 2)
    texts = {f"{i:02}": f"text {i}" for i in range(11)}
    written = write_corpus(tmp_path / "c.arrow", texts.items())
    assert list(blocks(written, 4, start)) == list(blocks(texts, 4, start))
    assert [len(ids) for ids, _ in blocks(written, 4, start)] == [4, 4, 3][start // 4 :]


def test_a_corpus_is_pickled_as_its_path(tmp_path: Path) -> None:
    written = write_corpus(tmp_path / "c.arrow", [("a", "one")])
    assert len(written) == 1  # opened
    restored = pickle.loads(pickle.dumps(written))
    assert isinstance(restored, Corpus)
    assert (restored["a"], restored.sha256) == ("one", written.sha256)


def test_writing_and_reading_need_memory_for_a_few_blocks_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(corpus, "BATCH", 512)
    monkeypatch.setattr(corpus_writer, "RUN", 4096)
    rows = 60_000
    text = "x" * 2_000  # 120 MB of text in all

    def stream() -> Iterator[tuple[str, str]]:
        for i in range(rows):
            yield f"{i:06}", text + str(i)

    tracemalloc.start()
    try:
        written = write_corpus(tmp_path / "c.arrow", stream())
        count = sum(len(ids) for ids, _ in blocks(written, corpus.BATCH))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert count == rows
    assert peak < 60_000_000  # half of the text: one run, or a batch of each of the 15 runs, some of them copied
