"""Queries from an OpenAI-compatible server, by its official client.

From the environment: OPENAI_BASE_URL, OPENAI_API_KEY, and what changes no result: HARNESS_ENDPOINT_CONCURRENCY,
HARNESS_ENDPOINT_TIMEOUT (seconds), HARNESS_ENDPOINT_RETRIES. The key is in no message, log line or file of ours.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from pydantic import BaseModel, Field, ValidationError

from harness.errors import RequestError, one_line
from harness.request.manifest import Writer
from harness.writers.answers import Question, Reply, Stopped
from harness.writers.prompt import parse

if TYPE_CHECKING:
    from openai import OpenAI

logger = logging.getLogger(__name__)

DEFAULT_URL = "https://api.openai.com/v1"  # the client's own
CONCURRENCY = 8  # what small servers and the lowest tiers of large ones stand
TIMEOUT = 120.0  # seconds an attempt; 64 tokens take a second or two, a queue before them longer
RETRIES = 5  # waits of 0.5, 1, 2, 4 and 8 s, or what Retry-After says, up to 2 minutes
UNUSABLE = 3  # answers of a passage that hold no query, before it is given up
PAUSE = 0.5  # seconds after the first of these, twice as long after each further one, as the client waits
GIVE_UP_SERVER = 3  # failures in a row of the server itself, each after all its retries
GIVE_UP_PASSAGES = 20  # passages in a row without an answer of use
HOPELESS = {401, 403, 404}  # key, permission, model or address: the same for every passage


@dataclass(frozen=True)
class Access:
    """Where the server is, how it is spoken to, and the secret."""

    url: str
    key: str
    concurrency: int
    timeout: float
    retries: int

    def __repr__(self) -> str:
        return f"Access({self.server})"

    @property
    def server(self) -> str:
        """Scheme, host and port: what of the address can be shown."""
        parts = urlsplit(self.url)
        return f"{parts.scheme}://{parts.hostname}" + (f":{parts.port}" if parts.port else "")

    def clean(self, text: object) -> str:
        """Return a text on one line, cut, without the key."""
        return one_line(str(text).replace(self.key, "***"))[:300]


def access(environment: Mapping[str, str] = os.environ) -> Access:
    """Return what the environment says; raises RequestError for what is missing or wrong, never quoting it."""
    key = environment.get("OPENAI_API_KEY", "").strip()
    if not key:
        raise RequestError(
            "OPENAI_API_KEY is not set, and an endpoint is to write queries; "
            "export it (any word where the server asks for none)"
        )
    if not (key.isascii() and key.isprintable() and " " not in key):
        raise RequestError("OPENAI_API_KEY holds white space or a character that no key has; export it again")
    url = environment.get("OPENAI_BASE_URL", "").strip() or DEFAULT_URL
    try:
        parts = urlsplit(url)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise RequestError("OPENAI_BASE_URL is no http(s) address; want one such as http://127.0.0.1:8000/v1")
    if parts.username or parts.password:
        raise RequestError("OPENAI_BASE_URL holds a user or a password; leave them out, the key is OPENAI_API_KEY")
    return Access(
        url=url,
        key=key,
        concurrency=int(_number(environment, "CONCURRENCY", CONCURRENCY, least=1)),
        timeout=_number(environment, "TIMEOUT", TIMEOUT, least=0.01),
        retries=int(_number(environment, "RETRIES", RETRIES, least=0)),
    )


def _number(environment: Mapping[str, str], name: str, default: float, least: float) -> float:
    text = environment.get(f"HARNESS_ENDPOINT_{name}") or str(default)
    try:
        value = float(text) if name == "TIMEOUT" else int(text)
    except ValueError:
        value = float("nan")
    if not least <= value < float("inf"):
        raise RequestError(f"HARNESS_ENDPOINT_{name}={text}: want a number from {least} on")
    return value


class _Message(BaseModel):
    content: str


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Completion(BaseModel):
    """What is read of an answer; everything else in it is the server's own business."""

    choices: list[_Choice] = Field(min_length=1)
    model: str | None = None


class _Failed(Exception):  # noqa: N818 - an outcome of one passage
    """A passage without an answer; `limit` failures like this in a row are enough."""

    def __init__(self, reason: str, limit: int) -> None:
        super().__init__(reason)
        self.limit = limit


def ask(writer: Writer, questions: Sequence[Question]) -> Iterator[tuple[Question, Reply]]:
    """Yield answers as they come, a bounded number of requests at a time.

    Raises Stopped at the end where some failed, and early where the server does: what is under way is still yielded.
    """
    given = access()
    reasons: list[str] = []
    in_a_row, going = 0, True
    waiting = iter(questions)
    with _client(given) as client, ThreadPoolExecutor(given.concurrency) as pool:
        server = _Server(given, client, writer)
        pending: dict[Future[Reply], Question] = {}
        while True:
            while going and len(pending) < given.concurrency and (question := next(waiting, None)) is not None:
                pending[pool.submit(server.answer, question)] = question
            if not pending:
                break
            for future in wait(pending, return_when=FIRST_COMPLETED).done:
                question = pending.pop(future)
                try:
                    reply = future.result()
                except _Failed as error:
                    reasons.append(f"passage '{question.doc_id}': {error}")
                    in_a_row += 1
                    going = going and in_a_row < error.limit
                else:
                    in_a_row = 0
                    yield question, reply
    if reasons:
        raise Stopped(f"{len(reasons)} failed for good, the last of them {reasons[-1]}")


def _client(given: Access) -> OpenAI:
    """Return a client whose every failed attempt is one line in the log."""
    import openai

    class Logged(openai.DefaultHttpxClient):
        def send(self, request: Any, **options: Any) -> Any:
            try:
                response = super().send(request, **options)
            except Exception as error:
                logger.warning("%s: %s", given.server, given.clean(f"{type(error).__name__}: {error}"))
                raise
            if response.is_error:
                logger.warning("%s: status %d", given.server, response.status_code)
            return response

    return openai.OpenAI(
        api_key=given.key,
        base_url=given.url,
        max_retries=given.retries,
        timeout=given.timeout,
        http_client=Logged(),
    )


@dataclass
class _Server:
    """The other side, as several threads speak to it."""

    given: Access
    client: OpenAI
    writer: Writer
    bound: str = "max_tokens"  # what the server calls it

    def answer(self, question: Question) -> Reply:
        """Return the answer for one passage; raises _Failed, which never carries the key or the library's error."""
        reason = ""
        try:
            for attempt in range(UNUSABLE):
                if attempt:
                    time.sleep(PAUSE * 2 ** (attempt - 1))
                content = self._request(question.prompt)
                try:
                    return self._reply(content)
                except ValueError as error:
                    reason = self.given.clean(error)
                    logger.warning("%s: passage '%s': %s", self.given.server, question.doc_id, reason)
        except Exception as error:
            raise self._failed(error) from None
        raise _Failed(f"{UNUSABLE} answers of no use: {reason}", GIVE_UP_PASSAGES)

    def _request(self, prompt: str) -> bytes:
        """Return the body of a successful answer, whatever it is."""
        import openai

        try:
            return self._send(prompt, self.bound)
        except openai.BadRequestError as error:
            if error.param != "max_tokens":
                raise
            self.bound = "max_completion_tokens"  # so newer models call it, and refuse the old name
            return self._send(prompt, self.bound)

    def _send(self, prompt: str, bound: str) -> bytes:
        completions = self.client.chat.completions.with_raw_response
        limit: Any = {bound: self.writer.max_tokens}
        return completions.create(
            model=self.writer.model,
            messages=[{"role": "user", "content": prompt}],
            temperature=self.writer.temperature,
            **limit,
        ).content

    def _reply(self, content: bytes) -> Reply:
        """Return a usable answer; raises ValueError that says what it is instead."""
        try:
            completion = _Completion.model_validate_json(content)
        except ValidationError as error:
            problem = error.errors(include_input=False)[0]
            place = ".".join(str(part) for part in problem["loc"])
            raise ValueError(f"no chat completion ({place}: {problem['msg']})") from None
        text, reason = completion.choices[0].message.content, completion.choices[0].finish_reason
        by = f"{completion.model or self.writer.model} at {self.given.server}"
        if self.given.key in text + by:
            raise ValueError("it repeats the key")
        if not parse(text, self.writer.queries):
            raise ValueError(f"no query in {text[:60]!r} (finish_reason {reason})")
        return Reply(text, by)

    def _failed(self, error: Exception) -> _Failed:
        status = getattr(error, "status_code", None)
        if status is None:
            cause = f" ({error.__cause__})" if error.__cause__ and str(error.__cause__) else ""
            return _Failed(self.given.clean(f"{type(error).__name__}: {error}{cause}"), GIVE_UP_SERVER)
        own = status in (400, 413, 422)  # of this passage, as far as one can tell
        limit = 1 if status in HOPELESS else GIVE_UP_PASSAGES if own else GIVE_UP_SERVER
        return _Failed(self.given.clean(f"status {status}: {error}"), limit)
