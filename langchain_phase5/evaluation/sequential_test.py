"""Stop as soon as it is clear: a plan of looks that together keep the false alarm rate."""

from collections.abc import Sequence
from dataclasses import dataclass

from langchain_phase5.evaluation.paired_test import PairedTest, Verdict


@dataclass(frozen=True, kw_only=True)
class SequentialTest:
    """Looks after so many runs of each example, each at a level that is part of the whole.

    With four looks after 1, 2, 3 and 5 runs a level of 0.021 at each keeps the chance of any false
    alarm under 0.05 (Pocock 1977; the looks share their data). A run is also given up as
    inconclusive when it is unlikely to become clear.

    Attributes:
        looks: Runs of each example after which to decide.
        level: Of the test at each look.
        futility: A p-value above which, from the second look on, no alarm is expected any more.

    Example:
        >>> SequentialTest().next_look(1)
        2
    """

    looks: Sequence[int] = (1, 2, 3, 5)
    level: float = 0.021
    futility: float = 0.6

    def next_look(self, runs: int) -> int:
        """How many runs there are at the next look."""
        return next(look for look in self.looks if look > runs)

    def decide(self, test: PairedTest, runs: int, threshold: float) -> Verdict | None:
        """Return the verdict after `runs` runs, or `None` to go on."""
        verdict = test.verdict(threshold, alpha=self.level)
        last = runs >= self.looks[-1]
        hopeless = runs >= self.looks[1] and test.p_value > self.futility
        return verdict if verdict != "inconclusive" or last or hopeless else None
