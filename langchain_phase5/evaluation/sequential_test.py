"""Stop as soon as it is clear: a plan of looks that together keep the false alarm rate."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from langchain_phase5.evaluation.paired_test import Verdict


@dataclass(frozen=True, kw_only=True)
class SequentialTest:
    """Looks after so many runs of each example, each at a level that is part of the whole.

    With four looks after 1, 2, 3 and 5 runs a level of 0.021 at each keeps the chance of any false
    alarm near 0.05 (Pocock 1977; the looks share their data): at most 0.057, if a target's answers
    to an example vary from run to run as much as between examples, and less otherwise. A run is
    also given up as inconclusive when it is unlikely to become clear.

    Attributes:
        looks: Runs of each example after which to decide, rising.
        level: Of the test at each look.
        futility: A p-value above which, from the second look on, no alarm is expected any more.

    Example:
        >>> SequentialTest().decided("inconclusive", 1, p_value=0.2)
        False
    """

    looks: Sequence[int] = (1, 2, 3, 5)
    level: float = 0.021
    futility: float = 0.6

    def decided(self, verdict: "Verdict", runs: int, p_value: float | None = None) -> bool:
        """Whether to stop after `runs` runs with this verdict, reached at `level`."""
        if verdict != "inconclusive" or runs >= self.looks[-1]:
            return True
        hopeless = p_value is not None and p_value > self.futility
        return hopeless and len(self.looks) > 1 and runs >= self.looks[1]
