"""Which prompts are used: those that suite or --set state, or else the base model's own; and what is warned of."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from support.tiny_models import PROMPTS, built, declare

from harness.data import hub_encoders
from harness.data.model_declaration import read_declaration
from harness.errors import RequestError
from harness.request import entries, suite
from harness.request.manifest import Expert, PinnedBase, Text
from harness.request.overrides import override
from harness.request.suite import Suite
from harness.stages.base_override import with_base_model
from harness.stages.model_prompts import expert_prompts, warnings, with_model_prompts

REVISION = "c" * 40
LENGTHS = {"query_max_length": 12, "passage_max_length": 20}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return declare(built(tmp_path_factory.mktemp("model") / "prompts"), prompts=PROMPTS)


def planned(model: Path, *settings: str, given: bool = True, **text: Any) -> Suite:
    """Return the suite as a plan resolves it: its [text], --base-model, --set, the model's prompts."""
    stated = Text.model_validate({"title_join": " ", **LENGTHS, **text})
    on = with_base_model(suite.load("mini").model_copy(update={"text": stated}), str(model))
    changed, _ = override(settings, on, entries.resolve(["base"], entries.declared()))
    return with_model_prompts(changed, given=given)


def prompts(resolved: Suite) -> tuple[str, str, str | None]:
    return resolved.text.query_prompt, resolved.text.passage_prompt, resolved.text.prompts


OWN = (PROMPTS["query"], PROMPTS["document"], "model")


@pytest.mark.parametrize(
    ("settings", "given", "text", "expected"),
    [
        ((), True, {}, OWN),
        ((), False, {}, ("", "", None)),
        ((), False, {"prompts": "model"}, OWN),
        ((), True, {"query_prompt": "q: "}, ("q: ", "", None)),
        ((), True, {"query_prompt": ""}, ("", "", None)),
        ((), False, {"prompts": "model", "query_prompt": "q: "}, ("q: ", OWN[1], "model")),
        (("text.prompts=model",), False, {"query_prompt": "q: "}, OWN),
        (("text.query_prompt=q: ",), True, {}, ("q: ", "", None)),
        (("text.query_prompt=", "text.passage_prompt="), True, {}, ("", "", None)),
        (("text.query_prompt=q: ", "text.prompts=model"), True, {"passage_prompt": "p: "}, ("q: ", OWN[1], "model")),
        (("text.prompts=model", "text.query_prompt=q: "), True, {"passage_prompt": "p: "}, ("q: ", OWN[1], "model")),
        (("text.title=false",), True, {}, OWN),
    ],
)
def test_stated_prompts_are_used_and_the_others_are_the_models(
    model: Path, settings: tuple[str, ...], given: bool, text: dict[str, Any], expected: tuple[str, str, str | None]
) -> None:
    assert prompts(planned(model, *settings, given=given, **text)) == expected


def test_a_base_that_is_built_declares_no_prompts() -> None:
    mini = suite.load("mini")
    assert with_model_prompts(mini, given=False) is mini
    (changed, _) = override(["text.prompts=model"], mini, [])
    assert prompts(with_model_prompts(changed, given=False)) == ("", "", "model")


@pytest.mark.parametrize(
    "declared",
    [
        {"prompts": PROMPTS},
        {"prompts": {"query": "query: ", "passage": "passage: "}},
        {"prompts": {"task": "x: "}, "default_prompt_name": "task"},
        {"prompts": {"query": "q: "}, "default_prompt_name": "query"},
        {"prompts": {"corpus": "c: ", "document": None}},
        {"prompts": {}},
    ],
)
def test_the_declared_prompts_are_those_that_the_library_uses(
    declared: dict[str, Any], model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sentence_transformers import SentenceTransformer

    folder = declare(shutil.copytree(model, tmp_path / "model"), **{"default_prompt_name": None, **declared})
    used: list[str] = []
    opened = SentenceTransformer(str(folder), device="cpu")
    monkeypatch.setattr(opened, "_inference", lambda inputs, prompt, **_: used.append(prompt or "") or [])
    opened.encode_query(["a"], convert_to_numpy=False)
    opened.encode_document(["a"], convert_to_numpy=False)
    declaration = read_declaration(folder / "config_sentence_transformers.json", "model")
    assert [declaration.prompt("query"), declaration.prompt("passage")] == used


def test_prompts_that_differ_are_one_line_each_whose_advice_works(model: Path) -> None:
    stated = planned(model, query_prompt="q: ", passage_prompt=PROMPTS["document"])
    (line,) = warnings(stated, model, trains=True)
    assert line == (
        'the base model declares the prompt "word3, word4: " for queries, and "q: " is used, as suite or --set states; '
        "for the model's, leave text.query_prompt out and add --set text.prompts=model"
    )
    followed = planned(model, "text.prompts=model", query_prompt="q: ", passage_prompt=PROMPTS["document"])
    assert warnings(followed, model, trains=True) == []
    assert followed.text.query_prompt == PROMPTS["query"]


def test_a_prompt_under_a_name_that_the_library_does_not_use_is_warned_of(model: Path, tmp_path: Path) -> None:
    folder = declare(shutil.copytree(model, tmp_path / "model"), prompts={"query": "q: ", "passage": "p, p: "})
    (line,) = warnings(planned(folder), folder, trains=False)
    assert line == (
        "the base model declares a prompt 'passage', which encode_document does not use: passages have none; "
        'to use it, add --set "text.passage_prompt=p, p: "'
    )
    followed = planned(folder, "text.passage_prompt=p, p: ", "text.prompts=model")
    assert prompts(followed) == ("q: ", "p, p: ", "model")


def test_a_suite_that_reads_more_tokens_than_the_model_declares_is_warned_of(model: Path) -> None:
    longer = planned(model, passage_max_length=30)
    assert warnings(longer, model, trains=False) == []  # the model declares 32
    folder_length = planned(model, query_max_length=40)
    (line,) = warnings(folder_length, model, trains=False)
    assert line.startswith("the base model declares 32 tokens (max_seq_length), and suite mini cuts queries at 40, ")
    assert line.endswith("for the model's length, add --set text.query_max_length=32")
    assert warnings(planned(model, "text.query_max_length=32", query_max_length=40), model, trains=False) == []


def test_training_a_dot_product_model_is_noted(model: Path, tmp_path: Path) -> None:
    folder = declare(shutil.copytree(model, tmp_path / "model"), similarity_fn_name="dot")
    (line,) = warnings(planned(folder), folder, trains=True)
    assert "compares by dot product" in line
    assert warnings(planned(folder), folder, trains=False) == []


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of a cached snapshot of someone/model, without a network."""
    import huggingface_hub.constants

    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    folder = tmp_path / "models--someone--model" / "snapshots" / REVISION
    folder.mkdir(parents=True)
    return folder


PINNED = PinnedBase(id="someone/model", revision=REVISION)


def test_the_prompts_of_a_hub_model_are_read_from_one_small_file(hub: Path) -> None:
    (hub / "config_sentence_transformers.json").write_text(json.dumps({"prompts": PROMPTS}))
    given = with_base_model(suite.load("mini"), f"someone/model@{REVISION}")
    assert prompts(with_model_prompts(given, given=True)) == OWN
    assert hub_encoders.cached(PINNED) is None  # this file alone is no snapshot of the model


def test_a_hub_model_without_the_file_declares_no_prompts(hub: Path) -> None:
    (hub / "modules.json").write_text("[]")
    given = with_base_model(suite.load("mini"), f"someone/model@{REVISION}")
    assert with_model_prompts(given, given=True) is given


def test_a_hub_model_that_cannot_be_had_is_refused_with_what_to_do(hub: Path) -> None:
    given = with_base_model(suite.load("mini"), f"someone/model@{REVISION}")
    with pytest.raises(RequestError, match=rf"'someone/model' at {REVISION} does not load: .*; run `harness data"):
        with_model_prompts(given, given=True)


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ({}, (PROMPTS["query"], PROMPTS["document"])),
        ({"query_prompt": "q: "}, ("q: ", PROMPTS["document"])),
        ({"query_prompt": "", "passage_prompt": ""}, ("", "")),
    ],
)
def test_an_expert_without_stated_prompts_has_its_own(
    hub: Path, stated: dict[str, str], expected: tuple[str, str]
) -> None:
    (hub / "config_sentence_transformers.json").write_text(json.dumps({"prompts": PROMPTS}))
    expert = Expert.model_validate({"name": "e", "encoder": PINNED.model_dump(), **stated})
    assert tuple(expert_prompts(expert).values()) == expected
