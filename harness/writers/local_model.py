"""Queries from a local model, sequence to sequence or causal: greedy, in batches, in the precision of its weights.

The batch decides the last bits of the arithmetic (trap T10), so that a near tie can fall otherwise where another set of
passages is asked about; the answers that were used are in the record by their hash.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.errors import RequestError, one_line
from harness.keys import folder_sha256
from harness.request.manifest import Writer
from harness.writers.answers import Question, Reply, Stopped, name_of
from harness.writers.prompt import parse

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

BATCH = 16  # prompts of some hundred tokens: 1 GB of keys and values in a model of 7 B
WRITES = ("ForCausalLM", "LMHeadModel", "Generation")  # ends of the names of architectures that do


def folder_of(writer: Writer) -> Path:
    """Return the folder of the model, fetched where need be; raises RequestError where it is not to be had."""
    if writer.path is not None:
        if folder_sha256(writer.path) != writer.sha256:
            raise RequestError(f"writer's model {writer.path} has changed since the request; give the request again")
        return writer.path
    import huggingface_hub

    skipped = ["*.bin", "*.pt", "*.pth", "*.h5", "*.msgpack", "*.onnx", "*.gguf"]  # safetensors alone are read
    try:
        return Path(huggingface_hub.snapshot_download(writer.model, revision=writer.revision, ignore_patterns=skipped))
    except Exception as error:
        problem = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise RequestError(f"writer's model '{writer.model}' at {writer.revision} does not load: {problem}") from error


def check(writer: Writer) -> None:
    """Raise RequestError, in one line, where the model is not there or is none that writes."""
    from transformers import AutoConfig, AutoTokenizer

    folder = folder_of(writer)
    try:
        configuration = AutoConfig.from_pretrained(folder, trust_remote_code=False)
        AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    except Exception as error:
        problem = one_line(error)[:200] or type(error).__name__
        raise RequestError(f"writer's {name_of(writer)} does not load: {problem}") from error
    architectures: list[str] = configuration.architectures or []
    if not any(name.endswith(WRITES) for name in architectures):
        kind = ", ".join(architectures) or configuration.model_type
        raise RequestError(f"writer's {name_of(writer)} is a {kind}, which writes no text; name another one")


def asking(device: str) -> Any:
    """Return the `Ask` of a local model that computes on `device`."""

    def ask(writer: Writer, questions: Sequence[Question]) -> Iterator[tuple[Question, Reply]]:
        import torch

        with torch.random.fork_rng(), torch.inference_mode():
            speaker = _Speaker(writer, device)
            empty = []
            for start in range(0, len(questions), BATCH):
                block = questions[start : start + BATCH]
                for question, text in zip(block, speaker.answers(block), strict=True):
                    if parse(text, writer.queries):
                        yield question, Reply(text, speaker.name)
                    else:
                        empty.append(question.doc_id)
        if empty:
            raise Stopped(
                f"no query in its answers for {len(empty)} (first: '{empty[0]}'); change the prompt or the model"
            )

    return ask


class _Speaker:
    """A loaded model with its tokenizer."""

    def __init__(self, writer: Writer, device: str) -> None:
        from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer

        folder = folder_of(writer)
        configuration = AutoConfig.from_pretrained(folder, trust_remote_code=False)
        self.paired: bool = configuration.is_encoder_decoder
        kind: Any = AutoModelForSeq2SeqLM if self.paired else AutoModelForCausalLM
        self.model: PreTrainedModel = kind.from_pretrained(
            folder, dtype="auto", use_safetensors=True, trust_remote_code=False
        )
        self.model.to(device).eval()
        side = "right" if self.paired else "left"  # a causal model goes on where the prompt ends
        self.tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(
            folder, trust_remote_code=False, padding_side=side
        )
        if self.tokenizer.pad_token_id is None:
            self.tokenizer.pad_token = self.tokenizer.eos_token or self.tokenizer.unk_token
        self.most = writer.max_tokens
        self.device = device
        limit = getattr(configuration, "max_position_embeddings", None) or getattr(configuration, "n_positions", None)
        self.limit: int | None = None if limit is None else limit - (0 if self.paired else self.most)
        self.name = f"{type(self.model).__name__} in {str(self.model.dtype).removeprefix('torch.')}"

    def answers(self, questions: Sequence[Question]) -> list[str]:
        """Return what the model says to each, decoded."""
        inputs = self.tokenizer(
            [self._fitted(question) for question in questions],
            add_special_tokens=self.tokenizer.chat_template is None,  # a chat template has put them in
            padding=True,
            return_tensors="pt",
            return_token_type_ids=False,
        ).to(self.device)
        generate: Any = self.model.generate  # its declared type is a tensor's
        made: torch.Tensor = generate(
            **inputs,
            max_new_tokens=self.most,
            do_sample=False,
            num_beams=1,
            temperature=None,
            top_p=None,
            top_k=None,
            pad_token_id=self.tokenizer.pad_token_id,
        )
        new = made if self.paired else made[:, inputs["input_ids"].shape[1] :]
        return [str(text) for text in self.tokenizer.batch_decode(new, skip_special_tokens=True)]

    def _fitted(self, question: Question) -> str:
        """Return the prompt; where it is longer than the model can read, of a passage cut at its end."""
        passage, limit = question.passage, self.limit

        def prompt(length: int) -> str:
            return self._worded(question.template.replace("{passage}", passage[:length]))

        if limit is None or self._tokens(prompt(len(passage))) <= limit:
            return prompt(len(passage))
        fits = bisect_right(range(len(passage)), limit, key=lambda length: self._tokens(prompt(length))) - 1
        if fits <= 0:
            raise Stopped(f"its {limit} tokens do not hold the prompt; take a shorter one, or another model")
        return prompt(fits)

    def _tokens(self, text: str) -> int:
        return len(self.tokenizer(text, add_special_tokens=True, verbose=False)["input_ids"])

    def _worded(self, prompt: str) -> str:
        """Return the prompt in the words of the model's chat template, where it has one."""
        if self.tokenizer.chat_template is None:
            return prompt
        said: Any = self.tokenizer.apply_chat_template(
            [{"role": "user", "content": prompt}],
            tokenize=False,
            add_generation_prompt=True,
            enable_thinking=False,  # read by the templates of models that would think aloud first
        )
        return str(said)
