"""Keys and derived seeds do not change: a change would rename every stored output."""

from pathlib import Path

import pytest

from harness.keys import canonical, derive, digest, file_sha256, folder_sha256, key, texts_sha256


def test_canonical_json_is_sorted_compact_and_not_escaped() -> None:
    assert canonical({"b": [1, 2.5], "a": "가"}) == '{"a":"가","b":[1,2.5]}'


def test_canonical_json_rejects_nan() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        canonical({"score": float("nan")})


def test_a_key_is_stable_across_machines_and_versions_of_python() -> None:
    expected = "7bebfec7fecabb33022796364c12d8040649b703d82b0cf8c2134013b73e075b"
    assert key("train", 1, ["a", "b"], {"x": 1}) == expected


@pytest.mark.parametrize(
    "other",
    [
        key("encode", 1, ["a", "b"], {"x": 1}),
        key("train", 2, ["a", "b"], {"x": 1}),
        key("train", 1, ["b", "a"], {"x": 1}),
        key("train", 1, ["a"], {"x": 1}),
        key("train", 1, ["a", "b"], {"x": 2}),
    ],
    ids=["stage", "version", "order of inputs", "inputs", "settings"],
)
def test_a_key_changes_with(other: str) -> None:
    assert other != key("train", 1, ["a", "b"], {"x": 1})


def test_the_order_of_settings_does_not_change_a_key() -> None:
    assert key("train", 1, [], {"x": 1, "y": 2}) == key("train", 1, [], {"y": 2, "x": 1})


def test_derived_seeds_are_stable() -> None:
    assert derive(0, "train") == 3992707559
    assert derive(1, "train") == 2034399420
    assert derive(0, "mine", "q1") == 3700162391


def test_derived_seeds_differ_by_root_and_by_name_and_fit_in_32_bits() -> None:
    seeds = {derive(root, name) for root in range(50) for name in ("train", "mine", "order")}
    assert len(seeds) == 150
    assert all(0 <= seed < 2**32 for seed in seeds)


def test_a_digest_is_the_sha256_of_the_canonical_json() -> None:
    assert digest({}) == "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


def test_the_digest_of_texts_does_not_depend_on_their_order() -> None:
    expected = "1a0e4c0e35687906b9ef8eb9fa9cdaabcb86ca8cdca663db74bb0786b2a22c57"
    assert texts_sha256({"b": "2", "a": "1"}) == texts_sha256({"a": "1", "b": "2"}) == expected


def test_moving_a_boundary_between_id_and_text_changes_the_digest() -> None:
    assert texts_sha256({"a": "bc"}) != texts_sha256({"ab": "c"})


def test_the_digest_of_a_file_is_that_of_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"abc")
    assert file_sha256(tmp_path / "a") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


def test_the_digest_of_a_folder_depends_on_its_files_and_not_on_its_path(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name / "below").mkdir(parents=True)
        (tmp_path / name / "below/file").write_bytes(b"same")
    before = folder_sha256(tmp_path / "one")
    assert before == folder_sha256(tmp_path / "two")
    (tmp_path / "two/below/file").rename(tmp_path / "two/below/renamed")
    assert folder_sha256(tmp_path / "two") != before


def test_hidden_files_do_not_change_the_digest_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "weights").write_bytes(b"same")
    before = folder_sha256(tmp_path)
    (tmp_path / ".cache").mkdir()
    (tmp_path / ".cache/download.json").write_text("2026", encoding="utf-8")
    (tmp_path / ".artifact.json").write_text("12 s", encoding="utf-8")
    assert folder_sha256(tmp_path) == before
    (tmp_path / "more").touch()
    assert folder_sha256(tmp_path) != before
