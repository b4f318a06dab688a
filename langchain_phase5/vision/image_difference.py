"""Measures how two images differ: by pixels, by structure, by perceptual hash, and where."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from langchain_phase5.vision.ocr_result import Box
from langchain_phase5.vision.results import ImageDifference

VISIBLE = 24
"""Difference in one channel (0-255) below which compression noise hides."""
MOST_REGIONS = 8
WORKING_SIDE = 1024
"""Longer sides are shrunk to this for measuring, in pixels."""


def measure_difference(first: Image.Image, second: Image.Image) -> ImageDifference:
    """Compares two RGB pictures; the second is scaled to the size of the first.

    Raises:
        ImportError: SciPy is not installed.
    """
    identical = first.size == second.size and first.tobytes() == second.tobytes()
    scale = min(1.0, WORKING_SIDE / max(first.size))
    size = max(1, round(first.width * scale)), max(1, round(first.height * scale))
    one, two = _pixels(first, size), _pixels(second, size)
    apart = np.abs(one - two).max(axis=2) > VISIBLE
    return ImageDifference(
        identical=identical,
        changed_share=round(float(apart.mean()), 6),
        structural_similarity=round(_similarity(one.mean(axis=2), two.mean(axis=2)), 4),
        perceptual_distance=int((_hash(first) != _hash(second)).sum()),
        regions=_regions(apart, scale),
    )


def _pixels(image: Image.Image, size: tuple[int, int]) -> NDArray[np.float64]:
    resized = image if image.size == size else image.resize(size, Image.Resampling.BOX)
    return np.asarray(resized.convert("RGB"), dtype=float)


def _similarity(one: NDArray[np.float64], two: NDArray[np.float64]) -> float:
    """Mean structural similarity in windows of 7 x 7 pixels (Wang et al. 2004)."""
    from scipy.ndimage import uniform_filter

    def mean(values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(uniform_filter(values, size=7))

    steady, contrast = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    a, b = mean(one), mean(two)
    spread = mean(one * one) - a * a + mean(two * two) - b * b
    together = mean(one * two) - a * b
    top = (2 * a * b + steady) * (2 * together + contrast)
    return float((top / ((a * a + b * b + steady) * (spread + contrast))).mean())


def _hash(image: Image.Image) -> NDArray[np.bool_]:
    """Difference hash: whether each of 8 x 8 cells is darker than its right neighbor."""
    cells = np.asarray(image.convert("L").resize((9, 8), Image.Resampling.BOX), dtype=int)
    return np.asarray(cells[:, 1:] > cells[:, :-1])


def _regions(apart: NDArray[np.bool_], scale: float) -> list[Box]:
    """Boxes around what changed, with gaps of up to a fiftieth of the picture closed."""
    from scipy import ndimage

    if not apart.any():
        return []
    reach = max(1, max(apart.shape) // 50)
    grown = ndimage.maximum_filter(apart, size=reach)
    labels, count = ndimage.label(grown)
    sizes = ndimage.sum_labels(apart, labels, index=range(1, count + 1))
    found = ndimage.find_objects(np.where(apart, labels, 0))
    order = np.argsort(sizes)[::-1][:MOST_REGIONS]
    return [
        Box(
            left=round(columns.start / scale),
            top=round(rows.start / scale),
            width=max(1, round((columns.stop - columns.start) / scale)),
            height=max(1, round((rows.stop - rows.start) / scale)),
        )
        for rows, columns in (found[int(index)] for index in order)
    ]
