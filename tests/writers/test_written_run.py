"""`harness run` with an endpoint: what it asks, that it goes on after a failure, and that nothing shows the key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.chat_server import KEY, ChatServer, serving, status
from support.commands import Result, invoke, read_json, spawn, tiny_suite

ASK = "Ask in {language} about: {passage}"


@dataclass(frozen=True)
class Story:
    """Three commands in one folder: planned, broken off by the server, given again."""

    folder: Path
    server: ChatServer
    planned: Result
    broken: Result
    asked_by_then: int
    finished: Result
    planned_again: Result
    without_key: Result

    @property
    def record(self) -> Path:
        return self.folder / "out/records/clpl/en/0.json"


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("written")
    manifest = tiny_suite(folder / "suite")
    (folder / "prompt.txt").write_text(ASK, encoding="utf-8")
    command = (
        *("-m", "harness", "run", "--suite", manifest, "--data-dir", folder / "suite", "--methods", "bm25,clpl"),
        *("--seeds", "0", "--negative-queries", "endpoint:tiny", "--augment", "endpoint:tiny"),
        *("--write-prompt", folder / "prompt.txt", "--device", "cpu", "--cache-dir", folder / "cache"),
    )
    out = ("--out", folder / "out")
    with serving(answer=lambda prompt: f"Question: what is {prompt.rpartition(': ')[2]}") as server:
        given = {**server.environment, "HARNESS_ENDPOINT_RETRIES": "0", "HARNESS_ENDPOINT_CONCURRENCY": "1"}

        def run(*more: str | Path) -> Result:
            return spawn(*command, *more, cwd=folder, **given)

        planned = run(*out, "--dry-run")
        server.faults = [lambda request: answer_then_fail(server, request)]
        broken = run(*out)
        asked_by_then = len(server.prompts)
        server.always = None
        finished = run(*out)
        planned_again = run("--out", folder / "elsewhere", "--dry-run")
        given["OPENAI_API_KEY"] = ""
        without_key = run(*out)
        yield Story(folder, server, planned, broken, asked_by_then, finished, planned_again, without_key)


def answer_then_fail(server: ChatServer, request: object) -> None:
    from support.chat_server import completion, reply

    server.always = status(500, f"no more for {KEY}")
    server.answered.append(server.prompts[-1])
    reply(request, 200, completion("1. what is the first?"))  # type: ignore[arg-type]


def test_a_dry_run_says_how_many_requests_there_are_and_makes_none(story: Story) -> None:
    assert story.planned.status == 0
    lines = story.planned.out.splitlines()
    assert "training queries by endpoint 'tiny': at most 3 requests, answers that are there are not asked for" in lines
    assert "negative queries by endpoint 'tiny': at most 3 requests, answers that are there are not asked for" in lines


def test_a_server_that_fails_makes_a_failed_row_with_what_is_done(story: Story) -> None:
    assert story.broken.status == 1
    lines = story.broken.err.splitlines()
    assert f"http://127.0.0.1:{story.server.port}: status 500" in lines  # one line an attempt
    assert (
        "failed clpl/en/0: endpoint 'tiny' has answered for 1 of 2 passages, then: 1 failed for good, the last of them "
        "passage 'd2': status 500: Error code: 500 - no more for ***; "
        "the answers are kept, and the same command goes on from there"
    ) in lines
    assert story.asked_by_then == 2


def test_the_same_command_goes_on_and_asks_only_for_what_is_missing(story: Story) -> None:
    assert story.finished.status == 0, story.finished.err
    assert read_json(story.record)["status"] == "done"
    assert len(story.server.answered) == len(set(story.server.answered)) <= 3
    assert all(prompt.startswith("Ask in English about: ") for prompt in story.server.prompts)


def test_the_record_says_who_wrote_and_how(story: Story) -> None:
    record = read_json(story.record)
    written = record["provenance"]["writers"]
    assert set(written) == {"augment", "write"}
    for stage in written.values():
        assert (stage["kind"], stage["model"], stage["revision"]) == ("endpoint", "tiny", None)
        assert stage["prompt"] == "Ask in English about: {passage}"
        assert (stage["temperature"], stage["max_tokens"], stage["queries"]) == (0.0, 64, 1)
        assert stage["answered_by"] == [f"tiny at http://127.0.0.1:{story.server.port}"]
    assert written["augment"]["passages"] == 2
    assert written["augment"]["asked"] == 1  # the other was answered before the server failed
    assert written["augment"]["cached"] == 1
    assert written["augment"]["added"] == 2
    assert {stage["stage"] for stage in record["stages"]} >= {"augment", "mine", "write", "train"}
    assert record["provenance"]["training"]["rows"] == 4  # two training queries and two written ones


def test_what_is_answered_is_not_asked_again_by_another_run(story: Story) -> None:
    assert "training queries by endpoint 'tiny': 0 requests, 2 answers are there already" in story.planned_again.out
    assert "negative queries by endpoint 'tiny': 0 requests, " in story.planned_again.out


def test_a_run_that_is_done_wants_no_key(story: Story) -> None:
    assert story.without_key.status == 0, story.without_key.err


def test_the_key_is_in_nothing_that_was_written_or_said(story: Story) -> None:
    results = (story.planned, story.broken, story.finished, story.planned_again, story.without_key)
    for result in results:
        assert KEY not in result.out + result.err
    files = [path for path in story.folder.rglob("*") if path.is_file()]
    assert len(files) > 20
    assert [path for path in files if KEY.encode() in path.read_bytes()] == []
    assert story.server.authorisations == {f"Bearer {KEY}"}


@pytest.mark.parametrize(
    ("environment", "what"),
    [
        ({}, "harness: OPENAI_API_KEY is not set, and an endpoint is to write queries; export it"),
        ({"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": "nowhere"}, "harness: OPENAI_BASE_URL is no http(s) address"),
    ],
)
def test_a_wrong_environment_is_one_line_and_status_2(
    tmp_path: Path, environment: dict[str, str], what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    request = (
        "run",
        "--out",
        tmp_path / "out",
        "--methods",
        "clpl",
        "--langs",
        "ko",
        "--cache-dir",
        tmp_path / "cache",
    )
    for more in ((), ("--dry-run",)):
        result = invoke(*request, "--negative-queries", "endpoint:m", *more)
        assert result.status == 2
        assert result.line.startswith(what)
        assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--negative-queries", "gpt-4"], "--negative-queries gpt-4: want data, file:PATH, endpoint:MODEL, model:"),
        (["--negative-queries", "file:nowhere"], "queries file nowhere is missing"),
        (["--augment", "model:nowhere"], "--augment model:nowhere: neither a folder nor ID@REVISION"),
        (["--augment", "model:a/b@v1"], "--augment model:a/b@v1: revision: revision 'v1' is not a 40-digit hash"),
        (["--write-prompt", "nowhere"], "--write-prompt nowhere cannot be read"),
    ],
)
def test_a_misspelt_writer_is_one_line_and_status_2(tmp_path: Path, arguments: list[str], what: str) -> None:
    result = invoke("run", "--out", tmp_path / "out", "--methods", "clpl", *arguments)
    assert result.status == 2
    assert result.line.startswith(f"harness: {what}")
    assert not (tmp_path / "out").exists()
