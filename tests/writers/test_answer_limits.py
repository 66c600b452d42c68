"""An endpoint that answers without end, compressed, or with a redirect ends the run's requests with one line."""

from __future__ import annotations

import gzip
import threading
import time
import tracemalloc
from http.server import BaseHTTPRequestHandler

import pytest
from support.chat_server import ChatServer, body, completion, reply, serving

from harness.errors import CellError
from harness.machine.store import Store
from harness.request.manifest import Writer
from harness.writers import endpoint_client
from harness.writers.writing import write_queries

WRITER = Writer(kind="endpoint", model="tiny", prompt="Ask about: {passage}")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint_client, "PAUSE", 0.01)
    monkeypatch.setenv("HARNESS_ENDPOINT_RETRIES", "0")


def failure(store: Store) -> str:
    with pytest.raises(CellError) as error:
        write_queries(WRITER, {"d1": "a passage"}, "ko", ("cpu", "write"), store)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_an_answer_that_is_too_large_is_not_read_to_its_end(server: ChatServer, store: Store) -> None:
    sent = completion("a? " * 30_000_000)
    server.always = body(sent)
    tracemalloc.start()
    try:
        assert "more than 4,194,304 bytes of one answer of an endpoint" in failure(store)
        assert tracemalloc.get_traced_memory()[1] < len(sent) / 2
    finally:
        tracemalloc.stop()


def test_a_compressed_answer_is_refused_without_decompressing_it(server: ChatServer, store: Store) -> None:
    content = gzip.compress(completion("a?"))
    server.always = lambda request: reply(request, 200, content, Content_Encoding="gzip")
    assert "the answer is compressed, which was not asked for" in failure(store)


def test_an_answer_that_drips_ends_after_the_time_of_one_attempt(
    server: ChatServer, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_ENDPOINT_TIMEOUT", "0.5")

    def drip(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", "1000")
        request.end_headers()
        for _ in range(100):
            request.wfile.write(b" ")
            request.wfile.flush()
            time.sleep(0.1)

    server.always = drip
    assert "the answer was not complete in time; HARNESS_ENDPOINT_TIMEOUT is its limit" in failure(store)


def test_headers_that_drip_end_after_the_time_of_one_attempt(
    server: ChatServer, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_ENDPOINT_TIMEOUT", "0.5")
    ended = threading.Event()

    def drip(request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
        for _ in range(100):
            if ended.wait(0.1):
                return
            request.wfile.write(b"a")
            request.wfile.flush()

    server.always = drip
    try:
        assert "the answer was not complete in time; HARNESS_ENDPOINT_TIMEOUT is its limit" in failure(store)
    finally:
        ended.set()


@pytest.mark.parametrize("code", [301, 302, 307, 308])
def test_a_redirect_is_not_followed_with_the_prompts(server: ChatServer, store: Store, code: int) -> None:
    with serving() as other:
        server.always = lambda request: reply(request, code, b"", Location=f"{other.url}/chat/completions")
        assert f"status {code}: it redirects, which is not followed; correct OPENAI_BASE_URL" in failure(store)
        assert other.prompts == []
    assert len(server.prompts) == 1


def test_control_characters_of_an_answer_reach_no_message(server: ChatServer, store: Store) -> None:
    server.always = body(b'{"error": "\x1b[2J"}')
    assert "\x1b" not in failure(store)
