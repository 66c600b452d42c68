"""One download with the machinery of ir_datasets: hashed while it streams, resumed by Range, renamed into place.

Imported only where something is fetched, for ir_datasets reads its catalogue at import.
"""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import requests
from ir_datasets.util import Cache, HashStream, HashVerificationError, RequestsDownload

from harness.errors import DataError

TRY_AGAIN = (requests.codes.request_timeout, requests.codes.too_many_requests)
OFFLINE = "check the network, or put the file into a folder and name that with --data-dir DIR"


class _RefusedError(Exception):
    """The server has answered, and will answer the same when asked again."""


class _Download(RequestsDownload):  # type: ignore[misc]
    """ir_datasets' download, which takes the body of an error page for data, told to look at the status."""

    def _iter_response_data(self, response: requests.Response, http_args: dict[str, Any], skip: int) -> Iterator[bytes]:
        if 400 <= response.status_code < 500 and response.status_code not in TRY_AGAIN:
            raise _RefusedError(f"{response.status_code} {response.reason}")
        response.raise_for_status()
        resumed = http_args["headers"].get("Range")
        if resumed and response.status_code != requests.codes.partial_content:  # the whole file, from its first byte
            skip = int(resumed.removeprefix("bytes=").removesuffix("-"))
        yield from super()._iter_response_data(response, http_args, skip)


class _Verified:
    """A download whose stream fails at its end where the hash is another one."""

    def __init__(self, url: str, expected: str, algorithm: str) -> None:
        # Of a compressed answer, Range would count other bytes than those that have been received.
        self._download = _Download(url, headers={"Accept-Encoding": "identity"})
        self._expected, self._algorithm = expected, algorithm

    @contextmanager
    def stream(self) -> Iterator[io.RawIOBase]:
        with self._download.stream() as stream:
            yield HashStream(stream, self._expected, algo=self._algorithm)


def download(url: str, expected: str, path: Path, algorithm: Literal["sha256", "md5"] = "sha256") -> None:
    """Fetch `url` to `path`, which is either whole and right afterwards or not there.

    Raises DataError where the server cannot be reached or refuses, where the bytes do not have the expected hash, and
    where `path` cannot be written.
    """
    try:
        with _quiet():
            Cache(_Verified(url, expected, algorithm), path).verify()
    except HashVerificationError as error:
        raise DataError(
            f"{url} is not the file that the manifest means: {error}; nothing was kept, try again or correct its hash"
        ) from error
    except _RefusedError as error:
        raise DataError(f"{url} cannot be fetched: {error}; correct its url, or use --data-dir DIR") from error
    except requests.RequestException as error:
        raise DataError(f"{url} cannot be fetched: {_reason(error)}; {OFFLINE}") from error
    except OSError as error:
        raise DataError(f"cannot write {path}: {error.strerror}; choose another cache folder") from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep the log lines about failed attempts from the terminal; the progress bar stays."""
    logger = logging.getLogger("ir_datasets")
    disabled, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = disabled


def _reason(error: requests.RequestException) -> str:
    """Return why a request failed, on one line and without the library's nested representations."""
    if error.response is not None:
        return f"{error.response.status_code} {error.response.reason}"
    kinds = {
        requests.exceptions.SSLError: "the certificate is not trusted",
        requests.exceptions.Timeout: "no answer in time",
        requests.exceptions.ChunkedEncodingError: "the connection was cut, repeatedly",
        requests.exceptions.ConnectionError: "no connection",
    }
    return next((text for kind, text in kinds.items() if isinstance(error, kind)), type(error).__name__)
