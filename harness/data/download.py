"""One download through ir_datasets: hashed while it streams, resumed by Range, renamed into place.

Imported only to download: ir_datasets reads its catalogue at import.
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
from harness.keys import git_blob_sha1

RETRIED = (requests.codes.request_timeout, requests.codes.too_many_requests)
OFFLINE = "check the network, or put the file into a folder and pass --data-dir DIR"


class _RefusedError(Exception):
    """The server refused the request; a retry would be refused too."""


class _Download(RequestsDownload):  # type: ignore[misc]
    """ir_datasets' download, with a check of the status: without it, the body of an error page is taken for data."""

    def _iter_response_data(self, response: requests.Response, http_args: dict[str, Any], skip: int) -> Iterator[bytes]:
        if 400 <= response.status_code < 500 and response.status_code not in RETRIED:
            raise _RefusedError(f"{response.status_code} {response.reason}")
        response.raise_for_status()
        resumed = http_args["headers"].get("Range")
        if resumed and response.status_code != requests.codes.partial_content:  # the server sends the whole file
            skip = int(resumed.removeprefix("bytes=").removesuffix("-"))
        yield from super()._iter_response_data(response, http_args, skip)


class _Verified:
    """A download whose stream fails at its end if the hash differs."""

    def __init__(self, url: str, expected: str, algorithm: str) -> None:
        # uncompressed, so that Range counts the bytes that are received
        self._download = _Download(url, headers={"Accept-Encoding": "identity"})
        self._expected, self._algorithm = expected, algorithm

    @contextmanager
    def stream(self) -> Iterator[io.RawIOBase]:
        with self._download.stream() as stream:
            yield HashStream(stream, self._expected, algo=self._algorithm)


def download(url: str, expected: str, path: Path, algorithm: Literal["sha256", "md5"] = "sha256") -> None:
    """Download `url` to `path`; afterwards `path` is either complete and verified or does not exist.

    Raises DataError if the server cannot be reached or refuses, if the hash is not the expected one, or if `path`
    cannot be written.
    """
    with _explained(url, path):
        Cache(_Verified(url, expected, algorithm), path).verify()


def download_git_blob(url: str, expected: str, path: Path) -> None:
    """Download `url` to `path` as `download` does, verified by the hash under which git stores the content.

    The hash covers the size, so the file is downloaded to a temporary name, hashed and then renamed.
    """
    partial = path.with_name(f"{path.name}.unverified")
    with _explained(url, path):
        partial.unlink(missing_ok=True)
        try:
            Cache(_Download(url, headers={"Accept-Encoding": "identity"}), partial).verify()
            actual = git_blob_sha1(partial)
            if actual != expected:
                raise HashVerificationError(f"expected git blob {expected}, found {actual}")
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)


@contextmanager
def _explained(url: str, path: Path) -> Iterator[None]:
    """Turn errors of a download of `url` to `path` into DataError; hide the log lines about failed attempts."""
    try:
        with _quiet():
            yield
    except HashVerificationError as error:
        raise DataError(
            f"{url} does not match the hash in the manifest: {error}; nothing was kept, try again or correct the hash"
        ) from error
    except _RefusedError as error:
        raise DataError(f"{url} cannot be fetched: {error}; correct its URL, or pass --data-dir DIR") from error
    except requests.RequestException as error:
        raise DataError(f"{url} cannot be fetched: {_reason(error)}; {OFFLINE}") from error
    except OSError as error:
        raise DataError(f"cannot write {path}: {error.strerror}; choose another cache folder") from error


@contextmanager
def _quiet() -> Iterator[None]:
    """Hide the log lines about failed attempts; the progress bar stays."""
    logger = logging.getLogger("ir_datasets")
    disabled, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = disabled


def _reason(error: requests.RequestException) -> str:
    """Return why a request failed on one line, without the library's nested representations."""
    if error.response is not None:
        return f"{error.response.status_code} {error.response.reason}"
    reasons = {
        requests.exceptions.SSLError: "the certificate is not trusted",
        requests.exceptions.Timeout: "no answer in time",
        requests.exceptions.ChunkedEncodingError: "the connection was cut, repeatedly",
        requests.exceptions.ConnectionError: "no connection",
    }
    return next((text for kind, text in reasons.items() if isinstance(error, kind)), type(error).__name__)
