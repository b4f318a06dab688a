"""The picture of a chart as flat colors: what is paper, what is panel, what may be a mark."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from langchain_phase5.vision.charts.unreadable import UnreadableChartError

Box = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels; right and bottom are exclusive."""

LONGEST_SIDE = 1800
"""Larger pictures are scaled down: more pixels cost time and add no information."""
SAME_COLOR = 26
"""Largest distance (maximum over channels, 0-255) between pixels of one flat color."""

COLORFUL = 60
"""Difference between the strongest and the weakest channel (0-255) of what is no grey."""

MOST_PIECES = 800
"""A color in more pieces than this is dots or dust, neither bars nor the swatches of a legend."""

MOST_COMPONENTS = 20_000
"""Patches of one color or kind; a page full of letters has some thousand."""

BUSY = 0.35
"""Share of the pixels that differ from their neighbor; a busy chart has 0.14, noise 0.5 to 1."""

DISTINCT = 9
"""The same for colors that fill large areas: a pale panel differs little from white paper."""


@dataclass
class Canvas:
    """Pixels with every one assigned to a flat color of the palette, or to none (-1)."""

    pixels: NDArray[np.int16]
    """Height x width x 3, 0-255."""
    palette: NDArray[np.int16]
    """Colors x 3, the most frequent first."""
    colors: NDArray[np.int16]
    """Height x width: index into the palette, -1 on the soft edges between colors."""
    paper: int
    """Palette index of the color around the chart."""
    panels: list[int] = field(default_factory=list)
    """Palette indices of backgrounds: the paper and any tinted panel behind the marks."""

    @property
    def height(self) -> int:
        """In pixels."""
        return int(self.pixels.shape[0])

    @property
    def width(self) -> int:
        """In pixels."""
        return int(self.pixels.shape[1])

    def mask(self, color: int) -> NDArray[np.bool_]:
        """Where that color of the palette is."""
        return np.asarray(self.colors == color)

    def distance(self, color: int) -> NDArray[np.int16]:
        """Per pixel, how far it is from that color: the maximum over the channels, 0-255."""
        return np.asarray(np.abs(self.pixels - self.palette[color]).max(axis=2))

    def transposed(self) -> "Canvas":
        """The same picture with x and y exchanged, so that bars that lie stand up."""
        return Canvas(
            self.pixels.transpose(1, 0, 2), self.palette, self.colors.T, self.paper, self.panels
        )


def make_canvas(image: Image.Image) -> Canvas:
    """Finds the flat colors of a picture.

    Raises:
        UnreadableChartError: There are none.
    """
    image = _flattened(image)
    if max(image.size) > LONGEST_SIDE:
        image.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    pixels = np.asarray(image, dtype=np.int16)
    steps = np.abs(np.diff(pixels, axis=1)).max(axis=2) > SAME_COLOR
    if steps.sum() > BUSY * steps.size:
        msg = "there are no flat colors in the picture, but noise, a dense pattern or a photograph"
        raise UnreadableChartError(msg)
    palette = _palette(pixels)
    if not len(palette):
        msg = "there are no flat colors in the picture"
        raise UnreadableChartError(msg)
    colors = _nearest(pixels, palette)
    border = np.concatenate([colors[0], colors[-1], colors[:, 0], colors[:, -1]])
    paper = int(np.bincount(border[border >= 0], minlength=1).argmax())
    canvas = Canvas(pixels, palette, colors, paper)
    canvas.panels = _panels(canvas)
    return canvas


def components(mask: NDArray[np.bool_]) -> tuple[NDArray[Any], list[Box]]:
    """8-connected components: the label of each pixel (from 1) and the boxes in that order.

    Raises:
        UnreadableChartError: There are more than any chart has, and it would take long to look at
            each.
    """
    from scipy import ndimage

    labels, count = ndimage.label(mask, structure=np.ones((3, 3), dtype=int))
    if count > MOST_COMPONENTS:
        msg = f"the picture falls into {count} patches, more than a chart has"
        raise UnreadableChartError(msg)
    boxes = [
        (part[1].start, part[0].start, part[1].stop, part[0].stop)
        for part in ndimage.find_objects(labels)
    ]
    return labels, boxes


def grown(mask: NDArray[np.bool_], by: int) -> NDArray[np.bool_]:
    """A mask and all pixels up to `by` rows and columns from it."""
    from scipy import ndimage

    wide = ndimage.maximum_filter(mask.astype(np.uint8), 2 * by + 1, mode="constant")
    return np.asarray(wide.astype(bool))


def grayness(part: NDArray[Any], ground: NDArray[Any]) -> NDArray[Any]:
    """How far (0-255) every channel is from the ground: a color leaves one of them as it was."""
    gray = np.ptp(part, axis=2) <= COLORFUL
    return np.asarray(np.abs(part - ground).min(axis=2) * gray)


def _flattened(image: Image.Image) -> Image.Image:
    """RGB on white: charts are saved with a transparent background more often than not."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        layer = image.convert("RGBA")
        paper = Image.new("RGBA", layer.size, "white")
        return Image.alpha_composite(paper, layer).convert("RGB")
    return image.convert("RGB")


def _palette(pixels: NDArray[np.int16], most: int = 24) -> NDArray[np.int16]:
    """The most frequent colors that are further apart than `SAME_COLOR`."""
    flat = pixels.reshape(-1, 3)
    bins = (flat >> 3).astype(np.int32)
    keys = (bins[:, 0] << 10) | (bins[:, 1] << 5) | bins[:, 2]
    counts = np.bincount(keys, minlength=1 << 15)
    least = max(24, round(0.0002 * len(flat)))
    chosen: list[NDArray[np.int16]] = []
    for key in np.argsort(counts)[::-1][:400]:
        if counts[key] < least or len(chosen) == most:
            break
        color = np.median(flat[keys == key], axis=0).astype(np.int16)
        apart = DISTINCT if counts[key] > 0.015 * len(flat) else SAME_COLOR
        if all(np.abs(color - other).max() > apart for other in chosen):
            chosen.append(color)
    return np.array(chosen, dtype=np.int16).reshape(-1, 3)


def _nearest(pixels: NDArray[np.int16], palette: NDArray[np.int16]) -> NDArray[np.int16]:
    best = np.full(pixels.shape[:2], SAME_COLOR, dtype=np.int16)
    colors = np.full(pixels.shape[:2], -1, dtype=np.int16)
    for index, color in enumerate(palette):
        distance = np.abs(pixels - color).max(axis=2)
        closer = distance < best
        best[closer] = distance[closer]
        colors[closer] = index
    return colors


def _panels(canvas: Canvas) -> list[int]:
    """The paper, and any color behind the marks: a filled rectangle on which no paper shows.

    Bars also reach the corners of the box around them, but between them one sees what is behind.
    """
    from scipy import ndimage

    found = []
    for color in range(len(canvas.palette)):
        if color == canvas.paper or canvas.mask(color).mean() < 0.05:
            continue
        mask = _opened(canvas.mask(color))  # soft edges of letters may have the panel's color
        rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
        if not len(rows):
            continue
        box = slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)
        height, width = mask[box].shape
        wide = width > 0.5 * canvas.width and height > 0.45 * canvas.height
        if wide and mask[box].mean() < 0.99 and _is_sheet(mask[box]):
            found.append((mask[box].size, color, box))
    panels = [canvas.paper]
    for _, color, box in sorted(found, key=lambda one: -one[0]):
        shown = np.isin(canvas.colors[box], panels)
        if ndimage.binary_opening(shown, np.ones((5, 5))).mean() < 0.15:  # a grid may be white
            panels.append(color)
    return panels


def _opened(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The largest patch of a color, grid lines bridged, without thin or stray parts."""
    from scipy import ndimage

    opened = ndimage.binary_opening(mask, np.ones((4, 4)))
    labels, boxes = components(ndimage.binary_closing(opened, np.ones((5, 5))))
    if not boxes:
        return np.asarray(opened)
    largest = int(np.bincount(labels.ravel())[1:].argmax()) + 1
    return np.asarray(opened & (labels == largest))


def _is_sheet(inner: NDArray[np.bool_]) -> bool:
    """Whether a color shows in three corners of its box and along three of its sides."""
    sides = [inner[:3].max(0), inner[-3:].max(0), inner[:, :3].max(1), inner[:, -3:].max(1)]
    corners = [inner[:4, :4], inner[:4, -4:], inner[-4:, :4], inner[-4:, -4:]]
    shown = sorted(float(side.mean()) for side in sides)
    return sum(corner.mean() > 0.5 for corner in corners) >= 3 and shown[1] > 0.3
