"""Published numbers: what they say, their source, and whether a run measured the same thing.

A claim is compared only if suite, tier, measure, text join and base model agree; otherwise the reason is given. A
published and a measured number share no variable and no column (docs/traps.md, T15).
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
from harness.request.suite import names as suite_names
from harness.schema import Strict, explain
from harness.stats.entry_scores import AVERAGE

if TYPE_CHECKING:
    from harness.results.folder import ResultFolder
    from harness.results.run_file import BaseModelAsRun, RunFile, SuiteAsRun

FILE = "claims.toml"


class About(Strict):
    """A suite that claims are about; the tests hold it against the suite's manifest."""

    tier: str
    languages: tuple[str, ...]


class Paper(BaseModel):
    """A table of rows; its other keys hold for all of them."""

    model_config = ConfigDict(extra="allow", frozen=True)

    rows: tuple[Mapping[str, Any], ...] = Field(min_length=1)


class Sheet(Strict):
    """The whole file."""

    suites: Mapping[str, About]
    papers: tuple[Paper, ...] = Field(min_length=1)


class Row(Strict):
    """One row of a published table, with the keys that its paper gives for all rows."""

    paper: str
    source: str
    row: str
    entry: str
    control: str = ""
    suite: str = ""
    base_model: str = ""  # empty: none, a ranker
    revision: Revision | None = None
    title: StrictBool | Literal["unknown"]
    private: str = ""  # why it cannot be measured here
    note: str = ""
    values: Mapping[Measure, Mapping[str, float]] = Field(min_length=1)

    @model_validator(mode="after")
    def _whole(self) -> Row:
        if bool(self.suite) == bool(self.private):
            raise ValueError("a claim needs either a suite or the reason why it is private")
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

    Raises DataError for an invalid file, and for a claim that names an unknown entry, measure, suite or language.
    """
    path = path or results() / FILE
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"claims file {path} cannot be read: {error}; fix it") from error
    sheet: Sheet = _valid(Sheet, table, f"claims file {path}")
    entry_names = entries.names(entries.declared())
    claims: list[Claim] = []
    for paper in sheet.papers:
        shared = paper.model_extra or {}
        for keys in paper.rows:
            where = f"claim '{shared.get('paper', '')}, {keys.get('row', '')}' in {path}"
            row = _valid(Row, {**shared, **keys}, where)
            _check(row, where, sheet.suites, entry_names)
            claims += _claims(row, sheet.suites)
    return claims


def _valid(kind: type[Any], values: Any, where: str) -> Any:
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise DataError(f"{where}: {explain(error)}; fix it") from error


def _check(row: Row, where: str, suites: Mapping[str, About], entry_names: list[str]) -> None:
    """Raise DataError for a name that does not exist."""
    names = [("entry", row.entry, entry_names)]
    if row.control:
        names.append(("entry", row.control, entry_names))
    if row.suite:
        names.append(("suite", row.suite, list(suites)))
        if row.suite in suites:
            languages = [*suites[row.suite].languages, AVERAGE]
            names += [("language", language, languages) for values in row.values.values() for language in values]
    for kind, name, choices in names:
        if name not in choices:
            raise DataError(str(unknown(kind, name, choices, where)))


def _claims(row: Row, suites: Mapping[str, About]) -> Iterator[Claim]:
    tier = suites[row.suite].tier if row.suite else ""
    shared = row.model_dump(exclude={"values", "revision", "base_model"})
    for measure, values in row.values.items():
        languages = tuple(language for language in values if language != AVERAGE)
        for language, value in values.items():
            yield Claim(
                **shared,
                tier=tier,
                language=language,
                of=languages if language == AVERAGE else (),
                measure=measure,
                value=value,
                base_model=row.base_model.replace("{language}", language),
                revision=row.revision or "",
            )


def about(claims: list[Claim], suite: str) -> list[Claim]:
    """Return the claims about a suite; raises RequestError if neither a claim nor a bundled suite has that name."""
    known = {claim.suite for claim in claims if claim.suite} | set(suite_names())
    if suite not in known:
        raise unknown("suite", suite, known)
    return [claim for claim in claims if claim.suite == suite]


def incomparable(claim: Claim, results: ResultFolder) -> list[str]:
    """Return why a claim cannot be compared with a run; empty if suite, tier, measure, text and base model agree."""
    if claim.private:
        return [claim.private]
    suite = results.run.suite
    if difference := _other_suite(claim, results.suite, suite):
        return [difference]
    if suite is None:
        return ["run.json does not say what was encoded by which model"]
    return [
        *_other_model(claim, suite.base_model),
        *_other_text(claim, title=suite.text.title),
        *_other_measure(claim, results),
        *_other_data(claim, suite),
        *(_other_training(suite, results.run) if results.trains(claim.entry) else ()),
    ]


def _other_suite(claim: Claim, name: str, suite: SuiteAsRun | None) -> str:
    """Return how the run's suite differs; a variant counts as its suite, its changes are compared one by one."""
    tier = suite.tier if suite and suite.tier else claim.tier
    if claim.tier != tier:
        return f"{claim.tier} tier" if claim.tier != "full" else f"full corpus, this run has the {tier} tier"
    bare = name.partition("@")[0]
    return "" if bare == claim.suite else f"other suite ({bare}, not {claim.suite})"


def _other_model(claim: Claim, base: BaseModelAsRun) -> Iterator[str]:
    if not claim.base_model:
        return
    if base.id != claim.base_model:
        yield f"other base model ({base.id or 'of this run alone'}, not {claim.base_model})"
    elif claim.revision and base.revision != claim.revision:
        yield f"other revision of the base model (the paper's is {claim.revision[:12]})"


def _other_text(claim: Claim, *, title: bool) -> Iterator[str]:
    if claim.title == "unknown":
        yield "the source does not say whether passages had their title"
    elif claim.title != title:
        yield "title joined, the paper drops it" if title else "title dropped, the paper joins it"


def _other_measure(claim: Claim, results: ResultFolder) -> Iterator[str]:
    if claim.measure not in results.measures:
        yield "measure not among the run's"
    if claim.of and set(claim.of) != set(results.languages):
        yield f"average of {', '.join(claim.of)}, this run has {', '.join(results.languages)}"


def _other_data(claim: Claim, suite: SuiteAsRun) -> Iterator[str]:
    if suite.evaluation.holdout:
        yield "held-out training queries in place of dev"
    if any(language in suite.unverified for language in claim.of or (claim.language,)):
        yield "data differ from the manifest's (unverified)"


def _other_training(suite: SuiteAsRun, run: RunFile) -> Iterator[str]:
    if suite.max_train:
        yield f"at most {suite.max_train} training queries"
    settings = run.request.settings if run.request else ()
    changes = [setting for setting in settings if not setting.startswith("evaluate.")]
    if changes:
        yield f"settings changed ({', '.join(changes)})"


def published(value: float) -> str:
    """Return a published value × 100 with all of its digits, two decimals at least.

    >>> published(0.39675), published(0.665)
    ('39.675', '66.50')
    """
    exact = Decimal(str(value)) * 100
    return f"{exact:.2f}" if exact == round(exact, 2) else f"{exact.normalize():f}"
