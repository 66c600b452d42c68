"""One request to an OpenAI-compatible server, through its official client, with retries."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, Field, ValidationError

from harness.machine.arrivals import Late, until
from harness.machine.limits import beyond, limit
from harness.machine.printable import printable
from harness.request.manifest import Writer
from harness.schema import problem
from harness.writers.endpoint_access import Access
from harness.writers.prompt import parse
from harness.writers.question import Question, Reply

if TYPE_CHECKING:
    from openai import OpenAI

logger = logging.getLogger(__name__)

ATTEMPTS = 3  # for a passage whose answers hold no query
PAUSE = 0.5  # seconds before the second attempt, doubled before each further one, as the client does
SERVER_FAILURES = 3  # consecutive failures of the server, each after all its retries, that end the requests
PASSAGE_FAILURES = 20  # consecutive passages without a usable answer that end the requests
FATAL_STATUSES = {401, 403, 404}  # key, permission, model or URL: the same for every passage
LATE = "the answer was not complete in time; HARNESS_ENDPOINT_TIMEOUT is its limit"
OF_THE_TRANSFER = ("content-encoding", "content-length", "transfer-encoding")  # headers, not of the answer itself
PASSAGE_STATUSES = {400, 413, 422}  # most likely caused by this passage alone


class _Message(BaseModel):
    content: str


class _Choice(BaseModel):
    message: _Message
    finish_reason: str | None = None


class _Completion(BaseModel):
    """The fields that are read of an answer; all others are ignored."""

    choices: list[_Choice] = Field(min_length=1)
    model: str | None = None


class PassageFailed(Exception):  # noqa: N818 - an outcome of one passage
    """A passage without an answer; `limit` consecutive failures of this kind end the requests."""

    def __init__(self, reason: str, limit: int) -> None:
        super().__init__(reason)
        self.limit = limit


def open_client(access: Access) -> OpenAI:
    """Return a client that logs one line per failed attempt, and stops at the limits of size and time of an answer.

    It follows no redirect, for the prompts and the key would follow it. An answer that is compressed is an error: it
    was not asked for, and its size is unknown.
    """
    import openai

    class LoggingClient(openai.DefaultHttpxClient):
        def send(self, request: Any, **options: Any) -> Any:
            end = time.monotonic() + access.timeout
            try:
                response = _in_time(end, self._answers(end, request, {**options, "stream": True}))
            except Exception as error:
                logger.warning("%s: %s", access.server, access.clean(f"{type(error).__name__}: {error}"))
                raise
            if response.is_error:
                logger.warning("%s: status %d", access.server, response.status_code)
            return response

        def _answers(self, end: float, request: Any, options: dict[str, Any]) -> Iterator[Any]:
            yield _bounded(super().send(request, **options), end)

    return openai.OpenAI(
        api_key=access.key,
        base_url=access.url,
        max_retries=access.retries,
        timeout=access.timeout,
        http_client=LoggingClient(follow_redirects=False, headers={"Accept-Encoding": "identity"}),
    )


def _in_time(end: float, answers: Iterator[Any]) -> Any:
    """Return the only answer; raises TimeoutError where not even its headers are complete a second after `end`."""
    try:
        (answer,) = until(end + 1.0, answers)  # before that the client says what it waited for
    except Late:
        raise TimeoutError(LATE) from None
    return answer


def _bounded(response: Any, end: float) -> Any:
    """Return a response that is read to its end; raises OSError where it is too large, too slow or compressed."""
    blocks, size, most = [], 0, limit("ANSWER_BYTES")
    try:
        if response.headers.get("Content-Encoding", "identity") != "identity":
            raise OSError("the answer is compressed, which was not asked for")
        for block in response.iter_raw():
            blocks.append(block)
            size += len(block)
            if size > most:
                raise OSError(f"the answer has {beyond('ANSWER_BYTES')}")
            if time.monotonic() > end:
                raise TimeoutError(LATE)
    finally:
        response.close()
    headers = {name: value for name, value in response.headers.items() if name.lower() not in OF_THE_TRANSFER}
    return type(response)(response.status_code, headers=headers, content=b"".join(blocks), request=response.request)


@dataclass
class Server:
    """A server as several threads use it."""

    access: Access
    client: OpenAI
    writer: Writer
    limit_parameter: str = "max_tokens"

    def answer(self, question: Question) -> Reply:
        """Return the answer for one passage; raises PassageFailed, without the key and the client's error."""
        reason = ""
        try:
            for attempt in range(ATTEMPTS):
                if attempt:
                    time.sleep(PAUSE * 2 ** (attempt - 1))
                content = self._request(question.prompt)
                try:
                    return self._reply(content)
                except ValueError as error:
                    reason = self.access.clean(error)
                    logger.warning("%s: passage '%s': %s", self.access.server, printable(question.doc_id), reason)
        except Exception as error:
            raise self._failed(error) from None
        raise PassageFailed(f"{ATTEMPTS} unusable answers: {reason}", PASSAGE_FAILURES)

    def _request(self, prompt: str) -> bytes:
        """Return the body of a successful response, whatever it holds."""
        import openai

        try:
            return self._send(prompt, self.limit_parameter)
        except openai.BadRequestError as error:
            if error.param != "max_tokens":
                raise
            self.limit_parameter = "max_completion_tokens"  # newer models reject the old name
            return self._send(prompt, self.limit_parameter)

    def _send(self, prompt: str, limit_parameter: str) -> bytes:
        completions = self.client.chat.completions.with_raw_response
        limit: Any = {limit_parameter: self.writer.max_tokens}
        return completions.create(
            model=self.writer.model,
            messages=[{"role": "user", "content": prompt}],
            temperature=self.writer.temperature,
            **limit,
        ).content

    def _reply(self, content: bytes) -> Reply:
        """Return a usable answer; raises ValueError with the reason if it is unusable."""
        try:
            completion = _Completion.model_validate_json(content)
        except ValidationError as error:
            details = error.errors(include_input=False)[0]
            place = ".".join(str(part) for part in details["loc"])
            raise ValueError(f"not a chat completion ({place}: {problem(details)})") from None
        text, reason = completion.choices[0].message.content, completion.choices[0].finish_reason
        by = f"{completion.model or self.writer.model} at {self.access.server}"
        if self.access.key in text + by:
            raise ValueError("it contains the API key")
        if not parse(text, self.writer.queries):
            raise ValueError(f"no query in {text[:60]!r} (finish_reason {reason})")
        return Reply(text, by)

    def _failed(self, error: Exception) -> PassageFailed:
        status = getattr(error, "status_code", None)
        if status is None:
            cause = f" ({error.__cause__})" if error.__cause__ and str(error.__cause__) else ""
            return PassageFailed(self.access.clean(f"{type(error).__name__}: {error}{cause}"), SERVER_FAILURES)
        if 300 <= status < 400:
            return PassageFailed(f"status {status}: it redirects, which is not followed; correct OPENAI_BASE_URL", 1)
        most = 1 if status in FATAL_STATUSES else SERVER_FAILURES
        if status in PASSAGE_STATUSES:
            most = PASSAGE_FAILURES
        return PassageFailed(self.access.clean(f"status {status}: {error}"), most)
