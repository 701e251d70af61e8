"""The figures of surveys as data: confidence, the fewest people of whom anything is told, age bands, targets."""

import tomllib
from bisect import bisect_right
from csv import DictReader
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

LITERACY_TESTS = "literacy_tests"
"""The indicator of how many literacy tests a unit owes in a year."""


@dataclass(frozen=True, slots=True)
class Policy:
    """How the results of surveys are told; `age_bands` are the first ages of each."""

    edition: str
    confidence: float
    least: int
    age_bands: tuple[int, ...]
    answers_an_hour: int

    def band_of(self, age: int) -> str:
        """Return the band that an age in completed years lies in, such as 15-24 or 65+."""
        return self.bands[bisect_right(self.age_bands, age) - 1]

    @property
    def bands(self) -> list[str]:
        """Return the bands in order."""
        return [*(f"{first}-{after - 1}" for first, after in pairwise(self.age_bands)), f"{self.age_bands[-1]}+"]


@dataclass(frozen=True, slots=True)
class Target:
    """What a plan wants of an indicator: at least a value, in percent or in persons, or more than it if `above`."""

    edition: str
    indicator: str
    value: int
    above: bool
    source: str

    def is_reached(self, value: float) -> bool:
        """Return whether a value reaches the target."""
        return value > self.value if self.above else value >= self.value


def _read_policy() -> Policy:
    told = tomllib.loads(Path(__file__).with_name("surveys.toml").read_text(encoding="utf-8"))
    bands = tuple(told["age_bands"])
    return Policy(told["edition"], told["confidence"], told["least"], bands, told["answers_an_hour"])


def _read_targets() -> tuple[Target, ...]:
    with Path(__file__).with_name("survey_targets.csv").open(encoding="utf-8", newline="") as file:
        return tuple(
            Target(row["edition"], row["indicator"], int(row["value"]), row["above"] == "yes", row["source"])
            for row in DictReader(file)
        )


POLICY = _read_policy()
TARGETS = _read_targets()


def find_target(edition: str | None, indicator: str) -> Target | None:
    """Return what an edition wants of an indicator; None if it wants nothing."""
    return next((one for one in TARGETS if (one.edition, one.indicator) == (edition, indicator)), None)
