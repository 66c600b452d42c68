"""The base models of a run in one line each: which, its precision, its prompts and where they are from."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from harness.data.model_declaration import folder_name
from harness.request.cell import Cell, by_model
from harness.request.manifest import BuiltBase, LocalBase, PinnedBase, Text
from harness.results.model_names import folder_text
from harness.results.plain import clean_line
from harness.types import Ranker

Dtypes = Mapping[str, str]  # named model → dtypes of the model as it encodes, "" for a single one


def lines(cells: Sequence[Cell], dtypes: Dtypes | None = None) -> list[str]:
    """Return one line per base model that encodes; `dtypes` are as found, without them none is named."""
    encoding = [cell for cell in cells if not isinstance(cell.plugin, Ranker)]
    return [
        f"base model{f' {model}' if model else ''}: "
        + "; ".join(filter(None, [_name(group[0]), (dtypes or {}).get(model, ""), _prompts(group[0].suite.text)]))
        for model, group in by_model(encoding).items()
    ]


def _name(cell: Cell) -> str:
    base = cell.suite.base_model
    if isinstance(base, BuiltBase):
        return f"built from the suite's own passages, hidden size {base.hidden_size}"
    if isinstance(base, PinnedBase):
        return f"{base.id}@{base.revision}"
    assert isinstance(base, LocalBase)
    return clean_line(folder_text({"sha256": base.sha256}, {base.sha256: folder_name(base)}))


def _prompts(text: Text) -> str:
    if not (text.query_prompt or text.passage_prompt):
        return "no prompts"
    origin = "the model's where none is stated" if text.prompts == "model" else "as stated"
    query, passage = (json.dumps(prompt, ensure_ascii=False) for prompt in (text.query_prompt, text.passage_prompt))
    return f"prompts: queries {query}, passages {passage} ({origin})"
