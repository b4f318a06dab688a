"""A gray picture on its way to an OCR engine, which knows where each of its pixels came from."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter, ImageOps

from langchain_phase5.vision.ocr_result import Box, OCRWord

_Affine = tuple[float, float, float, float, float, float]
_UNCHANGED: _Affine = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


@dataclass(frozen=True)
class Picture:
    """A gray image, and the corrections that made it out of the one it came from.

    Example:
        ```python
        from PIL import Image

        from langchain_phase5.vision.picture import Picture

        print(Picture(Image.new("L", (300, 200))).turned(90).image.size)
        ```
    """

    image: Image.Image
    corrections: tuple[str, ...] = ()
    origin: _Affine = _UNCHANGED
    """Maps a point (x, y) of this image to (a x + b y + c, d x + e y + f) in the first one."""

    @property
    def angle(self) -> float:
        """Degrees counterclockwise that the first image was turned by in all, 0 to 360."""
        return round(math.degrees(math.atan2(self.origin[3], self.origin[0])), 1) % 360

    def turned(self, degrees: float) -> "Picture":
        """Turn counterclockwise, on a white ground that is large enough."""
        image = self.image.rotate(degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=255)
        cosine, sine = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
        # Pillow turns about the centers: old = R (new - new center) + old center.
        x, y = image.width / 2, image.height / 2
        right = self.image.width / 2 - cosine * x + sine * y
        down = self.image.height / 2 - sine * x - cosine * y
        back = (cosine, -sine, right, sine, cosine, down)
        return self._made(image, f"turned by {degrees:g} degrees", back)

    def scaled(self, factor: float) -> "Picture":
        """Enlarge or shrink."""
        size = (round(self.image.width * factor), round(self.image.height * factor))
        image = self.image.resize(size, Image.Resampling.LANCZOS)
        x, y = self.image.width / image.width, self.image.height / image.height
        return self._made(image, f"scaled by {factor:.2g}", (x, 0.0, 0.0, 0.0, y, 0.0))

    def inverted(self) -> "Picture":
        """Make white on black black on white."""
        return self._made(ImageOps.invert(self.image), "inverted", _UNCHANGED)

    def evenly_lit(self) -> "Picture":
        """Divide by the paper's brightness, which takes shadows away."""
        paper = _paper(self.image).resize(self.image.size, Image.Resampling.BICUBIC)
        bright = np.maximum(np.asarray(paper, dtype=np.uint16), 1)
        even = np.minimum(np.asarray(self.image, dtype=np.uint16) * 255 // bright, 255)
        return self._made(Image.fromarray(even.astype(np.uint8)), "evenly lit", _UNCHANGED)

    def _made(self, image: Image.Image, correction: str, back: _Affine) -> "Picture":
        a, b, c, d, e, f = self.origin
        p, q, r, s, t, u = back
        origin = (
            *(a * p + b * s, a * q + b * t, a * r + b * u + c),
            *(d * p + e * s, d * q + e * t, d * r + e * u + f),
        )
        return Picture(image, (*self.corrections, correction), origin)

    def in_origin(self, words: Iterable[OCRWord]) -> list[OCRWord]:
        """Return words found here with the boxes they have in the first image."""
        if self.origin == _UNCHANGED:
            return list(words)
        return [word.model_copy(update={"box": self._box_in_origin(word.box)}) for word in words]

    def _box_in_origin(self, box: Box) -> Box:
        a, b, c, d, e, f = self.origin
        corners = [(x, y) for x in (box.left, box.right) for y in (box.top, box.bottom)]
        xs = [a * x + b * y + c for x, y in corners]
        ys = [d * x + e * y + f for x, y in corners]
        left, top = max(0, round(min(xs))), max(0, round(min(ys)))
        return Box(left=left, top=top, width=round(max(xs)) - left, height=round(max(ys)) - top)


def is_dark(image: Image.Image) -> bool:
    """Tell whether most of a gray picture is dark: light text on a dark ground, perhaps."""
    return float(np.median(np.asarray(image.reduce(4)))) < _DARK


_DARK = 100


def evenness_of_light(image: Image.Image) -> float:
    """Return the brightness of the darkest paper (5th percentile) over that of the brightest.

    Of a dark picture the negative is measured, as light text on dark ground is lit evenly too.
    """
    paper = _paper(ImageOps.invert(image) if is_dark(image) else image)
    dark, bright = np.percentile(np.asarray(paper), [5, 95])
    return float(dark / max(bright, 1.0))


def _paper(image: Image.Image) -> Image.Image:
    """Estimate the brightness of the paper behind the ink, on 300 points along the long side."""
    scale = 300 / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    small = image.resize(size, Image.Resampling.BOX)
    return small.filter(ImageFilter.MaxFilter(9)).filter(ImageFilter.GaussianBlur(4))


def skew_of(image: Image.Image, *, near: float = 0.0, within: float = 6.0) -> float:
    """Return the turn, in degrees counterclockwise, that makes the lines of text level.

    Level lines make the ink of the rows change most sharply from row to row (Postl's criterion,
    US patent 4,723,297, expired). 0 where no turn makes it clearly sharper.
    """
    ink = _ink(image)

    def sharpness(degrees: float) -> float:
        rows = np.asarray(ink.rotate(degrees, Image.Resampling.BILINEAR), dtype=np.float32).sum(1)
        return float((np.diff(rows) ** 2).sum())

    coarse = max(np.arange(near - within, near + within + 0.01, 0.5), key=sharpness)
    fine = float(max(np.arange(coarse - 0.4, coarse + 0.41, 0.1), key=sharpness))
    is_clear = sharpness(fine) > _CLEARLY * max(sharpness(0.0), 1e-9)
    return round(fine, 1) if is_clear else 0.0


_CLEARLY = 1.5


def _ink(image: Image.Image) -> Image.Image:
    """Return what is darker than its surroundings, bright on black, 800 pixels long."""
    scale = 800 / max(image.size)
    size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
    small = ImageOps.invert(image.resize(size, Image.Resampling.BOX))
    around = small.filter(ImageFilter.GaussianBlur(20))
    ink = np.asarray(small, dtype=np.int16) - np.asarray(around, dtype=np.int16)
    return Image.fromarray(np.clip(ink * 3, 0, 255).astype(np.uint8))
