"""A local server for /v1/chat/completions that fails on request."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

KEY = "sk-a-secret-that-nobody-may-see-0123456789"

Fault = Callable[[BaseHTTPRequestHandler], None]
"""Runs in place of an answer."""


@dataclass
class ChatServer:
    """The requests received, and the answers: `faults` first, one per request, then `always` or `answer`."""

    port: int = 0
    answer: Callable[[str], str] = lambda prompt: f"what is {abs(hash(prompt))}?"
    faults: list[Fault] = field(default_factory=list)
    always: Fault | None = None
    seconds: float = 0.0  # per answer
    prompts: list[str] = field(default_factory=list)  # of every request, failed ones included
    answered: list[str] = field(default_factory=list)
    bodies: list[dict[str, Any]] = field(default_factory=list)
    authorisations: set[str] = field(default_factory=set)
    at_once: int = 0
    most_at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def environment(self) -> dict[str, str]:
        """The variables of a command that uses the server; few and short retries."""
        return {
            "OPENAI_BASE_URL": self.url,
            "OPENAI_API_KEY": KEY,
            "HARNESS_ENDPOINT_RETRIES": "1",
            "HARNESS_ENDPOINT_TIMEOUT": "10",
            "NO_PROXY": "127.0.0.1",
        }

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        body = json.loads(request.rfile.read(int(request.headers["Content-Length"])))
        prompt = body["messages"][0]["content"]
        with self.lock:
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
            self.prompts.append(prompt)
            self.bodies.append(body)
            self.authorisations.add(request.headers["Authorization"])
            fault = self.faults.pop(0) if self.faults else self.always
        time.sleep(self.seconds)
        try:
            if request.path != "/v1/chat/completions":
                reply(request, 404, b"{}")
            elif fault is not None:
                fault(request)
            else:
                content = self.answer(prompt)
                with self.lock:
                    self.answered.append(prompt)
                reply(request, 200, completion(content, body["model"]))
        finally:
            with self.lock:
                self.at_once -= 1


def completion(content: Any, model: str = "tiny") -> bytes:
    """Return the body of a chat completion."""
    message = {"role": "assistant", "content": content}
    choices = [{"index": 0, "message": message, "finish_reason": "stop"}]
    return json.dumps({"id": "1", "object": "chat.completion", "model": model, "choices": choices}).encode()


def reply(request: BaseHTTPRequestHandler, status: int, body: bytes, **headers: str) -> None:
    """Send a complete response."""
    request.send_response(status)
    for name, value in {"Content_Type": "application/json", **headers}.items():
        request.send_header(name.replace("_", "-"), value)
    request.send_header("Content-Length", str(len(body)))
    request.end_headers()
    request.wfile.write(body)


def status(code: int, message: str = "no", **headers: str) -> Fault:
    """Return a fault: an error status."""
    body = json.dumps({"error": {"message": message, "type": "error", "param": None}}).encode()
    return lambda request: reply(request, code, body, **headers)


def body(content: bytes) -> Fault:
    """Return a fault: status 200 with that body."""
    return lambda request: reply(request, 200, content)


def cut(request: BaseHTTPRequestHandler) -> None:
    """Announce more bytes than are sent, then close the connection."""
    request.send_response(200)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", "1000")
    request.end_headers()
    request.wfile.write(b'{"choices": [')
    request.wfile.flush()
    request.connection.shutdown(socket.SHUT_RDWR)
    request.close_connection = True


def hang(seconds: float) -> Fault:
    """Return a fault: no response for that long, then a closed connection."""

    def wait(request: BaseHTTPRequestHandler) -> None:
        time.sleep(seconds)
        request.close_connection = True

    return wait


@contextmanager
def serving(**settings: Any) -> Iterator[ChatServer]:
    """Run a server on a free port of 127.0.0.1."""
    chat = ChatServer(**settings)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            chat.handle(self)

        def log_message(self, *_: Any) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, request: Any, client_address: Any) -> None:
            """Ignore clients that disconnect: the tests make them do so."""

    with Quiet(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        chat.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=[0.02], daemon=True)
        thread.start()
        try:
            yield chat
        finally:
            server.shutdown()
            thread.join()
