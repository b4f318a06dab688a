"""Rank tools so that every part of a question gets one."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]

_PART_PENALTY = 0.1
_ALREADY_COVERED = 0.3
_MIN_CANDIDATES = 40
_TIE = 1e-5


def rank_by_coverage(whole: Floats, parts: Floats, *, count: int) -> list[tuple[int, float]]:
    """Pick tools one by one, each for its fit and for the parts it newly covers.

    This is the greedy rule for a monotone submodular aim (facility location; Nemhauser et al.
    1978): a tool is worth its fit to the whole question, or a little less than its fit to the best
    part, plus for every part what it adds to the best tool picked so far. No other tool's presence
    changes what a tool is worth, so one more tool can only insert itself.

    Args:
        whole: Scores for the whole question, shape (tools,).
        parts: Scores for its parts, shape (parts, tools); no parts means plain sorting.
        count: How many to pick.

    Returns:
        Place and worth of every pick; worths never rise.
    """
    if not len(parts):
        return [(place, float(whole[place])) for place in _best(whole, count)]
    fit = np.maximum(whole, parts.max(axis=0) - np.float32(_PART_PENALTY))
    return list(_pick(fit, parts, count))


def _pick(fit: Floats, parts: Floats, count: int) -> Iterator[tuple[int, float]]:
    wanted = max(_MIN_CANDIDATES, 2 * count)
    places = np.unique(np.concatenate([_best(row, wanted) for row in (fit, *parts)]))
    fit, parts = fit[places], parts[:, places]
    covered = np.full((len(parts), 1), _ALREADY_COVERED, dtype=np.float32)
    left = np.ones(len(places), dtype=bool)
    for _ in range(min(count, len(places))):
        worth = fit + np.maximum(parts - covered, 0).sum(axis=0)
        best = int(np.argmax(np.where(left, worth.round(6), -np.inf)))
        yield int(places[best]), float(worth[best])
        left[best] = False
        covered = np.maximum(covered, parts[:, best : best + 1])


def _best(scores: Floats, count: int) -> npt.NDArray[np.intp]:
    """Places of the highest scores, best first; equal ones in their order."""
    edge = np.partition(scores, -count)[-count] if count < len(scores) else -np.inf
    places = np.flatnonzero(scores >= edge - _TIE)
    return places[np.argsort(-scores[places].round(6), kind="stable")][:count]
