"""Text as LaTeX: no character acts as markup, and the output is ASCII that pdflatex sets with booktabs as only package.

& % $ # _ { } ~ ^ \\ < > | and quotes       their commands
Latin letters with an accent               é as \\'{e}
Greek letters, × ± ≤ and similar           their commands in mathematics
any other character                        its code point: U+D55C
controls and direction marks               removed
"""

from __future__ import annotations

import unicodedata
from typing import Any

from harness.errors import one_line

LONGEST = 32  # characters of a name in a table, and of a label

_TEXT = {
    "\\": r"\textbackslash{}",
    **{character: "\\" + character for character in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    **{character: f"{{{character}}}" for character in "[]*'`"},  # arguments of \\, and ligatures
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
    r"""Return a value as one line of LaTeX in which no character acts as markup.

    >>> print(escape("50 % of a_b"), escape("clé λ"), escape("한국"))
    50 \% of a\_b cl\'{e} $\lambda$ U+D55C U+AD6D
    """
    text, after_code = "", False
    for character in unicodedata.normalize("NFC", one_line(value)):
        latex = _character(character)
        is_code = len(latex) > 1 and latex.startswith("U+")
        ligature = latex[:1] == text[-1:] and latex[:1] in ("-", ",")  # would become a dash or a low quotation mark
        text += ("{}" if ligature else " " if after_code and is_code else "") + latex
        after_code = is_code
    return text


def shortened(text: str, length: int = LONGEST) -> str:
    """Return a name of at most `length` characters: a longer one without its middle, as names often differ at the end.

    >>> shortened("a" * 100 + "[moe.experts=8]")
    'aaaaaaaaaa … aaaa[moe.experts=8]'
    """
    line = one_line(text)
    return line if len(line) <= length else f"{line[: length // 3]} … {line[length // 3 + 3 - length :]}"


def slug(text: str) -> str:
    r"""Return a text as part of a \label.

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
