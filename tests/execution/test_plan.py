"""From a request to its cells, and to a folder that is this request's own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.commands import read_json, tiny_suite

from harness.errors import DataError, RequestError
from harness.execution import plan
from harness.execution.plan import Plan, Request
from harness.request.cell import Place

Ask = Callable[..., Request]


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """A request for mnrl on Korean of mini, with some of it changed."""

    def make(**changes: Any) -> Request:
        given: dict[str, Any] = {"suite": "mini", "methods": ["mnrl"], "languages": ["ko"], "seeds": [0]}
        return Request(**{**given, "out": tmp_path / "out", "place": Place(cache=tmp_path / "cache"), **changes})

    return make


def names(made: Plan) -> list[str]:
    return [str(cell) for cell in made.cells]


def test_there_is_one_cell_for_each_entry_language_and_seed(ask: Ask) -> None:
    made = plan.make(ask(methods=["mnrl", "clpl"], languages=["ko", "fa"], seeds=[0, 7]))
    assert names(made) == [
        *("mnrl/ko/0", "mnrl/ko/7", "mnrl/fa/0", "mnrl/fa/7"),
        *("clpl/ko/0", "clpl/ko/7", "clpl/fa/0", "clpl/fa/7"),
    ]


def test_what_is_not_trained_does_not_vary_and_has_seed_0_alone(ask: Ask) -> None:
    made = plan.make(ask(methods=["base", "bm25"], seeds=[3, 4]))
    assert names(made) == ["base/ko/0", "bm25/ko/0"]


def test_every_language_of_the_suite_is_meant_where_none_is_named(ask: Ask) -> None:
    assert {cell.language for cell in plan.make(ask(languages=[])).cells} == {"ko", "hi", "fa"}


def test_a_language_named_twice_is_run_once(ask: Ask) -> None:
    assert names(plan.make(ask(languages=["ko", "ko"]))) == ["mnrl/ko/0"]


def test_a_plan_says_what_the_request_resolved_to(ask: Ask) -> None:
    made = plan.make(ask(max_train=40, measures=["AP"], settings=["mnrl.temperature=0.1"]))
    assert made.resolved["max_train"] == 40
    assert made.resolved["measures"] == ["AP"]
    assert made.resolved["entries"]["mnrl"]["settings"] == {"mnrl": {"temperature": 0.1}}
    assert made.resolved["suite_digest"] == made.suite.digest


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"suite": "mimi"}, "unknown suite 'mimi'; did you mean 'mini'? Available: "),
        ({"methods": ["mnlr"]}, "unknown method 'mnlr'; did you mean 'mnrl'? Available: "),
        ({"languages": ["kp"]}, "unknown language 'kp' in suite mini; did you mean 'ko'? Available: fa, hi, ko"),
        ({"languages": ["ko", "en"]}, "unknown language 'en' in suite mini. Available: fa, hi, ko"),
        ({"measures": ["nDCG@ten"]}, "measure 'nDCG@ten' is not one that ir_measures knows"),
        ({"settings": ["mnrl.scale=1"]}, "--set mnrl.scale=1: unknown setting 'scale' in mnrl"),
        ({"settings": ["mnrl.temperature=1", "x"]}, "--set x: want NAME.FIELD=VALUE"),
        ({"seeds": []}, "no seed was asked for"),
        ({"seeds": [0, 1, 0]}, "seed 0 is given twice"),
        ({"seeds": [-1]}, "seed -1 is negative"),
        ({"max_train": 0}, "--max-train 0 is not a positive number of queries"),
        ({"methods": []}, "no method was asked for"),
    ],
)
def test_a_wrong_request_is_refused_in_one_line(ask: Ask, changes: dict[str, Any], what: str) -> None:
    with pytest.raises(RequestError) as error:
        plan.make(ask(**changes))
    assert str(error.value).startswith(what)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("method", "what"),
    [
        ("clpl", "clpl on suite tiny, en: no negative queries"),
        ("soft-1", "soft-1 on suite tiny, en: no expert scores"),
        ("nli-simcse", "nli-simcse on suite tiny, en: no nli"),
    ],
)
def test_a_method_whose_needs_the_suite_does_not_offer_is_refused(
    ask: Ask, tmp_path: Path, method: str, what: str
) -> None:
    suite = str(tiny_suite(tmp_path / "suite"))
    with pytest.raises(RequestError) as error:
        plan.make(ask(suite=suite, methods=["base", method], languages=[]))
    assert str(error.value).startswith(f"{what}; leave the method out, or add ")


def test_a_suite_without_the_training_settings_of_a_family_is_refused(ask: Ask, tmp_path: Path) -> None:
    manifest = tiny_suite(tmp_path / "suite")
    text = manifest.read_text(encoding="utf-8").replace("[training.ranking]", "[training.nli]")
    manifest.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"^suite tiny: no \[training.ranking\] for mnrl$"):
        plan.make(ask(suite=str(manifest), languages=[]))


def test_a_folder_is_claimed_with_the_request_as_given_and_as_resolved(ask: Ask) -> None:
    request = ask(settings=["train.epochs=2"])
    made = plan.make(request)
    plan.claim_folder(made, request, {"python": "3.12.1"})
    run = read_json(request.out / "run.json")
    assert run["request"]["methods"] == ["mnrl"]
    assert run["request"]["set"] == ["train.epochs=2"]
    assert run["resolved"]["entries"]["mnrl"]["method"] == "mnrl"
    assert run["suite"]["training"]["ranking"]["epochs"] == 2.0
    assert run["suite_digest"] == made.suite.digest
    assert run["environment"] == {"python": "3.12.1"}


def test_the_same_request_may_claim_its_folder_again_and_changes_nothing(ask: Ask) -> None:
    plan.claim_folder(plan.make(ask()), ask(), {})
    before = (ask().out / "run.json").read_bytes()
    plan.claim_folder(plan.make(ask()), ask(), {"python": "another"})
    assert (ask().out / "run.json").read_bytes() == before


@pytest.mark.parametrize(
    ("changes", "differs"),
    [
        ({"seeds": [0, 1]}, "seeds"),
        ({"languages": ["hi"]}, "languages"),
        ({"methods": ["mnrl", "base"]}, "entries"),
        ({"max_train": 9}, "max_train, suite_digest"),
        ({"settings": ["mnrl.temperature=1"]}, "entries"),
    ],
)
def test_the_folder_of_another_request_is_refused(ask: Ask, changes: dict[str, Any], differs: str) -> None:
    plan.claim_folder(plan.make(ask()), ask(), {})
    before = (ask().out / "run.json").read_bytes()
    other = ask(**changes)
    with pytest.raises(RequestError) as checked:
        plan.check_folder(plan.make(other), other)
    with pytest.raises(RequestError) as claimed:
        plan.claim_folder(plan.make(other), other, {})
    assert f"holds another request (it differs in {differs})" in str(checked.value)
    assert str(claimed.value) == str(checked.value)
    assert (ask().out / "run.json").read_bytes() == before


def test_a_damaged_run_json_is_refused(ask: Ask) -> None:
    plan.claim_folder(plan.make(ask()), ask(), {})
    (ask().out / "run.json").write_text('{"resolved": ', encoding="utf-8")
    with pytest.raises(DataError, match=r"run.json is damaged"):
        plan.claim_folder(plan.make(ask()), ask(), {})


def test_a_folder_with_files_of_another_origin_is_refused_and_keeps_them(ask: Ask) -> None:
    ask().out.mkdir()
    (ask().out / "thesis.tex").write_text("years of work", encoding="utf-8")
    with pytest.raises(RequestError, match=r"is not an empty folder and holds no run\.json"):
        plan.claim_folder(plan.make(ask()), ask(), {})
    assert [path.name for path in ask().out.iterdir()] == ["thesis.tex"]


def test_checking_a_folder_writes_nothing(ask: Ask) -> None:
    plan.check_folder(plan.make(ask()), ask())
    assert not ask().out.exists()
