"""Cuts metadata out of a file without touching its pixels."""

import re
from collections.abc import Iterator

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_KEPT = frozenset({b"IHDR", b"PLTE", b"IDAT", b"IEND", b"gAMA", b"sRGB"})


def without_metadata(data: bytes, *, format: str) -> bytes | None:  # noqa: A002 - Pillow's word
    """Return a JPEG or PNG with the parts that draw it, and nothing else, not even a tail.

    Place and time of a photo, thumbnails, comments and files hidden behind the picture go;
    every pixel stays as it was. None says that the file has to be encoded again.
    """
    keep = {"JPEG": _jpeg_parts, "PNG": _png_parts}.get(format)
    if keep is None:
        return None
    parts = list(keep(data))
    if not parts or parts.pop() != _END:
        return None
    if sum(end - start for start, end in parts) == len(data):
        return data
    view = memoryview(data)  # large files are copied once, not part by part
    return b"".join(view[start:end] for start, end in parts)


_Part = tuple[int, int]
"""Start and end."""
_END: _Part = (-1, -1)
"""The last part of a file whose end was found."""


def png_without_samples(data: bytes) -> bytes:
    """Return what a PNG says beside its pixels: quick to search, as it is a small part of it."""
    return b"".join(data[start:end] for kind, start, end in _png_chunks(data) if kind != b"IDAT")


def _png_parts(data: bytes) -> Iterator[_Part]:
    yield 0, len(_PNG_SIGNATURE)
    for kind, start, end in _png_chunks(data):
        if kind in _PNG_KEPT:
            yield start, end
        if kind == b"IEND":
            yield _END
            return


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Yield type, start and end (PNG, third edition, section 5.3: length, type, data, CRC)."""
    at = len(_PNG_SIGNATURE)
    while at + 12 <= len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4])
        if end > len(data):
            return
        yield data[at + 4 : at + 8], at, end
        at = end


def _jpeg_parts(data: bytes) -> Iterator[_Part]:
    """Yield the segments (ITU T.81, annex B: marker, length, data), each scan with its samples."""
    yield 0, 2
    at = 2
    while at + 4 <= len(data):
        marker = data[at : at + 2]
        if marker == _JPEG_END:
            break
        end = at + 2 + int.from_bytes(data[at + 2 : at + 4])
        if marker == _JPEG_SCAN:
            following = _JPEG_NEXT_MARKER.search(data, end)
            end = following.start() if following else len(data)
        if _is_drawn(marker, end - at):
            yield at, min(end, len(data))
        at = end
    if data[at : at + 2] == _JPEG_END:
        yield at, at + 2
        yield _END


def _is_drawn(marker: bytes, size: int) -> bool:
    if marker == b"\xff\xe0":
        return size <= _JFIF_SIZE
    is_application = b"\xff\xe0" < marker <= b"\xff\xef" and marker != _JPEG_ADOBE
    return not is_application and marker != _JPEG_COMMENT


_JPEG_ADOBE = b"\xff\xee"  # says how the colors are coded; pictures look wrong without it
_JPEG_COMMENT = b"\xff\xfe"
_JPEG_END = b"\xff\xd9"
_JPEG_SCAN = b"\xff\xda"
_JPEG_NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")  # others belong to the samples
_JFIF_SIZE = 18  # a longer header holds a thumbnail
