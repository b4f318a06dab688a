"""Charts as matplotlib draws them, for the reader to read."""

import io
from collections.abc import Callable
from typing import Any

from PIL import Image


def picture(draw: Callable[[Any], object], *, dpi: int = 100, **look: Any) -> Image.Image:
    """What matplotlib draws with the axes it hands to `draw`."""
    from matplotlib.figure import Figure

    canvas = Figure(figsize=(6.4, 4.8), dpi=dpi, layout="tight", **look)
    draw(canvas.subplots())
    buffer = io.BytesIO()
    canvas.savefig(buffer, format="png")
    return Image.open(buffer)
