"""Tesseract, inside this process where tesserocr is installed, else through pytesseract."""

import os
import threading
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from PIL import Image

from langchain_phase5.vision.errors import ImageTooLargeError
from langchain_phase5.vision.ocr_result import Box, OCRWord

_WORD_LEVEL = "5"


class TesseractNotFoundError(RuntimeError):
    """Tesseract is not installed. The text says how to install it."""

    def __init__(self) -> None:
        super().__init__(
            "Tesseract is not installed. Debian, Ubuntu: sudo apt-get install tesseract-ocr; "
            "macOS: brew install tesseract; Windows: winget install UB-Mannheim.TesseractOCR"
        )


class Tesseract:
    """Reads words from a gray picture. Starting a process for each costs ~0.2 s of CPU time.

    Example:
        ```python
        from PIL import Image

        from langchain_phase5.vision.tesseract import Tesseract

        print(Tesseract().read(Image.new("L", (200, 50), 255)))
        ```
    """

    name = "tesseract"

    def __init__(
        self, *, languages: str = "eng", page_segmentation: int = 3, max_seconds: float = 60.0
    ) -> None:
        """Check that Tesseract and its languages are there.

        Raises:
            TesseractNotFoundError: Tesseract is not installed.
            ValueError: It has no data for one of the languages, or the segmentation is none.
        """
        if page_segmentation not in _READING_MODES:
            msg = f"Page segmentation {page_segmentation} reads nothing. Take 1, or 3 to 13."
            raise ValueError(msg)
        self.languages = languages
        self.page_segmentation = page_segmentation
        self._max_seconds = max_seconds
        self._folder = _language_folder(languages) if find_spec("tesserocr") else None
        if self._folder is None:
            _check_program(languages)
        self._local = threading.local()

    def read(self, picture: Image.Image, *, page_segmentation: int | None = None) -> list[OCRWord]:
        """Return the words in reading order, boxes in pixels of `picture`, taken for 300 dpi.

        Raises:
            ImageTooLargeError: It took more than `max_seconds`.
        """
        mode = self.page_segmentation if page_segmentation is None else page_segmentation
        gray = picture.convert("L")
        table = self._in_process(gray, mode) if self._folder else self._by_program(gray, mode)
        return list(_words(table))

    def _in_process(self, gray: Image.Image, mode: int) -> str:
        api = self._api()
        api.SetPageSegMode(mode)
        api.SetImageBytes(gray.tobytes(), gray.width, gray.height, 1, gray.width)
        api.SetSourceResolution(_DPI)
        try:
            if not api.Recognize(int(self._max_seconds * 1000)):
                raise ImageTooLargeError(self._too_slow())
            return str(api.GetTSVText(0))
        finally:
            api.Clear()

    def _api(self) -> Any:
        """Return this thread's own engine: one cannot be shared, and a new one costs 0.2 s."""
        if not hasattr(self._local, "api"):
            import tesserocr

            self._local.api = tesserocr.PyTessBaseAPI(path=self._folder, lang=self.languages)
        return self._local.api

    def _by_program(self, gray: Image.Image, mode: int) -> str:
        from pytesseract import pytesseract

        # The program's threads wait for each other in busy loops: one page takes up to four times
        # the CPU time. Set for this whole process, the limit would be PyTorch's as well.
        pytesseract.environ = {"OMP_THREAD_LIMIT": "1", **os.environ}
        try:
            return str(
                pytesseract.image_to_data(
                    gray,
                    lang=self.languages,
                    config=f"--psm {mode} --dpi {_DPI}",
                    timeout=self._max_seconds,
                )
            )
        except RuntimeError as error:
            if "timeout" not in str(error).lower():
                raise
            raise ImageTooLargeError(self._too_slow()) from None

    def _too_slow(self) -> str:
        return (
            f"Reading the picture took more than {self._max_seconds:g} s. "
            "Crop or shrink it, or raise OCREngine(max_seconds=...)."
        )


_DPI = 300
_READING_MODES = {1, *range(3, 14)}  # 0 and 2 only look at the layout


def _words(table: str) -> Iterator[OCRWord]:
    """Read Tesseract's table: level, page, block, paragraph, line, word, box, confidence, text."""
    for row in table.splitlines():
        cells = row.split("\t", 11)
        if cells[0] != _WORD_LEVEL or not (text := cells[-1].strip()):
            continue
        left, top, width, height = (int(cell) for cell in cells[6:10])
        yield OCRWord(
            text=text,
            confidence=min(1.0, max(0.0, float(cells[10]) / 100)),
            box=Box(left=left, top=top, width=width, height=height),
            block=int(cells[2]),
            paragraph=int(cells[3]),
            line=int(cells[4]),
        )


@cache
def _language_folder(languages: str) -> str | None:
    """Find the folder that holds the data of all these languages; tesserocr brings none."""
    files = [f"{language}.traineddata" for language in languages.split("+")]
    for folder in _data_folders():
        if all((folder / file).is_file() for file in files):
            return f"{folder}{os.sep}"
    return None


def _data_folders() -> Iterator[Path]:
    if prefix := os.environ.get("TESSDATA_PREFIX"):
        yield Path(prefix)
        yield Path(prefix) / "tessdata"
    yield from sorted(Path("/usr/share/tesseract-ocr").glob("*/tessdata"), reverse=True)
    for folder in (
        "/usr/share/tessdata",
        "/usr/local/share/tessdata",
        "/opt/homebrew/share/tessdata",
        "C:/Program Files/Tesseract-OCR/tessdata",
    ):
        yield Path(folder)


def _check_program(languages: str) -> None:
    try:
        import pytesseract
    except ImportError as error:
        msg = "Reading text needs one more package: pip install 'langchain-phase5[vision]'"
        raise ImportError(msg) from error
    try:
        available = set(pytesseract.get_languages())
    except pytesseract.TesseractNotFoundError:
        raise TesseractNotFoundError from None
    missing = sorted(set(languages.split("+")) - available)
    if missing:
        package = f"tesseract-ocr-{missing[0].replace('_', '-')}"
        msg = (
            f"Tesseract has no data for {', '.join(missing)}, only for "
            f"{', '.join(sorted(available))}. On Debian: sudo apt-get install {package}"
        )
        raise ValueError(msg)
