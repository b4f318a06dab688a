"""Finds the markers of a scatter plot, also where they overlap."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from langchain_phase5.vision.charts._canvas import Box, components
from langchain_phase5.vision.charts.unreadable import UnreadableChartError


@dataclass(frozen=True)
class Marker:
    """Center of a marker in pixels."""

    x: float
    y: float


def find_markers(mask: NDArray[np.bool_]) -> list[Marker]:
    """The markers of one color, from left to right.

    Raises:
        UnreadableChartError: Some overlap so much that they cannot be counted.
    """
    labels, boxes = components(mask)
    parts = [
        (box, labels[box[1] : box[3], box[0] : box[2]] == number)
        for number, box in enumerate(boxes, start=1)
    ]
    parts = [(box, part) for box, part in parts if part.sum() >= 6]
    if not parts:
        return []
    widths = np.array([box[2] - box[0] for box, _ in parts])
    heights = np.array([box[3] - box[1] for box, _ in parts])
    wide, high = float(np.median(widths)), float(np.median(heights))
    if max(wide, high) > 40 or min(wide, high) < 3:
        return []
    single = [_is_single(box, wide, high) for box, _ in parts]
    if not any(single):
        return []
    shape = next(part for (box, part), one in zip(parts, single, strict=True) if one)
    markers: list[Marker] = []
    for (box, part), one in zip(parts, single, strict=True):
        if one:
            markers.append(Marker((box[0] + box[2] - 1) / 2, (box[1] + box[3] - 1) / 2))
        elif min(box[2] - box[0], box[3] - box[1]) >= 0.6 * min(wide, high):
            markers += _split(box, part, shape)
    return sorted(markers, key=lambda marker: marker.x)


def _is_single(box: Box, wide: float, high: float) -> bool:
    width, height = box[2] - box[0], box[3] - box[1]
    return abs(width - wide) <= max(1.5, 0.2 * wide) and abs(height - high) <= max(1.5, 0.2 * high)


def _split(box: Box, part: NDArray[np.bool_], shape: NDArray[np.bool_]) -> list[Marker]:
    """Covers a blob with copies of one marker, the best fitting first.

    Raises:
        UnreadableChartError: Six copies do not explain it.
    """
    from scipy import ndimage, signal

    solid = ndimage.binary_fill_holes(shape).astype(float)
    height, width = solid.shape
    rest = np.pad(ndimage.binary_fill_holes(part).astype(float), ((height, height), (width, width)))
    whole, total = rest.copy(), rest.sum()
    markers: list[Marker] = []
    while rest.sum() > 0.12 * total:
        if len(markers) == 6:
            msg = "markers overlap so much that they cannot be counted"
            raise UnreadableChartError(msg)
        gain = signal.correlate(rest, solid, mode="valid")
        inside = signal.correlate(whole, solid, mode="valid") / solid.sum()
        row, column = np.unravel_index(int((gain * (inside > 0.85)).argmax()), gain.shape)
        rest[row : row + height, column : column + width] *= 1 - solid
        markers.append(
            Marker(
                box[0] - width + float(column) + (width - 1) / 2,
                box[1] - height + float(row) + (height - 1) / 2,
            )
        )
    return markers
