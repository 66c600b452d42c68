"""Queries from a server on this machine, that is slow, refuses, hangs, breaks off, and answers garbage."""

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
from harness.writers import Written, answers, endpoint, written
from harness.writers.endpoint import access

WRITER = Writer(kind="endpoint", model="tiny", prompt="Ask in {language} about: {passage}")
PASSAGES = {f"d{i:02}": f"passage {i}" for i in range(12)}

Ask = Callable[..., Written]


@pytest.fixture
def ask(store: Store) -> Ask:
    def write(passages: dict[str, str] = PASSAGES, **changes: object) -> Written:
        return written(WRITER.model_copy(update=changes), passages, "ko", ("cpu", "write"), store)

    return write


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(endpoint, "PAUSE", 0.01)


@pytest.fixture
def one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HARNESS_ENDPOINT_CONCURRENCY", "1")


def failed(ask: Ask) -> str:
    with pytest.raises(CellError) as error:
        ask()
    assert "\n" not in str(error.value)
    return str(error.value)


def test_every_passage_gets_the_query_of_its_own_answer(server: ChatServer, ask: Ask) -> None:
    server.answer = lambda prompt: f"1. {prompt.partition(': ')[2]}?\n2. another?"
    found = ask()
    assert found.queries == {doc: (f"{text}?",) for doc, text in PASSAGES.items()}
    assert sorted(server.prompts) == sorted(f"Ask in Korean about: {text}" for text in PASSAGES.values())
    assert server.authorisations == {f"Bearer {KEY}"}
    sent = {key: value for key, value in server.bodies[0].items() if key != "messages"}
    assert sent == {"model": "tiny", "temperature": 0.0, "max_tokens": 64}


def test_the_provenance_names_model_prompt_settings_and_how_many_were_cached(server: ChatServer, ask: Ask) -> None:
    ask({"d00": "passage 0"})
    found = ask().provenance
    assert {name: found[name] for name in ("kind", "model", "revision", "prompt", "temperature", "max_tokens")} == {
        **{"kind": "endpoint", "model": "tiny", "revision": None},
        **{"prompt": "Ask in Korean about: {passage}", "temperature": 0.0, "max_tokens": 64},
    }
    assert (found["passages"], found["asked"], found["cached"], found["written"]) == (12, 11, 1, 12)
    assert found["answered_by"] == [f"tiny at http://127.0.0.1:{server.port}"]


def test_an_answer_is_asked_for_once(server: ChatServer, ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    first = ask()
    monkeypatch.delenv("OPENAI_API_KEY")  # nobody is asked, so that no key is wanted
    assert ask().queries == first.queries
    assert len(server.prompts) == 12


def test_equal_passages_are_asked_about_once(server: ChatServer, ask: Ask) -> None:
    found = ask({"d1": "Tea.", "d2": "Tea.", "d3": "Rice."})
    assert len(server.prompts) == 2
    assert found.queries["d1"] == found.queries["d2"]
    assert found.provenance["cached"] == 1


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
def test_what_changes_an_answer_makes_it_another_one(server: ChatServer, ask: Ask, changes: dict[str, object]) -> None:
    ask()
    ask(**changes)
    assert len(server.prompts) == 24


def test_no_more_requests_than_the_bound_are_under_way(
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
    alone = written(WRITER, PASSAGES, "ko", ("cpu", "write"), Store(store.root / "other"))
    assert alone.queries == together.queries
    assert server.most_at_once > 1


PASSING: dict[str, Fault] = {
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
@pytest.mark.parametrize("fault", PASSING)
def test_a_fault_that_passes_is_tried_again_and_is_one_line_in_the_log(
    server: ChatServer, ask: Ask, fault: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_ENDPOINT_TIMEOUT", "0.3")
    server.faults = [PASSING[fault]]
    with caplog.at_level(logging.WARNING, "harness"):
        found = ask({"d1": "Tea.", "d2": "Rice."})
    assert set(found.queries) == {"d1", "d2"}
    assert len(server.prompts) == 3
    assert len(caplog.messages) == 1
    assert f"http://127.0.0.1:{server.port}: " in caplog.messages[0]


@pytest.mark.usefixtures("one_at_a_time")
def test_retry_after_is_waited_for(server: ChatServer, ask: Ask) -> None:
    server.faults = [status(429, Retry_After="1.5")]
    started = time.monotonic()
    ask({"d1": "Tea."})
    assert time.monotonic() - started > 1.5  # without it, half a second


LASTING: dict[str, tuple[Fault, str]] = {
    "401": (status(401, f"Incorrect API key provided: {KEY}"), "status 401: Error code: 401"),
    "404": (status(404, "no such model"), "status 404: Error code: 404"),
    "429": (status(429), "status 429: "),
    "500": (status(500), "status 500: "),
    "cut": (cut, "APIConnectionError: "),
    "hang": (hang(0.6), "APITimeoutError: "),
    "garbage": (body(b'{"choices": [{'), "3 answers of no use: no chat completion ("),
    "no choices": (body(b'{"choices": []}'), "3 answers of no use: no chat completion (choices: "),
    "empty": (body(completion(" ")), "3 answers of no use: no query in ' ' (finish_reason stop)"),
    "key": (body(completion(f"is your key {KEY}?")), "3 answers of no use: it repeats the key"),
}


@pytest.mark.usefixtures("one_at_a_time")
@pytest.mark.parametrize("fault", LASTING)
def test_a_fault_that_lasts_is_one_line_and_the_run_goes_on_with_what_is_missing(
    server: ChatServer, ask: Ask, fault: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_ENDPOINT_TIMEOUT", "0.3")
    monkeypatch.setenv("HARNESS_ENDPOINT_RETRIES", "0")
    ask({doc: PASSAGES[doc] for doc in sorted(PASSAGES)[:5]})
    server.always, what = LASTING[fault]
    line = failed(ask)
    assert line.startswith("endpoint 'tiny' has answered for 5 of 12 passages, then: ")
    assert what in line
    assert line.endswith("; the answers are kept, and the same command goes on from there")
    server.always = None
    before = len(server.answered)
    assert set(ask().queries) == set(PASSAGES)
    assert len(server.answered) - before == 7
    assert sorted(server.answered) == sorted(f"Ask in Korean about: {text}" for text in PASSAGES.values())
    everything = b"".join(path.read_bytes() for path in store.root.rglob("*") if path.is_file())
    assert KEY.encode() not in everything


@pytest.mark.usefixtures("one_at_a_time")
def test_a_run_that_breaks_off_in_the_middle_keeps_every_answer(server: ChatServer, ask: Ask) -> None:
    count = iter(range(100))

    def answer(prompt: str) -> str:
        if next(count) == 6:
            server.always = status(500)
        return "what?"

    server.answer = answer
    assert "has answered for 7 of 12 passages" in failed(ask)
    server.always = None
    ask()
    assert len(server.answered) == len(set(server.answered)) == 12


def test_a_server_that_refuses_connections_ends_the_asking_soon(
    server: ChatServer, ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{port}/v1")
    monkeypatch.setenv("HARNESS_ENDPOINT_CONCURRENCY", "2")
    started = time.monotonic()
    line = failed(ask)
    assert "endpoint 'tiny' has answered for 0 of 12 passages" in line
    assert "refused" in line
    assert time.monotonic() - started < 5
    monkeypatch.setenv("OPENAI_BASE_URL", server.url)
    assert len(ask().queries) == 12


@pytest.mark.usefixtures("one_at_a_time")
def test_one_passage_that_is_never_answered_does_not_hold_up_the_others(server: ChatServer, ask: Ask) -> None:
    server.answer = lambda prompt: "" if prompt.endswith("passage 3") else "what?"
    line = failed(ask)
    assert "has answered for 11 of 12 passages, then: 1 failed for good, the last of them passage 'd03': " in line


def test_a_wrong_key_is_tried_once(server: ChatServer, ask: Ask, one_at_a_time: None) -> None:
    server.always = status(401)
    failed(ask)
    assert len(server.prompts) == 1


def test_a_model_that_knows_no_max_tokens_is_asked_by_the_newer_name(
    server: ChatServer, ask: Ask, one_at_a_time: None
) -> None:
    error = {"error": {"message": "Use 'max_completion_tokens' instead.", "param": "max_tokens", "code": "unsupported"}}
    server.faults = [lambda request: chat_error(request, error)]
    ask()
    assert [next(name for name in sent if "tokens" in name) for sent in server.bodies] == [
        "max_tokens",
        *["max_completion_tokens"] * 12,
    ]


def chat_error(request: object, error: dict[str, object]) -> None:
    from support.chat_server import reply

    reply(request, 400, json.dumps(error).encode())  # type: ignore[arg-type]


def test_a_damaged_answer_is_asked_for_again(server: ChatServer, ask: Ask, store: Store) -> None:
    first = ask()
    (question,) = answers.questions(WRITER, {"d03": PASSAGES["d03"]}, "ko")
    path = answers.path_of(store, question.key)
    assert json.loads(path.read_bytes())["prompt"] == "Ask in Korean about: passage 3"
    path.write_bytes(path.read_bytes()[:-9])
    assert ask().queries == first.queries
    assert len(server.prompts) == 13


@pytest.mark.usefixtures("one_at_a_time")
def test_no_failure_shows_the_key(
    server: ChatServer, ask: Ask, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HARNESS_ENDPOINT_RETRIES", "0")
    with caplog.at_level(logging.DEBUG):
        for fault in (status(401, f"bad key {KEY}"), status(500, KEY), body(KEY.encode()), body(completion(KEY)), cut):
            server.always = fault
            with pytest.raises(CellError) as error:
                ask()
            assert KEY not in f"{error.value!r} {error.value.__cause__!r} {error.value.__context__!r}"
    ours = [record.getMessage() for record in caplog.records if record.name.startswith(("harness", "openai"))]
    assert len(ours) > 5
    assert KEY not in " ".join(ours)


GIVEN = {"OPENAI_API_KEY": KEY}


@pytest.mark.parametrize(
    ("environment", "what"),
    [
        ({}, "OPENAI_API_KEY is not set, and an endpoint is to write queries; export it"),
        ({"OPENAI_API_KEY": " "}, "OPENAI_API_KEY is not set"),
        ({"OPENAI_API_KEY": "two words"}, "OPENAI_API_KEY holds white space"),
        ({"OPENAI_API_KEY": "schlüssel"}, "OPENAI_API_KEY holds white space or a character that no key has"),
        ({**GIVEN, "OPENAI_BASE_URL": "localhost:8000"}, "OPENAI_BASE_URL is no http(s) address"),
        ({**GIVEN, "OPENAI_BASE_URL": KEY}, "OPENAI_BASE_URL is no http(s) address"),
        ({**GIVEN, "OPENAI_BASE_URL": "http://host:port/v1"}, "OPENAI_BASE_URL is no http(s) address"),
        ({**GIVEN, "OPENAI_BASE_URL": "ftp://host/v1"}, "OPENAI_BASE_URL is no http(s) address"),
        ({**GIVEN, "OPENAI_BASE_URL": f"http://me:{KEY}@host/v1"}, "OPENAI_BASE_URL holds a user or a password"),
        ({**GIVEN, "HARNESS_ENDPOINT_CONCURRENCY": "0"}, "HARNESS_ENDPOINT_CONCURRENCY=0: want a number from 1 on"),
        ({**GIVEN, "HARNESS_ENDPOINT_RETRIES": "many"}, "HARNESS_ENDPOINT_RETRIES=many: want a number from 0 on"),
        ({**GIVEN, "HARNESS_ENDPOINT_TIMEOUT": "inf"}, "HARNESS_ENDPOINT_TIMEOUT=inf: want a number from 0.01 on"),
    ],
)
def test_a_wrong_environment_is_one_line_without_its_secrets(environment: dict[str, str], what: str) -> None:
    with pytest.raises(RequestError) as error:
        access(environment)
    assert str(error.value).startswith(what)
    assert KEY not in str(error.value)


def test_what_can_be_shown_of_the_access_is_the_host() -> None:
    given = access({**GIVEN, "OPENAI_BASE_URL": f"https://example.org:8443/v1?token={KEY}"})
    assert repr(given) == repr(replace(given, timeout=1.0)) == "Access(https://example.org:8443)"
    assert given.concurrency == 8
