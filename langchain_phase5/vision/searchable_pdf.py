"""Pictures as a PDF with their text behind them, invisible, to be searched and copied."""

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from PIL import Image, ImageChops

from langchain_phase5.vision.images import LoadedImage
from langchain_phase5.vision.ocr_result import Box, OCRResult

_POINTS_PER_INCH = 72
_PER_FONT = 255
_GLYPH_WIDTH = 500  # thousandths of the font size


@dataclass(frozen=True)
class PageWithText:
    """One page: its picture, compressed as PDF wants it, and what was read on it."""

    result: OCRResult
    stream: bytes
    how: str
    dpi: int

    @classmethod
    def of(cls, result: OCRResult, loaded: LoadedImage, *, dpi: int) -> Self:
        """Compress a photo as JPEG, and everything else without loss."""
        if loaded.is_lossy:
            return cls(
                result, loaded.encode(), "/DeviceRGB /BitsPerComponent 8 /Filter /DCTDecode", dpi
            )
        plain, how = _simplest(loaded.image)
        return cls(result, zlib.compress(plain.tobytes()), f"{how} /Filter /FlateDecode", dpi)


def _simplest(image: Image.Image) -> tuple[Image.Image, str]:
    red, green, blue = image.split()
    if ImageChops.difference(red, green).getbbox() or ImageChops.difference(red, blue).getbbox():
        return image, "/DeviceRGB /BitsPerComponent 8"
    if sum(red.histogram()[1:255]):
        return red, "/DeviceGray /BitsPerComponent 8"
    return red.convert("1", dither=Image.Dither.NONE), "/DeviceGray /BitsPerComponent 1"


def searchable_pdf(pages: Sequence[PageWithText]) -> bytes:
    """Write a PDF 1.7 (ISO 32000-1) of these pages.

    The letters are those of a font without shapes (type 3, section 9.6.5), so that nothing has to
    be embedded and every script can be copied.
    """
    file = _File()
    letters = sorted(
        {letter for page in pages for word in page.result.words for letter in word.text} | {" "}
    )
    fonts = [
        _font(file, letters[start : start + _PER_FONT])
        for start in range(0, len(letters), _PER_FONT)
    ]
    resources = " ".join(f"/F{number} {font} 0 R" for number, font in enumerate(fonts))
    codes = {
        letter: (index // _PER_FONT, index % _PER_FONT + 1) for index, letter in enumerate(letters)
    }
    tree = file.reserve()
    kids = [_page(file, page, tree=tree, fonts=resources, codes=codes) for page in pages]
    listed = " ".join(f"{kid} 0 R" for kid in kids)
    file.fill(tree, f"<< /Type /Pages /Count {len(kids)} /Kids [{listed}] >>")
    return file.finished(root=file.add(f"<< /Type /Catalog /Pages {tree} 0 R >>"))


_Codes = dict[str, tuple[int, int]]


def _page(file: "_File", page: PageWithText, *, tree: int, fonts: str, codes: _Codes) -> int:
    result, scale = page.result, _POINTS_PER_INCH / page.dpi
    width, height = result.width * scale, result.height * scale
    picture = file.add(
        f"<< /Type /XObject /Subtype /Image /Width {result.width} /Height {result.height} "
        f"/ColorSpace {page.how}",
        page.stream,
    )
    text = " ".join(_words(result, scale=scale, height=height, codes=codes))
    drawing = f"q {width:.2f} 0 0 {height:.2f} 0 0 cm /Im Do Q BT 3 Tr {text} ET"
    content = file.add("<< /Filter /FlateDecode", zlib.compress(drawing.encode("ascii")))
    return file.add(
        f"<< /Type /Page /Parent {tree} 0 R /MediaBox [0 0 {width:.2f} {height:.2f}] "
        f"/Rotate {-_quarters(result) * 90 % 360} /Contents {content} 0 R "
        f"/Resources << /XObject << /Im {picture} 0 R >> /Font << {fonts} >> >> >>"
    )


def _quarters(result: OCRResult) -> int:
    return round(result.angle / 90) % 4


def _words(result: OCRResult, *, scale: float, height: float, codes: _Codes) -> Iterator[str]:
    quarters = _quarters(result)
    for word in result.words:
        box = word.box
        sides = (box.height, box.width) if quarters % 2 == 0 else (box.width, box.height)
        size, length = (max(1.0, side * scale) for side in sides)
        stretch = 100 * length / (len(word.text) * size * _GLYPH_WIDTH / 1000)
        x, y = _start(box, quarters)
        turn = ("1 0 0 1", "0 -1 1 0", "-1 0 0 -1", "0 1 -1 0")[quarters]
        yield f"{stretch:.1f} Tz {turn} {x * scale:.2f} {height - y * scale:.2f} Tm"
        yield from _shown(word.text + " ", size=size, codes=codes)


def _start(box: Box, quarters: int) -> tuple[int, int]:
    """Return the corner where the first letter stands on its line."""
    corners = (
        (box.left, box.bottom),
        (box.left, box.top),
        (box.right, box.top),
        (box.right, box.bottom),
    )
    return corners[quarters]


def _shown(text: str, *, size: float, codes: _Codes) -> Iterator[str]:
    at = 0
    while at < len(text):
        font = codes[text[at]][0]
        end = at
        while end < len(text) and codes[text[end]][0] == font:
            end += 1
        shown = "".join(f"{codes[letter][1]:02x}" for letter in text[at:end])
        yield f"/F{font} {size:.2f} Tf <{shown}> Tj"
        at = end


def _font(file: "_File", letters: Sequence[str]) -> int:
    last = len(letters)
    shape = file.add("<<", f"{_GLYPH_WIDTH} 0 0 0 {_GLYPH_WIDTH} 1000 d1".encode("ascii"))
    names = [f"/g{code}" for code in range(1, last + 1)]
    shapes = " ".join(f"{name} {shape} 0 R" for name in names)
    unicode = file.add("<<", _to_unicode(letters))
    widths = " ".join([str(_GLYPH_WIDTH)] * last)
    return file.add(
        f"<< /Type /Font /Subtype /Type3 /FontBBox [0 0 {_GLYPH_WIDTH} 1000] "
        f"/FontMatrix [0.001 0 0 0.001 0 0] /FirstChar 1 /LastChar {last} /Widths [{widths}] "
        f"/CharProcs << {shapes} >> /Encoding << /Type /Encoding "
        f"/Differences [1 {' '.join(names)}] >> /Resources << >> /ToUnicode {unicode} 0 R >>"
    )


def _to_unicode(letters: Sequence[str]) -> bytes:
    """Map codes to letters (section 9.10.3), at most 100 in one list."""
    lists = []
    for start in range(0, len(letters), 100):
        part = letters[start : start + 100]
        rows = "\n".join(
            f"<{start + index + 1:02x}> <{letter.encode('utf-16-be').hex()}>"
            for index, letter in enumerate(part)
        )
        lists.append(f"{len(part)} beginbfchar\n{rows}\nendbfchar\n")
    return (
        "/CIDInit /ProcSet findresource begin 12 dict begin begincmap\n"
        "/CMapName /T def /CMapType 2 def\n"
        "1 begincodespacerange\n<00> <ff>\nendcodespacerange\n"
        f"{''.join(lists)}endcmap CMapName currentdict /CMap defineresource pop end end"
    ).encode("ascii")


class _File:
    """Numbered objects, and at the end the table that says where each begins."""

    def __init__(self) -> None:
        self._objects: list[bytes] = []

    def reserve(self) -> int:
        self._objects.append(b"")
        return len(self._objects)

    def fill(self, number: int, text: str) -> None:
        self._objects[number - 1] = text.encode("ascii")

    def add(self, text: str, stream: bytes | None = None) -> int:
        number = self.reserve()
        self.fill(number, text)
        if stream is not None:
            head = f"{text} /Length {len(stream)} >>\nstream\n".encode("ascii")
            self._objects[number - 1] = head + stream + b"\nendstream"
        return number

    def finished(self, *, root: int) -> bytes:
        out = bytearray(b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n")
        starts = []
        for number, content in enumerate(self._objects, start=1):
            starts.append(len(out))
            out += b"%d 0 obj\n" % number + content + b"\nendobj\n"
        table = len(out)
        out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(starts) + 1)
        out += b"".join(b"%010d 00000 n \n" % start for start in starts)
        out += b"trailer\n<< /Size %d /Root %d 0 R >>\n" % (len(starts) + 1, root)
        return bytes(out + b"startxref\n%d\n%%%%EOF\n" % table)
