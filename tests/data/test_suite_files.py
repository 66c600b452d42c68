"""The state of all files of a suite."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from harness.data.file_status import FileStatus
from harness.data.suite_files import status
from harness.errors import RequestError
from harness.request.suite import Suite

SHA256_OF_BAR = "fcde2b2edba56bf408601fb721fe9b5c338d10ee429ea04fae5511b68fbf8fb9"


def test_a_file_is_present_missing_or_damaged(
    suite: Callable[..., Suite], beir: Sequence[Path], tmp_path: Path
) -> None:
    tiny = suite(beir[:3], {"passages": 3, "train_queries": 2, "dev_queries": 1}, url="http://127.0.0.1:9/x")
    beir[1].unlink()
    beir[2].write_bytes(b"bar")
    rows = status(tiny, data_dir=beir[0].parent, cache_dir=tmp_path)
    assert [(row.language, row.file, row.state, row.location) for row in rows] == [
        ("ko", "corpus.jsonl", "present", str(beir[0])),
        ("ko", "queries.jsonl", "missing", "http://127.0.0.1:9/x"),
        ("ko", "train.tsv", "damaged", str(beir[2])),
    ]
    declared = tiny.languages["ko"].retrieval.files[0]
    sha256 = f"sha256:{declared.sha256}"
    assert rows[0] == FileStatus("ko", "corpus.jsonl", "present", declared.bytes, sha256, str(beir[0]), sha256)
    assert [row.actual == row.expected for row in rows] == [True, False, False]
    assert rows[2].actual == f"sha256:{SHA256_OF_BAR}"


def test_an_unknown_language_is_rejected_with_the_available_ones(
    suite: Callable[..., Suite], beir: Sequence[Path], tmp_path: Path
) -> None:
    tiny = suite(beir, {"passages": 3, "train_queries": 2, "dev_queries": 1})
    with pytest.raises(RequestError, match=r"unknown language 'kor' in suite tiny; did you mean 'ko'\? Available: ko"):
        status(tiny, ["kor"], cache_dir=tmp_path)
