"""Phrases about a set of published claims: counts, rows, languages, base models."""

from __future__ import annotations

from collections.abc import Iterable

from harness.evidence.claims.claim import Claim
from harness.evidence.claims.claim_comparison import ASSUMED, UNKNOWN, Comparison
from harness.evidence.claims.conditions import APPLICABLE, label, shown
from harness.stats.entry_scores import AVERAGE

UNSTATED = "und"  # the language tag of a language that the source does not state
MAX_MODELS = 3  # base models that are named


def about_suite(count: int, total: int, suite: str) -> str:
    """Return how many of a paper's claims are about a suite, as the start of a sentence.

    >>> about_suite(0, 2, "mini"), about_suite(1, 2, "mini"), about_suite(1, 1, "mini")
    ('None of them is about mini', '1 of them is about mini', 'It is about mini')
    """
    if total == 1:
        return f"It is {'' if count else 'not '}about {suite}"
    share = "None of them is" if not count else "All of them are" if count == total else f"{count} of them"
    verb = "" if count in (0, total) else " is" if count == 1 else " are"
    return f"{share}{verb} about {suite}"


def subset_pronoun(count: int, total: int) -> str:
    """Return the object of a sentence about some of a paper's claims.

    >>> subset_pronoun(1, 1), subset_pronoun(2, 2), subset_pronoun(1, 2)
    ('it', 'them', '1 of them')
    """
    return ("it" if total == 1 else "them") if count == total else f"{count} of them"


def numbers_text(count: int) -> str:
    """Return a count of published numbers."""
    return f"{count} published numbers" if count > 1 else "one published number"


def rows_text(claims: Iterable[Claim]) -> str:
    """Return entries with their languages, and with their measures if there are several."""
    claims = list(claims)
    several = len({claim.measure for claim in claims}) > 1
    groups: dict[str, list[str]] = {}
    for claim in claims:
        name = f"{claim.entry} {claim.measure}" if several else claim.entry
        groups.setdefault(name, []).append(claim.language)
    return "; ".join(f"{name} in {', '.join(dict.fromkeys(languages))}" for name, languages in groups.items())


def languages_text(claims: Iterable[Claim]) -> str:
    """Return the languages of claims, and whether their average is among them."""
    names = list(dict.fromkeys(claim.language for claim in claims))
    stated = [name for name in names if name not in (AVERAGE, UNSTATED)]
    text = ", ".join(stated) if stated else "a language that is not stated"
    return f"{text} and their average" if AVERAGE in names else text


def base_models(claims: Iterable[Claim]) -> str:
    """Return the base models that claims need, as a part of a sentence, "" if none is named."""
    models = list(dict.fromkeys(claim.base_model for claim in claims if claim.base_model))
    if len(models) > MAX_MODELS:
        return " from the base models of their rows"
    return f" from {' or '.join(models)}" if models else ""


def comparability(comparison: Comparison) -> str:
    """Return how far a comparison rests on what is stated, "" if on nothing else, or if something differs.

    >>> comparability(Comparison(unknown=("query length", "precision"), assumed=("model revision",)))
    'comparable as far as stated; unknown: query length, precision; assumed: model revision'
    """
    if comparison.differences or not (comparison.unknown or comparison.assumed):
        return ""
    parts = [(UNKNOWN, comparison.unknown), (ASSUMED, comparison.assumed)]
    return "; ".join(
        ["comparable as far as stated", *(f"{word}: {', '.join(names)}" for word, names in parts if names)]
    )


def conditions_text(claim: Claim) -> str:
    """Return what a claim's number was measured with, each condition with what it rests on, and what is unknown."""
    known = claim.conditions.known()
    texts = [f"{label(name)} {shown(name, known[name].value)} ({known[name].basis})" for name in known]
    if unknown := [label(name) for name in APPLICABLE[claim.kind] if name not in known]:
        texts.append(f"{UNKNOWN}: {', '.join(unknown)}")
    return "; ".join(texts)


def title_text(claims: Iterable[Claim]) -> str:
    """Return whether claims need passages with or without titles, "" if they differ in it."""
    titles = {claim.title for claim in claims}
    if titles == {True}:
        return ", passages with their title"
    return ", passages without their title" if titles == {False} else ""
