"""Writers as the command line and a manifest name them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from harness.errors import DataError, RequestError
from harness.keys import file_sha256, folder_sha256
from harness.request import suite
from harness.request.manifest import Writer
from harness.request.suite import Suite
from harness.schema import explain
from harness.types import Need
from harness.writers.prompt import PROMPT
from harness.writers.writer_option import with_writers

REVISION = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="module")
def mini() -> Suite:
    return suite.load("mini")


@pytest.fixture
def queries(tmp_path: Path) -> Path:
    path = tmp_path / "queries.jsonl"
    path.write_text('{"doc_id": "d1", "queries": ["what?"]}\n', encoding="utf-8")
    return path


def negative_writer(suite: Suite) -> Writer:
    assert isinstance(suite.negative_queries, Writer)
    return suite.negative_queries


def test_without_options_a_suite_is_unchanged(mini: Suite) -> None:
    assert with_writers(mini) == mini


def test_an_endpoint_has_a_model_and_the_default_prompt_written_out(mini: Suite) -> None:
    written = with_writers(mini, "endpoint:org/model:7b@latest")
    writer = negative_writer(written)
    assert (writer.kind, writer.model, writer.prompt) == ("endpoint", "org/model:7b@latest", PROMPT)
    assert written.digest != mini.digest
    assert Need.NEGATIVE_QUERIES in written.offers("ko")


def test_a_hub_model_has_its_revision(mini: Suite) -> None:
    writer = negative_writer(with_writers(mini, f"model:google/flan@{REVISION}"))
    assert (writer.model, writer.revision, writer.path) == ("google/flan", REVISION, None)


def test_files_and_folders_are_identified_by_content_and_not_by_path(
    mini: Suite, queries: Path, tmp_path: Path
) -> None:
    with_file = with_writers(mini, f"file:{queries}")
    assert negative_writer(with_file).sha256 == file_sha256(queries)
    moved = queries.rename(tmp_path / "moved.jsonl")
    assert with_writers(mini, f"file:{moved}").digest == with_file.digest
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    with_folder = with_writers(mini, f"model:{folder}")
    assert negative_writer(with_folder).sha256 == folder_sha256(folder)
    assert with_writers(mini, f"model:{folder.rename(tmp_path / 'renamed')}").digest == with_folder.digest
    assert str(tmp_path) not in str(with_folder.model_dump(mode="json"))


def test_data_replaces_a_writer_by_the_queries_of_the_data(mini: Suite) -> None:
    written = with_writers(mini, "endpoint:m")
    assert with_writers(written, "data") == mini


def test_augmentation_has_a_separate_writer(mini: Suite, queries: Path) -> None:
    augmented = with_writers(mini, augment=f"file:{queries}")
    assert augmented.negative_queries == "data"
    assert augmented.augmentation is not None
    assert augmented.augmentation.sha256 == file_sha256(queries)


def test_a_prompt_file_applies_to_every_writer_that_uses_a_prompt(mini: Suite, tmp_path: Path, queries: Path) -> None:
    (tmp_path / "prompt").write_text("Ask in {language}:\n{passage}\n", encoding="utf-8")
    prompted = with_writers(mini, "endpoint:m", f"file:{queries}", tmp_path / "prompt")
    assert negative_writer(prompted).prompt == "Ask in {language}:\n{passage}"
    assert prompted.augmentation is not None
    assert prompted.augmentation.prompt == ""


def test_another_model_inherits_the_manifests_prompt_and_settings(mini: Suite) -> None:
    writer = Writer(kind="endpoint", model="a", prompt="Ask: {passage}", temperature=0.5, max_tokens=32, queries=2)
    manifest = mini.model_copy(update={"negative_queries": writer})
    assert negative_writer(with_writers(manifest, "endpoint:b")) == writer.model_copy(update={"model": "b"})
    local = negative_writer(with_writers(manifest, f"model:m@{REVISION}"))
    assert (local.prompt, local.temperature, local.queries) == ("Ask: {passage}", 0.0, 2)


def test_a_manifests_file_is_read_from_the_data_folder(mini: Suite, queries: Path) -> None:
    writer = Writer(kind="file", path=Path("queries.jsonl"), sha256=file_sha256(queries))
    manifest = mini.model_copy(update={"negative_queries": writer})
    assert negative_writer(with_writers(manifest, data_dir=queries.parent)).path == queries
    wrong = mini.model_copy(update={"negative_queries": writer.model_copy(update={"sha256": "0" * 64})})
    with pytest.raises(DataError, match="does not match the sha256 in the manifest: expected 000"):
        with_writers(wrong, data_dir=queries.parent)


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        (
            "negative_queries",
            "gpt",
            "--negative-queries gpt: expected data, file:PATH, endpoint:MODEL, model:ID",
        ),
        ("negative_queries", "endpoint:", "--negative-queries endpoint:: expected data, "),
        ("negative_queries", "openai:m", "--negative-queries openai:m: expected data, "),
        ("negative_queries", "file:nowhere.jsonl", "queries file nowhere.jsonl does not exist"),
        ("negative_queries", "model:a/b", "--negative-queries model:a/b: neither a folder nor ID@REVISION"),
        ("negative_queries", "model:a/b@main", "--negative-queries model:a/b@main: revision: revision 'main' is not"),
        ("augment", "data", "--augment data: expected file:PATH, endpoint:MODEL, "),
        ("write_prompt", Path("nowhere"), "--write-prompt nowhere cannot be read"),
    ],
)
def test_a_misspelt_writer_is_one_line(mini: Suite, option: str, value: Any, message: str) -> None:
    with pytest.raises(RequestError) as error:
        with_writers(mini, **{option: value})
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [("Ask.", "the prompt must contain {passage} exactly once"), ("{passage}{passage}", "once"), ("", "is empty")],
)
def test_a_prompt_without_the_passage_is_rejected(mini: Suite, tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "prompt").write_text(text)
    with pytest.raises(RequestError, match="--write-prompt ") as error:
        with_writers(mini, "endpoint:m", write_prompt=tmp_path / "prompt")
    assert message in str(error.value)


def test_a_prompt_that_no_writer_uses_is_rejected(mini: Suite, tmp_path: Path) -> None:
    (tmp_path / "prompt").write_text("{passage}")
    with pytest.raises(RequestError, match="no writer uses a prompt"):
        with_writers(mini, write_prompt=tmp_path / "prompt")


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"kind": "file"}, "a file writer has a path"),
        ({"kind": "file", "path": "q", "model": "m"}, "a file writer has a path"),
        ({"kind": "endpoint"}, "an endpoint writer has a model"),
        ({"kind": "endpoint", "model": "m", "revision": REVISION}, "an endpoint writer has a model"),
        ({"kind": "model", "model": "m"}, "a model writer has either a path, or a model with its revision"),
        ({"kind": "model", "path": "p", "model": "m", "revision": REVISION}, "a model writer has either a path, or"),
        ({"kind": "model", "path": "p", "temperature": 0.5}, "its temperature is 0"),
        ({"kind": "model", "model": "m", "revision": "main"}, "revision 'main' is not a 40-digit hash"),
        ({"kind": "endpoint", "model": "m", "key": "k"}, "key: unknown key"),
    ],
)
def test_an_incomplete_writer_of_a_manifest_is_rejected(fields: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError) as error:
        Writer.model_validate(fields)
    assert message in explain(error.value)
