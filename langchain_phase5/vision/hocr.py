"""hOCR: text with its places as HTML, which many archives and viewers understand."""

from collections.abc import Iterable
from html import escape
from itertools import groupby

from langchain_phase5.vision.ocr_result import Box, OCRResult, OCRWord

_HEAD = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Transitional//EN" \
"http://www.w3.org/TR/xhtml1/DTD/xhtml1-transitional.dtd">
<html xmlns="http://www.w3.org/1999/xhtml"><head><title>Text</title>
<meta http-equiv="Content-Type" content="text/html;charset=utf-8"/>
<meta name="ocr-system" content="langchain-phase5"/>
<meta name="ocr-capabilities" content="ocr_page ocr_carea ocr_par ocr_line ocrx_word"/>
</head><body>
"""


def to_hocr(results: Iterable[OCRResult]) -> str:
    """Return pages as one hOCR 1.2 document: areas, paragraphs, lines, words.

    Example:
        ```python
        from langchain_phase5.vision import Box, OCRResult, OCRWord, to_hocr

        word = OCRWord(text="Total", confidence=0.9, box=Box(left=4, top=2, width=40, height=12))
        page = OCRResult(words=[word], width=100, height=20, engine="tesseract")
        print("x_wconf 90" in to_hocr([page]))
        ```
    """
    return _HEAD + "".join(_page(result) for result in results) + "</body></html>\n"


def _page(result: OCRResult) -> str:
    box = Box(left=0, top=0, width=result.width, height=result.height)
    content = "".join(_area(list(words)) for _, words in groupby(result.words, _block))
    return f"<div class='ocr_page' title='{_where(box)}; ppageno {result.page}'>\n{content}</div>\n"


def _block(word: OCRWord) -> int:
    return word.block


def _area(words: list[OCRWord]) -> str:
    paragraphs = groupby(words, lambda word: word.paragraph)
    content = "".join(_paragraph(list(paragraph)) for _, paragraph in paragraphs)
    return f"<div class='ocr_carea' title='{_where(Box.around(words))}'>{content}</div>\n"


def _paragraph(words: list[OCRWord]) -> str:
    lines = groupby(words, lambda word: word.line)
    content = "\n".join(_line(list(line)) for _, line in lines)
    return f"<p class='ocr_par' title='{_where(Box.around(words))}'>{content}</p>"


def _line(words: list[OCRWord]) -> str:
    content = " ".join(_word(word) for word in words)
    return f"<span class='ocr_line' title='{_where(Box.around(words))}'>{content}</span>"


def _word(word: OCRWord) -> str:
    title = f"{_where(word.box)}; x_wconf {round(word.confidence * 100)}"
    return f"<span class='ocrx_word' title='{title}'>{escape(word.text)}</span>"


def _where(box: Box) -> str:
    return f"bbox {box.left} {box.top} {box.right} {box.bottom}"
