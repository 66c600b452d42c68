"""The encoder that every method of a suite starts from."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from harness.errors import RequestError
from harness.machine.store import Store
from harness.request.cell import Place
from harness.request.manifest import BuiltBase
from harness.request.suite import Suite
from harness.stages.base_model import base_model, check_opens
from harness.stages.base_override import with_base_model
from harness.stages.lineage import base_key
from harness.stages.model_lengths import positions
from harness.vectors.encoder import open_model


def test_the_base_is_built_once_from_the_passages_of_all_languages(small_suite: Suite, tmp_path: Path) -> None:
    store = Store(tmp_path)
    folder = base_model(small_suite, Place(cache=tmp_path), store)
    assert base_model(small_suite, Place(cache=tmp_path), store) == folder
    assert [run.cached for run in store.runs if run.stage == "base"] == [False, True]
    tokenizer = open_model(folder, "cpu").tokenizer
    text = "비빔밥은 그릇에 밥을 담고"
    assert tokenizer.unk_token_id not in tokenizer(text)["input_ids"]


def test_the_base_does_not_depend_on_the_number_of_training_queries(small_suite: Suite) -> None:
    fewer = small_suite.model_copy(update={"max_train": 7})
    held = small_suite.evaluation.model_copy(update={"holdout": 0.5})
    assert base_key(fewer) == base_key(small_suite)
    assert base_key(small_suite.model_copy(update={"evaluation": held})) == base_key(small_suite)


def test_the_base_depends_on_its_shape_and_the_longest_text(small_suite: Suite) -> None:
    assert isinstance(small_suite.base_model, BuiltBase)
    wider = small_suite.model_copy(update={"base_model": small_suite.base_model.model_copy(update={"hidden_size": 64})})
    text = small_suite.text.model_copy(update={"passage_max_length": 96})
    longer = small_suite.model_copy(update={"text": text})
    assert len({base_key(suite) for suite in (small_suite, wider, longer)}) == 3


def test_a_damaged_model_folder_is_rejected_in_one_line(small_suite: Suite, base_folder: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged"
    shutil.copytree(base_folder, damaged)
    (damaged / "model.safetensors").write_bytes(b"no weights")
    suite = with_base_model(small_suite, str(damaged))
    with pytest.raises(RequestError, match="damaged does not load: ") as rejection:
        check_opens(suite, Place(cache=tmp_path), Store(tmp_path / "store"))
    assert "\n" not in str(rejection.value)
    check_opens(with_base_model(small_suite, str(base_folder)), Place(cache=tmp_path), Store(tmp_path / "store"))


def test_a_base_model_with_too_few_positions_is_rejected_with_the_setting_to_use(
    small_suite: Suite, base_folder: Path, tmp_path: Path
) -> None:
    suite = with_base_model(small_suite, str(base_folder))
    store = Store(tmp_path)
    most = positions(check_opens(suite, Place(cache=tmp_path), store), "passage")
    assert most == small_suite.text.passage_max_length
    longer = suite.model_copy(update={"text": suite.text.model_copy(update={"passage_max_length": most + 1})})
    with pytest.raises(RequestError, match=rf"at most {most} tokens.*--set text.passage_max_length={most}"):
        check_opens(longer, Place(cache=tmp_path), store)
