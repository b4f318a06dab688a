"""RapidOCR: a second engine, whose models come in its wheel. Slower on books, better on photos."""

import threading
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from typing import Any

import numpy as np
from PIL import Image

from langchain_phase5.vision.lost_spaces import Character, with_spaces
from langchain_phase5.vision.ocr_result import Box, OCRWord
from langchain_phase5.vision.text_rows import rows_of


class RapidOCR:
    """Reads words from a color picture with PaddleOCR's networks on onnxruntime.

    Example:
        ```python
        from PIL import Image

        from langchain_phase5.vision.rapid_ocr import RapidOCR

        if RapidOCR.is_installed():
            print(RapidOCR().read(Image.new("RGB", (200, 50), "white")))
        ```
    """

    name = "rapidocr"

    def __init__(self) -> None:
        """Prepare to load the networks on first use.

        Raises:
            ImportError: The package is missing.
        """
        if not self.is_installed():
            msg = "RapidOCR needs more packages: pip install 'langchain-phase5[ocr]'"
            raise ImportError(msg)
        self._lock = threading.Lock()
        self._engine: Any = None

    @staticmethod
    def is_installed() -> bool:
        """Tell whether its packages are there."""
        return all(find_spec(name) is not None for name in ("rapidocr", "onnxruntime"))

    def read(self, picture: Image.Image) -> list[OCRWord]:
        """Return the words row by row, boxes in pixels of `picture`."""
        rgb = picture.convert("RGB")
        bgr = np.ascontiguousarray(np.asarray(rgb)[:, :, ::-1])
        with self._lock:  # it keeps state between its steps
            found = self._loaded()(bgr, return_word_box=True, return_single_char_box=True)
        if not found.txts:
            return []
        lines = [
            _characters(text, parts)
            for text, parts in zip(found.txts, found.word_results, strict=True)
        ]
        lines = [line for line in lines if line]
        ends = with_spaces(np.asarray(rgb.convert("L")), lines)
        return list(_in_rows([_words(*pair) for pair in zip(lines, ends, strict=True)]))

    def _loaded(self) -> Any:
        if self._engine is None:
            import rapidocr

            threads = "EngineConfig.onnxruntime.{}_op_num_threads"
            self._engine = rapidocr.RapidOCR(
                params={
                    "Global.log_level": "critical",
                    threads.format("intra"): 1,  # pages in parallel use the cores better
                    threads.format("inter"): 1,
                    "Det.score_mode": "slow",  # by the outline: a box around a bent line is empty
                }
            )
        return self._engine


_Word = tuple[str, float, Box]
_Part = tuple[str, float, list[list[float]]]
_LOOKALIKES = {"\u00d7": "x"}
"""The networks see a multiplication sign in many a lone x, in no way to be told apart."""


def _characters(text: str, parts: Iterable[_Part]) -> list[Character]:
    """Match the characters, which come without spaces, with the text, which has them."""
    line: list[Character] = []
    rest = text.lstrip()
    for piece, confidence, corners in parts:
        if not piece.strip():
            continue
        place = rest.find(piece)
        rest = rest[place + len(piece) :] if place >= 0 else rest
        line.append(
            Character(_LOOKALIKES.get(piece, piece), confidence, _box(corners), rest[:1].isspace())
        )
    return line


def _words(line: list[Character], ends: list[int]) -> list[_Word]:
    """Join the characters to words that end where told."""
    words, start = [], 0
    for end in ends:
        part = line[start : end + 1]
        left, top = min(one.box.left for one in part), min(one.box.top for one in part)
        right, bottom = max(one.box.right for one in part), max(one.box.bottom for one in part)
        box = Box(left=left, top=top, width=right - left, height=bottom - top)
        confidence = sum(one.confidence for one in part) / len(part)
        words.append(("".join(one.text for one in part), confidence, box))
        start = end + 1
    return words


def _box(corners: list[list[float]]) -> Box:
    xs, ys = [max(0.0, x) for x, _ in corners], [max(0.0, y) for _, y in corners]
    left, top = round(min(xs)), round(min(ys))
    return Box(left=left, top=top, width=round(max(xs)) - left, height=round(max(ys)) - top)


def _in_rows(lines: list[list[_Word]]) -> Iterator[OCRWord]:
    """Put together what stands side by side: the engine finds pieces of lines, in any order."""
    rows = rows_of([[box for _, _, box in line] for line in lines])
    for number, row in enumerate(rows, start=1):
        for text, confidence, box in (word for index in row for word in lines[index]):
            yield OCRWord(
                text=text,
                confidence=min(1.0, max(0.0, float(confidence))),
                box=box,
                block=1,
                paragraph=1,
                line=number,
            )
