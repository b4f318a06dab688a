"""Text from pictures, by the engine and with the corrections that read it best."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from langchain_phase5.vision.images import (
    DEFAULT_LIMITS,
    LoadedImage,
    aload_image,
    load_image,
)
from langchain_phase5.vision.limits import ImageLimits
from langchain_phase5.vision.ocr_result import OCRResult
from langchain_phase5.vision.sources import ImageSource
from langchain_phase5.vision.tesseract import Tesseract

if TYPE_CHECKING:
    from langchain_phase5.vision.fetch import ImageFetcher
    from langchain_phase5.vision.image_store import ImageStore

_DPI = 300


class OCREngine:
    """Reads the text in an image, word by word, with boxes and confidence.

    Example:
        ```python
        from PIL import Image, ImageDraw

        from langchain_phase5.vision import OCREngine

        picture = Image.new("RGB", (400, 80), "white")
        ImageDraw.Draw(picture).text((20, 20), "Hello, world", fill="black", font_size=36)
        print(OCREngine().read(picture).text)
        ```
    """

    def __init__(
        self,
        *,
        languages: str = "eng",
        page_segmentation: int = 3,
        limits: ImageLimits = DEFAULT_LIMITS,
        roots: Sequence[str | Path] = (),
        fetcher: "ImageFetcher | None" = None,
        store: "ImageStore | None" = None,
        max_seconds: float = 60.0,
    ) -> None:
        """Check that the engine is there.

        Args:
            languages: Tesseract's codes, joined by `+`: `"eng+deu"`.
            page_segmentation: Tesseract's `--psm`, 0 to 13; 3 finds columns, 7 reads one line.
            limits: What an image may cost.
            roots: Folders that paths may name; see `load_image`.
            fetcher: Downloads URLs; without one they are refused.
            store: Holds stored images.
            max_seconds: For reading one picture once.

        Raises:
            TesseractNotFoundError: Tesseract is not installed.
            ValueError: It has no data for one of the languages.
        """
        self._limits = limits
        self._roots = tuple(roots)
        self._fetcher = fetcher
        self._store = store
        self._tesseract = Tesseract(
            languages=languages, page_segmentation=page_segmentation, max_seconds=max_seconds
        )

    def read(self, image: ImageSource | LoadedImage, *, page: int = 0) -> OCRResult:
        """Read one picture, or one page of a PDF or TIFF, counted from 0.

        Raises:
            ImageError: The image cannot be loaded; the message says why.
        """
        if not isinstance(image, LoadedImage):
            image = load_image(
                image,
                frame=page,
                limits=self._limits,
                roots=self._roots,
                fetcher=self._fetcher,
                store=self._store,
                dpi=_DPI,
            )
        return self._read(image)

    async def aread(self, image: ImageSource | LoadedImage, *, page: int = 0) -> OCRResult:
        """Read one picture without blocking the event loop; see `read`."""
        if not isinstance(image, LoadedImage):
            image = await aload_image(
                image,
                frame=page,
                limits=self._limits,
                roots=self._roots,
                fetcher=self._fetcher,
                store=self._store,
                dpi=_DPI,
            )
        return await asyncio.to_thread(self._read, image)

    def _read(self, loaded: LoadedImage) -> OCRResult:
        return OCRResult(
            words=self._tesseract.read(loaded.image),
            width=loaded.width,
            height=loaded.height,
            page=loaded.frame,
            engine=self._tesseract.name,
            languages=self._tesseract.languages,
        )
