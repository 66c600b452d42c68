"""What a switched figure shows: the data of the page's script under one state of its switches.

As in leaderboard_rows.js, which reads the same data: a figure of the same state is the same, whoever draws it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from harness.report.figures.drawing_rules import RULES

_SCORE = ("n_queries", "n_seeds", "mean", "low", "high", "seed_sd", "best", "worst", "letters", "verdict")
_DIFFERENCE = ("p", "delta", "delta_low", "delta_high", "note")
Found = Mapping[str, Any]  # _SCORE and _DIFFERENCE


@dataclass(frozen=True)
class State:
    """The switches: "" stands for all languages or recipes."""

    measure: str
    baseline: str
    language: str = ""
    recipe: str = ""
    hide: frozenset[str] = frozenset()


@dataclass(frozen=True)
class View:
    """The data (harness.report.script_data) and a state. An entry is its place in the data."""

    data: Mapping[str, Any]
    state: State

    @property
    def languages(self) -> Sequence[str]:
        """The languages that are shown, without the average."""
        return (self.state.language,) if self.state.language else self.data["languages"][:-1]

    @property
    def named_languages(self) -> Sequence[str]:
        """The first languages that are shown, as many as have a hue of their own."""
        return self.languages[: RULES["languages"]]

    @property
    def scope(self) -> str:
        """The language that differences and ranks are of."""
        return self.state.language or str(self.data["overall"])

    @property
    def measure(self) -> int:
        """The place of the measure."""
        return int(self.data["measures"].index(self.state.measure))

    @property
    def suffix(self) -> str:
        """What a title says of the language."""
        return f", {self.language_label(self.state.language)}" if self.state.language else ""

    @property
    def entries(self) -> list[int]:
        """The entries that are shown, in the order of the page."""
        return [i for i in range(len(self.data["entries"])) if self.is_shown(i)]

    def is_shown(self, entry: int) -> bool:
        name, recipe = self.data["entries"][entry]["name"], self.data["entries"][entry]["recipe"]
        return name not in self.state.hide and (not self.state.recipe or recipe in ("", self.state.recipe))

    def label(self, entry: int) -> str:
        return str(self.data["names"][entry][0])

    def width(self, entry: int) -> float:
        """Return the width of the label in font sizes."""
        return float(self.data["names"][entry][1])

    def point_label(self, entry: int) -> tuple[str, float]:
        """Return the name beside a point, with its width in font sizes."""
        _, _, text, width = self.data["names"][entry]
        return text, width

    def language_name(self, language: str) -> tuple[str, float]:
        """Return the label of a language, with its width in font sizes."""
        text, width = self.data["language_names"][self.data["languages"].index(language)]
        return text, width

    def language_label(self, language: str) -> str:
        return self.language_name(language)[0]

    @property
    def baseline_labels(self) -> tuple[str, str]:
        """The baseline's name, and its short name."""
        first = self.state.baseline == self.data["baseline"]
        names = self.data["baseline_names"] if first else self.data["names"][self._entry(self.state.baseline)]
        return names[0], names[2]

    def found(self, entry: int, language: str) -> Found | None:
        """Return the score of an entry in a language (or `average`), with its difference to the baseline."""
        measure, place = self.measure, self.data["languages"].index(language)
        score = self.data["scores"][measure][entry][place]
        if score is None:
            return None
        difference = self._difference(self.baseline_of(entry), (measure, entry, place)) or (None,) * len(_DIFFERENCE)
        return dict(zip((*_SCORE, *_DIFFERENCE), (*score, *difference), strict=True))

    def difference(self, entry: int, other: int, language: str) -> Found | None:
        """Return the difference of an entry to another one in a language (or `average`)."""
        difference = self._difference(other, (self.measure, entry, self.data["languages"].index(language)))
        return dict(zip(_DIFFERENCE, difference, strict=True)) if difference else None

    def baseline_of(self, entry: int) -> int | None:
        """Return what an entry is compared with."""
        if self.data.get("own") and self.state.baseline == self.data["baseline"]:
            own: int | None = self.data["own"][entry]
            return own
        return self._entry(self.state.baseline)

    def _entry(self, name: str) -> int:
        return next((i for i, entry in enumerate(self.data["entries"]) if entry["name"] == name), -1)

    def _difference(self, baseline: int | None, at: tuple[int, int, int]) -> Sequence[Any] | None:
        measure, entry, place = at
        listed = {one["entry"]: one["differences"] for one in self.data["baselines"]}
        if baseline not in listed:
            return None
        if difference := listed[baseline][measure][entry][place]:
            return list(difference)
        opposite = listed[entry][measure][baseline][place] if entry in listed else None
        if not opposite:
            return None
        p, delta, low, high, note = opposite
        return [p, *(None if value is None else 0 - value for value in (delta, high, low)), note]
