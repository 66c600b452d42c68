"""The name of a base model, as the model card in its folder has it, and the folders that its modules are in."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from harness.data.model_declaration import MODULES, ROUTER, card_name, declared_length
from harness.errors import RequestError
from harness.request.manifest import LocalBase, PinnedBase


def base(folder: Path) -> LocalBase:
    return LocalBase(path=folder, sha256="0" * 64)


@pytest.mark.parametrize(
    ("card", "name"),
    [
        (
            "---\nmodel_name: small encoder, restored (float32)\nlicense: mit\n---\n# A card\n",
            "small encoder, restored (float32)",
        ),
        ("---\nmodel_name: |\n  two\n  lines\n---\n", "two lines"),
        ('---\nmodel_name: "<b>&"\n---\n', "<b>&"),
        ("---\nlicense: mit\n---\n# A card\n", ""),
        ("---\nmodel_name: 7\n---\n", ""),
        ("---\nmodel_name: [a, b\n---\n", ""),
        ("---\n- a list\n---\n", ""),
        ("# A card without front matter\n", ""),
        ("", ""),
    ],
)
def test_the_name_is_the_front_matters(card: str, name: str, tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text(card, encoding="utf-8")
    assert card_name(base(tmp_path)) == name


def test_a_folder_without_a_card_and_a_card_that_is_not_text_name_nothing(tmp_path: Path) -> None:
    assert card_name(base(tmp_path)) == ""
    (tmp_path / "README.md").write_bytes(b"---\nmodel_name: \xff\n---\n")
    assert card_name(base(tmp_path)) == ""


def test_a_model_of_the_hub_is_named_by_its_id_alone() -> None:
    assert card_name(PinnedBase(id="org/model", revision="0" * 40)) == ""


@pytest.mark.parametrize("name", ["../outside", "/etc", "x" * 300, ".."])
def test_a_module_is_in_no_folder_outside_of_its_model(tmp_path: Path, name: str) -> None:
    outside = tmp_path / "outside"
    for folder in (outside, tmp_path / "model"):
        folder.mkdir()
        (folder / "sentence_bert_config.json").write_text('{"max_seq_length": 9}', encoding="utf-8")
    model = tmp_path / "model"
    assert declared_length(model, "query") == 9
    (model / ROUTER).write_text(json.dumps({"structure": {"query": [name]}, "parameters": {}}), encoding="utf-8")
    with pytest.raises(RequestError, match=r"folder of a module: .* cannot be part of a path"):
        declared_length(model, "query")
    (model / MODULES).write_text(json.dumps([{"path": name}]), encoding="utf-8")
    with pytest.raises(RequestError, match=r"modules\.json, folder of a module"):
        declared_length(model, "query")
