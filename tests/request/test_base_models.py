"""`--base-model`: one model, or several with a name each."""

from __future__ import annotations

from pathlib import Path

import pytest

from harness.errors import RequestError
from harness.request.base_models import base_models, default_name, on_model_name, text_of, without_model


def test_one_model_without_a_name_leaves_the_entries_their_names() -> None:
    assert base_models("intfloat/multilingual-e5-small@main") == {"": "intfloat/multilingual-e5-small@main"}
    assert base_models(None) == {}


def test_several_models_are_named_after_folder_and_hub_id(tmp_path: Path) -> None:
    (tmp_path / "tuned").mkdir()
    models = base_models(f"{tmp_path / 'tuned'}/, BAAI/bge-m3@{'a' * 40},mine=org/other")
    assert models == {"tuned": f"{tmp_path / 'tuned'}/", "bge-m3": f"BAAI/bge-m3@{'a' * 40}", "mine": "org/other"}
    assert base_models(text_of(models)) == models


def test_a_single_named_model_keeps_its_name() -> None:
    assert base_models("A=org/model") == {"A": "org/model"}


def test_a_folder_whose_name_has_a_comma_or_an_equals_sign_is_one_model(tmp_path: Path) -> None:
    for name in ("a,b", "a=b"):
        (tmp_path / name).mkdir()
        assert base_models(str(tmp_path / name)) == {"": str(tmp_path / name)}


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("org/e5,other/e5", "two models are named 'e5'"),
        ("A=org/one,a=org/two", "two models are named 'a'"),
        ("published=org/one,B=org/two", "'published' is a reserved name"),
        ("ALL=org/one", "'ALL' is a reserved name"),
        ("m@1=org/one", "'m@1' cannot name a model"),
        ("-x=org/one", "'-x' cannot name a model"),
        ("../x=org/one", "'../x' cannot name a model"),
        ("=org/one", "expected NAME=MODEL"),
        ("A=", "expected NAME=MODEL"),
        (" , ", "names no model"),
    ],
)
def test_a_name_that_cannot_be_part_of_an_entry_is_refused(text: str, problem: str) -> None:
    with pytest.raises(RequestError) as error:
        base_models(text)
    assert problem in str(error.value)
    assert "\n" not in str(error.value)


def test_the_advice_on_a_clash_works() -> None:
    with pytest.raises(RequestError, match="choose one, as in --base-model NAME=other/e5"):
        base_models("org/e5,other/e5")
    assert list(base_models("org/e5,NAME=other/e5")) == ["e5", "NAME"]


def test_the_model_stands_at_the_end_of_an_entrys_name() -> None:
    name = on_model_name("clpl-moe@published[clpl.penalty_weight=0.5]", "e5")
    assert name == "clpl-moe@published[clpl.penalty_weight=0.5]@e5"
    assert without_model(name, "e5") == "clpl-moe@published[clpl.penalty_weight=0.5]"
    assert default_name("org/model@main") == "model"
