"""An output folder belongs to one request."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support.commands import DATA, read_json, tiny_suite
from support.model_runs import encoder

from harness.errors import DataError, RequestError
from harness.execution import output_folder, plan
from harness.execution.plan import Plan
from harness.keys import folder_sha256
from harness.request.request import Request


def planned(tmp_path: Path, **changes: Any) -> Plan:
    """Return the plan of mnrl on Korean of mini, with some options changed."""
    options: dict[str, Any] = {"methods": ("mnrl",), "languages": ("ko",), "seeds": (0,), **changes}
    return plan.make(Request(**options), tmp_path / "cache")


def test_run_json_holds_the_request_as_given_and_as_resolved(tmp_path: Path) -> None:
    made = planned(tmp_path, settings=("train.epochs=2",))
    output_folder.claim(tmp_path / "out", made, {"python": "3.12.1"})
    run = read_json(tmp_path / "out/run.json")
    assert run["request"]["methods"] == ["mnrl"]
    assert run["request"]["set"] == ["train.epochs=2"]
    assert run["resolved"]["entries"]["mnrl"]["method"] == "mnrl"
    assert run["suite"]["training"]["ranking"]["epochs"] == 2.0
    assert run["suite_digest"] == made.suite.digest
    assert run["environment"] == {"python": "3.12.1"}


def test_the_same_request_may_claim_its_folder_again_and_changes_nothing(tmp_path: Path) -> None:
    output_folder.claim(tmp_path / "out", planned(tmp_path), {})
    before = (tmp_path / "out/run.json").read_bytes()
    output_folder.claim(tmp_path / "out", planned(tmp_path), {"python": "another"})
    assert (tmp_path / "out/run.json").read_bytes() == before


@pytest.mark.parametrize(
    ("changes", "differing"),
    [
        ({"seeds": (1, 2)}, "seeds 0 → 1, 2"),
        ({"languages": ("hi",)}, "languages ko → hi"),
        ({"methods": ("base",)}, "entries mnrl → base"),
        ({"max_train": 9}, "max_train none → 9"),
        ({"settings": ("mnrl.temperature=1",)}, "entries.mnrl.settings.mnrl.temperature 0.1 → 1"),
        ({"settings": ("train.epochs=2",)}, "training.nli.epochs 1.0 → 2.0, training.ranking.epochs 3.0 → 2.0"),
    ],
)
def test_the_folder_of_another_request_is_rejected(tmp_path: Path, changes: dict[str, Any], differing: str) -> None:
    output_folder.claim(tmp_path / "out", planned(tmp_path), {})
    before = (tmp_path / "out/run.json").read_bytes()
    other = planned(tmp_path, **changes)
    with pytest.raises(RequestError) as checked:
        output_folder.check(tmp_path / "out", other)
    with pytest.raises(RequestError) as claimed:
        output_folder.claim(tmp_path / "out", other, {})
    assert f"belongs to another request (it differs in {differing})" in str(checked.value)
    assert str(claimed.value) == str(checked.value)
    assert (tmp_path / "out/run.json").read_bytes() == before


def test_a_changed_file_of_the_suite_is_named(tmp_path: Path) -> None:
    manifest = tiny_suite(tmp_path / "data")
    options: dict[str, Any] = {"suite": str(manifest), "methods": ("bm25",), "languages": ()}
    output_folder.claim(tmp_path / "out", planned(tmp_path, **options), {})
    tiny_suite(tmp_path / "data", {"dev.tsv": DATA["dev.tsv"] + b"q2\td2\t1\n"})
    with pytest.raises(RequestError, match=r"differs in languages\.en\.retrieval\.files\.dev\.tsv\.bytes 33 → 41"):
        output_folder.check(tmp_path / "out", planned(tmp_path, **options))


def test_without_the_suites_definition_the_kinds_of_a_difference_are_named(tmp_path: Path) -> None:
    output_folder.claim(tmp_path / "out", planned(tmp_path), {})
    run = read_json(tmp_path / "out/run.json")
    (tmp_path / "out/run.json").write_text(json.dumps({name: run[name] for name in run if name != "suite"}))
    with pytest.raises(RequestError, match="suite_digest: a setting or a data file of the suite"):
        output_folder.check(tmp_path / "out", planned(tmp_path, settings=("train.epochs=2",)))


def test_a_base_model_without_a_name_and_a_named_one_are_said_to_differ(tmp_path: Path) -> None:
    one = encoder(tmp_path / "one", seed=1)
    output_folder.claim(tmp_path / "out", planned(tmp_path, base_model=str(one)), {})
    with pytest.raises(RequestError) as named:
        output_folder.check(tmp_path / "out", planned(tmp_path, base_model=f"A={one}"))
    assert f"differs in base model: one (sha256 {folder_sha256(one)[:12]}), without a name → named A)" in str(
        named.value
    )
    two = encoder(tmp_path / "two", seed=2)
    with pytest.raises(RequestError) as other:
        output_folder.check(tmp_path / "out", planned(tmp_path, base_model=str(two)))
    texts = (f"{model.name} (sha256 {folder_sha256(model)[:12]})" for model in (one, two))
    assert f"differs in base model: {' → '.join(texts)})" in str(other.value)


@pytest.mark.parametrize("content", ['{"resolved": ', "[]", '{"resolved": []}', "{}"])
def test_a_damaged_run_json_is_rejected(tmp_path: Path, content: str) -> None:
    output_folder.claim(tmp_path / "out", planned(tmp_path), {})
    (tmp_path / "out/run.json").write_text(content, encoding="utf-8")
    with pytest.raises(DataError, match=r"run\.json.*into another folder|name another folder"):
        output_folder.claim(tmp_path / "out", planned(tmp_path), {})


def test_a_folder_with_files_of_another_origin_is_rejected_and_keeps_them(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/thesis.tex").write_text("years of work", encoding="utf-8")
    with pytest.raises(RequestError, match=r"is not an empty folder and has no run\.json"):
        output_folder.claim(tmp_path / "out", planned(tmp_path), {})
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["thesis.tex"]


def test_checking_a_folder_writes_nothing(tmp_path: Path) -> None:
    output_folder.check(tmp_path / "out", planned(tmp_path))
    assert not (tmp_path / "out").exists()


def test_a_plan_with_more_entries_languages_and_seeds_widens_the_request_of_the_folder(tmp_path: Path) -> None:
    output_folder.claim(tmp_path / "out", planned(tmp_path), {"python": "3.12.1"})
    wider = planned(tmp_path, methods=("mnrl", "base"), languages=("ko", "hi"), seeds=(0, 1))
    assert output_folder.added(tmp_path / "out", wider) == {"entries": ["base"], "languages": ["hi"], "seeds": ["1"]}
    output_folder.claim(tmp_path / "out", wider, {"python": "3.13.0"})
    run = read_json(tmp_path / "out/run.json")
    assert run["request"]["methods"] == ["mnrl", "base"]
    assert run["resolved"]["seeds"] == [0, 1]
    assert run["environment"] == {"python": "3.12.1"}
    assert run["additions"]["1"]["environment"] == {"python": "3.13.0"}
    assert output_folder.added(tmp_path / "out", wider) == {}
