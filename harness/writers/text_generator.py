"""Text from a local sequence-to-sequence or causal model: greedy, in batches, in the precision of its weights.

The batch decides the last bits of the arithmetic (docs/traps.md, T10), so a near tie between two tokens may be decided
differently in another set of passages; the record holds the hash of the answers that were used.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from harness.data.hub_problems import problem
from harness.data.hub_snapshots import fetched
from harness.errors import RequestError
from harness.machine.file_hashes import folder_sha256
from harness.request.manifest import Writer
from harness.writers.question import Question, Unanswered

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


def folder_of(writer: Writer) -> Path:
    """Return the model's folder, downloaded if needed; raises RequestError if it is not available."""
    if writer.path is not None:
        if folder_sha256(writer.path) != writer.sha256:
            raise RequestError(f"writer's model {writer.path} has changed since the run started; rerun the command")
        return writer.path
    assert writer.revision is not None
    ignored = ["*.bin", "*.pt", "*.pth", "*.h5", "*.msgpack", "*.onnx", "*.gguf"]  # only safetensors is read
    try:
        return fetched(writer.model, writer.revision, "model", without=ignored)
    except Exception as error:
        reason = problem(error, writer.model)
        raise RequestError(f"writer's model '{writer.model}' at {writer.revision} does not load: {reason}") from error


class TextGenerator:
    """A loaded model with its tokenizer."""

    def __init__(self, writer: Writer, device: str) -> None:
        from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSeq2SeqLM, AutoTokenizer

        folder = folder_of(writer)
        configuration = AutoConfig.from_pretrained(folder, trust_remote_code=False)
        self.encoder_decoder: bool = configuration.is_encoder_decoder
        auto_model: Any = AutoModelForSeq2SeqLM if self.encoder_decoder else AutoModelForCausalLM
        self.model: PreTrainedModel = auto_model.from_pretrained(
            folder, dtype="auto", use_safetensors=True, trust_remote_code=False
        )
        self.model.to(device).eval()
        side = "right" if self.encoder_decoder else "left"  # a causal model continues at the end of the prompt
        self.tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(
            folder, trust_remote_code=False, padding_side=side
        )
        if self.tokenizer.pad_token_id is None:
            self.tokenizer.pad_token = self.tokenizer.eos_token or self.tokenizer.unk_token
        self.max_new_tokens = writer.max_tokens
        self.device = device
        positions = getattr(configuration, "max_position_embeddings", None) or getattr(
            configuration, "n_positions", None
        )
        reserved = 0 if self.encoder_decoder else self.max_new_tokens
        self.max_prompt_tokens: int | None = None if positions is None else positions - reserved
        self.name = f"{type(self.model).__name__} in {str(self.model.dtype).removeprefix('torch.')}"

    def answers(self, questions: Sequence[Question]) -> list[str]:
        """Return the decoded answer to each question."""
        inputs = self.tokenizer(
            [self._prompt(question) for question in questions],
            add_special_tokens=self.tokenizer.chat_template is None,  # a chat template contains them
            padding=True,
            return_tensors="pt",
            return_token_type_ids=False,
        ).to(self.device)
        generate: Any = self.model.generate  # its declared type is a tensor's
        generated: torch.Tensor = generate(
            **inputs,
            max_new_tokens=self.max_new_tokens,
            do_sample=False,
            num_beams=1,
            temperature=None,
            top_p=None,
            top_k=None,
            pad_token_id=self.tokenizer.pad_token_id,
        )
        answers = generated if self.encoder_decoder else generated[:, inputs["input_ids"].shape[1] :]
        return [str(text) for text in self.tokenizer.batch_decode(answers, skip_special_tokens=True)]

    def _prompt(self, question: Question) -> str:
        """Return the prompt; if it is longer than the model can read, the end of the passage is cut."""
        passage, limit = question.passage, self.max_prompt_tokens

        def prompt(length: int) -> str:
            return self._chat(question.template.replace("{passage}", passage[:length]))

        if limit is None or self._tokens(prompt(len(passage))) <= limit:
            return prompt(len(passage))
        length = bisect_right(range(len(passage)), limit, key=lambda length: self._tokens(prompt(length))) - 1
        if length <= 0:
            raise Unanswered(f"the prompt does not fit into its {limit} tokens; shorten it or name another model")
        return prompt(length)

    def _tokens(self, text: str) -> int:
        return len(self.tokenizer(text, add_special_tokens=True, verbose=False)["input_ids"])

    def _chat(self, prompt: str) -> str:
        """Return the prompt in the model's chat template, if it has one."""
        if self.tokenizer.chat_template is None:
            return prompt
        text: Any = self.tokenizer.apply_chat_template(
            [{"role": "user", "content": prompt}],
            tokenize=False,
            add_generation_prompt=True,
            enable_thinking=False,  # read by the templates of reasoning models
        )
        return str(text)
