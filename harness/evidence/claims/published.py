"""Published numbers: what they say, where they stand, and whether this run measured the same thing.

A claim is compared only where suite, tier, measure, text join and base model agree; else the reason is given. Its value
is never the run's, and the run's never its (trap T15): they share no variable and no column.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StrictBool, ValidationError, model_validator

from harness.errors import DataError, unknown
from harness.machine.bundled import results
from harness.request import entries
from harness.request.manifest import Measure, Revision
from harness.schema import Strict, explain

if TYPE_CHECKING:
    from harness.evidence.leaderboard import Leaderboard

FILE = "claims.toml"
AVERAGE = "average"  # the mean of the languages that a row has beside it
NOT = "not comparable: "


class About(Strict):
    """A suite that claims are about; the tests hold it against the suite's manifest."""

    tier: str
    languages: tuple[str, ...]


class Paper(BaseModel):
    """A table of rows; what else it says holds for all of them."""

    model_config = ConfigDict(extra="allow", frozen=True)

    rows: tuple[Mapping[str, Any], ...] = Field(min_length=1)


class Sheet(Strict):
    """The file."""

    suites: Mapping[str, About]
    papers: tuple[Paper, ...] = Field(min_length=1)


class Row(Strict):
    """One row of a published table, with what its paper says of all rows."""

    paper: str
    source: str
    row: str
    entry: str
    control: str = ""
    suite: str = ""
    base_model: str = ""  # empty: none, a ranker
    revision: Revision | None = None
    title: StrictBool | Literal["unknown"]
    private: str = ""  # why nobody can measure it
    note: str = ""
    values: Mapping[Measure, Mapping[str, float]] = Field(min_length=1)

    @model_validator(mode="after")
    def _whole(self) -> Row:
        if bool(self.suite) == bool(self.private):
            raise ValueError("a claim has either a suite or the reason why it is private")
        for measure, values in self.values.items():
            for language, value in values.items():
                if not 0 <= value <= 1:
                    raise ValueError(f"{measure} {language} is {value}; values are between 0 and 1")
        return self


class Claim(Strict):
    """One published number. `of` holds the languages of an average."""

    paper: str
    source: str
    row: str
    entry: str
    control: str
    suite: str
    tier: str
    language: str
    of: tuple[str, ...] = ()
    measure: str
    value: float  # in [0, 1], as published
    base_model: str
    revision: str
    title: StrictBool | Literal["unknown"]
    private: str
    note: str


def load(path: Path | None = None) -> list[Claim]:
    """Return the claims of a file, the bundled one by default, in its order.

    Raises DataError for a file that is not a valid one, and for a claim that names an entry, a measure, a suite or a
    language that there is not.
    """
    path = path or results() / FILE
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"claims file {path} cannot be read: {error}; mend it") from error
    sheet: Sheet = _valid(Sheet, table, f"claims file {path}")
    known = entries.names(entries.declared())
    found: list[Claim] = []
    for paper in sheet.papers:
        shared = paper.model_extra or {}
        for own in paper.rows:
            where = f"claim '{shared.get('paper', '')}, {own.get('row', '')}' in {path}"
            row = _valid(Row, {**shared, **own}, where)
            _check(row, where, sheet.suites, known)
            found += _claims(row, sheet.suites)
    return found


def _valid(kind: type[Any], values: Any, where: str) -> Any:
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise DataError(f"{where}: {explain(error)}; mend it") from error


def _check(row: Row, where: str, suites: Mapping[str, About], known: list[str]) -> None:
    """Raise DataError for a name that does not exist."""
    named = [("entry", row.entry, known)]
    if row.control:
        named.append(("entry", row.control, known))
    if row.suite:
        named.append(("suite", row.suite, list(suites)))
        if row.suite in suites:
            languages = [*suites[row.suite].languages, AVERAGE]
            named += [("language", language, languages) for values in row.values.values() for language in values]
    for kind, name, choices in named:
        if name not in choices:
            raise DataError(str(unknown(kind, name, choices, where)))


def _claims(row: Row, suites: Mapping[str, About]) -> Iterator[Claim]:
    tier = suites[row.suite].tier if row.suite else ""
    said = row.model_dump(exclude={"values", "revision", "base_model"})
    for measure, values in row.values.items():
        languages = tuple(language for language in values if language != AVERAGE)
        for language, value in values.items():
            yield Claim(
                **said,
                tier=tier,
                language=language,
                of=languages if language == AVERAGE else (),
                measure=measure,
                value=value,
                base_model=row.base_model.replace("{language}", language),
                revision=row.revision or "",
            )


def about(claims: list[Claim], suite: str) -> list[Claim]:
    """Return the claims about a suite; raises RequestError where no claim and no bundled suite has that name."""
    from harness.request.suite import names

    known = {claim.suite for claim in claims if claim.suite} | set(names())
    if suite not in known:
        raise unknown("suite", suite, known)
    return [claim for claim in claims if claim.suite == suite]


def comparable(claim: Claim, board: Leaderboard) -> str:
    """Return why a claim cannot be held against a run, "" where it can: suite, tier, measure, text and base agree."""
    if claim.private:
        return NOT + claim.private
    run = board.run.get("suite")
    suite: Mapping[str, Any] = run if isinstance(run, Mapping) else {}
    if other := _other_suite(claim, board.suite, suite):
        return NOT + other
    if not suite:
        return f"{NOT}run.json does not say what was encoded by which model"
    trained = any(record.trained for record in board.records if record.entry == claim.entry)
    reasons = [
        *_other_model(claim, suite.get("base_model") or {}),
        *_other_text(claim, bool((suite.get("text") or {}).get("title"))),
        *_other_measure(claim, board),
        *_other_data(claim, suite),
        *(_other_training(suite, board.run) if trained else ()),
    ]
    return NOT + "; ".join(reasons) if reasons else ""


def _other_suite(claim: Claim, name: str, suite: Mapping[str, Any]) -> str:
    """Return how the run's suite differs; a variant of a suite is that suite, with what it changes held apart."""
    tier = str(suite.get("tier", claim.tier))
    if claim.tier != tier:
        return f"{claim.tier} tier" if claim.tier != "full" else f"full corpus, this run has the {tier} tier"
    bare = name.partition("@")[0]
    return "" if bare == claim.suite else f"other suite ({bare}, not {claim.suite})"


def _other_model(claim: Claim, base: Mapping[str, Any]) -> Iterator[str]:
    if not claim.base_model:
        return
    found = base.get("id")
    if found != claim.base_model:
        yield f"other base model ({found or 'of this run alone'}, not {claim.base_model})"
    elif claim.revision and base.get("revision") != claim.revision:
        yield f"other revision of the base model (the paper's is {claim.revision[:12]})"


def _other_text(claim: Claim, title: bool) -> Iterator[str]:
    if claim.title == "unknown":
        yield "the source does not say whether passages had their title"
    elif claim.title != title:
        yield "title joined, the paper drops it" if title else "title dropped, the paper joins it"


def _other_measure(claim: Claim, board: Leaderboard) -> Iterator[str]:
    if claim.measure not in board.measures:
        yield "measure not among the run's"
    if claim.of and set(claim.of) != set(board.languages):
        yield f"average of {', '.join(claim.of)}, this run has {', '.join(board.languages)}"


def _other_data(claim: Claim, suite: Mapping[str, Any]) -> Iterator[str]:
    if (suite.get("evaluation") or {}).get("holdout"):
        yield "held-out training queries in place of dev"
    unverified = suite.get("unverified") or {}
    if any(language in unverified for language in claim.of or (claim.language,)):
        yield "data differ from the manifest's (unverified)"


def _other_training(suite: Mapping[str, Any], run: Mapping[str, Any]) -> Iterator[str]:
    if suite.get("max_train"):
        yield f"at most {suite['max_train']} training queries"
    request = run.get("request")
    given = request.get("set") if isinstance(request, Mapping) else None
    changed = [text for text in given or () if not str(text).startswith("evaluate.")]
    if changed:
        yield f"settings changed ({', '.join(map(str, changed))})"


def published(value: float) -> str:
    """Return a published value × 100 with all of its digits, two decimals at least.

    >>> published(0.39675), published(0.665)
    ('39.675', '66.50')
    """
    exact = Decimal(str(value)) * 100
    return f"{exact:.2f}" if exact == round(exact, 2) else f"{exact.normalize():f}"
