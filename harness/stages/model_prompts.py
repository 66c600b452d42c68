"""The base model's own declaration beside what a suite states: prompts, maximum length, similarity.

`[text] prompts = "model"` takes every prompt that is not stated from the model; a base model given on the command line
does so by default, where neither the suite nor --set states a prompt. Whatever is stated is used as stated: where the
model declares something else, a warning says so in the run, in its records and on the page.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from harness.data.model_declaration import (
    DECLARATION,
    DOT,
    Declaration,
    declaration_of,
    declared_length,
    read_declaration,
)
from harness.request.manifest import BuiltBase, Expert, PinnedBase, Text
from harness.request.suite import Suite

ROLES = (("query", "queries"), ("passage", "passages"))
OTHER_NAMES = ("passage", "corpus")  # of prompts that encode_document does not use (harness.data.model_declaration)


def with_model_prompts(suite: Suite, given: bool) -> Suite:
    """Return the suite with the prompts that its base model declares; `given`: the base is of the command line.

    Raises RequestError for a model that cannot be read, or whose similarity is not supported.
    """
    text, stated = suite.text, _stated(suite.text)
    if text.prompts != "model" and not (given and not stated):
        return suite
    declared = declaration_of(suite.base_model)
    if text.prompts != "model" and not any(declared.prompts.values()):
        return suite
    prompts = {f"{role}_prompt": declared.prompt(role) for role, _ in ROLES}
    unstated = {name: prompt for name, prompt in prompts.items() if name not in stated}
    return suite.model_copy(update={"text": text.model_copy(update={"prompts": "model", **unstated})})


def expert_prompts(expert: Expert) -> dict[str, str]:
    """Return the prompts of a published expert: as stated, otherwise as its model declares them."""
    assert isinstance(expert.encoder, PinnedBase)
    stated = {name: getattr(expert, name) for name in _stated(expert)}
    if len(stated) == len(ROLES):
        return stated
    declared = declaration_of(expert.encoder, "expert")
    return {f"{role}_prompt": declared.prompt(role) for role, _ in ROLES} | stated


def _stated(table: Text | Expert) -> set[str]:
    """Return the prompts that a manifest or --set states, be they empty."""
    return table.model_fields_set & {f"{role}_prompt" for role, _ in ROLES}


def warnings(suite: Suite, folder: Path | None, trains: bool) -> list[str]:
    """Return one line for each difference between a suite and its base model in `folder`; `trains`: an entry does.

    [] for a base model that is built, and where the folder is not known.
    """
    if isinstance(suite.base_model, BuiltBase) or folder is None:
        return []
    declared = read_declaration(folder / DECLARATION, str(folder))
    name = suite.base_model.id if isinstance(suite.base_model, PinnedBase) else "the base model"
    lines = [*_prompts(suite, declared, name), *_lengths(suite, folder, name)]
    if trains and declared.similarity == DOT:
        lines.append(
            f"{name} compares by dot product, and vectors are searched so; a loss whose formula has a cosine keeps it"
        )
    return lines


def _prompts(suite: Suite, declared: Declaration, name: str) -> Iterator[str]:
    for role, plural in ROLES:
        used, own = getattr(suite.text, f"{role}_prompt"), declared.prompt(role)
        if used != own:
            is_stated = f"{role}_prompt" in _stated(suite.text)
            use = f'"{used}" is used, as suite or --set states' if is_stated else "none is used, as none is stated"
            how = f"leave text.{role}_prompt out and add" if is_stated else "add"
            yield (
                f'{name} declares the prompt "{own}" for {plural}, and {use}; '
                f"for the model's, {how} --set text.prompts=model"
            )
    other = next((key for key in OTHER_NAMES if declared.prompts.get(key)), None)
    if other and not declared.prompt("passage") and not suite.text.passage_prompt:
        yield (
            f"{name} declares a prompt '{other}', which encode_document does not use: passages have none; "
            f'to use it, add --set "text.passage_prompt={declared.prompts[other]}"'
        )


def _lengths(suite: Suite, folder: Path, name: str) -> Iterator[str]:
    for role, plural in ROLES:
        most, length = declared_length(folder, role), getattr(suite.text, f"{role}_max_length")
        if most is not None and length > most:
            yield (
                f"{name} declares {most} tokens (max_seq_length), and suite {suite.name} cuts {plural} at {length}, "
                f"as it is run; for the model's length, add --set text.{role}_max_length={most}"
            )
