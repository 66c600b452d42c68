"""The tokens that a model reads, on the route of each role."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from support.commands import invoke, tiny_suite
from support.tiny_models import built, declare, make_kinds, router

from harness.data.model_declaration import declared_length, route_of
from harness.request import suite
from harness.request.suite import Suite
from harness.stages.base_override import with_base_model
from harness.stages.model_lengths import positions, too_long
from harness.stages.model_prompts import warnings
from harness.vectors.encoder import open_model


@pytest.fixture(scope="module")
def short_queries(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a model that reads 12 tokens of a query and 40 of a passage."""
    top = tmp_path_factory.mktemp("routes")
    return router(built(top / "documents", positions=40), built(top / "queries", seed=1, positions=12), top / "router")


def with_lengths(**lengths: int) -> Suite:
    mini = suite.load("mini")
    return mini.model_copy(update={"text": mini.text.model_copy(update=lengths)})


def test_a_router_has_positions_for_each_role(short_queries: Path) -> None:
    model = open_model(short_queries, "cpu")
    assert (positions(model, "query"), positions(model, "passage")) == (12, 40)


def test_token_vectors_alone_and_relative_positions_have_no_limit(tmp_path: Path) -> None:
    kinds = make_kinds(tmp_path)
    static = open_model(kinds["static-router"], "cpu")
    assert (positions(static, "query"), positions(static, "passage")) == (None, 32)
    plain = open_model(kinds["mean"], "cpu")
    assert positions(plain, "query") == 32
    plain[0].auto_model.config.max_position_embeddings = -1  # as of XLNet
    assert positions(plain, "query") is None


@pytest.mark.parametrize(
    ("lengths", "refused"),
    [
        ({"query_max_length": 12, "passage_max_length": 40}, {}),
        ({"query_max_length": 13, "passage_max_length": 40}, {"query_max_length": (13, 12)}),
        ({"query_max_length": 12, "passage_max_length": 41}, {"passage_max_length": (41, 40)}),
    ],
)
def test_each_length_is_held_against_its_own_route(
    lengths: dict[str, int], refused: dict[str, tuple[int, int]], short_queries: Path
) -> None:
    assert too_long(open_model(short_queries, "cpu"), with_lengths(**lengths).text, trains=True) == refused


def test_the_length_of_passages_in_training_counts_where_an_entry_trains(short_queries: Path) -> None:
    text = with_lengths(query_max_length=12, passage_max_length=40, train_passage_max_length=41).text
    model = open_model(short_queries, "cpu")
    assert too_long(model, text, trains=False) == {}
    assert too_long(model, text, trains=True) == {"train_passage_max_length": (41, 40)}


def test_a_run_on_a_router_with_too_few_positions_works_when_the_advice_is_followed(tmp_path: Path) -> None:
    manifest = tiny_suite(tmp_path / "suite")  # texts of at most 16 tokens
    folder = router(
        built(tmp_path / "documents", positions=8), built(tmp_path / "queries", positions=12), tmp_path / "m"
    )
    command = (
        *("run", "--suite", manifest, "--data-dir", tmp_path / "suite", "--methods", "base,mnrl", "--seeds", "0"),
        *("--base-model", folder, "--device", "cpu", "--jobs", "1", "--out", tmp_path / "out"),
    )
    refused = invoke(*command)
    assert refused.status == 2
    (line,) = [line for line in refused.err.splitlines() if "reads at most" in line]
    assert "12 tokens where text.query_max_length is 16, 8 tokens where text.passage_max_length is 16" in line
    advice = shlex.split(re.findall(r"add (--set .*)", line)[0])
    assert advice == ["--set", "text.query_max_length=12", "--set", "text.passage_max_length=8"]
    followed = invoke(*command, *advice)
    assert followed.status == 0, followed.err


def test_the_declared_length_of_each_route_is_compared_with_the_suites(short_queries: Path) -> None:
    assert (declared_length(short_queries, "query"), declared_length(short_queries, "passage")) == (12, 40)
    longer = with_base_model(with_lengths(query_max_length=13, passage_max_length=40), str(short_queries))
    lines = [line for line in warnings(longer, short_queries, trains=False) if "max_seq_length" in line]
    assert len(lines) == 1
    assert lines[0].startswith("the base model declares 12 tokens (max_seq_length), and suite mini cuts queries at 13")


def test_routes_are_found_as_the_library_finds_them(tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Router

    plain = built(tmp_path / "plain")
    names = ("query", "document", "text", "other")
    modules = {name: list(SentenceTransformer(str(plain), device="cpu").children()) for name in names}
    for mappings in (
        {},
        {("query", "text"): "other", ("query", None): "text"},
        {("query", None): "other", (None, "text"): "text"},
        {(None, "text"): "other", (None, None): "text"},
        {(None, None): "other"},
        {("document", None): "other"},
    ):
        library = Router(modules, route_mappings=mappings)
        for task in ("query", "document"):
            expected = library._resolve_route(task, "text")
            assert route_of(task, library.sub_modules, library.route_mappings) == expected
            written = {str(key): route for key, route in library.route_mappings.items()}  # as its file has them
            assert route_of(task, library.sub_modules, written) == expected
    assert route_of("query", ["text"], {}) == "text"
    assert route_of("query", ["other"], {}) is None


def test_mapped_routes_are_read_off_the_loaded_model_and_its_file(tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Router

    short, long = built(tmp_path / "short", positions=12), built(tmp_path / "long", positions=40)
    routes = {
        name: list(SentenceTransformer(str(path), device="cpu").children())
        for name, path in (("first", short), ("second", long))
    }
    module = Router(routes, route_mappings={("query", None): "second", ("document", "text"): "first"})
    folder = tmp_path / "mapped"
    SentenceTransformer(modules=[module], device="cpu").save_pretrained(str(folder), create_model_card=False)
    declare(folder, prompts={})
    model = open_model(folder, "cpu")
    assert (positions(model, "query"), positions(model, "passage")) == (40, 12)
    assert (declared_length(folder, "query"), declared_length(folder, "passage")) == (40, 12)
    assert "route_mappings" in json.loads((folder / "router_config.json").read_text())["parameters"]
