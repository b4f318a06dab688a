"""Text from pictures, by the engine and with the corrections that read it best."""

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from PIL import Image

from langchain_phase5.vision.careful_reading import Read, Reading, read_carefully
from langchain_phase5.vision.images import (
    DEFAULT_LIMITS,
    LoadedImage,
    aload_image,
    load_frames,
    load_image,
)
from langchain_phase5.vision.limits import ImageLimits
from langchain_phase5.vision.ocr_result import OCRResult
from langchain_phase5.vision.page_pool import read_in_parallel
from langchain_phase5.vision.picture import Picture, evenness_of_light, skew_of
from langchain_phase5.vision.rapid_ocr import RapidOCR
from langchain_phase5.vision.searchable_pdf import PageWithText, searchable_pdf
from langchain_phase5.vision.sources import ImageSource
from langchain_phase5.vision.tesseract import Tesseract, TesseractNotFoundError

if TYPE_CHECKING:
    from langchain_phase5.vision.fetch import ImageFetcher
    from langchain_phase5.vision.image_store import ImageStore

EngineName = Literal["auto", "tesseract", "rapidocr"]

_DPI = 300
_DOUBTFUL = 0.88
"""Tesseract's mean confidence below which a second engine is asked. Clean books exceed it."""
_UNEVEN = 0.85
"""Light less even than this is that of a photo, on which Tesseract may be sure and wrong."""
_ENOUGH = 0.9
"""Share of the second engine's legible letters that Tesseract must reach to be believed.

On 40 drawn receipts, which RapidOCR reads better, it reached at most 0.88; on photos of book pages,
which Tesseract reads better, at least 0.93."""
_SECOND_LANGUAGES = frozenset({"eng", "chi_sim", "chi_tra"})
"""What is sure to be among the languages of RapidOCR's own models."""


class OCREngine:
    """Reads the text in an image, word by word, with boxes and confidence.

    A picture is read as it is; light, size, orientation and skew are corrected where the reading
    suggests it, and a correction is kept only if reading again makes more letters legible.

    With `engine="auto"` Tesseract reads first. Where it is unsure, or the light is that of a
    photo, RapidOCR (if installed) reads too, and wins if it makes clearly more letters legible.

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
        engine: EngineName | Read = "auto",
        languages: str = "eng",
        page_segmentation: int = 3,
        correct: bool = True,
        limits: ImageLimits = DEFAULT_LIMITS,
        roots: Sequence[str | Path] = (),
        fetcher: "ImageFetcher | None" = None,
        store: "ImageStore | None" = None,
        max_seconds: float = 60.0,
    ) -> None:
        """Check that the engine is there.

        Args:
            engine: Which one reads; `"auto"` takes what is installed and decides per picture. An
                engine of your own is a function from a picture to its words in reading order,
                boxes in pixels; it gets the picture uncorrected.
            languages: Tesseract's codes, joined by `+`: `"eng+deu"`.
            page_segmentation: Tesseract's `--psm`; 3 finds columns, 7 reads one line.
            correct: Whether to try corrections; False reads every picture once, as it is.
            limits: What an image may cost.
            roots: Folders that paths may name; see `load_image`.
            fetcher: Downloads URLs; without one they are refused.
            store: Holds stored images; without one their ids are refused.
            max_seconds: For Tesseract to read one picture once.

        Raises:
            TesseractNotFoundError: Tesseract is not installed (nor RapidOCR, with `"auto"`).
            ValueError: An argument is wrong, or Tesseract has no data for a language.
            ImportError: RapidOCR is asked for and not installed.
        """
        self._languages = languages
        self._correct = correct
        self._load = partial(
            load_image, limits=limits, roots=roots, fetcher=fetcher, store=store, dpi=_DPI
        )
        self._aload = partial(
            aload_image, limits=limits, roots=roots, fetcher=fetcher, store=store, dpi=_DPI
        )
        self._load_frames = partial(
            load_frames, limits=limits, roots=roots, fetcher=fetcher, store=store, dpi=_DPI
        )
        self._own = engine if callable(engine) else None
        self._rapid = RapidOCR() if _wants_rapid(engine, languages) else None
        self._tesseract: Tesseract | None = None
        try:
            if engine in {"auto", "tesseract"}:
                self._tesseract = Tesseract(
                    languages=languages,
                    page_segmentation=page_segmentation,
                    max_seconds=max_seconds,
                )
        except TesseractNotFoundError:
            if self._rapid is None:
                raise

    def read(self, image: ImageSource | LoadedImage, *, page: int = 0) -> OCRResult:
        """Read one picture, or one page of a PDF or TIFF, counted from 0.

        Raises:
            ImageError: The image cannot be loaded, or takes too long; the message says why.
        """
        return self._read(
            image if isinstance(image, LoadedImage) else self._load(image, frame=page)
        )

    async def aread(self, image: ImageSource | LoadedImage, *, page: int = 0) -> OCRResult:
        """Read one picture without blocking the event loop; see `read`."""
        if not isinstance(image, LoadedImage):
            image = await self._aload(image, frame=page)
        return await asyncio.to_thread(self._read, image)

    def read_pages(
        self,
        document: ImageSource,
        *,
        pages: Sequence[int] | None = None,
        workers: int | None = None,
        progress: bool = False,
    ) -> list[OCRResult]:
        """Read a PDF or multi-page TIFF, several pages at a time.

        Args:
            document: Anything an image can be given as.
            pages: Which ones, from 0; all by default.
            workers: Pages read at a time; by default one per processor.
            progress: Whether to show a progress bar.

        Raises:
            ImageError: The document cannot be loaded, or a page takes too long.
        """
        loaded = self._load_frames(document, frames=pages)
        return list(read_in_parallel(loaded, read=self._read, workers=workers, progress=progress))

    async def aread_pages(
        self,
        document: ImageSource,
        *,
        pages: Sequence[int] | None = None,
        workers: int | None = None,
        progress: bool = False,
    ) -> list[OCRResult]:
        """Read a document without blocking the event loop; see `read_pages`."""
        return await asyncio.to_thread(
            self.read_pages, document, pages=pages, workers=workers, progress=progress
        )

    def to_searchable_pdf(
        self, document: ImageSource, *, workers: int | None = None, progress: bool = False
    ) -> bytes:
        """Return a PDF of the pictures with their text behind them, to search and copy.

        Raises:
            ImageError: The document cannot be loaded, or a page takes too long.
        """

        def read(loaded: LoadedImage) -> PageWithText:
            return PageWithText.of(self._read(loaded), loaded, dpi=_DPI)

        loaded = self._load_frames(document)
        pages = read_in_parallel(loaded, read=read, workers=workers, progress=progress)
        return searchable_pdf(list(pages))

    def _read(self, loaded: LoadedImage) -> OCRResult:
        name, reading = self._best_reading(loaded.image)
        return OCRResult(
            words=reading.picture.in_origin(reading.words),
            width=loaded.width,
            height=loaded.height,
            page=loaded.frame,
            engine=name,
            languages=self._languages,
            corrections=list(reading.picture.corrections),
            angle=reading.angle,
        )

    def _best_reading(self, image: Image.Image) -> tuple[str, Reading]:
        if self._own is not None:
            return _name(self._own), Reading(Picture(image), self._own(image))
        gray = image.convert("L")
        first = self._by_tesseract(gray)
        if first is not None and (self._rapid is None or not _is_doubtful(first, gray)):
            return Tesseract.name, first
        second = self._by_rapid(image, gray)
        if first is not None and first.legible >= _ENOUGH * second.legible:
            return Tesseract.name, first
        return RapidOCR.name, second

    def _by_tesseract(self, gray: Image.Image) -> Reading | None:
        if self._tesseract is None:
            return None
        if self._correct:
            return read_carefully(gray, read=self._tesseract.read)
        return Reading(Picture(gray), self._tesseract.read(gray))

    def _by_rapid(self, image: Image.Image, gray: Image.Image) -> Reading:
        """Read once: this engine is so sure of itself that two readings cannot be compared."""
        picture = Picture(image)
        if self._correct and evenness_of_light(gray) < _UNEVEN:
            picture = Picture(gray).evenly_lit()
            degrees = skew_of(picture.image)
            picture = picture.turned(degrees) if degrees else picture
        return Reading(picture, self._rapid.read(picture.image) if self._rapid else [])


def _name(read: Read) -> str:
    return str(getattr(read, "__name__", type(read).__name__))


def _wants_rapid(engine: EngineName | Read, languages: str) -> bool:
    if callable(engine):
        return False
    if engine not in {"auto", "tesseract", "rapidocr"}:
        msg = f'There is no engine {engine!r}. Use "auto", "tesseract" or "rapidocr".'
        raise ValueError(msg)
    if engine == "auto":
        return RapidOCR.is_installed() and _SECOND_LANGUAGES.issuperset(languages.split("+"))
    return engine == "rapidocr"


def _is_doubtful(reading: Reading, gray: Image.Image) -> bool:
    return reading.confidence < _DOUBTFUL or evenness_of_light(gray) < _UNEVEN
