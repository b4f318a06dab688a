"""Tell what format bytes are in, from the bytes alone."""

from langchain_phase5.vision.errors import UnreadableImageError

_MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"BM", "BMP"),
)
_BRANDS = {b"avif": "AVIF", b"avis": "AVIF"} | dict.fromkeys(
    (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"), "HEIF"
)


def sniff(data: bytes) -> str:
    """Name the format by its first bytes; file names and MIME types may lie.

    Raises:
        UnreadableImageError: The bytes are in none of the accepted formats.
    """
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "WEBP"
    if data[4:8] == b"ftyp" and data[8:12] in _BRANDS:
        return _BRANDS[data[8:12]]
    if b"%PDF-" in data[:1024]:
        return "PDF"
    for magic, name in _MAGIC:
        if data.startswith(magic):
            return name
    raise UnreadableImageError(_refusal(data))


def _refusal(data: bytes) -> str:
    accepted = "Accepted are PNG, JPEG, GIF, WebP, TIFF, BMP, AVIF, HEIC and PDF."
    if not data:
        return f"The image is empty. {accepted}"
    start = data[:1024].lstrip().lower()
    if start.startswith(b"%!ps") or data[:4] == b"\xc5\xd0\xd3\xc6":
        return f"PostScript is a program and is not run. {accepted}"
    if start.startswith((b"<?xml", b"<!doctype", b"<html")) or b"<svg" in start:
        return f"SVG and HTML are not drawn; send a bitmap. {accepted}"
    return f"The bytes are no image that can be read. {accepted}"
