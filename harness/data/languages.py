"""The language codes that `--language` takes: a primary subtag of ISO 639, as in BCP 47, and what a user adds to it."""

from __future__ import annotations

import re

from harness.machine.names import language_tag

ISO_639_1 = (
    "aa ab ae af ak am an ar as av ay az ba be bg bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en "
    "eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja "
    "jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb "
    "nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq "
    "sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu"
)
ISO_639_3 = re.compile(r"[a-z]{3}")  # not listed: 7,900 of them


def language_code(tag: str) -> str:
    """Return a language tag; raises ValueError where it is none, or does not start with a code of ISO 639.

    >>> language_code("pt-BR"), language_code("yue")
    ('pt-BR', 'yue')
    """
    primary = re.split("[-_]", language_tag(tag))[0]
    if primary not in ISO_639_1.split() and not ISO_639_3.fullmatch(primary):
        raise ValueError(
            f"'{primary}' is not a language code of ISO 639; use one of two or three lower-case letters, such as en, "
            "fas or pt-BR"
        )
    return tag
