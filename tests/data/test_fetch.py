"""Downloads of declared files, from a local server that can be told to fail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from support.download_server import CONTENT, Server

from harness.data.suite_files import fetch
from harness.errors import DataError
from harness.request.suite import Suite

COUNTS = {"passages": 1, "train_queries": 1, "dev_queries": 1}
MakeSuite = Callable[..., Suite]


@pytest.fixture
def tiny(server: Server, suite: MakeSuite, tmp_path: Path) -> Suite:
    """A suite with one file, which the server serves."""
    path = tmp_path / "upstream" / "a.json"
    path.parent.mkdir()
    path.write_bytes(CONTENT)
    return suite([path], COUNTS, reader="squad", url=server.url)


def left_behind(cache_dir: Path) -> list[Path]:
    return [path for path in (cache_dir / "data").rglob("*") if path.is_file()]


def rejection(tiny: Suite, cache_dir: Path) -> str:
    with pytest.raises(DataError) as caught:
        fetch(tiny, cache_dir=cache_dir)
    assert "\n" not in str(caught.value)
    assert caught.value.exit_status == 2
    return str(caught.value)


def test_a_missing_file_is_fetched_into_the_cache(tiny: Suite, server: Server, tmp_path: Path) -> None:
    (row,) = fetch(tiny, ["ko"], cache_dir=tmp_path / "cache")
    assert row.state == "present"
    assert Path(row.location).read_bytes() == CONTENT
    assert left_behind(tmp_path / "cache") == [Path(row.location)]


def test_a_present_file_is_not_fetched_again(tiny: Suite, server: Server, tmp_path: Path) -> None:
    fetch(tiny, cache_dir=tmp_path / "cache")
    fetch(tiny, cache_dir=tmp_path / "cache")
    assert len(server.requests) == 1


def test_a_file_in_the_data_folder_is_not_fetched(tiny: Suite, server: Server, tmp_path: Path) -> None:
    (row,) = fetch(tiny, data_dir=tmp_path / "upstream", cache_dir=tmp_path / "cache")
    assert row.location == str(tmp_path / "upstream" / "a.json")
    assert server.requests == []


def test_a_damaged_file_in_the_cache_is_replaced(tiny: Suite, server: Server, tmp_path: Path) -> None:
    (row,) = fetch(tiny, cache_dir=tmp_path / "cache")
    Path(row.location).write_bytes(CONTENT[:-1])
    (row,) = fetch(tiny, cache_dir=tmp_path / "cache")
    assert row.state == "present"
    assert Path(row.location).read_bytes() == CONTENT


def test_a_damaged_file_in_the_data_folder_is_rejected_and_not_changed(
    tiny: Suite, server: Server, tmp_path: Path
) -> None:
    (tmp_path / "upstream" / "a.json").write_bytes(b"other")
    with pytest.raises(DataError, match=r"a\.json is damaged"):
        fetch(tiny, data_dir=tmp_path / "upstream", cache_dir=tmp_path / "cache")
    assert (tmp_path / "upstream" / "a.json").read_bytes() == b"other"
    assert server.requests == []


def test_a_connection_cut_in_the_middle_is_resumed_by_range(tiny: Suite, server: Server, tmp_path: Path) -> None:
    server.cuts = [100_000]
    (row,) = fetch(tiny, cache_dir=tmp_path / "cache")
    assert Path(row.location).read_bytes() == CONTENT
    assert len(server.requests) == 2
    start = int(server.requests[1]["Range"].removeprefix("bytes=").removesuffix("-"))
    assert 0 < start <= 100_000


@pytest.mark.parametrize("announced", [False, True])
def test_a_cut_download_is_completed_if_the_server_sends_the_whole_file_again(
    tiny: Suite, server: Server, tmp_path: Path, announced: bool
) -> None:
    server.cuts, server.announces_ranges, server.serves_ranges = [100_000], announced, False
    (row,) = fetch(tiny, cache_dir=tmp_path / "cache")
    assert Path(row.location).read_bytes() == CONTENT


def test_the_file_is_requested_uncompressed_so_that_ranges_count_its_bytes(
    tiny: Suite, server: Server, tmp_path: Path
) -> None:
    fetch(tiny, cache_dir=tmp_path / "cache")
    assert server.requests[0]["Accept-Encoding"] == "identity"


def test_a_connection_cut_every_time_leaves_nothing_behind(tiny: Suite, server: Server, tmp_path: Path) -> None:
    server.cuts = [0] * 10
    message = rejection(tiny, tmp_path / "cache")
    assert server.url in message
    assert "the connection was cut" in message
    assert left_behind(tmp_path / "cache") == []


def test_a_wrong_hash_leaves_nothing_behind(tiny: Suite, server: Server, tmp_path: Path) -> None:
    server.content = CONTENT[:-1] + b"X"
    message = rejection(tiny, tmp_path / "cache")
    assert server.url in message
    assert tiny.languages["ko"].retrieval.files[0].sha256 in message
    assert left_behind(tmp_path / "cache") == []


@pytest.mark.parametrize("status", [404, 401, 410])
def test_a_client_error_is_reported_with_its_status_and_not_retried(
    tiny: Suite, server: Server, tmp_path: Path, status: int
) -> None:
    server.statuses = [status]
    assert f"{server.url} cannot be fetched: {status} " in rejection(tiny, tmp_path / "cache")
    assert len(server.requests) == 1
    assert left_behind(tmp_path / "cache") == []


def test_a_temporary_server_error_is_retried(tiny: Suite, server: Server, tmp_path: Path) -> None:
    server.statuses = [503, 429]
    (row,) = fetch(tiny, cache_dir=tmp_path / "cache")
    assert Path(row.location).read_bytes() == CONTENT


def test_a_persistent_server_error_is_reported_with_its_status(tiny: Suite, server: Server, tmp_path: Path) -> None:
    server.statuses = [500] * 10
    assert f"{server.url} cannot be fetched: 500 " in rejection(tiny, tmp_path / "cache")
    assert left_behind(tmp_path / "cache") == []


def test_without_a_network_one_line_names_the_url_and_the_remedy(
    suite: MakeSuite, beir: Sequence[Path], server: Server, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    url = "http://127.0.0.1:9/a.json"  # nothing listens on the discard port
    message = rejection(suite(beir[:1], COUNTS, url=url), tmp_path / "cache")
    assert message.startswith(f"{url} cannot be fetched: no connection; ")
    assert "--data-dir" in message
    assert capfd.readouterr() == ("", "")


def test_a_cache_that_cannot_be_written_is_named(tiny: Suite, tmp_path: Path) -> None:
    (tmp_path / "cache").write_bytes(b"a file where the cache should be")
    assert str(tmp_path / "cache") in rejection(tiny, tmp_path / "cache")


def test_a_cache_folder_that_cannot_be_created_is_named(tiny: Suite, tmp_path: Path) -> None:
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "data").write_bytes(b"a file where the folder should be")
    assert "cannot write" in rejection(tiny, tmp_path / "cache")


def test_a_missing_bundled_file_cannot_be_fetched(suite: MakeSuite, beir: Sequence[Path], tmp_path: Path) -> None:
    assert "corpus.jsonl of suite tiny is missing; it is part of the package" in rejection(
        suite(beir[:1], COUNTS), tmp_path / "cache"
    )
