"""Which pixels of a chart belong to which series, and how surely each is covered by it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from langchain_phase5.vision.charts._canvas import components, grown
from langchain_phase5.vision.charts._frame import Frame
from langchain_phase5.vision.charts._layout import Layout
from langchain_phase5.vision.charts.unreadable import UnreadableChartError

COVERED = 0.42
"""Share of a pixel that a mark covers before the pixel counts as its ink."""
OFF_RAY = 45.0
"""How far a pixel may be from a blend of ground and mark (maximum over channels, 0-255)."""
NEAR_RAY = 12.0
"""The same for pixels that are surely such a blend."""
SAME_HUE = 0.98
"""Cosine between two colors as seen from the ground, from which on they are shades of one."""
LEAST = 12
"""Fewest pixels of a series."""


@dataclass(frozen=True)
class Ink:
    """The marks of one series."""

    name: str | None
    cover: NDArray[np.float64]
    """Per pixel of the frame, the share that the series covers, 0 to 1."""
    hidden: NDArray[np.bool_]
    """Where another series, the legend or a grid line may lie over this one."""

    @property
    def mask(self) -> NDArray[np.bool_]:
        """The pixels that it covers."""
        return np.asarray(self.cover >= COVERED)


def find_inks(frame: Frame, layout: Layout, *, apart: bool = False) -> list[Ink]:
    """The marks of every series, in the order of the legend.

    Args:
        frame: Where the marks are.
        layout: What is around them.
        apart: Whether the marks are markers, each of one color. Shades of one hue can be told apart
            then: the edge of a dark marker looks like a pale one, a whole marker does not.

    Raises:
        UnreadableChartError: There are several colors and no legend that names them, or the
            legend names a color that is not there.
    """
    if len(layout.legend) > 1:
        names: list[str | None] = [entry.name for entry in layout.legend]
        colors = _full(frame, np.array([entry.rgb for entry in layout.legend], dtype=float))
    else:
        names, colors = [None], _only_color(frame)
    if len(colors) == 1:
        covers = [_cover_of_all(frame, colors[0])]
    elif apart and _are_shades(colors - frame.ground):
        covers = _covers_of_shades(frame, colors)
    else:
        covers = _covers(frame, colors)
    seen = np.max(covers, axis=0) >= COVERED
    mixed = frame.ink & ~grown(seen, 1)  # where half-transparent marks of two series overlap
    hidden = frame.covered | frame.outside | mixed
    inks = [
        Ink(name, cover, _others(covers, index) | hidden)
        for index, (name, cover) in enumerate(zip(names, covers, strict=True))
    ]
    if any(ink.mask.sum() < LEAST for ink in inks):
        msg = "the legend names a color that is not in the plot" if layout.legend else "no marks"
        raise UnreadableChartError(msg)
    left = frame.ink & ~np.logical_or.reduce([grown(ink.mask, 3) for ink in inks])
    if left.sum() > 0.08 * frame.ink.sum():
        msg = "there are marks in a color that no series has"
        raise UnreadableChartError(msg)
    return inks


def _full(frame: Frame, colors: NDArray[np.float64]) -> NDArray[np.float64]:
    """The colors of swatches, purer where the plot shows the same hue further from the ground.

    The swatch of a line that is thinner than a pixel is a blend of its color with the ground.
    """
    away = frame.pixels[frame.ink] - frame.ground
    along = colors - frame.ground
    lengths = np.maximum(1.0, np.linalg.norm(along, axis=1))
    alike = along @ along.T / lengths[:, None] / lengths
    out = colors.copy()
    for index, (ray, length) in enumerate(zip(along, lengths, strict=True)):
        if (alike[index] > SAME_HUE).sum() > 1:
            continue  # shades of one hue: the purer color is another entry
        share = away @ ray / length**2
        on_ray = (np.abs(away - share[:, None] * ray).max(axis=1) <= NEAR_RAY) & (share >= 1.0)
        if on_ray.sum() >= LEAST:
            out[index] = frame.ground + float(np.quantile(share[on_ray], 0.7)) * ray
    return np.clip(out, 0.0, 255.0)


def _only_color(frame: Frame) -> NDArray[np.float64]:
    """The color of the only series: 1 x 3.

    Raises:
        UnreadableChartError: There is none, or there are several apart from each other.
    """
    away = np.abs(frame.pixels - frame.ground).max(axis=2)
    core = frame.ink & (away >= 0.9 * _highest_near(away))
    if core.sum() < LEAST:
        msg = "there are no marks"
        raise UnreadableChartError(msg)
    colors = frame.pixels[core]
    strong = np.abs(colors - frame.ground).max(axis=1)
    pure = colors[strong >= np.quantile(strong, 0.5)]
    main = np.median(pure, axis=0)
    for _ in range(4):  # towards the most frequent color
        near = np.abs(colors - main).max(axis=1) < 60
        if near.sum() >= LEAST:
            main = np.median(colors[near], axis=0)
    if not _is_one_series(frame, main):
        msg = "there are several colors and no legend"
        raise UnreadableChartError(msg)
    return np.asarray(main)[None]


def _is_one_series(frame: Frame, main: NDArray[np.float64]) -> bool:
    """Whether nearly all ink is in patches that show the main color (others are their edges)."""
    shows = frame.ink & (np.abs(frame.pixels - main).max(axis=2) < 70)
    labels, boxes = components(grown(frame.ink, 1))
    sizes = np.bincount(labels[frame.ink], minlength=len(boxes) + 1)
    shown = np.bincount(labels[shows], minlength=len(boxes) + 1)
    mine = shown > 0.12 * sizes
    return float(sizes[mine].sum()) >= 0.97 * float(sizes.sum())


def _cover_of_all(frame: Frame, color: NDArray[np.float64]) -> NDArray[np.float64]:
    """The cover by the only series, with the edges that its markers have in another color."""
    away = np.abs(frame.pixels - frame.ground).max(axis=2)
    share = np.clip(away / max(1.0, float(np.abs(color - frame.ground).max())), 0.0, 1.0)
    near = grown(frame.ink & (share >= COVERED), 1) & ~frame.covered
    return np.where(near, share, 0.0)


def _highest_near(values: NDArray[np.float64]) -> NDArray[np.float64]:
    from scipy import ndimage

    return np.asarray(ndimage.maximum_filter(values, 3))


def _covers(frame: Frame, colors: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """For each color the share of every pixel it covers, given to the color that fits best."""
    away = frame.pixels - frame.ground
    shares, misfits = [], []
    for color in colors:
        along = color - frame.ground
        share = np.clip(away @ along / max(1.0, float(along @ along)), 0.0, 1.0)
        off = np.abs(away - share[..., None] * along).max(axis=2)
        shares.append(share)
        misfits.append(off + 12.0 * (1.0 - share))
    best = np.argmin(misfits, axis=0)
    covers = []
    for index, share in enumerate(shares):
        mine = (best == index) & (misfits[index] <= OFF_RAY) & ~frame.covered
        near = grown(mine & frame.ink & (share >= COVERED), 1)
        covers.append(np.where(mine & near, share, 0.0))
    return covers


def _are_shades(along: NDArray[np.float64]) -> bool:
    unit = along / np.maximum(1.0, np.linalg.norm(along, axis=1))[:, None]
    return bool((unit @ unit.T).min() > SAME_HUE)


def _covers_of_shades(frame: Frame, colors: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """The cover by each shade of one hue: a patch belongs as a whole to that of its purest pixels.

    Raises:
        UnreadableChartError: Patches differ in size, so that markers of two shades may touch, or
            the shade of one is between two.
    """
    along = colors - frame.ground
    purest = along[np.linalg.norm(along, axis=1).argmax()]
    shades = along @ purest / (purest @ purest)
    away = frame.pixels - frame.ground
    share = away @ purest / (purest @ purest)
    off = np.abs(away - share[..., None] * purest).max(axis=2)
    shown = (share >= COVERED * shades.min()) & (off <= OFF_RAY) & frame.ink
    labels, boxes = components(grown(shown, 2))  # a grid line may cut a pale marker in pieces
    covers = [np.zeros_like(share) for _ in colors]
    sizes = [max(right - left, bottom - top) for left, top, right, bottom in boxes]
    if not sizes or max(sizes) > 1.5 * min(sizes):
        msg = "the markers in shades of one color do not look alike"
        raise UnreadableChartError(msg)
    for number in range(1, len(boxes) + 1):
        patch = shown & (labels == number)
        distances = np.abs(shades - np.quantile(share[patch], 0.75))
        nearest, next_best = np.argsort(distances)[:2]
        if distances[nearest] > 0.5 * distances[next_best]:
            msg = "the color of a marker is between those of two series"
            raise UnreadableChartError(msg)
        near = grown(patch, 1) & ~frame.covered
        covers[nearest][near] = np.clip(share[near] / shades[nearest], 0.0, 1.0)
    return covers


def _others(covers: list[NDArray[np.float64]], index: int) -> NDArray[np.bool_]:
    """Where other series are, by a pixel and a half more: the blend of two belongs to neither."""
    others = [cover for number, cover in enumerate(covers) if number != index]
    if not others:
        return np.zeros_like(covers[0], dtype=bool)
    return grown(np.max(others, axis=0) >= COVERED, 1)
