"""What a run shows of each paper's published numbers, and what it does not, in sentences."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from harness.evidence.claims.published import AVERAGE, NOT, Claim
from harness.evidence.claims.verdicts import UNMEASURED, Line
from harness.report.numbers import hundred
from harness.report.sections.claims_section import Compared

UNSTATED = "und"  # the language tag of what the source does not say
MOST_MODELS = 3  # named one by one


def paragraphs(compared: Compared) -> list[str]:
    """Return one paragraph a paper, in the order of the claims."""
    papers: dict[str, list[Line]] = {}
    for line in compared.lines:
        papers.setdefault(line.claim.paper, []).append(line)
    return [" ".join(_sentences(paper, lines, compared.suite)) for paper, lines in papers.items()]


def _sentences(paper: str, lines: Sequence[Line], suite: str) -> list[str]:
    here = [line for line in lines if line.claim.suite == suite]
    rest = [line.claim for line in lines if line.claim.suite != suite]
    private = [claim for claim in rest if claim.private]
    others = [claim for claim in rest if not claim.private]
    said = [_opening(paper, [line.claim for line in lines])]
    if here:
        said += [f"{_about(len(here), len(lines), suite)}, the suite of this run.", *_judged(here)]
    elif others:
        them = _which(len(lines), len(lines))
        said.append(f"{_about(0, len(lines), suite)}: this run shows nothing for or against {them}.")
    if private:
        reasons = "; ".join(dict.fromkeys(claim.private for claim in private))
        said.append(f"Nobody else can check {_which(len(private), len(lines))}: {reasons}.")
    if others:
        said.append(_needed(others, some=bool(here)))
    return said


def _opening(paper: str, claims: Sequence[Claim]) -> str:
    entries = len({(claim.entry, claim.row) for claim in claims})
    measures = ", ".join(dict.fromkeys(claim.measure for claim in claims))
    rows = f"{entries} rows" if entries > 1 else "one row"
    return f"{paper}: {_numbers(len(claims))}, {measures} of {rows} in {_languages(claims)}."


def _about(count: int, total: int, suite: str) -> str:
    if total == 1:
        return f"It is {'' if count else 'not '}about {suite}"
    share = "None of them is" if not count else "All of them are" if count == total else f"{count} of them"
    verb = "" if count in (0, total) else " is" if count == 1 else " are"
    return f"{share}{verb} about {suite}"


def _which(count: int, total: int) -> str:
    return ("it" if total == 1 else "them") if count == total else f"{count} of them"


def _judged(lines: Sequence[Line]) -> list[str]:
    """Return what became of the claims about the suite, a sentence a verdict."""
    said = []
    for verdict in ("reproduced", "direction only", "not reproduced"):
        if found := [line.claim for line in lines if line.verdict == verdict]:
            said.append(f"{verdict.capitalize()}: {len(found)} ({_rows(found)}).")
    if open_ := [line for line in lines if line.verdict.startswith("inconclusive")]:
        rows = _rows([line.claim for line in open_])
        said.append(f"Inconclusive, for this run is too small to tell: {len(open_)} ({rows}){_detectable(open_)}.")
    if unfit := [line for line in lines if line.verdict == "not comparable"]:
        reasons = Counter(kind for line in unfit for kind in _kinds(line.reason))
        listed = "; ".join(f"{kind} ({count})" for kind, count in reasons.most_common())
        said.append(f"Not comparable: {len(unfit)}, for these reasons: {listed}.")
    if absent := [line.claim for line in lines if line.reason == UNMEASURED]:
        said.append(f"Not measured in this run: {len(absent)} ({_rows(absent)}).")
    return said


def _kinds(reason: str) -> list[str]:
    """Return the reasons why a claim is not comparable, without what differs from row to row."""
    return [kind.partition(" (")[0] for kind in reason.removeprefix(NOT).split("; ")]


def _detectable(lines: Iterable[Line]) -> str:
    found = sorted(hundred(line.gain.detectable) for line in lines if line.gain)
    sizes = sorted({float(text): text for text in found if text != "nan"}.items())
    if not sizes:
        return ""
    least, most = sizes[0][1], sizes[-1][1]
    size = least if least == most else f"{least} to {most}"
    return f"; the smallest gain that it would have found in four of five is {size} points"


def _needed(claims: Sequence[Claim], *, some: bool) -> str:
    """Return what has to be run for the claims about other suites."""
    one = len(claims) == 1
    which = (
        ("The other one" if one else f"The other {len(claims)}") if some else f"To be checked {'it' if one else 'they'}"
    )
    suites = " or ".join(dict.fromkeys(f"{claim.suite} ({claim.tier} tier)" for claim in claims))
    return f"{which} {'needs' if one else 'need'} a run of {suites}{_models(claims)}{_texts(claims)}."


def _models(claims: Iterable[Claim]) -> str:
    models = list(dict.fromkeys(claim.base_model for claim in claims if claim.base_model))
    if len(models) > MOST_MODELS:
        return " from the base models of their rows"
    return f" from {' or '.join(models)}" if models else ""


def _texts(claims: Iterable[Claim]) -> str:
    titles = {claim.title for claim in claims}
    if titles == {True}:
        return ", passages with their title"
    return ", passages without their title" if titles == {False} else ""


def _rows(claims: Iterable[Claim]) -> str:
    """Return entries with their languages, and their measures where there are several."""
    claims = list(claims)
    several = len({claim.measure for claim in claims}) > 1
    groups: dict[str, list[str]] = {}
    for claim in claims:
        name = f"{claim.entry} {claim.measure}" if several else claim.entry
        groups.setdefault(name, []).append(claim.language)
    return "; ".join(f"{name} in {', '.join(dict.fromkeys(languages))}" for name, languages in groups.items())


def _languages(claims: Iterable[Claim]) -> str:
    names = list(dict.fromkeys(claim.language for claim in claims))
    stated = [name for name in names if name not in (AVERAGE, UNSTATED)]
    text = ", ".join(stated) if stated else "a language that is not stated"
    return f"{text} and their average" if AVERAGE in names else text


def _numbers(count: int) -> str:
    return f"{count} published numbers" if count > 1 else "one published number"
