"""`--set NAME.FIELD=VALUE`."""

import pytest

from harness import entries, suite
from harness.entries import Entry
from harness.errors import RequestError
from harness.settings import override


def rows(*names: str) -> list[Entry]:
    return entries.resolve(names, entries.declared())


def test_a_plugins_setting_changes_in_every_entry_that_uses_it_and_in_no_other() -> None:
    given = rows("infonce-random", "infonce-ance", "mnrl")
    _, changed = override(["infonce.temperature=0.1"], suite.load("mini"), given)
    assert [entry.settings.get("infonce") for entry in changed] == [{"temperature": 0.1}, {"temperature": 0.1}, None]
    assert "mnrl" not in changed[2].settings


def test_the_setting_of_an_adapter_changes_beside_that_of_the_method() -> None:
    _, (changed,) = override(["moe.router=topk", "clpl.in_batch=false"], suite.load("mini"), rows("clpl-moe"))
    assert changed.settings == {"moe": {"router": "topk"}, "clpl": {"in_batch": False}}


def test_the_last_of_two_settings_of_one_field_holds() -> None:
    _, (changed,) = override(["mnrl.temperature=1", "mnrl.temperature=2"], suite.load("mini"), rows("mnrl"))
    assert changed.settings == {"mnrl": {"temperature": 2}}


def test_a_training_setting_changes_in_every_family() -> None:
    changed, _ = override(["train.epochs=7"], suite.load("mini"), rows("mnrl"))
    assert {family: training.epochs for family, training in changed.training.items()} == {
        "ranking": 7.0,
        "regression": 7.0,
        "nli": 7.0,
    }
    assert changed.digest != suite.load("mini").digest


def test_a_request_that_sets_nothing_changes_nothing() -> None:
    mini, given = suite.load("mini"), rows("clpl")
    assert override([], mini, given) == (mini, given)


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("train.epoch=1", "unknown setting 'epoch' in train; did you mean 'epochs'? Available: "),
        ("mnlr.temperature=1", "unknown setting 'mnlr' in --set; did you mean 'mnrl'? Available: mnrl, train"),
        ("clpl.in_batch=true", "unknown setting 'clpl' in --set"),
        ("train.epochs=-1", "--set train.epochs=-1: epochs: Input should be greater than 0"),
        ("train.epochs=many", "--set train.epochs=many: epochs: "),
        ("train.scheduler=lineer", "--set train.scheduler=lineer: scheduler: "),
        ("mnrl.temperature", "--set mnrl.temperature: want NAME.FIELD=VALUE"),
        ("temperature=1", "--set temperature=1: want NAME.FIELD=VALUE"),
        ("mnrl.=1", "--set mnrl.=1: want NAME.FIELD=VALUE"),
    ],
)
def test_a_wrong_setting_is_refused_in_one_line(text: str, what: str) -> None:
    with pytest.raises(RequestError) as error:
        override([text], suite.load("mini"), rows("mnrl"))
    assert str(error.value).startswith(what)
    assert "\n" not in str(error.value)
