"""`--set NAME.FIELD=VALUE`."""

import pytest

from harness.errors import RequestError
from harness.request import entries, suite
from harness.request.entry import Entry
from harness.request.overrides import override
from harness.request.sweep import split


def rows(*names: str) -> list[Entry]:
    return entries.resolve(names, entries.declared())


def test_a_plugins_setting_changes_in_every_entry_that_uses_it_and_in_no_other() -> None:
    before = rows("infonce-random", "infonce-ance", "mnrl")
    _, changed = override(["infonce.temperature=0.1"], suite.load("mini"), before)
    assert [entry.settings.get("infonce") for entry in changed] == [{"temperature": 0.1}, {"temperature": 0.1}, None]
    assert "mnrl" not in changed[2].settings


def test_the_setting_of_an_adapter_changes_beside_that_of_the_method() -> None:
    _, (changed,) = override(["moe.router=topk", "clpl.in_batch=false"], suite.load("mini"), rows("clpl-moe"))
    assert changed.settings == {"moe": {"router": "topk"}, "clpl": {"in_batch": False}}


def test_a_training_setting_changes_in_every_family() -> None:
    changed, _ = override(["train.epochs=7"], suite.load("mini"), rows("mnrl"))
    assert {family: training.epochs for family, training in changed.training.items()} == {
        "ranking": 7.0,
        "regression": 7.0,
        "nli": 7.0,
    }
    assert changed.digest != suite.load("mini").digest


def test_a_request_that_sets_nothing_changes_nothing() -> None:
    mini, before = suite.load("mini"), rows("clpl")
    assert override([], mini, before) == (mini, before)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("train.epoch=1", "unknown setting 'epoch' in train; did you mean 'epochs'? Available: "),
        (
            "mnlr.temperature=1",
            "unknown setting 'mnlr' in --set; did you mean 'mnrl'? Available: entry, evaluate, mnrl, nli, text, train",
        ),
        (
            "clpl.in_batch=true",
            "--set clpl.in_batch=true: clpl is not among the requested entries' plugins; leave it out, or",
        ),
        ("train.epochs=true", "--set train.epochs=true: true is not a value of train.epochs; give a number"),
        ("entry.folds=true", "--set entry.folds=true: true is not a value of entry.folds; give a number"),
        ("evaluate.depth=false", "--set evaluate.depth=false: false is not a value of evaluate.depth; give a number"),
        ("train.epochs=-1", "--set train.epochs=-1: epochs: must be greater than 0, not -1"),
        ("train.epochs=many", "--set train.epochs=many: epochs: "),
        ("train.scheduler=lineer", "--set train.scheduler=lineer: scheduler: "),
        ("mnrl.temperature", "--set mnrl.temperature: expected NAME.FIELD=VALUE"),
        ("temperature=1", "--set temperature=1: expected NAME.FIELD=VALUE"),
        ("mnrl.=1", "--set mnrl.=1: expected NAME.FIELD=VALUE"),
    ],
)
def test_a_wrong_setting_is_rejected_in_one_line(text: str, message: str) -> None:
    with pytest.raises(RequestError) as error:
        override([text], suite.load("mini"), rows("mnrl"))
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)


def spread(*settings: str, names: str) -> dict[str, Entry]:
    _, changed = override(settings, suite.load("mini"), rows(*names.split(",")))
    return {entry.name: entry for entry in changed}


def test_a_list_of_values_makes_one_entry_per_value_and_leaves_the_other_entries() -> None:
    swept = spread("clpl.penalty_weight=0.01,0.5", names="base,clpl,mnrl")
    assert list(swept) == ["base", "clpl[clpl.penalty_weight=0.01]", "clpl[clpl.penalty_weight=0.5]", "mnrl"]
    entry = swept["clpl[clpl.penalty_weight=0.5]"]
    assert entry.settings["clpl"]["penalty_weight"] == 0.5
    assert (entry.origin, entry.swept) == ("clpl", {"clpl.penalty_weight": 0.5})
    assert (swept["mnrl"].origin, swept["mnrl"].swept) == ("", {})


def test_two_lists_make_every_combination_that_an_entry_takes_in_the_order_given() -> None:
    swept = spread("moe.experts=1,2", "clpl.penalty_weight=0.1,1.0", "train.pairs=9,5", names="bm25,clpl-moe,mnrl")
    assert list(swept) == [
        "bm25",
        *(
            f"clpl-moe[moe.experts={experts},clpl.penalty_weight={weight},train.pairs={pairs}]"
            for experts in ("1", "2")
            for weight in ("0.1", "1.0")
            for pairs in ("9", "5")
        ),
        "mnrl[train.pairs=9]",
        "mnrl[train.pairs=5]",
    ]
    last = swept["clpl-moe[moe.experts=2,clpl.penalty_weight=1.0,train.pairs=5]"]
    assert last.swept == {"moe.experts": 2, "clpl.penalty_weight": 1.0, "train.pairs": 5}
    assert last.training == {"pairs": 5}


def test_a_published_recipe_is_swept_under_its_own_name() -> None:
    (entry, _) = spread("moe.experts=2,4", names="clpl-moe@published").values()
    assert (entry.name, entry.origin) == ("clpl-moe@published[moe.experts=2]", "clpl-moe@published")
    assert entry.settings["moe"] == {"router": "topk", "experts": 2}


def test_a_list_in_brackets_is_one_value() -> None:
    (whole,) = spread("entry.dimensions=[32,16]", names="mnrl").values()
    assert (whole.name, whole.dimensions) == ("mnrl", (32, 16))
    swept = spread("entry.dimensions=[32,16],[32]", names="mnrl")
    assert [entry.dimensions for entry in swept.values()] == [(32, 16), (32,)]
    assert list(swept) == ["mnrl[entry.dimensions=[32,16]]", "mnrl[entry.dimensions=[32]]"]


def test_text_may_be_swept() -> None:
    swept = spread("soft_labels.target=soft-1,hard", names="soft-1")
    assert [entry.settings["soft_labels"]["target"] for entry in swept.values()] == ["soft-1", "hard"]


@pytest.mark.parametrize(
    ("raw", "parts"),
    [
        ("1", ("1",)),
        ("1,2", ("1", "2")),
        ("[1,2]", ("[1,2]",)),
        ('{"a":1,"b":[2,3]},4', ('{"a":1,"b":[2,3]}', "4")),
        ('"a,b",c', ('"a,b"', "c")),
        (r'"a\",b",c', (r'"a\",b"', "c")),
        ("", ("",)),
        ("1,", ("1", "")),
    ],
)
def test_commas_inside_brackets_and_quotes_do_not_separate(raw: str, parts: tuple[str, ...]) -> None:
    assert split(raw) == parts


def test_practices_change_in_the_entries_that_can_have_them() -> None:
    swept = spread("entry.folds=3", "entry.mining_rounds=2", names="base,bm25,mnrl,infonce-ance")
    assert [(entry.folds, entry.mining_rounds) for entry in swept.values()] == [(None, 1), (None, 1), (3, 1), (3, 2)]


def test_a_setting_of_the_evaluation_changes_the_suite() -> None:
    changed, entries_ = override(["evaluate.dimensions=[32,16]", "evaluate.depth=50"], suite.load("mini"), rows("mnrl"))
    assert (changed.evaluation.dimensions, changed.evaluation.depth) == ((32, 16), 50)
    assert entries_ == rows("mnrl")


def test_a_training_setting_replaces_that_of_an_entry_and_of_a_recipe() -> None:
    mini = suite.load("mini")
    recipe = mini.published.model_copy(update={"training": {"ranking": {"epochs": 9, "batch_size": 1}}})
    changed, (entry,) = override(["train.epochs=2"], mini.model_copy(update={"published": recipe}), rows("mnrl-best"))
    assert changed.published.training == {"ranking": {"batch_size": 1}}
    assert changed.training["ranking"].epochs == 2
    _, (entry,) = override(["train.best_of=2"], mini, rows("mnrl-best"))
    assert "best_of" not in entry.training


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            "moe.experts=0,1",
            "--set moe.experts=0,1: invalid settings of moe: top_k 1 is not between 1 and experts 0",
        ),
        ("moe.experts=two", "--set moe.experts=two: invalid settings of moe: experts = 'two': must be a whole number"),
        ("moe.experts=NaN", "--set moe.experts=NaN: invalid settings of moe: experts = 'NaN': must be a whole number"),
        ("clpl.penalty_weight=0.1,x", "--set clpl.penalty_weight=0.1,x: invalid settings of clpl: penalty_weight"),
        (
            "clpl.penalty=1,2",
            "--set clpl.penalty=1,2: unknown setting 'penalty' in clpl; did you mean 'penalty_weight'?",
        ),
        ("train.pairs=1,0", "--set train.pairs=1,0: pairs: must be greater than 0, not 0"),
        ("train.pairs=1,", "--set train.pairs=1,: a value is empty; "),
        ("train.pairs=1,1", "--set train.pairs=1,1: values '1' and '1' are equal; give one"),
        ("moe.experts=1,1.0", "--set moe.experts=1,1.0: values '1' and '1.0' are equal; give one"),
        ("moe.router=topk,a/b", "--set moe.router=topk,a/b: value 'a/b' becomes part of a folder's name; "),
        ("moe.router=topk, switch", "--set moe.router=topk, switch: value ' switch' becomes part of a folder's name; "),
        (
            f"moe.router=topk,{'x' * 200}",
            f"--set moe.router=topk,{'x' * 200}: the entry's name 'clpl-moe[moe.router=xxx",
        ),
        ("evaluate.depth=5,10", "--set evaluate.depth=5,10: evaluate.depth holds for all entries; "),
        ("text.title=maybe", "--set text.title=maybe: title: must be true or false, not 'maybe'"),
        ("text.tilte=false", "unknown setting 'tilte' in text; did you mean 'title'?"),
        ("evaluate.depth=0", "--set evaluate.depth=0: depth: must be greater than 0, not 0"),
        ("evaluate.deep=5", "unknown setting 'deep' in evaluate; did you mean 'depth'?"),
        ("entry.folds=1", "--set entry.folds=1: folds: must be greater than 1, not 1"),
        (
            "entry.fold=5",
            "unknown setting 'fold' in entry; did you mean 'folds'? Available: dimensions, folds, mining_",
        ),
        ("infonce.negatives=1,2", "--set infonce.negatives=1,2: infonce is not among the requested entries' plugins"),
    ],
)
def test_a_wrong_sweep_is_rejected_in_one_line(settings: str, message: str) -> None:
    with pytest.raises(RequestError) as error:
        override([settings], suite.load("mini"), rows("clpl-moe"))
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)


EXAMPLE = '; give a table such as {"holdout": 0.2, "negatives": 4}'


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("0.2", f"pairs: must be a table, not 0.2{EXAMPLE}"),
        ("{holdout: 0.2}", f"pairs: must be a table, not '{{holdout: 0.2}}'{EXAMPLE}"),
        ("[0.2, 4]", f"pairs: must be a table, not a list{EXAMPLE}"),
        ("true", f"true is not a value of evaluate.pairs{EXAMPLE}"),
        ('{"holdout": 0.2}', f"pairs.negatives: missing{EXAMPLE}"),
        ('{"holdout": "x", "negatives": 4}', f"pairs.holdout: must be a number, not 'x'{EXAMPLE}"),
        ('{"holdout": true, "negatives": 4}', f"pairs.holdout: must be a number, not true{EXAMPLE}"),
        ('{"holdout": 0.2, "negatives": 1.5}', f"pairs.negatives: must be a whole number, not 1.5{EXAMPLE}"),
        ('{"holdout": 0.2, "negatives": true}', f"pairs.negatives: must be a whole number, not true{EXAMPLE}"),
        ('{"holdout": 0.2, "negatives": 0}', f"pairs.negatives: must be greater than 0, not 0{EXAMPLE}"),
        ('{"holdout": 0.2, "negatives": 4, "seed": 1}', f"pairs.seed: unknown key{EXAMPLE}"),
    ],
)
def test_wrong_labelled_pairs_are_rejected_with_an_example(value: str, problem: str) -> None:
    with pytest.raises(RequestError) as error:
        override([f"evaluate.pairs={value}"], suite.load("mini"), rows("mnrl"))
    assert str(error.value) == f"--set evaluate.pairs={value}: {problem}"


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("high", "minimum_quality: must be a number, not 'high'"),
        ("NaN", "minimum_quality: must be a finite number, not 'NaN'"),
        ("[0.5]", "minimum_quality: must be a number, not a list"),
        ("true", "true is not a value of nli.minimum_quality; give a number"),
    ],
)
def test_a_wrong_minimum_quality_is_rejected(value: str, problem: str) -> None:
    with pytest.raises(RequestError) as error:
        override([f"nli.minimum_quality={value}"], suite.load("mini"), rows("nli-simcse"))
    assert str(error.value) == f"--set nli.minimum_quality={value}: {problem}"


@pytest.mark.parametrize(
    ("settings", "names", "message"),
    [
        (["train.pairs=1"], "base,bm25", "--set train.pairs=1: no requested entry takes train.pairs; leave it out"),
        (["train.pairs=1,2"], "base,bm25", "--set train.pairs=1,2: no requested entry takes train.pairs; "),
        (
            ["entry.mining_rounds=2"],
            "mnrl",
            "--set entry.mining_rounds=2: no requested entry takes entry.mining",
        ),
        (["moe.experts=1,2", "moe.experts=4"], "clpl-moe", "--set moe.experts=1,2: moe.experts is given twice; "),
    ],
)
def test_a_sweep_that_no_entry_takes_is_rejected(settings: list[str], names: str, message: str) -> None:
    with pytest.raises(RequestError) as error:
        override(settings, suite.load("mini"), rows(*names.split(",")))
    assert str(error.value).startswith(message)


def test_a_value_that_is_valid_only_together_with_another_setting_is_accepted() -> None:
    swept = spread("moe.top_k=3", "moe.experts=4,8", names="clpl-moe")
    assert [entry.settings["moe"]["top_k"] for entry in swept.values()] == [3, 3]


@pytest.mark.parametrize(
    ("setting", "prompt"),
    [
        ("text.query_prompt=Given a question, retrieve passages: ", "Given a question, retrieve passages: "),
        ("text.query_prompt= a [b, {c}: ", " a [b, {c}: "),
        ("text.query_prompt=", ""),
        ("text.query_prompt=12", "12"),
        ("text.query_prompt=true", "true"),
        ('text.query_prompt="a, b: "', "a, b: "),
        (r'text.query_prompt="Instruct: a\nQuery: "', "Instruct: a\nQuery: "),
        (r"text.query_prompt=Instruct: a, b\nQuery: ", "Instruct: a, b\nQuery: "),
        (r"text.query_prompt=a\\n\tb\c: ", "a\\n\tb\\c: "),
        ("text.query_prompt=query=", "query="),
        ('text.query_prompt=say "a, b" ', 'say "a, b" '),
    ],
)
def test_a_prompt_is_taken_as_typed_to_its_last_blank(setting: str, prompt: str) -> None:
    changed, _ = override([setting], suite.load("mini"), rows("mnrl"))
    assert changed.text.query_prompt == prompt


def test_a_setting_of_the_text_leaves_the_others_unstated() -> None:
    changed, _ = override(["text.title=false"], suite.load("mini"), rows("mnrl"))
    assert not changed.text.model_fields_set & {"query_prompt", "passage_prompt", "prompts"}
    assert changed.text == suite.load("mini").text.model_copy(update={"title": False})


def test_prompts_are_the_models_or_those_that_are_stated() -> None:
    with pytest.raises(RequestError, match=r"--set text\.prompts=e5: prompts: must be 'model', not 'e5'"):
        override(["text.prompts=e5"], suite.load("mini"), rows("mnrl"))


def test_a_minimum_quality_is_swept_in_the_entries_that_train_on_nli_rows() -> None:
    _, swept = override(["nli.minimum_quality=null,0.5"], suite.load("mini"), rows("mnrl", "nli-simcse", "mnrl-nli"))
    assert [(entry.name, entry.minimum_quality) for entry in swept] == [
        ("mnrl", None),
        ("nli-simcse[nli.minimum_quality=null]", None),
        ("nli-simcse[nli.minimum_quality=0.5]", 0.5),
        ("mnrl-nli[nli.minimum_quality=null]", None),
        ("mnrl-nli[nli.minimum_quality=0.5]", 0.5),
    ]
    with pytest.raises(RequestError, match=r"^--set nli.minimum_quality=0.5: no requested entry takes"):
        override(["nli.minimum_quality=0.5"], suite.load("mini"), rows("mnrl", "base"))
