"""What can be known about an image without a model: its main colors, in words."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from langchain_phase5.vision.results import ColorShare

COLORFUL = 28
"""Difference between the strongest and weakest channel, 0 to 255."""
LEAST_SHARE = 0.02
NAMES = {
    "black": (0, 0, 0), "white": (255, 255, 255), "grey": (128, 128, 128),
    "light grey": (208, 208, 208), "dark grey": (64, 64, 64), "red": (220, 30, 30),
    "dark red": (120, 0, 0), "orange": (245, 140, 20), "yellow": (250, 225, 50),
    "brown": (120, 75, 30), "beige": (235, 220, 190), "green": (40, 160, 60),
    "dark green": (0, 85, 20), "light green": (150, 220, 140), "teal": (0, 128, 128),
    "cyan": (60, 210, 230), "blue": (40, 90, 210), "dark blue": (10, 25, 110),
    "light blue": (150, 195, 235), "purple": (125, 45, 170), "pink": (245, 150, 190),
}  # fmt: skip


def main_colors(image: Image.Image, *, most: int = 5) -> list[ColorShare]:
    """The colors that cover at least 2 % of an RGB picture, the largest first."""
    small = image.copy()
    small.thumbnail((160, 160), Image.Resampling.BOX)
    reduced = small.quantize(16, dither=Image.Dither.NONE)
    counts = np.bincount(np.asarray(reduced).ravel(), minlength=16)
    palette = np.array(reduced.getpalette() or [], dtype=int)[: 3 * 16].reshape(-1, 3)
    total: dict[str, tuple[int, str]] = {}
    for index in np.argsort(counts)[::-1]:
        if not counts[index]:
            break
        name = _nearest_name(palette[index])
        count, first = total.get(name, (0, "#{:02x}{:02x}{:02x}".format(*palette[index])))
        total[name] = count + int(counts[index]), first
    shares = [
        ColorShare(name=name, hex=code, share=round(count / counts.sum(), 3))
        for name, (count, code) in total.items()
    ]
    shares.sort(key=lambda one: one.share, reverse=True)
    return [one for one in shares if one.share >= LEAST_SHARE][:most]


def _nearest_name(color: NDArray[np.int_]) -> str:
    """The name of the nearest color that is as colorful: a dull blue is blue, not grey."""
    colorful = int(np.ptp(color)) > COLORFUL
    names = [
        name for name, value in NAMES.items() if (max(value) - min(value) > COLORFUL) == colorful
    ]
    known = np.array([NAMES[name] for name in names])
    return names[int(((known - color) ** 2).sum(axis=1).argmin())]
