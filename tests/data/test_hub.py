"""Datasets of the hub, in a stand-in of its cache and from a stand-in of its server."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from support import hub_standin
from support.commands import spawn
from support.hub_standin import Hub as Served
from support.hub_standin import serving

from harness.data import hub_cache
from harness.data.file_status import Where
from harness.data.readers import parquet as readers
from harness.data.readers.nli_pairs import read_hub
from harness.data.retrieval import Passage
from harness.errors import DataError
from harness.request.manifest import Hub
from harness.types import NliTriple

REVISION = "0123456789abcdef0123456789abcdef01234567"
NLI = Hub(id="made/nli", revision=REVISION, files=("nli/train-*.parquet",))
PAIRS = hub_standin.parquet(
    [
        {"premise": "p", "hypothesis": "follows", "label": 0},
        {"premise": "p", "hypothesis": "may be", "label": 1},
        {"premise": "p", "hypothesis": "cannot be", "label": 2},
        {"premise": "p", "hypothesis": "nobody knows", "label": -1},
        {"premise": "p", "hypothesis": None, "label": 2},
        {"premise": " ", "hypothesis": "of nothing", "label": 0},
    ]
)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return hub_standin.use(tmp_path / "home", monkeypatch)


def where(tmp_path: Path, **changes: bool) -> Where:
    return Where(None, tmp_path, "tiny", **changes)


def states(wanted: Hub, tmp_path: Path) -> list[tuple[str, str]]:
    return [(row.state, row.file) for row in hub_cache.states(wanted, "ko", where(tmp_path))]


def refusal(wanted: Hub, tmp_path: Path) -> str:
    with pytest.raises(DataError) as caught:
        hub_cache.locate(wanted, "ko", where(tmp_path))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_files_of_the_revision_are_found_by_their_patterns(home: Path, tmp_path: Path) -> None:
    folder = hub_standin.put(home, "made/nli", REVISION, {"nli/train-a.parquet": PAIRS, "sts/train-a.parquet": b""})
    assert hub_cache.locate(NLI, "ko", where(tmp_path)) == [folder / "nli/train-a.parquet"]
    (row,) = hub_cache.states(NLI, "ko", where(tmp_path))
    assert (row.bytes, row.hash) == (len(PAIRS), f"sha256:{hashlib.sha256(PAIRS).hexdigest()}")


def test_another_revision_is_not_taken_for_it(home: Path, tmp_path: Path) -> None:
    hub_standin.put(home, "made/nli", "f" * 40, {"nli/train-a.parquet": PAIRS})
    assert states(NLI, tmp_path) == [("missing", "made/nli/nli/train-*.parquet")]


def test_a_missing_dataset_is_named_with_the_command_that_brings_it(home: Path, tmp_path: Path) -> None:
    assert refusal(NLI, tmp_path) == (
        "data file made/nli/nli/train-*.parquet of suite tiny is missing; "
        "run `harness data fetch tiny` with a network, or set HF_HOME to a cache that holds it"
    )


def test_a_shard_that_the_others_speak_of_is_missing(home: Path, tmp_path: Path) -> None:
    hub_standin.put(home, "made/nli", REVISION, {f"nli/train-0000{i}-of-00003.parquet": PAIRS for i in (0, 2)})
    assert states(NLI, tmp_path)[-1] == ("missing", "made/nli/nli/train-00001-of-00003.parquet")


@pytest.mark.parametrize(("name", "kind"), [("a.parquet", "sha256"), ("a.jsonl", "git")])
def test_a_damaged_file_is_found_by_the_name_of_its_blob(home: Path, tmp_path: Path, name: str, kind: str) -> None:
    wanted = Hub(id="made/nli", revision=REVISION, files=("*",))
    path = hub_standin.put(home, "made/nli", REVISION, {name: PAIRS}) / name
    path.resolve().write_bytes(PAIRS[:-1])
    assert states(wanted, tmp_path) == [("damaged", f"made/nli/{name}")]
    assert f"data file {path} is damaged: expected {kind} {path.resolve().name}, found {kind} " in refusal(
        wanted, tmp_path
    )
    assert hub_cache.locate(wanted, "ko", where(tmp_path, accept=True)) == [path]


def test_a_link_whose_blob_is_gone_is_missing(home: Path, tmp_path: Path) -> None:
    path = hub_standin.put(home, "made/nli", REVISION, {"nli/train-a.parquet": PAIRS}) / "nli/train-a.parquet"
    path.resolve().unlink()
    assert states(NLI, tmp_path) == [("missing", "made/nli/nli/train-*.parquet")]


def test_offline_a_fetch_is_one_line(home: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=f"dataset made/nli at {REVISION} cannot be fetched: ") as caught:
        hub_cache.fetch(NLI, "ko", where(tmp_path))
    assert "\n" not in str(caught.value)


FETCH = f"""
from pathlib import Path
from harness.data import hub_cache as hub
from harness.data.file_status import Where
from harness.request.manifest import Hub
wanted = Hub(id="made/nli", revision="{REVISION}", files=("nli/train-*.parquet",))
where = Where(None, Path("."), "tiny")
hub.fetch(wanted, "ko", where)
(row,) = hub.states(wanted, "ko", where)
Path(row.place).resolve().write_bytes(b"half")
print([row.state for row in hub.states(wanted, "ko", where)])
hub.fetch(wanted, "ko", where)
hub.fetch(wanted, "ko", where)
print([row.state for row in hub.states(wanted, "ko", where)])
"""


def test_fetch_brings_the_files_of_the_patterns_and_mends_what_is_damaged(tmp_path: Path) -> None:
    Served.datasets = {"made/nli": {"nli/train-a.parquet": PAIRS, "sts/train-a.parquet": b"of another part"}}
    Served.asked = []
    with serving() as url:
        settings = {"HF_ENDPOINT": url, "HF_HOME": str(tmp_path / "home"), "HF_HUB_OFFLINE": "0"}
        done = spawn("-c", FETCH, cwd=tmp_path, **settings)
    assert done.status == 0, done.err
    assert done.out.splitlines() == ["['damaged']", "['present']"]
    assert Served.asked == ["nli/train-a.parquet"] * 2


def test_pairs_with_an_unknown_label_or_an_empty_text_are_left_out_and_counted(home: Path, tmp_path: Path) -> None:
    hub_standin.put(home, "made/nli", REVISION, {"nli/train-a.parquet": PAIRS})
    nli = read_hub(hub_cache.locate(NLI, "ko", where(tmp_path)))
    assert nli.triples == (NliTriple("p", "follows", "cannot be"),)
    assert {what: number for what, number in nli.report.items() if number} == {
        "NLI pairs with an unknown label": 1,
        "NLI pairs with an empty text": 2,
        "neutral NLI pairs": 1,
    }


CORPUS = [{"_id": "d1", "title": "Tea", "text": "of leaves"}, {"_id": "d2", "title": "", "text": "of beans"}]
TABLES = {
    "ko-corpus/dev-00000-of-00002.parquet": CORPUS[:1],
    "ko-corpus/dev-00001-of-00002.parquet": CORPUS[1:],
    "ko-queries/dev-00000-of-00001.parquet": [{"id": "d1", "text": "which leaves"}, {"id": "q9", "text": "not judged"}],
    "ko-qrels/dev-00000-of-00001.parquet": [
        {"query-id": "d1", "corpus-id": "d1", "score": 1.0},
        {"query-id": "d1", "corpus-id": "d2", "score": 0.0},
    ],
}
MTEB = Hub(id="made/mteb", revision=REVISION, files=("ko-corpus/*", "ko-queries/*", "ko-qrels/*"))


def tables(home: Path, tmp_path: Path, **changes: list[dict[str, object]]) -> list[Path]:
    rows = {**TABLES, **{f"ko-{name}/dev-00000-of-00001.parquet": table for name, table in changes.items()}}
    hub_standin.put(home, "made/mteb", REVISION, {name: hub_standin.parquet(table) for name, table in rows.items()})
    return hub_cache.locate(MTEB, "ko", where(tmp_path))


def test_the_tables_of_mteb_are_read_with_their_judgments_of_own_ids(home: Path, tmp_path: Path) -> None:
    source = readers.read_mteb(tables(home, tmp_path))
    assert dict(source.passages.items()) == {"d1": Passage("Tea", "of leaves"), "d2": Passage("", "of beans")}
    assert (source.queries, source.train) == ({"d1": "which leaves"}, {})
    assert source.dev == {"d1": {"d1": 1, "d2": 0}}
    assert source.report == {"queries without a judgment": 1}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"qrels": [{"query-id": "d1", "corpus-id": "d3", "score": 1}]}, "judgment of unknown document 'd3'"),
        ({"qrels": [{"query-id": "d3", "corpus-id": "d1", "score": 1}]}, "row 1: judgment of unknown query 'd3'"),
        ({"qrels": [{"query-id": "d1", "corpus-id": "d1", "score": 0.5}]}, "row 1: the score 0.5 is not an integer"),
        ({"qrels": [{"query-id": "d1", "corpus-id": "d1", "score": 1}] * 2}, "row 2: duplicate judgment of 'd1'"),
        ({"queries": [{"name": "d1", "text": "a"}]}, "row 1: neither a column '_id' nor 'id'"),
        ({"queries": [{"id": "d1", "text": "a"}] * 2}, "row 2: duplicate query id 'd1'"),
    ],
)
def test_a_wrong_row_of_a_table_is_named(
    home: Path, tmp_path: Path, changes: dict[str, list[dict[str, object]]], message: str
) -> None:
    with pytest.raises(DataError) as caught:
        list(readers.read_mteb(tables(home, tmp_path, **changes)).passages.items())
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_files_that_are_no_table_and_tables_that_are_missing_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"reader 'mteb' has no use for .*a\.parquet"):
        readers.read_mteb([tmp_path / "ko-top_ranked" / "a.parquet"])
    with pytest.raises(DataError, match=r"reader 'mteb' needs queries, qrels"):
        readers.read_mteb([tmp_path / "corpus" / "a.parquet"])


def test_a_parquet_file_cut_in_the_middle_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "corpus" / "a.parquet"
    path.parent.mkdir()
    path.write_bytes(PAIRS[:-5])
    with pytest.raises(DataError, match=r"a\.parquet row 1: no whole parquet file \(") as caught:
        read_hub([path])
    assert "\n" not in str(caught.value)


def test_belebele_has_one_passage_a_link_and_one_query_a_text(tmp_path: Path) -> None:
    path = tmp_path / "kor_Hang.jsonl"
    path.write_text(
        '{"link": "a", "flores_passage": "of a", "question": "who"}\n'
        '{"link": "a", "flores_passage": "of a", "question": "when"}\n'
        '{"link": "b", "flores_passage": "of b", "question": "who"}\n',
        encoding="utf-8",
    )
    source = readers.read_belebele([path])
    assert source.passages == {"C0": Passage("", "of a"), "C1": Passage("", "of b")}
    assert source.queries == {"Q0": "who", "Q1": "when"}
    assert source.dev == {"Q0": {"C0": 1, "C1": 1}, "Q1": {"C0": 1}}
