"""What mteb calls the harness's languages, measures and split."""

from __future__ import annotations

from harness.errors import unknown

SPLIT = "dev"
# fmt: off
LANGUAGES = {  # ISO 639-1 → ISO 639-3 and ISO 15924, for the languages of MIRACL
    "ar": "ara-Arab", "bn": "ben-Beng", "de": "deu-Latn", "en": "eng-Latn", "es": "spa-Latn", "fa": "fas-Arab",
    "fi": "fin-Latn", "fr": "fra-Latn", "hi": "hin-Deva", "id": "ind-Latn", "ja": "jpn-Jpan", "ko": "kor-Kore",
    "ru": "rus-Cyrl", "sw": "swa-Latn", "te": "tel-Telu", "th": "tha-Thai", "yo": "yor-Latn", "zh": "zho-Hans",
}
# fmt: on
MEASURES = {"nDCG": "ndcg", "R": "recall", "RR": "mrr", "AP": "map", "P": "precision"}


def mteb_name(measure: str, depth: int) -> str:
    """Return mteb's name of a measure: `nDCG@10` is `ndcg_at_10`, and `AP` is `map_at_DEPTH`.

    Raises RequestError for a measure that mteb's retrieval tasks do not compute.
    """
    kind, _, cutoff = measure.partition("@")
    if kind not in MEASURES or not (cutoff.isdecimal() or measure == "AP"):
        raise unknown("measure", measure, ["AP", *(f"{kind}@K" for kind in MEASURES)], where="mteb's retrieval tasks")
    return f"{MEASURES[kind]}_at_{cutoff or depth}"
