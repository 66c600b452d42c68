"""What Text Embeddings Inference (TEI) serves of a sentence-transformers folder, as its release 1.9 reads one.

TEI takes the network from the folder itself, the pooling from 1_Pooling/config.json, and gives vectors unit length on
request. What else a folder has is left out without an error (one of TEI's backends applies Dense modules, the other
does not): such a model would be served with other vectors.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.machine.json_toml import read_json

IMAGE = "ghcr.io/huggingface/text-embeddings-inference"
VERSION = "1.9.4"
SETTINGS = (  # of config.json that TEI reads of each network below
    *("vocab_size", "hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "hidden_act"),
    *("hidden_dropout_prob", "max_position_embeddings", "initializer_range", "layer_norm_eps", "architectures"),
)
_BERT = (*SETTINGS, "type_vocab_size", "pad_token_id")
NETWORKS = {  # model type → the settings that TEI needs, on CPU and GPU
    **dict.fromkeys(("bert", "camembert", "roberta", "xlm-roberta"), _BERT),
    "mpnet": (*SETTINGS, "attention_probs_dropout_prob", "relative_attention_num_buckets"),
}
ACTIVATIONS = ("gelu", "relu")
POOLING_FOLDER = "1_Pooling"
POOLING = {  # as sentence-transformers names it → the key by which every release of TEI knows it
    "cls": "pooling_mode_cls_token",
    "mean": "pooling_mode_mean_tokens",
    "lasttoken": "pooling_mode_lasttoken",
}
WEIGHTS = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin")
ELSEWHERE = "serve it with sentence-transformers"


def problem(folder: Path) -> str:
    """Return why TEI cannot serve a model, and what to do; "" where it can."""
    return _of_modules(folder) or _of_network(folder) or _of_pooling(folder)


def pooling_mode(folder: Path) -> str:
    """Return how a model pools, such as "mean"; several modes are joined with "+"."""
    config = _table(folder / POOLING_FOLDER / "config.json")
    modes = config.get("pooling_mode", [mode for mode, key in POOLING.items() if config.get(key)])
    return modes if isinstance(modes, str) else "+".join(modes)


def own_type(folder: Path) -> str:
    """Return the model type of a network that plain transformers does not have; "" where it has it."""
    from transformers.models.auto import configuration_auto

    name = str(_table(folder / "config.json").get("model_type", ""))
    names: Mapping[str, Any] = vars(configuration_auto)["CONFIG_MAPPING_NAMES"]  # without what was registered
    return "" if name in names else name


def _of_modules(folder: Path) -> str:
    modules = [(str(module.get("type")).rpartition(".")[2], module.get("path")) for module in _modules(folder)]
    kinds = [kind for kind, _ in modules]
    if foreign := [kind for kind in kinds if kind not in ("Transformer", "Pooling", "Normalize")]:
        return f"its module {foreign[0]} is left out by TEI or one of its backends; {ELSEWHERE}"
    if dimensions := _table(folder / "config_sentence_transformers.json").get("truncate_dim"):
        return f"its vectors are cut to {dimensions} dimensions (truncate_dim), which TEI leaves out; {ELSEWHERE}"
    if modules[:2] != [("Transformer", ""), ("Pooling", POOLING_FOLDER)] or {*kinds[2:]} - {"Normalize"}:
        return f"TEI reads a network at the top of the folder and its pooling in {POOLING_FOLDER}; {ELSEWHERE}"
    return ""


def _of_network(folder: Path) -> str:
    config = _table(folder / "config.json")
    name = str(config.get("model_type", "unknown"))
    if own := own_type(folder):
        return (
            f"its network '{own}' is a type of this package, which TEI does not have; {ELSEWHERE} where "
            "harness-embeddings is installed, with the lines of its card (--to card)"
        )
    if name not in NETWORKS:
        return f"its network '{name}' is not one of {', '.join(NETWORKS)}, which --to tei knows; {ELSEWHERE}"
    if missing := [setting for setting in NETWORKS[name] if config.get(setting) is None]:
        return f"config.json lacks {', '.join(missing)}, which TEI needs; save the model again, or {ELSEWHERE}"
    if config.get("position_embedding_type", "absolute") != "absolute":
        return f"its positions are '{config['position_embedding_type']}', and TEI has absolute ones; {ELSEWHERE}"
    if (activation := config["hidden_act"]) not in ACTIVATIONS:
        return f"its activation '{activation}' is not one of {', '.join(ACTIVATIONS)}; {ELSEWHERE}"
    for files in (WEIGHTS, ("tokenizer.json",)):
        if not any((folder / file).is_file() for file in files):
            return f"TEI needs {' or '.join(files)}, which it does not have; save the model again"
    return ""


def _of_pooling(folder: Path) -> str:
    if (mode := pooling_mode(folder)) not in POOLING:
        return f"its pooling '{mode}' is not one of {', '.join(POOLING)}, which TEI has; {ELSEWHERE}"
    if _table(folder / POOLING_FOLDER / "config.json").get("include_prompt", True) is False:
        return f"its pooling leaves the prompt out, which TEI does not; {ELSEWHERE}"
    return ""


def _modules(folder: Path) -> list[Mapping[str, Any]]:
    value = read_json(folder / "modules.json")
    return [module for module in value if isinstance(module, dict)] if isinstance(value, list) else []


def _table(path: Path) -> dict[str, Any]:
    value = read_json(path) if path.is_file() else {}
    return value if isinstance(value, dict) else {}
