"""Queries from local models: tiny ones with random weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from harness.errors import CellError, RequestError
from harness.keys import folder_sha256
from harness.machine.store import Store
from harness.request.manifest import Writer
from harness.writers import local_model
from harness.writers.question import Question, questions_about
from harness.writers.writing import WrittenQueries, write_queries

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
    """A byte-pair tokenizer over the passages, with an end-of-text token and no padding token."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    model: Any = Tokenizer(models.BPE(unk_token="<unk>"))
    model.pre_tokenizer = pre_tokenizers.ByteLevel()
    model.decoder = decoders.ByteLevel()
    special = ["<unk>", "</s>"]
    model.train_from_iterator(
        PASSAGES.values(), trainers.BpeTrainer(vocab_size=160, special_tokens=special, show_progress=False)
    )
    fast: Any = PreTrainedTokenizerFast
    tokenizer = fast(tokenizer_object=model, unk_token="<unk>", eos_token="</s>")
    tokenizer.chat_template = chat
    return tokenizer


def save(folder: Path, kind: str, chat: str | None = None, positions: int = 256) -> Path:
    """Write a model of hidden size 32 whose weights are large enough for its answers to depend on the prompt."""
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
    fields: dict[str, Any] = {"prompt": "Ask about: {passage}", "max_tokens": 8, **settings}
    return Writer(kind="model", path=folder, sha256=folder_sha256(folder), **fields)


def ask(folder: Path, store: Store, passages: dict[str, str] = PASSAGES, **settings: Any) -> WrittenQueries:
    return write_queries(writer_of(folder, **settings), passages, "en", ("cpu", "write"), store)


def test_a_model_writes_a_query_for_every_passage_reproducibly(folder: Path, store: Store, tmp_path: Path) -> None:
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


def test_cached_answers_load_no_model(folder: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    first = ask(folder, store).queries
    monkeypatch.setattr(local_model, "TextGenerator", None)
    assert ask(folder, store).queries == first


def test_writing_leaves_the_global_generator_of_torch_as_it_was(folder: Path, store: Store) -> None:
    import torch

    before = torch.get_rng_state()
    ask(folder, store)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.fixture
def generator(tmp_path: Path) -> Any:
    folder = save(tmp_path / "chat", "llama", CHAT, positions=64)
    return lambda **settings: local_model.TextGenerator(writer_of(folder, **settings), "cpu")


def question(text: str) -> Question:
    writer = Writer(kind="endpoint", model="m", prompt="Ask about: {passage} Now.")
    return questions_about(writer, {"d": text}, "en", "cpu")[0]


def test_a_chat_template_is_applied_if_the_tokenizer_has_one(generator: Any) -> None:
    assert generator()._prompt(question("Tea.")) == "[user] Ask about: Tea. Now. [answer]"


def test_a_passage_that_is_too_long_is_cut_and_the_prompt_is_not(generator: Any) -> None:
    writer = generator()
    prompt = writer._prompt(question("Tea is made from leaves. " * 40))
    assert prompt.startswith("[user] Ask about: Tea is made from leaves.")
    assert prompt.endswith(" Now. [answer]")
    assert writer._tokens(prompt) == 64 - 8


def test_a_prompt_that_does_not_fit_is_rejected(tmp_path: Path, store: Store) -> None:
    folder = save(tmp_path / "short", "gpt2", positions=16)
    with pytest.raises(CellError, match=r"answered 0 of 4 passages, .* does not fit into its 8 tokens;"):
        ask(folder, store)


def test_answers_without_a_query_are_rejected(tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = save(tmp_path / "mute", "gpt2")
    monkeypatch.setattr(local_model.TextGenerator, "answers", lambda self, block: ["--- " for _ in block])
    with pytest.raises(CellError, match=r"no query in its answers to 4 passages \(first: 'd1'\); change the prompt"):
        ask(folder, store)


def test_a_model_that_changed_since_the_run_started_is_rejected(tmp_path: Path, store: Store) -> None:
    folder = save(tmp_path / "changed", "gpt2")
    writer = writer_of(folder)
    (folder / "config.json").write_text((folder / "config.json").read_text().replace("0.5", "0.4"))
    with pytest.raises(RequestError, match="has changed since the run started; rerun"):
        write_queries(writer, PASSAGES, "en", ("cpu", "write"), store)


def test_a_model_that_cannot_generate_text_is_rejected_before_a_run(tmp_path: Path) -> None:
    from transformers import XLMRobertaConfig, XLMRobertaModel

    (tmp_path / "empty").mkdir()
    sizes = {"vocab_size": 160, "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    XLMRobertaModel(XLMRobertaConfig(**sizes, intermediate_size=64)).save_pretrained(tmp_path / "encoder")
    tokenizer().save_pretrained(tmp_path / "encoder")
    save(tmp_path / "good", "t5")
    local_model.check(writer_of(tmp_path / "good"))
    for name, message in (
        ("empty", "does not load: "),
        ("encoder", "is a XLMRobertaModel, which cannot generate text"),
    ):
        with pytest.raises(RequestError) as error:
            local_model.check(writer_of(tmp_path / name))
        assert f"writer's model '{name}' {message}" in str(error.value)
        assert "\n" not in str(error.value)


def test_an_unavailable_hub_model_is_one_line() -> None:
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
    written = write_queries(writer, {"d1": PASSAGES["d1"]}, "en", ("cpu", "write"), store)
    assert written.queries["d1"]
    assert written.provenance["revision"] == revision
