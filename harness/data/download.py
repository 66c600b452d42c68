"""One download: hashed while it streams, resumed by Range, stopped at a size and a time, renamed into place.

ir_datasets stores and renames it. Imported only to download: ir_datasets reads its catalogue at import.
"""

from __future__ import annotations

import io
import logging
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Literal

import requests
from ir_datasets.util import Cache, HashStream, HashVerificationError, IterStream
from tqdm import tqdm

from harness.errors import DataError
from harness.keys import git_blob_sha1
from harness.machine.arrivals import Late, until
from harness.machine.limits import exceeded, limit
from harness.machine.printable import printable

TRIES = 3  # responses without a new byte in a row
WAITING = 15.0  # seconds without a byte
REDIRECTS = 5  # hubs need one or two
BLOCK = 16 * 1024  # bytes: what a cut connection loses at most
RETRIED = (requests.codes.forbidden, requests.codes.request_timeout, requests.codes.too_many_requests)
OFFLINE = "check the network, or put the file into a folder and pass --data-dir DIR"


class _RefusedError(Exception):
    """The server refused the request; a retry would be refused too."""


class _Download:
    """The content behind a URL, resumed where the connection is cut; at most `most` bytes of it.

    Proxies and certificates come from the environment as usual; credentials in .netrc are not sent. Redirects are
    followed, also to other hosts, as hubs need it: nothing of the user's goes there, and the content is verified.
    """

    def __init__(self, url: str, size: int | None) -> None:
        self._url, self._size = url, size

    @contextmanager
    def stream(self) -> Iterator[io.BufferedReader]:
        with io.BufferedReader(IterStream(iter(self))) as stream:
            yield stream

    def __iter__(self) -> Iterator[bytes]:
        most, end = self._size or limit("DOWNLOAD_BYTES"), time.monotonic() + limit("DOWNLOAD_SECONDS")
        received, tries = 0, TRIES
        with _session(self._url) as session, _Bar(self._url) as bar:
            while tries:
                try:
                    for block in until(end, self._blocks(session, received, bar)):
                        received += len(block)
                        if received > most:
                            raise self._too_large()
                        tries = TRIES
                        yield block
                    return
                except Late:
                    raise exceeded("DOWNLOAD_SECONDS", self._url) from None
                except requests.RequestException:
                    tries -= 1
                    if not tries:
                        raise

    def _blocks(self, session: requests.Session, received: int, bar: _Bar) -> Iterator[bytes]:
        """Yield what one response brings beyond the bytes received before."""
        headers = {"Accept-Encoding": "identity"}  # uncompressed, so that Range counts the bytes that are received
        if received:
            headers["Range"] = f"bytes={received}-"
        with session.get(self._url, headers=headers, stream=True, timeout=WAITING) as response:
            if 400 <= response.status_code < 500 and response.status_code not in RETRIED:
                raise _RefusedError(f"{response.status_code} {response.reason}")
            response.raise_for_status()
            bar.begin(response, self._size)
            skip = 0 if response.status_code == requests.codes.partial_content else received
            if self._url.endswith(".gz"):
                response.raw.headers.discard("Content-Encoding")  # some servers name the file's own compression here
            for block in response.iter_content(BLOCK):
                new = block[skip:]
                skip -= min(skip, len(block))
                bar.add(len(new))
                if new:
                    yield new

    def _too_large(self) -> DataError:
        if self._size is None:
            return exceeded("DOWNLOAD_BYTES", self._url)
        return DataError(
            f"{self._url} sends more than the {self._size:,} bytes in the manifest; nothing was kept, "
            "try again or correct the size"
        )


class _Bar:
    """The progress bar of one download, drawn from its first response on."""

    def __init__(self, url: str) -> None:
        self._url = printable(url)
        self._bar: Any = None
        self._streams = ExitStack()

    def __enter__(self) -> _Bar:
        return self

    def __exit__(self, *_: object) -> None:
        self._streams.close()

    def begin(self, response: requests.Response, size: int | None) -> None:
        if self._bar is None:
            announced = response.headers.get("Content-Length", "")
            total = int(announced) if announced.isdigit() and len(announced) < 16 else size
            hidden = os.environ.get("IR_DATASETS_DL_DISABLE_PBAR", "").lower() == "true"
            self._bar = self._streams.enter_context(
                tqdm(desc=self._url, total=total, unit="B", unit_scale=True, ncols=80, disable=hidden)
            )

    def add(self, count: int) -> None:
        self._bar.update(count)


def _session(url: str) -> requests.Session:
    """Return a session without ambient credentials, with the proxies and certificates of the environment."""
    session = requests.Session()
    session.trust_env = False  # it would read .netrc, for every host that a redirect leads to
    session.proxies.update(requests.utils.get_environ_proxies(url))
    session.verify = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True
    session.max_redirects = REDIRECTS
    return session


class _Verified:
    """A download whose stream fails at its end if the hash differs."""

    def __init__(self, source: _Download, expected: str, algorithm: str) -> None:
        self._download, self._expected, self._algorithm = source, expected, algorithm

    @contextmanager
    def stream(self) -> Iterator[io.RawIOBase]:
        with self._download.stream() as stream:
            yield HashStream(stream, self._expected, algo=self._algorithm)


def download(
    url: str, expected: str, path: Path, algorithm: Literal["sha256", "md5"] = "sha256", size: int | None = None
) -> None:
    """Download `url` to `path`; afterwards `path` is either complete and verified or does not exist.

    Raises DataError if the server cannot be reached or refuses, if it sends more than `size` bytes or exceeds a limit,
    if the hash is not the expected one, or if `path` cannot be written.
    """
    with _explained(url, path):
        Cache(_Verified(_Download(url, size), expected, algorithm), path).verify()


def download_git_blob(url: str, expected: str, path: Path, size: int | None = None) -> None:
    """Download `url` to `path` as `download` does, verified by the hash under which git stores the content.

    The hash covers the size, so the file is downloaded to a temporary name, hashed and then renamed.
    """
    partial = path.with_name(f"{path.name}.unverified")
    with _explained(url, path):
        partial.unlink(missing_ok=True)
        try:
            Cache(_Download(url, size), partial).verify()
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
    if isinstance(error, requests.TooManyRedirects):
        return "it redirects without end"
    if error.response is not None:
        return f"{error.response.status_code} {error.response.reason}"
    reasons = {
        requests.exceptions.SSLError: "the certificate is not trusted",
        requests.exceptions.Timeout: "no answer in time",
        requests.exceptions.ChunkedEncodingError: "the connection was cut, repeatedly",
        requests.exceptions.ConnectionError: "no connection",
    }
    return next((text for kind, text in reasons.items() if isinstance(error, kind)), type(error).__name__)
