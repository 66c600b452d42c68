"""`harness suite init --beir NAME` has beir download a data set; a local server stands in for its publisher."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from support.commands import DATA, invoke
from support.download_server import Server

from harness.data import beir_download


@pytest.fixture
def publisher(server: Server, monkeypatch: pytest.MonkeyPatch) -> Server:
    """A server that answers every address with the archive of one data set."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in DATA.items():
            archive.writestr(f"small/{'qrels/' if name.endswith('.tsv') else ''}{name}", text)
    server.content = content.getvalue()
    monkeypatch.setattr(beir_download, "ARCHIVES", server.url.rpartition("/")[0])
    return server


def test_a_published_data_set_becomes_a_suite_that_runs(publisher: Server, tmp_path: Path) -> None:
    folder = tmp_path / "data" / "small"
    result = invoke("suite", "init", folder, "--beir", "small")
    assert (result.status, result.out.splitlines()[0]) == (0, f"wrote {folder}/small.toml")
    run = ("run", "--suite", folder / "small.toml", "--methods", "bm25", "--device", "cpu", "--out", tmp_path / "out")
    assert invoke(*run).status == 0


def test_a_folder_that_exists_is_not_written_over(publisher: Server, tmp_path: Path) -> None:
    assert "exists; leave --beir out" in invoke("suite", "init", tmp_path, "--beir", "small").line
    assert publisher.requests == []


def test_an_unknown_data_set_leaves_nothing_behind(publisher: Server, tmp_path: Path) -> None:
    publisher.statuses = [404]
    result = invoke("suite", "init", tmp_path / "none", "--beir", "none")
    assert (result.status, "none is not among BEIR's data sets" in result.err.splitlines()[-1]) == (2, True)
    assert list(tmp_path.iterdir()) == []


def test_a_publisher_that_does_not_answer_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(beir_download, "ARCHIVES", "http://127.0.0.1:9")
    result = invoke("suite", "init", tmp_path / "small", "--beir", "small")
    assert (result.status, "download and unzip it, and run without --beir" in result.line) == (2, True)


def test_a_name_is_not_a_path(tmp_path: Path) -> None:
    line = invoke("suite", "init", tmp_path / "small", "--beir", "../small").line
    assert "is not the name of a data set" in line
