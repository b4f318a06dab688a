"""What a drawing can show, and which of these meanings are kept from training."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from itertools import product

COLORS = ("red", "orange", "yellow", "green", "blue", "purple", "pink", "black")
SHAPES = ("circle", "square", "triangle", "star", "diamond", "cross", "ring")
PLACES = ("left", "right", "top", "bottom", "middle")
SIZES = ("small", "large")
TREND_CHARTS = ("bar chart", "line chart", "scatter plot")
SLICE_CHARTS = ("pie chart", "donut chart")
TRENDS = ("rising", "falling")
PAGES = ("letter", "invoice", "form", "article")
MARKS = ("header", "stamp")

_HELD_OUT_ONE_IN = 5


@dataclass(frozen=True)
class Drawing:
    """The meaning of one drawing, apart from how it happens to be rendered.

    Args:
        family: `"shape"`, `"chart"` or `"document"`.
        details: Pairs of a detail's name and its value, e.g. `("color", "red")`, sorted by name.

    Example:
        >>> Drawing.of("shape", subject="star", color="red", size="large", count="two").details[0]
        ('color', 'red')
    """

    family: str
    details: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, family: str, **details: str) -> "Drawing":
        """Build one from keyword arguments."""
        return cls(family, tuple(sorted(details.items())))

    def __getitem__(self, detail: str) -> str:
        return dict(self.details)[detail]

    @cached_property
    def facts(self) -> frozenset[tuple[str, str]]:
        """Everything that is true of the drawing; a caption is right if it states a subset."""
        return frozenset(self.details) | {("family", self.family)}

    @cached_property
    def held_out(self) -> bool:
        """Whether this combination is kept for measuring: one in five, by a hash of its meaning."""
        digest = hashlib.sha256(repr((self.family, self.details)).encode()).digest()
        return digest[0] % _HELD_OUT_ONE_IN == 0


def all_drawings() -> list[Drawing]:
    """Every meaning there is (1,184), in a fixed order."""
    return [*_shapes(), *_charts(), *_documents()]


def _shapes() -> list[Drawing]:
    looks = list(product(SHAPES, COLORS, SIZES))
    single = [
        Drawing.of("shape", subject=subject, color=color, size=size, count="one", place=place)
        for (subject, color, size), place in product(looks, PLACES)
    ]
    several = [
        Drawing.of("shape", subject=subject, color=color, size=size, count=count)
        for (subject, color, size), count in product(looks, ("two", "three", "four"))
    ]
    return single + several


def _charts() -> list[Drawing]:
    trends = [
        Drawing.of("chart", subject=subject, color=color, trend=trend, grid=grid)
        for subject, color, trend, grid in product(TREND_CHARTS, COLORS, TRENDS, ("yes", "no"))
    ]
    slices = [
        Drawing.of("chart", subject=subject, color=color, slices=slices)
        for subject, color, slices in product(
            SLICE_CHARTS, COLORS, ("two", "three", "four", "five")
        )
    ]
    return trends + slices


def _documents() -> list[Drawing]:
    return [
        Drawing.of("document", subject=subject, color=color, mark=mark, photo=photo)
        for subject, color, mark, photo in product(PAGES, COLORS, MARKS, ("yes", "no"))
    ]
