"""Finds the labels along the axes, and the scale that they make."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from langchain_phase5.vision.charts._canvas import Box, Canvas
from langchain_phase5.vision.charts._numbers import read_number, unit_of
from langchain_phase5.vision.charts._phrase import Phrase, Word, middle
from langchain_phase5.vision.charts._powers import raised
from langchain_phase5.vision.charts._reading import read_phrases
from langchain_phase5.vision.charts._scale import Scale, fit_scale
from langchain_phase5.vision.charts._ticks import snapped

LEGIBLE = 0.3
"""Least confidence of every label, 0 to 1."""
_AS_LETTER = str.maketrans("l1|!0", "IIIIO")
_AS_DIGIT = str.maketrans("lIOS", "1105")


@dataclass
class Ticks:
    """The labels along one axis."""

    names: list[str] = field(default_factory=list)
    positions: list[float] = field(default_factory=list)
    """Pixel coordinate of each label along the axis."""
    boxes: list[Box] = field(default_factory=list)
    words: list[tuple[float, str]] = field(default_factory=list)
    """Center along the axis and text of every word of every label."""
    scale: Scale | None = None
    """None when the labels are categories."""
    unit: str | None = None
    legible: bool = True
    """Every label was recognized with some confidence."""

    @property
    def look_numeric(self) -> bool:
        """Whether there are digits in several of them."""
        return sum(any(one.isdigit() for one in name) for name in self.names) >= 2

    @property
    def are_misread(self) -> bool:
        """Whether most are numbers, which yet lie on no scale."""
        letters = [sum(one.isalpha() for one in name) for name in self.names]
        digits = [sum(one.isdigit() for one in name) for name in self.names]
        numbers = sum(d > a for d, a in zip(digits, letters, strict=True))
        return self.scale is None and numbers > 0.5 * len(self.names)

    @property
    def are_names(self) -> bool:
        """Whether they can serve as categories: legible and all different."""
        return self.legible and len(set(self.names)) == len(self.names)


def column_of_ticks(phrases: list[Phrase], canvas: Canvas) -> list[Phrase]:
    """The largest set of phrases that end at the same x, in the left part of the picture."""
    upright = [p for p in phrases if p.upright and p.text and p.box[2] < 0.6 * canvas.width]
    return _largest(upright, lambda p: p.box[2], prefer=lambda p: -p.box[2])


def row_of_ticks(phrases: list[Phrase], canvas: Canvas) -> list[Phrase]:
    """The largest set of phrases on one line (turned ones: that end at one y), low ones first."""
    low = [p for p in phrases if p.text and p.center[1] > 0.4 * canvas.height]
    flat = _largest(
        _split([p for p in low if p.upright]),
        lambda p: p.center[1],
        prefer=lambda p: p.box[1],
    )
    turned = _largest(
        [p for p in low if not p.upright], lambda p: p.box[1], prefer=lambda p: p.box[1]
    )
    return max(flat, turned, key=len)


def _largest(
    phrases: list[Phrase], edge: Callable[[Phrase], float], *, prefer: Callable[[Phrase], float]
) -> list[Phrase]:
    """The most phrases with the same edge; of equally many those that `prefer` ranks first."""
    best: list[Phrase] = []
    for phrase in phrases:
        mates = [
            other
            for other in phrases
            if abs(edge(other) - edge(phrase)) <= max(2.0, 0.35 * phrase.size)
            and 0.6 <= other.size / max(1, phrase.size) <= 1.7
        ]
        if (len(mates), prefer(phrase)) > (len(best), prefer(best[0]) if best else 0):
            best = mates
    return best if len(best) > 1 else []


def _split(phrases: list[Phrase]) -> list[Phrase]:
    """Numbers that stand so close that they looked like one phrase are labels of their own."""
    parts: list[Phrase] = []
    for phrase in phrases:
        numbers = all(read_number(word) is not None for word in phrase.words)
        parts += [Phrase([word]) for word in phrase.words] if numbers else [phrase]
    return parts


def make_ticks(canvas: Canvas, phrases: list[Phrase], *, axis: int) -> Ticks:
    phrases = sorted(phrases, key=lambda p: p.center[axis])
    positions = [middle(p.box)[axis] for p in phrases]
    values = [read_number(p.words[0]) if len(p.words) == 1 else None for p in phrases]
    numeric = sum(value is not None for value in values)
    positions = snapped(canvas, positions, [p.box for p in phrases], axis=axis)
    enough = numeric >= max(2, 0.6 * len(values))
    powers = any("^" in p.text for p in phrases)
    scale = fit_scale(positions, values, powers=powers) if enough else None
    unit = next((u for p in phrases if (u := unit_of(p.text))), None) if scale else None
    return Ticks(
        names=_alike([p.text for p in phrases]),
        positions=positions,
        boxes=[p.box for p in phrases],
        words=[(middle(w.box)[axis], w.text) for p in phrases for w in p.words if w.text],
        scale=scale,
        unit=unit,
        legible=bool(phrases) and min(p.confidence for p in phrases) >= LEGIBLE,
    )


def renamed(ticks: Ticks, phrases: list[Phrase], *, axis: int) -> Ticks:
    """The same labels, named by what their print is read as now."""
    phrases = sorted(phrases, key=lambda p: p.center[axis])
    return replace(
        ticks,
        names=_alike([p.text for p in phrases]),
        words=[(middle(w.box)[axis], w.text) for p in phrases for w in p.words if w.text],
        legible=bool(phrases) and min(p.confidence for p in phrases) >= LEGIBLE,
    )


def as_digits(canvas: Canvas, phrases: list[Phrase], ticks: Ticks, *, axis: int) -> Ticks:
    """Reads labels again as numbers; kept if they then lie on a scale, as names would not."""
    if len(phrases) < 3 or any(raised(word) for phrase in phrases for word in phrase.words):
        return ticks  # the digits of 10 to the power of 3 say 103
    again = [Phrase([Word(w.glyphs, w.box) for w in p.words], p.upright) for p in phrases]
    read_phrases(canvas, again, digits=True)
    numbers = make_ticks(canvas, again, axis=axis)
    return numbers if numbers.scale else ticks


def _alike(names: list[str]) -> list[str]:
    """Names read in the light of each other: among A, B, C an l is an I, beside A2 Al is A1."""
    letters = [name for name in names if len(name) == 1 and name.isupper()]
    if names and len(letters) >= 0.5 * len(names):
        return [name.translate(_AS_LETTER).upper() if len(name) == 1 else name for name in names]
    numbered = [name for name in names if len(name) > 1 and name[-1].isdigit()]
    if any(name[:-1].isalpha() for name in numbered):
        return [
            name[:-1] + name[-1].translate(_AS_DIGIT)
            if any(name[:-1] == other[:-1] for other in numbered)
            else name
            for name in names
        ]
    return names
