"""Downloads stop at the declared size, at a time and at redirects without end, and send no ambient credentials."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from support.download_server import CONTENT, Server

from harness.data.download import download
from harness.errors import DataError

SHA256 = hashlib.sha256(CONTENT).hexdigest()


@contextmanager
def redirecting(target: str, *, endless: bool = False) -> Iterator[str]:
    """Yield the URL of a server that redirects every request to another one, or to itself."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(302)
            self.send_header("Location", self.path if endless else target)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield f"http://127.0.0.1:{http.server_address[1]}/a"
        http.shutdown()
        thread.join()


def rejection(path: Path, url: str, **limits: Any) -> str:
    with pytest.raises(DataError) as caught:
        download(url, SHA256, path, **limits)
    assert "\n" not in str(caught.value)
    assert list(path.parent.iterdir()) == []
    return str(caught.value)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "cache"
    folder.mkdir()
    return folder / "a"


def test_a_download_of_the_declared_size_is_kept(server: Server, target: Path) -> None:
    download(server.url, SHA256, target, size=len(CONTENT))
    assert target.read_bytes() == CONTENT


def test_a_server_that_sends_more_than_the_declared_size_is_stopped(server: Server, target: Path) -> None:
    server.content = CONTENT + b"x" * 10_000_000
    message = rejection(target, server.url, size=len(CONTENT))
    assert f"{server.url} sends more than the {len(CONTENT):,} bytes in the manifest" in message
    assert len(server.requests) == 1


def test_a_download_of_unknown_size_stops_at_the_limit(
    server: Server, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_LIMIT_DOWNLOAD_BYTES", "1000")
    assert "more than 1,000 bytes of a download of unknown size" in rejection(target, server.url)


def test_a_download_that_takes_too_long_is_stopped(
    server: Server, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = iter(range(0, 10**6, 1000))
    monkeypatch.setattr("harness.data.download.time.monotonic", lambda: float(next(times)))
    monkeypatch.setenv("HARNESS_LIMIT_DOWNLOAD_SECONDS", "999")
    assert "more than 999 seconds of one download" in rejection(target, server.url)


@pytest.mark.parametrize("before", ["HTTP/1.1 200 OK\r\nX: ", "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n"])
def test_a_server_that_sends_a_byte_now_and_then_is_cut_off(
    target: Path, monkeypatch: pytest.MonkeyPatch, before: str
) -> None:
    """In its headers, and in a block of the content, of which clients wait for the whole."""
    ended = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.wfile.write(before.encode())
            for _ in range(100):
                if ended.wait(0.1):
                    return
                self.wfile.write(b"a")

        def log_message(self, *_: Any) -> None:
            pass

    monkeypatch.setenv("HARNESS_LIMIT_DOWNLOAD_SECONDS", "1")
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            url = f"http://127.0.0.1:{http.server_address[1]}/a"
            assert "more than 1 seconds of one download" in rejection(target, url)
        finally:
            ended.set()
            http.shutdown()
            thread.join()


@pytest.mark.parametrize("redirected", [False, True])
def test_the_credentials_of_netrc_are_not_sent(
    server: Server, target: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, redirected: bool
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password secret\n", encoding="utf-8")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with redirecting(server.url) as url:
        download(url if redirected else server.url, SHA256, target)
    assert [request.get("Authorization") for request in server.requests] == [None]


def test_the_proxy_of_the_environment_is_used(server: Server, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("http_proxy", server.url)  # which answers what a proxy is asked for
    download("http://files.example/a.json", SHA256, target)
    assert [request["Host"] for request in server.requests] == ["files.example"]


def test_redirects_without_end_are_an_error(target: Path, server: Server) -> None:
    with redirecting("", endless=True) as url:
        assert f"{url} cannot be fetched: it redirects without end" in rejection(target, url)
