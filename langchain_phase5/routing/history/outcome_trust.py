"""How far past outcomes can be trusted, learned from how well they foretold later ones."""

import numpy as np
import numpy.typing as npt

_BINS = 10
_PRIOR_SAMPLES = 2.0
_MAX_SAMPLES = 2_000.0
_MAX_ODDS = 3.0


class OutcomeTrust:
    """The odds that the votes of past questions are right, by how near the nearest one is.

    Before an outcome joins the history, the history is asked for it: the share of the votes that
    went to the right tool is noted for that distance (prequential evaluation, Dawid 1984). Where
    the same things are asked again and again, near questions earn odds of 3 and more; where every
    question needs another tool, or the labels are wrong, they never do. Before anything
    is known, an equal question is given one chance in four to need the same tool, less alike ones
    less.

    Example:
        >>> trust = OutcomeTrust()
        >>> before = trust.odds(0.65)
        >>> for _ in range(20):
        ...     trust.add(0.65, share=0.9)
        >>> before < 0.3 < 2 < trust.odds(0.65)
        True
    """

    def __init__(self) -> None:
        centers = (np.arange(_BINS) + 0.5) / _BINS
        self._prior: npt.NDArray[np.float64] = 0.25 * centers**2
        self._centers = centers
        self._right = np.zeros(_BINS)
        self._samples = np.zeros(_BINS)

    def add(self, similarity: float, *, share: float) -> None:
        """Note how much of the vote was right, from 0 to 1, at this similarity (a cosine)."""
        place = min(_BINS - 1, max(0, int(similarity * _BINS)))
        self._right[place] += share
        self._samples[place] += 1
        if self._samples[place] > _MAX_SAMPLES:
            self._right[place] /= 2
            self._samples[place] /= 2

    def odds(self, similarity: float) -> float:
        """Return chance / (1 - chance) that the votes are right, at most 3."""
        chances = (self._right + _PRIOR_SAMPLES * self._prior) / (self._samples + _PRIOR_SAMPLES)
        chance = float(np.interp(similarity, self._centers, chances))
        return min(_MAX_ODDS, chance / max(1 - chance, 1e-9))
