"""Queries from a local server that is slow, rejects, hangs, drops connections or returns garbage."""

from __future__ import annotations

import json
import logging
import socket
import time
from collections.abc import Callable
from dataclasses import replace

import pytest
from support.chat_server import KEY, ChatServer, Fault, body, completion, cut, hang, status

from harness.errors import CellError, RequestError
from harness.machine.store import Store
from harness.request.manifest import Writer
from harness.writers import answers, endpoint_client
from harness.writers.endpoint_access import read_access
from harness.writers.question import questions_about
from harness.writers.writing import WrittenQueries, write_queries

WRITER = Writer(kind="endpoint", model="tiny", prompt="Ask in {language} about: {passage}")
PASSAGES = {f"d{i:02}": f"passage {i}" for i in range(12)}

Ask = Callable[..., WrittenQueries]


@pytest.fixture
def ask(store: Store) -> Ask:
    def write(passages: dict[str, str] = PASSAGES, **changes: object) -> WrittenQueries:
        return write_queries(WRITER.model_copy(update=changes), passages, "ko", ("cpu", "write"), store)

    return write


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint_client, "PAUSE", 0.01)


@pytest.fixture
def one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_ENDPOINT_CONCURRENCY", "1")


def failure_of(ask: Ask) -> str:
    with pytest.raises(CellError) as error:
        ask()
    assert "\n" not in str(error.value)
    return str(error.value)


def test_every_passage_gets_the_query_of_its_answer(server: ChatServer, ask: Ask) -> None:
    server.answer = lambda prompt: f"1. {prompt.partition(': ')[2]}?\n2. another?"
    written = ask()
    assert written.queries == {doc: (f"{text}?",) for doc, text in PASSAGES.items()}
    assert sorted(server.prompts) == sorted(f"Ask in Korean about: {text}" for text in PASSAGES.values())
    assert server.authorisations == {f"Bearer {KEY}"}
    sent = {key: value for key, value in server.bodies[0].items() if key != "messages"}
    assert sent == {"model": "tiny", "temperature": 0.0, "max_tokens": 64}


def test_the_provenance_has_model_prompt_settings_and_counts(server: ChatServer, ask: Ask) -> None:
    ask({"d00": "passage 0"})
    provenance = ask().provenance
    assert [provenance[name] for name in ("kind", "model", "revision")] == ["endpoint", "tiny", None]
    assert provenance["prompt"] == "Ask in Korean about: {passage}"
    assert (provenance["temperature"], provenance["max_tokens"]) == (0.0, 64)
    assert [provenance[name] for name in ("passages", "asked", "cached", "written")] == [12, 11, 1, 12]
    assert provenance["answered_by"] == [f"tiny at http://127.0.0.1:{server.port}"]


def test_a_cached_answer_is_not_requested_again(server: ChatServer, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    first = ask()
    monkeypatch.delenv("OPENAI_API_KEY")  # no request is sent, so no key is needed
    assert ask().queries == first.queries
    assert len(server.prompts) == 12


def test_equal_passages_share_one_request(server: ChatServer, ask: Ask) -> None:
    written = ask({"d1": "Tea.", "d2": "Tea.", "d3": "Rice."})
    assert len(server.prompts) == 2
    assert written.queries["d1"] == written.queries["d2"]
    assert written.provenance["cached"] == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"model": "other"},
        {"temperature": 0.5},
        {"max_tokens": 32},
        {"queries": 2},
        {"prompt": "Another: {passage}"},
    ],
    ids=str,
)
def test_every_setting_of_a_writer_is_in_the_key(server: ChatServer, ask: Ask, changes: dict[str, object]) -> None:
    ask()
    ask(**changes)
    assert len(server.prompts) == 24


def test_concurrent_requests_stay_within_the_limit(
    server: ChatServer, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_ENDPOINT_CONCURRENCY", "3")
    server.seconds = 0.05
    ask()
    assert server.most_at_once == 3


def test_concurrency_changes_no_result(
    server: ChatServer, store: Store, monkeypatch: pytest.MonkeyPatch, ask: Ask
) -> None:
    together = ask()
    monkeypatch.setenv("HARNESS_ENDPOINT_CONCURRENCY", "1")
    alone = write_queries(WRITER, PASSAGES, "ko", ("cpu", "write"), Store(store.root / "other"))
    assert alone.queries == together.queries
    assert server.most_at_once > 1


TRANSIENT: dict[str, Fault] = {
    "429": status(429),
    "500": status(500),
    "503": status(503, message="overloaded"),
    "cut": cut,
    "hang": hang(0.6),
    "no json": body(b"<html>busy</html>"),
    "broken json": body(b'{"choices": [{'),
    "no choices": body(b'{"choices": []}'),
    "no such field": body(b'{"error": "busy"}'),
    "null": body(b"null"),
    "no text": body(completion(None)),
    "a number": body(completion(7)),
    "empty text": body(completion("")),
    "no query": body(completion("\n--- \n")),
    "not UTF-8": body(b"\xff\xfe\xfd"),
    "nothing": body(b""),
}


@pytest.mark.usefixtures("one_at_a_time")
@pytest.mark.parametrize("fault", TRANSIENT)
def test_a_transient_fault_is_retried_and_logged_in_one_line(
    server: ChatServer, ask: Ask, fault: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_ENDPOINT_TIMEOUT", "0.3")
    server.faults = [TRANSIENT[fault]]
    with caplog.at_level(logging.WARNING, "harness"):
        written = ask({"d1": "Tea.", "d2": "Rice."})
    assert set(written.queries) == {"d1", "d2"}
    assert len(server.prompts) == 3
    assert len(caplog.messages) == 1
    assert f"http://127.0.0.1:{server.port}: " in caplog.messages[0]


@pytest.mark.usefixtures("one_at_a_time")
def test_retry_after_is_obeyed(server: ChatServer, ask: Ask) -> None:
    server.faults = [status(429, Retry_After="1.5")]
    started = time.monotonic()
    ask({"d1": "Tea."})
    assert time.monotonic() - started > 1.5  # without the header, half a second


PERMANENT: dict[str, tuple[Fault, str]] = {
    "401": (status(401, f"Incorrect API key provided: {KEY}"), "status 401: Error code: 401"),
    "404": (status(404, "no such model"), "status 404: Error code: 404"),
    "429": (status(429), "status 429: "),
    "500": (status(500), "status 500: "),
    "cut": (cut, "APIConnectionError: "),
    "hang": (hang(0.6), "APITimeoutError: "),
    "garbage": (body(b'{"choices": [{'), "3 unusable answers: not a chat completion ("),
    "no choices": (body(b'{"choices": []}'), "3 unusable answers: not a chat completion (choices: "),
    "empty": (body(completion(" ")), "3 unusable answers: no query in ' ' (finish_reason stop)"),
    "key": (body(completion(f"is your key {KEY}?")), "3 unusable answers: it contains the API key"),
}


@pytest.mark.usefixtures("one_at_a_time")
@pytest.mark.parametrize("fault", PERMANENT)
def test_a_permanent_fault_is_one_line_and_the_next_run_asks_only_the_missing_questions(
    server: ChatServer, ask: Ask, fault: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_ENDPOINT_TIMEOUT", "0.3")
    monkeypatch.setenv("HARNESS_ENDPOINT_RETRIES", "0")
    ask({doc: PASSAGES[doc] for doc in sorted(PASSAGES)[:5]})
    server.always, message = PERMANENT[fault]
    line = failure_of(ask)
    assert line.startswith("endpoint 'tiny' answered 5 of 12 passages, then failed: ")
    assert message in line
    assert line.endswith("; the answers are cached: rerun the command to continue")
    server.always = None
    before = len(server.answered)
    assert set(ask().queries) == set(PASSAGES)
    assert len(server.answered) - before == 7
    assert sorted(server.answered) == sorted(f"Ask in Korean about: {text}" for text in PASSAGES.values())
    stored = b"".join(path.read_bytes() for path in store.root.rglob("*") if path.is_file())
    assert KEY.encode() not in stored


@pytest.mark.usefixtures("one_at_a_time")
def test_an_interrupted_run_keeps_every_answer(server: ChatServer, ask: Ask) -> None:
    count = iter(range(100))

    def answer(prompt: str) -> str:
        if next(count) == 6:
            server.always = status(500)
        return "what?"

    server.answer = answer
    assert "answered 7 of 12 passages" in failure_of(ask)
    server.always = None
    ask()
    assert len(server.answered) == len(set(server.answered)) == 12


def test_requests_end_when_the_server_rejects_connections(
    server: ChatServer, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{port}/v1")
    monkeypatch.setenv("HARNESS_ENDPOINT_CONCURRENCY", "2")
    line = failure_of(ask)
    assert "endpoint 'tiny' answered 0 of 12 passages" in line
    assert "refused" in line
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    assert len(ask().queries) == 12


@pytest.mark.usefixtures("one_at_a_time")
def test_a_passage_without_an_answer_does_not_stop_the_others(server: ChatServer, ask: Ask) -> None:
    server.answer = lambda prompt: "" if prompt.endswith("passage 3") else "what?"
    line = failure_of(ask)
    assert "answered 11 of 12 passages, then failed: 1 failure, last passage 'd03': " in line


def test_a_rejected_key_is_not_retried(server: ChatServer, ask: Ask, one_at_a_time: None) -> None:
    server.always = status(401)
    failure_of(ask)
    assert len(server.prompts) == 1


def test_a_model_that_rejects_max_tokens_gets_max_completion_tokens(
    server: ChatServer, ask: Ask, one_at_a_time: None
) -> None:
    error = {"error": {"message": "Use 'max_completion_tokens' instead.", "param": "max_tokens", "code": "unsupported"}}
    server.faults = [lambda request: chat_error(request, error)]
    ask()
    assert [next(name for name in body if "tokens" in name) for body in server.bodies] == [
        "max_tokens",
        *["max_completion_tokens"] * 12,
    ]


def chat_error(request: object, error: dict[str, object]) -> None:
    from support.chat_server import reply

    reply(request, 400, json.dumps(error).encode())  # type: ignore[arg-type]


def test_a_damaged_answer_is_requested_again(server: ChatServer, ask: Ask, store: Store) -> None:
    first = ask()
    (question,) = questions_about(WRITER, {"d03": PASSAGES["d03"]}, "ko", "cpu")
    path = answers.path_of(store, question.key)
    assert json.loads(path.read_bytes())["prompt"] == "Ask in Korean about: passage 3"
    path.write_bytes(path.read_bytes()[:-9])
    assert ask().queries == first.queries
    assert len(server.prompts) == 13


@pytest.mark.usefixtures("one_at_a_time")
def test_no_error_or_log_line_contains_the_key(
    server: ChatServer, ask: Ask, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_ENDPOINT_RETRIES", "0")
    with caplog.at_level(logging.DEBUG):
        for fault in (status(401, f"bad key {KEY}"), status(500, KEY), body(KEY.encode()), body(completion(KEY)), cut):
            server.always = fault
            with pytest.raises(CellError) as error:
                ask()
            assert KEY not in f"{error.value!r} {error.value.__cause__!r} {error.value.__context__!r}"
    messages = [record.getMessage() for record in caplog.records if record.name.startswith(("harness", "openai"))]
    assert len(messages) > 5
    assert KEY not in " ".join(messages)


SET = {"OPENAI_API_KEY": KEY}


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({}, "OPENAI_API_KEY is not set, but an endpoint is to write queries; export it"),
        ({"OPENAI_API_KEY": " "}, "OPENAI_API_KEY is not set"),
        ({"OPENAI_API_KEY": "two words"}, "OPENAI_API_KEY contains white space"),
        (
            {"OPENAI_API_KEY": "schlüssel"},
            "OPENAI_API_KEY contains white space or a non-ASCII character",
        ),
        ({**SET, "OPENAI_BASE_URL": "localhost:8000"}, "OPENAI_BASE_URL is not an http(s) URL"),
        ({**SET, "OPENAI_BASE_URL": KEY}, "OPENAI_BASE_URL is not an http(s) URL"),
        ({**SET, "OPENAI_BASE_URL": "http://host:port/v1"}, "OPENAI_BASE_URL is not an http(s) URL"),
        ({**SET, "OPENAI_BASE_URL": "ftp://host/v1"}, "OPENAI_BASE_URL is not an http(s) URL"),
        (
            {**SET, "OPENAI_BASE_URL": f"http://me:{KEY}@host/v1"},
            "OPENAI_BASE_URL contains a user name or password",
        ),
        (
            {**SET, "HARNESS_ENDPOINT_CONCURRENCY": "0"},
            "HARNESS_ENDPOINT_CONCURRENCY=0 is not an integer of at least",
        ),
        (
            {**SET, "HARNESS_ENDPOINT_RETRIES": "many"},
            "HARNESS_ENDPOINT_RETRIES=many is not an integer of at least 0",
        ),
        (
            {**SET, "HARNESS_ENDPOINT_TIMEOUT": "inf"},
            "HARNESS_ENDPOINT_TIMEOUT=inf is not a number of seconds of",
        ),
    ],
)
def test_an_invalid_environment_is_one_line_without_secrets(environment: dict[str, str], message: str) -> None:
    with pytest.raises(RequestError) as error:
        read_access(environment)
    assert str(error.value).startswith(message)
    assert KEY not in str(error.value)


def test_an_access_prints_as_its_server() -> None:
    access = read_access({**SET, "OPENAI_BASE_URL": f"https://example.org:8443/v1?token={KEY}"})
    assert repr(access) == repr(replace(access, timeout=1.0)) == "Access(https://example.org:8443)"
    assert access.concurrency == 8
