"""From pixels to values: a scale fitted to tick labels of which some may be misread."""

import itertools
import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

FEWEST_AGREEING = 0.75
"""Share of the numeric labels that have to lie on the scale."""
Kind = Literal["linear", "log"]
LOG: tuple[Kind, ...] = ("log",)
BOTH: tuple[Kind, ...] = ("linear", "log")


@dataclass(frozen=True)
class Scale:
    """`value = slope * pixel + intercept`, of the value itself or of its decimal logarithm."""

    slope: float
    intercept: float
    kind: Kind = "linear"
    agreement: float = 1.0
    """Share of the labels that lie on it."""
    ticks: tuple[float, ...] = ()
    """The values of the labels that lie on it, ascending."""

    def value(self, pixel: float) -> float:
        """The value at a pixel coordinate."""
        plain = self.slope * pixel + self.intercept
        return plain if self.kind == "linear" else 10.0 ** min(max(plain, -300.0), 300.0)

    def pixel(self, value: float) -> float:
        """The pixel coordinate of a value."""
        return (_plain(value, self.kind) - self.intercept) / self.slope

    def shifted(self, pixels: float) -> "Scale":
        """The same scale with its origin moved by that many pixels."""
        return replace(self, intercept=self.intercept - self.slope * pixels)

    def rescaled(self, factor: float, offset: float) -> "Scale":
        """The same linear scale where every label stands for `factor * label + offset`."""
        return replace(
            self,
            slope=self.slope * factor,
            intercept=self.intercept * factor + offset,
            ticks=tuple(sorted(tick * factor + offset for tick in self.ticks)),
        )

    def read(self, pixel: float, *, blur: float = 0.4) -> float:
        """The value at a pixel with no more digits than a position known to `blur` pixels has."""
        ends = sorted((self.value(pixel - blur), self.value(pixel + blur)))
        return roundest(self.value(pixel), ends[0], ends[1])


def fit_scale(
    pixels: list[float], values: list[float | None], *, powers: bool = False
) -> Scale | None:
    """The scale most labels agree on, or None when too few do.

    Every pair of labels proposes a scale; the one with most labels within 1.5 pixels wins and is
    fitted again by least squares to those.

    Args:
        pixels: Where the labels are.
        values: What they say, None where they say no number.
        powers: They are printed as powers of ten, which no linear axis has.
    """
    labels = [(p, v) for p, v in zip(pixels, values, strict=True) if v is not None]
    best = max(
        (_consensus(labels, kind) for kind in (LOG if powers else BOTH)),
        key=lambda found: len(found[1]),
    )
    kind, agreeing = best
    if len(agreeing) < 2 or len(agreeing) < FEWEST_AGREEING * len(labels):
        return None
    if len(labels) > 2 and len(agreeing) < 3:
        return None
    x = np.array([p for p, _ in agreeing])
    y = np.array([_plain(v, kind) for _, v in agreeing])
    slope, intercept = np.polyfit(x, y, 1)
    ticks = tuple(sorted(v for _, v in agreeing))
    return Scale(float(slope), float(intercept), kind, len(agreeing) / len(labels), ticks)


def roundest(value: float, low: float, high: float) -> float:
    """The number with the fewest digits between `low` and `high`, nearest to `value`.

    >>> roundest(54.93, 54.7, 55.2), roundest(0.3333, 0.3331, 0.3335)
    (55.0, 0.3333)
    """
    if not (math.isfinite(low) and math.isfinite(high)) or low >= high:
        return value
    start = math.ceil(math.log10(max(abs(low), abs(high), 1e-12)))
    for exponent in range(start, start - 12, -1):
        digits = -exponent
        candidate = round(value, digits)
        if low <= candidate <= high:
            return candidate + 0.0  # turns -0.0 into 0.0
    return value


def _plain(value: float, kind: str) -> float:
    return value if kind == "linear" else math.log10(max(value, 1e-300))


def _consensus(
    labels: list[tuple[float, float]], kind: Kind
) -> tuple[Kind, list[tuple[float, float]]]:
    if kind == "log" and any(v <= 0 for _, v in labels):
        return kind, []
    points = [(p, _plain(v, kind)) for p, v in labels]
    best: list[int] = []
    least = math.inf
    for (p, v), (q, w) in itertools.combinations(points, 2):
        if v == w or abs(p - q) < 4:
            continue
        slope = (w - v) / (q - p)
        off = [abs((u - v) / slope - (r - p)) for r, u in points]
        inside = [i for i, distance in enumerate(off) if distance <= 1.5]
        total = sum(off[i] for i in inside)
        if (len(inside), -total) > (len(best), -least):
            best, least = inside, total
    return kind, [labels[i] for i in best]
