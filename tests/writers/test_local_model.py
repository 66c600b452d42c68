"""Queries from a local model: tiny ones of random weights, made on the spot."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.errors import CellError, RequestError
from harness.keys import folder_sha256
from harness.machine.store import Store
from harness.request.manifest import Writer
from harness.writers import Written, local_model, written

PASSAGES = {
    "d1": "Tea is made from leaves.",
    "d2": "Coffee is made from beans, which are roasted, ground and put into hot water.",
    "d3": "Rice is a grain.",
    "d4": "Salt comes from the sea or from mines, and keeps food from going bad for a long time.",
}
CHAT = (
    "{% for m in messages %}[{{ m['role'] }}] {{ m['content'] }}{% endfor %}"
    "{% if add_generation_prompt %} [answer]{% endif %}"
)


def tokenizer(chat: str | None = None) -> Any:
    """A byte-pair tokenizer over the passages, with an end of text and nothing to pad with."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    made: Any = Tokenizer(models.BPE(unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.ByteLevel()
    made.decoder = decoders.ByteLevel()
    special = ["<unk>", "</s>"]
    made.train_from_iterator(
        PASSAGES.values(), trainers.BpeTrainer(vocab_size=160, special_tokens=special, show_progress=False)
    )
    fast: Any = PreTrainedTokenizerFast
    tokenizer = fast(tokenizer_object=made, unk_token="<unk>", eos_token="</s>")
    tokenizer.chat_template = chat
    return tokenizer


def save(folder: Path, kind: str, chat: str | None = None, positions: int = 256) -> Path:
    """Write a model of hidden size 32 with weights large enough that its answers depend on what it reads."""
    import torch
    from transformers import (
        GPT2Config,
        GPT2LMHeadModel,
        LlamaConfig,
        LlamaForCausalLM,
        T5Config,
        T5ForConditionalGeneration,
    )

    words = tokenizer(chat)
    shared = {"vocab_size": len(words), "eos_token_id": words.eos_token_id, "bos_token_id": words.eos_token_id}
    network: Any
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        if kind == "t5":
            sizes = {"d_model": 32, "d_kv": 16, "d_ff": 64, "num_layers": 1, "num_heads": 2}
            network = T5ForConditionalGeneration(
                T5Config(**shared, **sizes, decoder_start_token_id=1, pad_token_id=0, initializer_factor=10.0)
            )
        elif kind == "gpt2":
            sizes = {"n_positions": positions, "n_embd": 32, "n_layer": 1, "n_head": 2}
            network = GPT2LMHeadModel(GPT2Config(**shared, **sizes, initializer_range=0.5))
        else:
            sizes = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2}
            network = LlamaForCausalLM(
                LlamaConfig(**shared, **sizes, max_position_embeddings=positions, initializer_range=0.5)
            )
    network.save_pretrained(folder)
    words.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module", params=["t5", "gpt2", "llama"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save(tmp_path_factory.mktemp("writer") / "model", request.param)


def writer_of(folder: Path, **settings: Any) -> Writer:
    given: dict[str, Any] = {"prompt": "Ask about: {passage}", "max_tokens": 8, **settings}
    return Writer(kind="model", path=folder, sha256=folder_sha256(folder), **given)


def ask(folder: Path, store: Store, passages: dict[str, str] = PASSAGES, **settings: Any) -> Written:
    return written(writer_of(folder, **settings), passages, "en", ("cpu", "write"), store)


def test_a_model_writes_a_query_for_every_passage_and_the_same_again(
    folder: Path, store: Store, tmp_path: Path
) -> None:
    first = ask(folder, store)
    assert set(first.queries) == set(PASSAGES)
    assert all(texts for texts in first.queries.values())
    assert ask(folder, Store(tmp_path / "another")).queries == first.queries
    assert first.provenance["sha256"] == folder_sha256(folder)
    assert first.provenance["answered_by"][0].endswith("in float32")


def test_a_passage_gets_the_same_query_alone_and_in_a_batch(folder: Path, store: Store, tmp_path: Path) -> None:
    together = ask(folder, store).queries
    assert len(set(together.values())) > 1
    for number, (doc, text) in enumerate(PASSAGES.items()):
        alone = ask(folder, Store(tmp_path / f"{number}"), {doc: text}).queries
        assert alone[doc] == together[doc]


def test_answers_that_are_there_open_no_model(folder: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    first = ask(folder, store).queries
    monkeypatch.setattr(local_model, "_Speaker", None)
    assert ask(folder, store).queries == first


def test_writing_draws_from_no_generator_that_training_uses(folder: Path, store: Store) -> None:
    import torch

    before = torch.get_rng_state()
    ask(folder, store)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.fixture
def speaker(tmp_path: Path) -> Any:
    folder = save(tmp_path / "chat", "llama", CHAT, positions=64)
    return lambda **settings: local_model._Speaker(writer_of(folder, **settings), "cpu")


def question(text: str) -> Any:
    (made,) = model_questions({"d": text})
    return made


def model_questions(passages: dict[str, str]) -> list[Any]:
    from harness.writers.answers import questions

    return questions(Writer(kind="endpoint", model="m", prompt="Ask about: {passage} Now."), passages, "en")


def test_a_chat_template_is_used_where_the_tokenizer_has_one(speaker: Any) -> None:
    assert speaker()._fitted(question("Tea.")) == "[user] Ask about: Tea. Now. [answer]"


def test_a_passage_that_is_too_long_is_cut_and_the_prompt_is_not(speaker: Any) -> None:
    made = speaker()
    prompt = made._fitted(question("Tea is made from leaves. " * 40))
    assert prompt.startswith("[user] Ask about: Tea is made from leaves.")
    assert prompt.endswith(" Now. [answer]")
    assert made._tokens(prompt) == 64 - 8


def test_a_prompt_that_does_not_fit_is_one_line(tmp_path: Path, store: Store) -> None:
    folder = save(tmp_path / "short", "gpt2", positions=16)
    with pytest.raises(CellError, match="has answered for 0 of 4 passages, then: its 8 tokens do not hold the prompt"):
        ask(folder, store)


def test_a_model_that_says_nothing_is_one_line(tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = save(tmp_path / "mute", "gpt2")
    monkeypatch.setattr(local_model._Speaker, "answers", lambda self, block: ["--- " for _ in block])
    with pytest.raises(CellError, match=r"then: no query in its answers for 4 \(first: 'd1'\); change the prompt"):
        ask(folder, store)


def test_a_model_that_changed_after_the_request_is_refused(tmp_path: Path, store: Store) -> None:
    folder = save(tmp_path / "changed", "gpt2")
    writer = writer_of(folder)
    (folder / "config.json").write_text((folder / "config.json").read_text().replace("0.5", "0.4"))
    with pytest.raises(RequestError, match="has changed since the request"):
        written(writer, PASSAGES, "en", ("cpu", "write"), store)


def test_what_writes_no_text_is_refused_before_a_run(tmp_path: Path) -> None:
    from transformers import XLMRobertaConfig, XLMRobertaModel

    (tmp_path / "empty").mkdir()
    sizes = {"vocab_size": 160, "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    XLMRobertaModel(XLMRobertaConfig(**sizes, intermediate_size=64)).save_pretrained(tmp_path / "encoder")
    tokenizer().save_pretrained(tmp_path / "encoder")
    save(tmp_path / "good", "t5")
    local_model.check(writer_of(tmp_path / "good"))
    for name, what in (("empty", "does not load: "), ("encoder", "is a XLMRobertaModel, which writes no text")):
        with pytest.raises(RequestError) as error:
            local_model.check(writer_of(tmp_path / name))
        assert f"writer's model '{name}' {what}" in str(error.value)
        assert "\n" not in str(error.value)


def test_a_hub_model_that_is_not_to_be_had_is_one_line() -> None:
    revision = "0" * 40
    with pytest.raises(RequestError) as error:
        local_model.check(Writer(kind="model", model="nobody/nothing", revision=revision))
    assert str(error.value).startswith(f"writer's model 'nobody/nothing' at {revision} does not load: ")
    assert "\n" not in str(error.value)


def test_a_hub_model_is_read_at_its_revision(tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub.constants

    revision = "c" * 40
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    save(tmp_path / "hub/models--somebody--tiny/snapshots" / revision, "t5")
    writer = Writer(kind="model", model="somebody/tiny", revision=revision, max_tokens=8)
    local_model.check(writer)
    found = written(writer, {"d1": PASSAGES["d1"]}, "en", ("cpu", "write"), store)
    assert found.queries["d1"]
    assert found.provenance["revision"] == revision
