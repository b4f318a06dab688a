"""Does the judge see what people see?"""

from collections.abc import Mapping, Sequence
from typing import Literal

from langchain_phase5.evaluation.report import EvaluationReport

Level = Literal["nominal", "interval"]


def krippendorff_alpha(
    ratings: Sequence[Sequence[float | None]], *, level: Level = "nominal"
) -> float | None:
    """Krippendorff's alpha: 1 is full agreement, 0 what chance gives, below 0 is worse than that.

    After Krippendorff, "Computing Krippendorff's Alpha-Reliability", 2011, by way of coincidences.

    Args:
        ratings: One sequence per rater, over the same items; `None` where a rater has none.
        level: `nominal` for labels, `interval` for numbers whose distance counts.

    Returns:
        `None` where fewer than two ratings meet, or all ratings are the same value.

    Example:
        >>> krippendorff_alpha([[1, 0, 1, 1], [1, 0, 1, 0]])
        0.5333333333333333
    """
    import numpy as np  # noqa: PLC0415 - importing the package shall not wait for it

    items = [[r for r in item if r is not None] for item in zip(*ratings, strict=True)]
    items = [item for item in items if len(item) > 1]
    values = sorted({rating for item in items for rating in item})
    if len(values) < 2:  # noqa: PLR2004
        return None
    place = {value: index for index, value in enumerate(values)}
    coincidences = np.zeros((len(values), len(values)))
    for item in items:
        for i, first in enumerate(item):
            for j, second in enumerate(item):
                if i != j:
                    coincidences[place[first], place[second]] += 1 / (len(item) - 1)
    points = np.array(values, dtype=float)
    distance = (points[:, None] - points) ** 2 if level == "interval" else 1 - np.eye(len(values))
    totals = coincidences.sum(1)
    expected = float((np.outer(totals, totals) * distance).sum()) / (float(totals.sum()) - 1)
    observed = float((coincidences * distance).sum())
    return 1 - observed / expected


def judge_agreement(
    report: EvaluationReport,
    human: Mapping[str, float],
    *,
    metric: str,
    level: Level = "interval",
) -> float | None:
    """Alpha between a metric's scores and people's, by example id.

    Args:
        report: The run that the judge graded.
        human: Scores by example id, on the same scale; some examples are enough.
        metric: The judge's key.
        level: As for `krippendorff_alpha`.

    Raises:
        ValueError: No example was scored by both.
    """
    judged = report.example_scores(metric)
    shared = [key for key in human if key in judged]
    if not shared:
        msg = f"no example has both a score of {metric!r} and one of a person"
        raise ValueError(msg)
    pairs = [[judged[key] for key in shared], [float(human[key]) for key in shared]]
    return krippendorff_alpha(pairs, level=level)
