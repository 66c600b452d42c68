"""A local server of one file that can be told to fail."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

CONTENT = b"0123456789abcdef" * 20_000


@dataclass
class Server:
    """How the server behaves, and the headers of every request that it received."""

    url: str = ""
    content: bytes = CONTENT
    statuses: list[int] = field(default_factory=list)  # of the next responses; 200 after them
    cuts: list[int] = field(default_factory=list)  # bytes after which the next responses are cut; none after them
    announces_ranges: bool = True
    serves_ranges: bool = True
    requests: list[dict[str, str]] = field(default_factory=list)


@contextmanager
def serving() -> Iterator[Server]:
    """Yield a server that runs until the block ends."""
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.requests.append(dict(self.headers.items()))
            status = state.statuses.pop(0) if state.statuses else 200
            body = state.content if status == 200 else b"an error page"
            requested = self.headers.get("Range")
            if status == 200 and requested and state.serves_ranges:
                status, body = 206, body[int(requested.removeprefix("bytes=").removesuffix("-")) :]
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            if state.announces_ranges:
                self.send_header("Accept-Ranges", "bytes")
            self.end_headers()
            self.wfile.write(body[: state.cuts.pop(0)] if state.cuts else body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as http:
        state.url = f"http://127.0.0.1:{http.server_address[1]}/a.json"
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield state
        http.shutdown()
        thread.join()
