"""The name of a base model, as the model card in its folder has it."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.data.model_declaration import card_name
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
