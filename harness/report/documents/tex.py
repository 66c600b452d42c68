"""Text for LaTeX: none of it is markup and all of it is ASCII, so that pdflatex sets it with no package but booktabs.

& % $ # _ { } ~ ^ \\ < > | and quotes       their commands
letters of Latin with an accent            é as \\'{e}
Greek letters, × ± ≤ and their like        their commands in mathematics
any other character                        its code point: U+D55C
controls, and marks of direction           left out
"""

from __future__ import annotations

import unicodedata
from typing import Any

from harness.errors import one_line

LONGEST = 32  # characters of a name in a table

_TEXT = {
    "\\": r"\textbackslash{}",
    **{character: "\\" + character for character in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    **{character: f"{{{character}}}" for character in "[]*'`"},  # what \\ would take for itself, and ligatures
    **{'"': r"\textquotedblright{}", "“": r"\textquotedblleft{}", "”": r"\textquotedblright{}"},
    **{"‘": "{`}", "’": "{'}", "…": r"\dots{}", "–": "{--}", "—": "{---}", "\u00a0": "~"},
    **{"ß": r"\ss{}", "æ": r"\ae{}", "Æ": r"\AE{}", "œ": r"\oe{}", "Œ": r"\OE{}"},
    **{"ø": r"\o{}", "Ø": r"\O{}", "ł": r"\l{}", "Ł": r"\L{}", "ı": r"\i{}"},
}
_MARKS = "\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308\u030a\u030b\u030c\u0327"
_ACCENTS = dict(zip(_MARKS, "`'^~=u.\"rHvc", strict=True))
_GREEK = (
    *(
        "alpha",
        "beta",
        "gamma",
        "delta",
        "epsilon",
        "zeta",
        "eta",
        "theta",
        "iota",
        "kappa",
        "lambda",
        "mu",
        "nu",
        "xi",
    ),
    *("", "pi", "rho", "varsigma", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega"),
)
_MATHEMATICS = {
    **{chr(0x3B1 + i): name for i, name in enumerate(_GREEK) if name},
    **{"Γ": "Gamma", "Δ": "Delta", "Θ": "Theta", "Λ": "Lambda", "Ξ": "Xi", "Π": "Pi", "Σ": "Sigma", "Φ": "Phi"},
    **{"Ψ": "Psi", "Ω": "Omega", "µ": "mu", "×": "times", "±": "pm", "·": "cdot", "≤": "leq", "≥": "geq"},
    **{"≠": "neq", "→": "to", "∞": "infty", "†": "dagger", "‡": "ddagger"},
}


def escape(value: Any) -> str:
    r"""Return data as one line of LaTeX in which none of it is markup.

    >>> print(escape("50 % of a_b"), escape("clé λ"), escape("한국"))
    50 \% of a\_b cl\'{e} $\lambda$ U+D55C U+AD6D
    """
    text, coded = "", False
    for character in unicodedata.normalize("NFC", one_line(value)):
        written = _character(character)
        joined = written[:1] == text[-1:] and written[:1] in ("-", ",")  # else a dash, and a low quotation mark
        beside = coded and len(written) > 1 and written.startswith("U+")
        text += ("{}" if joined else " " if beside else "") + written
        coded = len(written) > 1 and written.startswith("U+")
    return text


def shortened(text: str, most: int = LONGEST) -> str:
    """Return a name that fits a table: a long one without its middle, for its end tells it from others.

    >>> shortened("a" * 100 + "[moe.experts=8]")
    'aaaaaaaaaa … aaaa[moe.experts=8]'
    """
    line = one_line(text)
    return line if len(line) <= most else f"{line[: most // 3]} … {line[most // 3 + 3 - most :]}"


def slug(text: str) -> str:
    r"""Return a text as a part of a \label.

    >>> slug("wikiqa@title nDCG@10")
    'wikiqa-title-ndcg-10'
    """
    kept = "".join(character if character.isascii() and character.isalnum() else " " for character in text.lower())
    return "-".join(kept.split())[:LONGEST].strip("-")


def _character(character: str) -> str:
    if character in _TEXT:
        return _TEXT[character]
    if " " <= character <= "~":
        return character
    if character in _MATHEMATICS:
        return f"$\\{_MATHEMATICS[character]}$"
    if character == "−":
        return "$-$"
    if unicodedata.category(character) in ("Cc", "Cf"):
        return ""
    base, *marks = list(unicodedata.normalize("NFD", character))
    if len(marks) == 1 and marks[0] in _ACCENTS and base.isascii() and base.isalpha():
        return f"\\{_ACCENTS[marks[0]]}{{{chr(92) + base if base in 'ij' else base}}}"
    return f"U+{ord(character):04X}"
