"""leaderboard.md around its tables: set-up, deviations, environment, and commands to repeat the run."""

from __future__ import annotations

import json
import unicodedata
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt
from support.commands import REPOSITORY
from support.fake_records import board, draw, provenance, put, put_failed
from support.hostile import NAMES, REASON

from harness.evidence.leaderboard import collate
from harness.report.documents.run_setup import short_bases
from harness.report.report_files import write_reports
from harness.report.report_formats import Format

SUITE: dict[str, Any] = {
    "title": "A suite of tests",
    "description": "Two languages, made up.",
    "licence": "CC0-1.0",
    "base_model": {"id": "org/model", "revision": "0" * 40},
    "training": {
        "ranking": {"epochs": 3.0, "batch_size": 32, "learning_rate": 0.001, "dropout": None},
        "nli": {"epochs": 1.0},
    },
    "evaluation": {"depth": 100, "holdout": 0.0},
    "text": {"title": True, "query_max_length": 32, "passage_max_length": 128, "query_prompt": "query: "},
    "languages": {
        "ko": {
            "retrieval": {"citation": "Kim_2020", "licence": "CC BY 4.0"},
            "nli": {"citation": "Lee 2021", "licence": "MIT"},
        }
    },
}


def part(folder: Path, title: str) -> str:
    """Return a section of leaderboard.md without its title."""
    write_reports(folder, formats=[Format.md])
    text = (folder / "leaderboard.md").read_text(encoding="utf-8")
    assert f"\n## {title}\n" in text
    return text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def update_run(folder: Path, **changes: Any) -> None:
    """Add keys to run.json."""
    run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    (folder / "run.json").write_text(json.dumps({**run, **changes}), encoding="utf-8")


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = board(tmp_path, ["base", "bm25", "mnrl"], {"ko": 7}, [0, 1])
    for seed in (0, 1):
        record_provenance = provenance("clpl", "ko", seed) | {
            "data": {"passages": 192, "train_queries": 384, "digests": {"corpus": "corpus of ko"}},
            "training": {"families": ["ranking"]},
            "code": {"revision": "f" * 40, "dirty": True},
        }
        record_provenance["entry"] |= {
            "departures": ["in-batch negatives added", "one router"],
            "paper": "arXiv 2412.17364",
        }
        put(folder, ("clpl", "ko", seed), draw("clpl", "ko", seed, 7), provenance=record_provenance)
    update_run(folder, suite=SUITE)
    return folder


def test_the_sections_have_the_order_of_a_paper(run: Path) -> None:
    write_reports(run, formats=[Format.md])
    lines = (run / "leaderboard.md").read_text(encoding="utf-8").splitlines()
    titles = [line.removeprefix("## ") for line in lines if line.startswith("## ")]
    order = [
        "Set-up",
        "Published contrasts",
        "Results",
        "Findings",
        "Statistical evidence",
        "Published claims",
        "Deviations",
        "Environment",
    ]
    assert titles[: len(order)] == order
    assert titles[len(order) :] == [
        "Reproduction",
        "The other measures",
        "Entries",
        "Further records",
    ]
    assert [line for line in lines if line.startswith("### ")] == ["### nDCG@5", "### R@100", "### RR@10", "### AP"]


def test_the_set_up_names_suite_model_seeds_training_and_measures(run: Path) -> None:
    text = part(run, "Set-up")
    assert "- Suite: fake. A suite of tests. Two languages, made up. Licence: CC0-1.0.\n" in text
    assert f"- Base model: org/model at revision {'0' * 40}.\n" in text
    assert "- Entries: 2 trained; without training: " in text
    assert "- Seeds: 0, 1. " in text
    assert "- Training: ranking: epochs 3, batch size 32, learning rate 0.001. An entry's" in text
    assert "nli: epochs" not in text
    assert "- Measures: nDCG@10, nDCG@5, R@100, RR@10, AP; nDCG@10 is the primary one. 100 passages per query" in text
    sentence = (
        'Queries are cut at 32 tokens; queries begin with "query: "; passages are cut at 128 tokens; passages have'
    )
    assert f"- Text: {sentence} their title.\n" in text
    assert "| ko | 192 | 384 | 7 | Kim\\_2020 (CC BY 4.0); Lee 2021 (MIT) |\n" in text


def test_the_numbers_of_a_corpus_come_from_its_records(tmp_path: Path) -> None:
    record_provenance = provenance("base", "ko", None) | {"data": {"passages": 192, "train_queries": 384}}
    put(tmp_path, ("base", "ko", 0), draw("base", "ko", 0, 7), provenance=record_provenance)
    assert "| ko | 192 | 384 | 7 |  |\n" in part(tmp_path, "Set-up")


def test_deviations_of_entries_request_and_cells_are_listed(run: Path) -> None:
    put_failed(run, ("mnrl", "ko", 2), "out of memory")
    (run / "records/clpl/ko/1.json").unlink()
    update_run(run, request={"max_train": 600, "set": ["clpl.penalty_weight=0.5"], "measures": [], "augment": None})
    text = part(run, "Deviations")
    assert "- clpl departs from arXiv 2412.17364: in-batch negatives added; one router.\n" in text
    assert "- Changed from the suite: max train 600.\n" in text
    assert "- Changed from the suite: set clpl.penalty\\_weight=0.5.\n" in text
    assert "- 1 of 6 cells failed; their reasons are below.\n" in text
    assert "- 1 of the requested cells or entries have no record and are listed below.\n" in text
    assert "augment" not in text
    assert "measures" not in text


def test_a_run_without_deviations_says_so(tmp_path: Path) -> None:
    text = part(board(tmp_path, ["base"], {"ko": 7}, [0]), "Deviations")
    assert text.strip() == "None: the run is as its suite has it, and no entry departs from its paper."


def test_the_environment_lists_shared_values_and_names_differing_ones(run: Path) -> None:
    text = part(run, "Environment")
    assert "- python: 3.12.1\n" in text
    assert "- revision: differs between records; each names its own\n" in text
    assert "- packages: ir-measures 0.4.3, torch 2.13.0\n" in text


def test_the_commands_can_be_typed_in_a_shell(tmp_path: Path) -> None:
    folder = board(tmp_path, ["base"], {"ko": 7}, [0])
    update_run(folder, command=["harness", "run", "--set", "clpl.penalty_weight=*", "--out", "my dir"])
    text = part(folder, "Reproduction")
    assert "\n      harness run --set 'clpl.penalty_weight=*' --out 'my dir'\n" in text
    assert "\n      harness data fetch fake\n" in text
    assert "\n      harness verify DIR\n" in text
    assert "\n      harness check NEW --baseline DIR\n" in text


def test_a_revision_shared_by_all_records_has_a_checkout_command(tmp_path: Path) -> None:
    for entry in ("base", "mnrl"):
        record_provenance = provenance(entry, "ko", 0) | {"code": {"revision": "f" * 40, "dirty": True}}
        put(tmp_path, (entry, "ko", 0), draw(entry, "ko", 0, 7), provenance=record_provenance)
    text = part(tmp_path, "Reproduction")
    assert f"- the code (with changes that are not in it):\n\n      git checkout {'f' * 40}\n" in text


def test_records_without_provenance_have_a_report(tmp_path: Path) -> None:
    put(tmp_path, ("base", "ko", 0), {"AP": {"a": 0.5}}, provenance={})
    assert part(tmp_path, "Environment").strip() == "The records do not say."
    assert "- Suite: fake.\n" in part(tmp_path, "Set-up")


def test_the_evidence_includes_seeds_queries_and_spread(tmp_path: Path) -> None:
    for seed, value in ((0, 0.5), (1, 0.75)):
        put(tmp_path, ("mnrl", "ko", seed), {"AP": {"a": value, "b": value}})
    put(tmp_path, ("base", "ko", 0), {"AP": {"a": 0.25, "b": 0.25}})
    text = part(tmp_path, "Statistical evidence")
    assert "| mnrl | 2 | 17.68 | 2 | 2, 0, 0 |" in text
    assert "| base | 1 |  | 2 |  |  |  |" in text


def test_hostile_names_and_reasons_do_not_act_as_markdown(tmp_path: Path) -> None:
    for name in NAMES:
        put(tmp_path, (name, "ko", 0), {"AP": {"a": 0.5, "b": 0.25}})
    put_failed(tmp_path, ("failed", "ko", 0), REASON)
    write_reports(tmp_path, formats=[Format.md])
    text = (tmp_path / "leaderboard.md").read_text(encoding="utf-8")
    assert not [character for character in text if unicodedata.category(character) == "Cc" and character != "\n"]
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    inside = [child for token in tokens for child in token.children or ()]
    kinds = {token.type for token in (*tokens, *inside)}
    assert kinds.isdisjoint({"html_block", "html_inline", "code_inline", "em_open", "image", "fence", "hr"})
    assert {child.attrs["href"] for child in inside if child.type == "link_open"} == {"#failed-cells"}
    titles = [tokens[i + 1].content for i, token in enumerate(tokens) if token.type == "heading_open"]
    assert titles[:2] == ["Results on fake", "Set-up"]
    assert titles[-4:] == ["Environment", "Reproduction", "Entries", "Further records"]
    assert len(titles) == 12
    assert sum(token.type == "tr_open" for token in tokens) == 2 + 12 + 11  # data, scores, evidence


def test_a_base_that_is_built_from_the_passages_is_named_so_in_short() -> None:
    assert short_bases(collate(REPOSITORY / "results" / "mini")) == (
        "built from the suite's passages, 2 layers, 64 dimensions, not pretrained"
    )
    assert short_bases(collate(REPOSITORY / "results" / "wikiqa-e5")).startswith("multilingual-e5-small, ")
