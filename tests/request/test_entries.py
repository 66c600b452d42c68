"""Entries: how they are declared, and how a request names them."""

from pathlib import Path

import pytest

from harness.errors import DataError, RequestError
from harness.request import entries

ENTRIES = {
    "base",
    "bm25",
    "clpl",
    "clpl-intermediate",
    "clpl-moe",
    "hard-label",
    "infonce-ance",
    "infonce-random",
    "mnrl",
    "mnrl-moe",
    "nli-simcse",
    "soft-1",
    "soft-2",
    "soft-3",
}
TWO_RECIPES = {"clpl", "clpl-intermediate", "clpl-moe", "infonce-ance", "infonce-random"}


def declare(folder: Path, text: str) -> dict[str, entries.Declaration]:
    (folder / "mine.toml").write_text(text, encoding="utf-8")
    return entries.declared(folder)


def test_all_is_the_fourteen_entries_each_in_its_corrected_recipe() -> None:
    resolved = entries.resolve(["all"], entries.declared())
    assert len(resolved) == 14
    assert {entry.name for entry in resolved} == ENTRIES
    assert {entry.recipe for entry in resolved} == {"corrected"}


def test_all_published_is_every_published_recipe() -> None:
    resolved = entries.resolve(["all@published"], entries.declared())
    assert {entry.name for entry in resolved} == {f"{name}@published" for name in TWO_RECIPES}
    assert {entry.recipe for entry in resolved} == {"published"}


def test_the_published_recipe_has_its_own_settings_and_departures() -> None:
    corrected, published = entries.resolve(["clpl-moe", "clpl-moe@published"], entries.declared())
    assert published.settings["clpl"]["in_batch"] is False
    assert published.settings["moe"]["router"] == "topk"
    assert "moe" not in corrected.settings
    assert "clpl" not in corrected.settings
    assert corrected.departures
    assert published.departures != corrected.departures


def test_an_identity_has_no_name_and_no_prose() -> None:
    (entry,) = entries.resolve(["soft-1"], entries.declared())
    decides = {"method", "adapters", "negatives", "settings", "training", "joined", "mining_rounds", "dimensions"}
    assert set(entry.identity()) == decides  # and negative_margin where it is set


def test_a_method_named_twice_is_one_row() -> None:
    resolved = entries.resolve(["mnrl", "base", "mnrl"], entries.declared())
    assert [entry.name for entry in resolved] == ["mnrl", "base"]


def test_the_error_for_an_unknown_method_has_the_nearest_name_and_the_list() -> None:
    with pytest.raises(RequestError) as error:
        entries.resolve(["base", "cplp"], entries.declared())
    assert str(error.value).startswith("unknown method 'cplp'; did you mean 'clpl'? Available: all, base, bm25, clpl,")
    assert all(name in str(error.value) for name in ENTRIES)


def test_a_recipe_that_an_entry_does_not_have_is_unknown() -> None:
    with pytest.raises(RequestError, match="unknown method 'mnrl@published'"):
        entries.resolve(["mnrl@published"], entries.declared())


def test_no_method_at_all_is_rejected() -> None:
    with pytest.raises(RequestError, match="no method was requested"):
        entries.resolve([], entries.declared())


def test_an_entry_of_an_outside_folder_is_listed_after_the_bundled_ones(tmp_path: Path) -> None:
    declarations = declare(tmp_path, '[mine]\ntitle = "Mine"\nabout = "mine"\nmethod = "mnrl"\n')
    assert list(declarations)[-1] == "mine"
    assert {name for name, declaration in declarations.items() if not declaration.practice} == ENTRIES | {"mine"}


def test_a_name_declared_twice_is_rejected(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=rf"^entry 'clpl' in {tmp_path}/mine.toml is declared twice; rename one$"):
        declare(tmp_path, '[clpl]\ntitle = "Mine"\nabout = "mine"\n')


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[mine]\ntitle = "Mine"\nabout = "mine"\nbogus = 1\n', "entry 'mine' in {path}: bogus: unknown key"),
        ('[mine]\ntitle = "Mine"\n', "entry 'mine' in {path}: about: missing"),
        ('[mine]\ntitle = "M"\nabout = "m"\nnegatives = "hard"\n', "entry 'mine' in {path}: negatives: "),
        ('[mine]\ntitle = "M"\nabout = "m"\n[mine.published]\nx = 1\n', "entry 'mine' in {path}: published.x: unknown"),
        ('[mine]\ntitle = "Mi', "entries file {path} is not valid TOML"),
    ],
)
def test_a_wrong_declaration_is_rejected_with_its_file_and_key(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(DataError) as error:
        declare(tmp_path, text)
    assert str(error.value).startswith(message.format(path=tmp_path / "mine.toml"))
    assert "\n" not in str(error.value)


def test_the_title_of_an_entry_may_be_any_text(tmp_path: Path) -> None:
    declarations = declare(tmp_path, '[mine]\ntitle = "<b>나의 & \\"것\\"</b>"\nabout = "mine"\n')
    assert declarations["mine"].title == '<b>나의 & "것"</b>'


@pytest.mark.parametrize("name", ["..", "all", "a@published", "a,b", "a/b", "", "x" * 65, "a\\nb"])
def test_a_name_that_is_no_folder_or_item_of_a_list_is_rejected(tmp_path: Path, name: str) -> None:
    with pytest.raises(DataError, match=r"^entry '.*' in .*mine\.toml: a name has at most 64 letters"):
        declare(tmp_path, f'["{name}"]\ntitle = "t"\nabout = "a"\n')
