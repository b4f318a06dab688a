"""How much one image may cost."""

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ImageLimits:
    """Bounds checked before the work they bound, so that a small hostile file stays cheap.

    A decoded pixel takes 4 bytes. Decoding 40 million of them and halving the picture, as
    `load_image` does with everything above `work_pixels`, peaks near 200 MB.

    Example:
        ```python
        from langchain_phase5.vision import ImageLimits

        strict = ImageLimits(max_bytes=5_000_000, max_pixels=12_000_000)
        ```
    """

    max_bytes: int = 32 * 2**20
    """Size of the file, download or stored object."""
    max_pixels: int = 40_000_000
    """Width times height, read from the header before anything is decoded."""
    work_pixels: int = 20_000_000
    """Larger pictures are shrunk by a whole factor while loading (20 MP is A4 at 400 dpi)."""
    max_frames: int = 100
    """Frames of an animation, or pages of a TIFF, that can be asked for."""
    max_pages: int = 500
    """Pages of a PDF that can be asked for."""
    max_seconds: float = 5.0
    """Time to open a PDF, and to draw each of its pages."""
