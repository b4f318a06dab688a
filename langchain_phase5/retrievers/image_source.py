"""Turn what a caller hands over (path, bytes, PIL image, block) into an upright image."""

import base64
import binascii
import io
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

ImageSource = str | Path | bytes | Image.Image | Mapping[str, Any] | Callable[[], bytes]
"""A path, the bytes of a file, a PIL image, a LangChain image content block, or a function that
returns the bytes, called when they are needed."""

FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "AVIF", "PPM")
"""What is decoded. EPS (which starts Ghostscript), PSD and the other exotic ones are not."""

MAX_PIXELS = 178_000_000
"""Above it an image is refused unread: a 22 kB file can unpack to gigabytes."""

MAX_BYTES = 100_000_000

_ON_ITS_SIDE = (5, 6, 7, 8)
_SIXTEEN_BIT = ("I;16", "I;16B", "I;16L", "I;16N")


class UnreadableImageError(ValueError):
    """The file is no image, is damaged, or is larger than what is accepted."""


def read_source(
    source: ImageSource, *, fetch: Callable[[str], bytes] | None = None
) -> bytes | Image.Image:
    """Return the bytes of `source`, or `source` itself if it is a PIL image.

    Args:
        source: Where the image is.
        fetch: Called for `http(s)` addresses. None refuses them: fetching an address that somebody
            else chose is a door into the private network, and needs a guard.

    Raises:
        UnreadableImageError: The file is missing, too large, or the content block has no image.
    """
    if isinstance(source, Image.Image | bytes):
        return source
    if isinstance(source, Mapping):
        return _read_block(source, fetch)
    if callable(source):
        return _call(source)
    if str(source).startswith(("http://", "https://", "data:")):
        return _read_url(str(source), fetch)
    path = Path(source)
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            msg = f"{path.name} has {size:,} bytes; at most {MAX_BYTES:,} are read"
            raise UnreadableImageError(msg)
        return path.read_bytes()
    except OSError as error:
        msg = f"{path.name} cannot be read: {error.strerror or error}"
        raise UnreadableImageError(msg) from error


def _call(source: Callable[[], bytes]) -> bytes:
    try:
        return source()
    except (OSError, ValueError) as error:
        raise UnreadableImageError(str(error)) from error


class Decoded(NamedTuple):
    """An upright RGB image, possibly shrunk, with the width and height it has in full."""

    image: Image.Image
    width: int
    height: int


def decode(data: bytes | Image.Image, *, at_least: int | None = None) -> Decoded:
    """Decode to upright RGB: EXIF turned, transparency on white, 16 bits scaled, first frame only.

    Args:
        data: The bytes of an image file, or an image.
        at_least: The caller will shrink the image to this many pixels. A JPEG is then decoded at
            the smallest of its built-in scales (1/2, 1/4, 1/8) that keeps twice as many, which
            for camera pictures costs a fifth of the time.

    Raises:
        UnreadableImageError: It is not an image, or it is damaged or too large.
    """
    if isinstance(data, Image.Image):
        image = _to_rgb(ImageOps.exif_transpose(data))
        return Decoded(image, *image.size)
    if not data:
        msg = "the file is empty"
        raise UnreadableImageError(msg)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(data), formats=FORMATS) as image:
                _check_size(image)
                width, height = image.size
                if at_least is not None and image.format in {"JPEG", "MPO"}:
                    image.draft("RGB", (2 * at_least, 2 * at_least))
                if image.getexif().get(ExifTags.Base.Orientation, 1) in _ON_ITS_SIDE:
                    width, height = height, width
                return Decoded(_to_rgb(ImageOps.exif_transpose(image)), width, height)
    except UnreadableImageError:
        raise
    except UnidentifiedImageError as error:
        msg = f"not an image in one of the formats {', '.join(FORMATS)}"
        raise UnreadableImageError(msg) from error
    except Exception as error:  # Pillow's decoders raise all sorts on damaged files.
        msg = f"the image is damaged: {error}"
        raise UnreadableImageError(msg) from error


def _check_size(image: Image.Image) -> None:
    width, height = image.size
    if width * height > MAX_PIXELS:
        msg = f"the image has {width} x {height} pixels; at most {MAX_PIXELS:,} are decoded"
        raise UnreadableImageError(msg)


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "RGB":
        return image
    if image.mode in _SIXTEEN_BIT:
        # Pillow would clip 16-bit gray at 255, which turns nearly everything white.
        image = image.convert("I").point(lambda value: value / 256).convert("L")
    if image.mode in {"RGBA", "LA", "PA", "RGBa", "La"} or "transparency" in image.info:
        layer = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer).convert("RGB")
    return image.convert("RGB")


def _read_block(block: Mapping[str, Any], fetch: Callable[[str], bytes] | None) -> bytes:
    url = block.get("url") or block.get("image_url")
    if isinstance(url, Mapping):
        url = url.get("url")
    encoded = block.get("base64") or block.get("data")
    if isinstance(encoded, str):
        return _decode_base64(encoded)
    if isinstance(url, str):
        return _read_url(url, fetch)
    msg = "the content block holds neither `base64` nor `url`"
    raise UnreadableImageError(msg)


def _read_url(url: str, fetch: Callable[[str], bytes] | None) -> bytes:
    if url.startswith("data:"):
        return _decode_base64(url.partition(",")[2])
    if not url.startswith(("http://", "https://")):
        msg = "only data:, http: and https: addresses are read from a content block"
        raise UnreadableImageError(msg)
    if fetch is None:
        msg = "web addresses are not fetched; pass `fetch=`, a function that does it safely"
        raise UnreadableImageError(msg)
    return fetch(url)


def _decode_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        msg = "the image data is not valid base64"
        raise UnreadableImageError(msg) from error
