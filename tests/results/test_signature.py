"""A row's signature identifies its number, and is the same for the same records."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

from support.commands import REPOSITORY
from support.fake_records import board, draw, put

from harness.evidence.leaderboard import collate
from harness.report.report_files import write_reports
from harness.results import record
from harness.results.record import Record
from harness.results.signature import entry_signatures, row_signatures, signature

PROVENANCE: dict[str, Any] = {
    "suite_digest": "8f3c12ab" + "0" * 56,
    "base_model_sha256": "aabbccdd" + "0" * 56,
    "entry": {"method": "clpl", "settings": {"clpl": {"penalty_weight": 0.1}}, "title": "CLPL"},
    "data": {"digests": {"corpus": "c"}},
    "computation": {"encode_dtype": "float32"},
    "environment": {
        "packages": {"torch": "2.13.0+cpu", "harness-embeddings": "0.1.0", "sentence-transformers": "6.2.0"},
        "instruction_set": "AVX512",
        "threads": "1",
        "gpu": None,
    },
    "code": {"revision": "0123456789abcdef", "dirty": False},
}


def a_record(seed: int = 0, language: str = "ko", **provenance: Any) -> Record:
    return Record(
        suite="wikiqa",
        entry="clpl",
        language=language,
        seed=seed,
        trained=True,
        status="done",
        cell_key="0" * 64,
        n_queries=213,
        provenance={**PROVENANCE, **provenance},
    )


def fields(line: str) -> dict[str, str]:
    return dict(field.split(":", 1) for field in line.split("|"))


def test_a_signature_names_suite_entry_seeds_data_base_packages_and_code() -> None:
    values = fields(signature([a_record(2), a_record(0), a_record(1)], "ko", "nDCG@10"))
    assert values.pop("entry").startswith("clpl@")
    assert len(values.pop("data")) == 8
    assert values == {
        "suite": "wikiqa@8f3c12ab",
        "language": "ko",
        "measure": "nDCG@10",
        "seeds": "0,1,2",
        "queries": "213",
        "base": "aabbccdd",
        "dtype": "float32",
        "harness": "0.1.0",
        "torch": "2.13.0+cpu",
        "st": "6.2.0",
        "code": "01234567",
        "isa": "AVX512",
        "threads": "1",
    }


def test_the_order_of_the_records_and_prose_change_nothing() -> None:
    renamed = a_record(1, entry={**PROVENANCE["entry"], "title": "another title"})
    assert signature([a_record(0), a_record(1)], "ko") == signature([renamed, a_record(0)], "ko")


def test_another_setting_and_other_data_have_other_digests() -> None:
    plain = fields(signature([a_record()], "ko"))
    other = a_record(entry={**PROVENANCE["entry"], "settings": {"clpl": {"penalty_weight": 0.5}}})
    assert fields(signature([other], "ko"))["entry"] != plain["entry"]
    assert fields(signature([a_record(data={"digests": {"corpus": "d"}})], "ko"))["data"] != plain["data"]


def test_values_that_differ_within_a_row_are_joined() -> None:
    newer = {**PROVENANCE["environment"], "threads": "2"}
    assert fields(signature([a_record(0), a_record(1, environment=newer)], "ko"))["threads"] == "1+2"


def test_a_changed_checkout_is_named_by_its_diff() -> None:
    dirty = a_record(code={"revision": "0123456789abcdef", "dirty": True, "diff_sha256": "feedbeef" + "0" * 56})
    assert fields(signature([dirty], "ko"))["code"] == "01234567-dirty-feedbeef"


def test_the_separator_of_the_fields_is_escaped_in_them() -> None:
    odd = a_record().model_copy(update={"entry": "a|b\nc"})
    assert fields(signature([odd], "ko"))["entry"].startswith("a%7Cb c@")


def test_the_average_counts_the_queries_of_all_languages() -> None:
    records = [a_record(), a_record(language="fa"), a_record(1)]
    (line,) = row_signatures([("clpl", "average", "AP")], records, "average")
    assert fields(line)["queries"] == "426"
    assert fields(entry_signatures([a_record(), a_record(language="fa")])["clpl"])["language"] == "fa,ko"


def test_every_row_of_the_leaderboard_has_a_signature_on_file_and_every_entry_one_on_its_page(tmp_path: Path) -> None:
    folder = board(tmp_path / "out", ["base", "mnrl"], {"ko": 5, "fa": 5}, [0, 1])
    write_reports(folder)
    rows = list(csv.DictReader(io.StringIO((folder / "signatures.csv").read_text(encoding="utf-8"))))
    expected = collate(folder).rows[["entry", "language", "measure"]].itertuples(index=False, name=None)
    assert [(row["entry"], row["language"], row["measure"]) for row in rows] == list(expected)
    for entry, line in entry_signatures(record.read_all(folder)).items():
        assert line in (folder / f"entries/{entry}.html").read_text(encoding="utf-8")


def test_a_report_made_again_has_the_same_signatures(tmp_path: Path) -> None:
    put(tmp_path, ("mnrl", "ko", 0), draw("mnrl", "ko", 0, 5))
    write_reports(tmp_path)
    first = (tmp_path / "signatures.csv").read_bytes()
    write_reports(tmp_path)
    assert (tmp_path / "signatures.csv").read_bytes() == first


def test_a_committed_page_has_the_signatures_that_its_records_still_give() -> None:
    folder = REPOSITORY / "results/wikiqa"
    records = [stored for stored in record.read_all(folder) if stored.entry in ("base", "infonce-ance")]
    for entry, line in entry_signatures(records).items():
        page = (folder / f"entries/{entry}.html").read_text(encoding="utf-8")
        assert f'<code id="signature">{line}</code>' in page
