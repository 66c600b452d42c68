"""`harness run` with an endpoint: its requests, its continuation after a failure, and no trace of the key."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from support.chat_server import KEY, ChatServer, serving, status
from support.commands import Result, invoke, read_json, spawn, tiny_suite

ASK = "Ask in {language} about: {passage}"


@dataclass(frozen=True)
class Runs:
    """The results of one command in one folder: planned, interrupted by the server, rerun."""

    folder: Path
    server: ChatServer
    planned: Result
    interrupted: Result
    prompts_until_interrupted: int
    finished: Result
    planned_again: Result
    without_key: Result

    @property
    def record(self) -> Path:
        return self.folder / "out/records/clpl/en/0.json"


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runs]:
    folder = tmp_path_factory.mktemp("written")
    manifest = tiny_suite(folder / "suite")
    (folder / "prompt.txt").write_text(ASK, encoding="utf-8")
    command = (
        *("run", "--suite", manifest, "--data-dir", folder / "suite", "--methods", "bm25,clpl"),
        *("--seeds", "0", "--negative-queries", "endpoint:tiny", "--augment", "endpoint:tiny"),
        *("--write-prompt", folder / "prompt.txt", "--device", "cpu", "--cache-dir", folder / "cache"),
    )
    out = ("--out", folder / "out")
    with serving(answer=lambda prompt: f"Question: what is {prompt.rpartition(': ')[2]}") as server:
        environment = {**server.environment, "HARNESS_ENDPOINT_RETRIES": "0", "HARNESS_ENDPOINT_CONCURRENCY": "1"}

        def run(*options: str | Path) -> Result:
            return spawn("-m", "harness", *command, *options, cwd=folder, **environment)

        def run_without_worker(*options: str | Path) -> Result:
            with pytest.MonkeyPatch.context() as patch:
                for name, value in environment.items():
                    patch.setenv(name, value)
                return invoke(*command, *options)

        planned = run_without_worker(*out, "--dry-run")
        server.faults = [lambda request: answer_then_fail(server, request)]
        interrupted = run(*out)
        prompts = len(server.prompts)
        server.always = None
        finished = run(*out)
        planned_again = run_without_worker("--out", folder / "elsewhere", "--dry-run")
        environment["OPENAI_API_KEY"] = ""
        without_key = run_without_worker(*out)
        yield Runs(folder, server, planned, interrupted, prompts, finished, planned_again, without_key)


def answer_then_fail(server: ChatServer, request: object) -> None:
    from support.chat_server import completion, reply

    server.always = status(500, f"no more for {KEY}")
    server.answered.append(server.prompts[-1])
    reply(request, 200, completion("1. what is the first?"))  # type: ignore[arg-type]


def test_a_dry_run_counts_the_requests_and_sends_none(runs: Runs) -> None:
    assert runs.planned.status == 0
    lines = runs.planned.out.splitlines()
    assert "training queries by endpoint 'tiny': at most 3 requests; cached answers are not requested again" in lines
    assert "negative queries by endpoint 'tiny': at most 3 requests; cached answers are not requested again" in lines


def test_a_server_failure_is_a_failed_row_with_the_number_of_answers(runs: Runs) -> None:
    assert runs.interrupted.status == 1
    lines = runs.interrupted.err.splitlines()
    assert f"http://127.0.0.1:{runs.server.port}: status 500" in lines  # one line per attempt
    assert (
        "failed clpl/en/0: endpoint 'tiny' answered 1 of 2 passages, then failed: 1 failure, last "
        "passage 'd2': status 500: Error code: 500 - no more for ***; "
        "the answers are cached: rerun the command to continue "
        f"(log: {runs.record.with_suffix('.log')})"
    ) in lines
    assert runs.prompts_until_interrupted == 2


def test_the_same_command_asks_only_the_missing_questions(runs: Runs) -> None:
    assert runs.finished.status == 0, runs.finished.err
    assert read_json(runs.record)["status"] == "done"
    assert len(runs.server.answered) == len(set(runs.server.answered)) <= 3
    assert all(prompt.startswith("Ask in English about: ") for prompt in runs.server.prompts)


def test_the_record_has_the_writers_and_their_settings(runs: Runs) -> None:
    record = read_json(runs.record)
    written = record["provenance"]["writers"]
    assert set(written) == {"augment", "write"}
    for stage in written.values():
        assert (stage["kind"], stage["model"], stage["revision"]) == ("endpoint", "tiny", None)
        assert stage["prompt"] == "Ask in English about: {passage}"
        assert (stage["temperature"], stage["max_tokens"], stage["queries"]) == (0.0, 64, 1)
        assert stage["answered_by"] == [f"tiny at http://127.0.0.1:{runs.server.port}"]
    assert written["augment"]["passages"] == 2
    assert written["augment"]["asked"] == 1  # the other answer came before the server failed
    assert written["augment"]["cached"] == 1
    assert written["augment"]["added"] == 2
    assert {stage["stage"] for stage in record["stages"]} >= {"augment", "mine", "write", "train"}
    assert record["provenance"]["training"]["rows"] == 4  # two training queries and two written ones


def test_another_run_uses_the_cached_answers(runs: Runs) -> None:
    assert "training queries by endpoint 'tiny': 0 requests, 2 answers cached" in runs.planned_again.out
    assert "negative queries by endpoint 'tiny': 0 requests, " in runs.planned_again.out


def test_a_finished_run_needs_no_key(runs: Runs) -> None:
    assert runs.without_key.status == 0, runs.without_key.err


def test_the_key_is_in_no_file_and_no_output(runs: Runs) -> None:
    results = (runs.planned, runs.interrupted, runs.finished, runs.planned_again, runs.without_key)
    for result in results:
        assert KEY not in result.out + result.err
    files = [path for path in runs.folder.rglob("*") if path.is_file()]
    assert len(files) > 20
    assert [path for path in files if KEY.encode() in path.read_bytes()] == []
    assert runs.server.authorisations == {f"Bearer {KEY}"}


@pytest.mark.parametrize(
    ("environment", "message"),
    [
        ({}, "harness: OPENAI_API_KEY is not set, but an endpoint is to write queries; export it"),
        ({"OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": "nowhere"}, "harness: OPENAI_BASE_URL is not an http(s) URL"),
    ],
)
def test_an_invalid_environment_is_one_line_and_status_2(
    tmp_path: Path, environment: dict[str, str], message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    places = ("--out", tmp_path / "out", "--cache-dir", tmp_path / "cache")
    request = ("run", *places, "--methods", "clpl", "--langs", "ko")
    for options in ((), ("--dry-run",)):
        result = invoke(*request, "--negative-queries", "endpoint:m", *options)
        assert result.status == 2
        assert result.line.startswith(message)
        assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--negative-queries", "gpt-4"], "--negative-queries gpt-4: expected data, file:PATH, endpoint:MODEL, model:"),
        (["--negative-queries", "file:nowhere"], "queries file nowhere does not exist"),
        (["--augment", "model:nowhere"], "--augment model:nowhere: neither a folder nor ID@REVISION"),
        (["--augment", "model:a/b@v1"], "--augment model:a/b@v1: revision: revision 'v1' is not a 40-digit hash"),
        (["--write-prompt", "nowhere"], "--write-prompt nowhere cannot be read"),
    ],
)
def test_a_misspelt_writer_is_one_line_and_status_2(tmp_path: Path, arguments: list[str], message: str) -> None:
    result = invoke("run", "--out", tmp_path / "out", "--methods", "clpl", *arguments)
    assert result.status == 2
    assert result.line.startswith(f"harness: {message}")
    assert not (tmp_path / "out").exists()
