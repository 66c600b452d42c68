"""From a request to its cells."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.commands import tiny_suite
from support.tiny_models import PROMPTS, built, declare

from harness.errors import DataError, RequestError
from harness.execution import plan
from harness.execution.plan import Plan
from harness.request.request import Request


def planned(tmp_path: Path, **changes: Any) -> Plan:
    """Return the plan of mnrl on Korean of mini, with some options changed."""
    options: dict[str, Any] = {"methods": ("mnrl",), "languages": ("ko",), "seeds": (0,), **changes}
    return plan.make(Request(**options), tmp_path / "cache")


def names(made: Plan) -> list[str]:
    return [str(cell) for cell in made.cells]


def test_there_is_one_cell_for_each_entry_language_and_seed(tmp_path: Path) -> None:
    made = planned(tmp_path, methods=("mnrl", "clpl"), languages=("ko", "fa"), seeds=(0, 7))
    assert names(made) == [
        *("mnrl/ko/0", "mnrl/ko/7", "mnrl/fa/0", "mnrl/fa/7"),
        *("clpl/ko/0", "clpl/ko/7", "clpl/fa/0", "clpl/fa/7"),
    ]


def test_an_untrained_entry_does_not_vary_and_has_seed_0_alone(tmp_path: Path) -> None:
    made = planned(tmp_path, methods=("base", "bm25"), seeds=(3, 4))
    assert names(made) == ["base/ko/0", "bm25/ko/0"]


def test_all_languages_of_the_suite_are_run_where_none_is_named(tmp_path: Path) -> None:
    assert {cell.language for cell in planned(tmp_path, languages=()).cells} == {"ko", "hi", "fa"}


def test_a_language_named_twice_is_run_once(tmp_path: Path) -> None:
    assert names(planned(tmp_path, languages=("ko", "ko"))) == ["mnrl/ko/0"]


def test_a_plan_holds_what_the_request_resolved_to(tmp_path: Path) -> None:
    made = planned(tmp_path, max_train=40, measures=("AP",), settings=("mnrl.temperature=0.1",))
    assert made.resolved["max_train"] == 40
    assert made.resolved["measures"] == ["AP"]
    assert made.resolved["entries"]["mnrl"]["settings"] == {"mnrl": {"temperature": 0.1}}
    assert made.resolved["suite_digest"] == made.suite.digest


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"suite": "mimi"}, "unknown suite 'mimi'; did you mean 'mini'? Available: "),
        ({"methods": ("mnlr",)}, "unknown method 'mnlr'; did you mean 'mnrl'? Available: "),
        ({"languages": ("kp",)}, "unknown language 'kp' in suite mini; did you mean 'ko'? Available: fa, hi, ko"),
        ({"languages": ("ko", "en")}, "unknown language 'en' in suite mini. Available: fa, hi, ko"),
        ({"measures": ("nDCG@ten",)}, "measure 'nDCG@ten' is not one that ir_measures knows"),
        (
            {"measures": ("AP", "R@1000")},
            "measure R@1000 on suite mini: 100 passages are retrieved per query; use a cut",
        ),
        ({"settings": ("evaluate.depth=9",)}, "measure nDCG@10 on suite mini: 9 passages are retrieved per query; use"),
        ({"settings": ("mnrl.scale=1",)}, "--set mnrl.scale=1: unknown setting 'scale' in mnrl"),
        ({"settings": ("mnrl.temperature=1", "x")}, "--set x: expected NAME.FIELD=VALUE"),
        (
            {"settings": ("train.epochs=1", "train.epochs=2")},
            "--set train.epochs=1: train.epochs is given twice; give one value, or all values of a sweep in one --set",
        ),
        (
            {"methods": ("base", "nli-simcse"), "augment": "endpoint:writer"},
            "--augment: no requested entry reads it (base, nli-simcse); leave it out, or add an entry that does",
        ),
        (
            {"negative_queries": "data"},
            "--negative-queries: no requested entry reads it (mnrl); leave it out, or add an entry that does",
        ),
        ({"seeds": ()}, "no seed was requested"),
        ({"seeds": (0, 1, 0)}, "seed 0 is given twice"),
        ({"seeds": (-1,)}, "seed -1 is negative"),
        ({"max_train": 0}, "--max-train 0 is not a positive number of queries"),
        ({"methods": ()}, "no method was requested"),
    ],
)
def test_a_wrong_request_is_rejected_in_one_line(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(RequestError) as error:
        planned(tmp_path, **changes)
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("method", "message"),
    [
        ("clpl", "clpl on suite tiny, en: no negative queries"),
        ("soft-1", "soft-1 on suite tiny, en: no expert scores"),
        ("nli-simcse", "nli-simcse on suite tiny, en: no nli"),
    ],
)
def test_a_method_whose_needs_the_suite_does_not_offer_is_rejected(tmp_path: Path, method: str, message: str) -> None:
    suite = str(tiny_suite(tmp_path / "suite"))
    with pytest.raises(RequestError) as error:
        planned(tmp_path, suite=suite, methods=("base", method), languages=())
    assert str(error.value).startswith(f"{message}; leave the method out, or add ")


def test_a_suite_without_the_training_settings_of_a_family_is_rejected(tmp_path: Path) -> None:
    manifest = tiny_suite(tmp_path / "suite")
    text = manifest.read_text(encoding="utf-8").replace("[training.ranking]", "[training.nli]")
    manifest.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=r"^suite tiny: no \[training.ranking\] for mnrl$"):
        planned(tmp_path, suite=str(manifest), languages=())


@pytest.fixture(scope="module")
def declaring(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return declare(built(tmp_path_factory.mktemp("model") / "prompts"), prompts=PROMPTS)


@pytest.mark.parametrize("named", ["", "tiny="])
def test_a_base_model_that_is_given_has_its_own_prompts_where_nothing_is_stated(
    tmp_path: Path, declaring: Path, named: str
) -> None:
    lengths = ("text.query_max_length=12", "text.passage_max_length=20")
    cells = planned(tmp_path, base_model=f"{named}{declaring}", settings=lengths).cells
    used = {(cell.suite.text.query_prompt, cell.suite.text.passage_prompt) for cell in cells if cell.entry.method}
    assert used == {(PROMPTS["query"], PROMPTS["document"])}
    stated = planned(tmp_path, base_model=f"{named}{declaring}", settings=(*lengths, "text.query_prompt=")).cells
    assert {(cell.suite.text.query_prompt, cell.suite.text.passage_prompt) for cell in stated} == {("", "")}
