"""URL, key and limits of an OpenAI-compatible server, read from the environment.

OPENAI_BASE_URL and OPENAI_API_KEY name the server and the key; HARNESS_ENDPOINT_CONCURRENCY, HARNESS_ENDPOINT_TIMEOUT
(seconds) and HARNESS_ENDPOINT_RETRIES change no result. The key appears in no message, log line or file of the harness.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

from harness.errors import RequestError, one_line
from harness.machine.printable import printable

DEFAULT_URL = "https://api.openai.com/v1"  # the client's default
CONCURRENCY = 8  # within the limits of small servers and of the lowest tiers of large ones
TIMEOUT = 120.0  # seconds per attempt; 64 tokens take a second or two, waiting in a queue longer
CONNECTING = 10.0  # seconds
RETRIES = 5  # after 0.5, 1, 2, 4 and 8 s, or after what Retry-After says, up to 2 minutes


@dataclass(frozen=True)
class Access:
    """Address, key and limits of a server."""

    url: str
    key: str
    concurrency: int
    timeout: float
    retries: int

    def __repr__(self) -> str:
        return f"Access({self.server})"

    @property
    def server(self) -> str:
        """Scheme, host and port: the part of the URL that may be shown."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")

    def clean(self, text: object) -> str:
        """Return a text as one printable line without the key, cut to 300 characters."""
        return printable(one_line(str(text).replace(self.key, "***")))[:300]


def read_access(environment: Mapping[str, str] = os.environ) -> Access:
    """Return the access that the environment names; raises RequestError, which never quotes a value."""
    return Access(
        key=_key(environment),
        url=_url(environment),
        concurrency=int(_number(environment, "CONCURRENCY", CONCURRENCY, minimum=1)),
        timeout=_number(environment, "TIMEOUT", TIMEOUT, minimum=0.01),
        retries=int(_number(environment, "RETRIES", RETRIES, minimum=0)),
    )


def check_reachable(access: Access) -> None:
    """Raise RequestError where nothing listens at the server's address; sends nothing, and asks no proxy."""
    parts = urlsplit(access.url)
    host = parts.hostname or ""
    if parts.scheme in getproxies() and not proxy_bypass(host):
        return
    port = parts.port or {"http": 80, "https": 443}[parts.scheme]
    try:
        socket.create_connection((host, port), timeout=min(access.timeout, CONNECTING)).close()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise RequestError(
            f"endpoint {access.server} cannot be reached: {reason}; start the server, or correct OPENAI_BASE_URL"
        ) from error


def _key(environment: Mapping[str, str]) -> str:
    key = environment.get("OPENAI_API_KEY", "").strip()
    if not key:
        raise RequestError(
            "OPENAI_API_KEY is not set, but an endpoint is to write queries; "
            "export it (any value if the server needs no key)"
        )
    if not (key.isascii() and key.isprintable() and " " not in key):
        raise RequestError("OPENAI_API_KEY contains white space or a non-ASCII character; export it again")
    return key


def _url(environment: Mapping[str, str]) -> str:
    url = environment.get("OPENAI_BASE_URL", "").strip() or DEFAULT_URL
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise RequestError("OPENAI_BASE_URL is not an http(s) URL; export one such as http://127.0.0.1:8000/v1")
    if parts.username or parts.password:
        raise RequestError("OPENAI_BASE_URL contains a user name or password; remove it and export OPENAI_API_KEY")
    return url


def _number(environment: Mapping[str, str], name: str, default: float, minimum: float) -> float:
    text = environment.get(f"HARNESS_ENDPOINT_{name}") or str(default)
    try:
        value = float(text) if name == "TIMEOUT" else int(text)
    except ValueError:
        value = float("nan")
    if not minimum <= value < float("inf"):
        kind = "a number of seconds" if name == "TIMEOUT" else "an integer"
        raise RequestError(f"HARNESS_ENDPOINT_{name}={text} is not {kind} of at least {minimum}; export another value")
    return value
