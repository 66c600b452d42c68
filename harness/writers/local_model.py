"""Queries from a local model that generates text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from harness.errors import RequestError, quantity, short_reason
from harness.request.manifest import Writer
from harness.writers.prompt import parse
from harness.writers.question import Ask, Question, Reply, Unanswered, name_of
from harness.writers.text_generator import TextGenerator, folder_of

BATCH = 16  # prompts of a few hundred tokens: 1 GB of keys and values in a model of 7 B
GENERATING = ("ForCausalLM", "LMHeadModel", "Generation")  # suffixes of architectures that generate text


def check(writer: Writer) -> None:
    """Raise RequestError, in one line, if the model is missing or cannot generate text."""
    from transformers import AutoConfig, AutoTokenizer

    folder = folder_of(writer)
    try:
        configuration = AutoConfig.from_pretrained(folder, trust_remote_code=False)
        AutoTokenizer.from_pretrained(folder, trust_remote_code=False)
    except Exception as error:
        problem = short_reason(error)
        raise RequestError(f"writer's {name_of(writer)} does not load: {problem}") from error
    architectures: list[str] = configuration.architectures or []
    if not any(name.endswith(GENERATING) for name in architectures):
        kind = ", ".join(architectures) or configuration.model_type
        raise RequestError(f"writer's {name_of(writer)} is a {kind}, which cannot generate text; name another model")


def asker(device: str) -> Ask:
    """Return the `Ask` of a local model that runs on `device`."""

    def ask(writer: Writer, questions: Sequence[Question]) -> Iterator[tuple[Question, Reply]]:
        import torch

        with torch.random.fork_rng(), torch.inference_mode():
            generator = TextGenerator(writer, device)
            unanswered = []
            for start in range(0, len(questions), BATCH):
                block = questions[start : start + BATCH]
                for question, text in zip(block, generator.answers(block), strict=True):
                    if parse(text, writer.queries):
                        yield question, Reply(text, generator.name)
                    else:
                        unanswered.append(question.doc_id)
        if unanswered:
            raise Unanswered(
                f"no query in its answers to {quantity(len(unanswered), 'passage')} (first: '{unanswered[0]}'); "
                "change the prompt or the model"
            )

    return ask
