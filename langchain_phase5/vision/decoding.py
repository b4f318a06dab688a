"""From hostile bytes to an upright RGB picture: size before pixels."""

import io
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

from PIL import Image

from langchain_phase5.vision.errors import (
    ImageError,
    ImageNotFoundError,
    ImageTooLargeError,
    UnreadableImageError,
)
from langchain_phase5.vision.image_format import sniff
from langchain_phase5.vision.limits import ImageLimits
from langchain_phase5.vision.metadata import png_without_samples
from langchain_phase5.vision.paths import too_many_bytes

# These decoders hold the picture two or three times over (planes, bytes, picture), and cannot
# decode it at a smaller scale.
_HUNGER = {"WEBP": 3, "AVIF": 2, "HEIF": 2}
_ORIENTATION_TAG = 0x0112
_SIDEWAYS = range(5, 9)
_STRIP_ROWS = 64


@dataclass(frozen=True)
class Header:
    """What the first bytes promise, checked against the limits; nothing is decoded yet."""

    format: str
    width: int
    height: int
    mode: str
    orientation: int
    frame_count: int
    shrink: int


def read_header(data: bytes, *, frame: int, limits: ImageLimits) -> Header:
    """Read format, size and number of frames, and refuse what is too large.

    Raises:
        ImageNotFoundError: There is no such frame.
        ImageTooLargeError: There are more bytes or pixels than the limits grant.
        UnreadableImageError: The bytes are broken, or in no accepted format.
    """
    with _opened(data, limits=limits) as image:
        frame_count = _frame_count(image, limits)
        _seek(image, frame, limits)
        orientation = _orientation(image, data)
        width, height = image.size
        shrink = _shrink(width * height, limits)
        if orientation in _SIDEWAYS:
            width, height = height, width
        return Header(
            format=str(image.format).replace("MPO", "JPEG"),
            width=-(-width // shrink),
            height=-(-height // shrink),
            mode=_mode(image),
            orientation=orientation,
            frame_count=frame_count,
            shrink=shrink,
        )


def decode(data: bytes, *, frame: int, limits: ImageLimits) -> Image.Image:
    """Return one frame, upright, in RGB, on white where it was transparent, without metadata.

    Raises:
        ImageNotFoundError: There is no such frame.
        ImageTooLargeError: There are more bytes or pixels than the limits grant.
        UnreadableImageError: The bytes are broken, or in no accepted format.
    """
    with _opened(data, limits=limits) as image:
        _seek(image, frame, limits)
        return flatten(image, limits=limits)


def flatten(image: Image.Image, *, limits: ImageLimits) -> Image.Image:
    """Return a picture upright, in RGB, on white, without metadata, no larger than `work_pixels`.

    Raises:
        ImageTooLargeError: There are more pixels than the limits grant.
    """
    _check_pixels(image, limits)
    image.load()  # Pillow turns a TIFF upright here, and only here
    orientation = image.getexif().get(_ORIENTATION_TAG, 1)
    black, white = _sample_range(image)
    shrink = _shrink(image.width * image.height, limits)
    flat = Image.new("RGB", (-(-image.width // shrink), -(-image.height // shrink)))
    # Strip by strip, because a second and third copy of a large picture would not fit.
    rows = _STRIP_ROWS * shrink
    for top in range(0, image.height, rows):
        strip = image.crop((0, top, image.width, min(top + rows, image.height)))
        strip = _on_white(_eight_bits(strip, black, white))
        flat.paste(strip.reduce(shrink) if shrink > 1 else strip, (0, top // shrink))
    turn = _TURNS.get(orientation)
    return flat if turn is None else flat.transpose(turn)


_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""Exif 2.32, section 4.6.4 A: the turn that undoes each orientation."""


def _on_white(strip: Image.Image) -> Image.Image:
    if strip.has_transparency_data:
        white = Image.new("RGBA", strip.size, "white")
        return Image.alpha_composite(white, strip.convert("RGBA")).convert("RGB")
    return strip if strip.mode == "RGB" else strip.convert("RGB")


def _sample_range(image: Image.Image) -> tuple[float, float]:
    """Return the samples that stand for black and white; Pillow would cut off above 255."""
    if image.mode.startswith("I;16"):
        return 0.0, 65535.0
    if image.mode not in {"I", "F"}:
        return 0.0, 255.0
    low, high = cast("tuple[float, float]", image.getextrema())  # no one states their range
    return (low, high) if math.isfinite(high - low) and high > low else (0.0, 1.0)


def _eight_bits(strip: Image.Image, black: float, white: float) -> Image.Image:
    if strip.mode[0] not in "IF":
        return strip
    scale = 255 / (white - black)
    wide = strip if strip.mode in {"I", "F"} else strip.convert("I")
    return wide.point(lambda value: value * scale - black * scale).convert("L")


@contextmanager
def _opened(data: bytes, *, limits: ImageLimits) -> Iterator[Image.Image]:
    """Open with the one decoder that the content calls for; whatever it raises is our error."""
    if len(data) > limits.max_bytes:
        raise ImageTooLargeError(too_many_bytes(len(data), limits.max_bytes))
    name = sniff(data)
    if name == "HEIF":
        _register_heif()
    try:
        with Image.open(io.BytesIO(data), formats=_DECODERS.get(name, [name])) as image:
            _check_pixels(image, limits)
            yield image
    except ImageError:
        raise
    except Image.DecompressionBombError:
        raise ImageTooLargeError(_too_many_pixels(limits)) from None
    except Exception as error:  # decoders fed hostile bytes raise anything
        msg = f"The {name} image is broken or cut off. Save it again, as PNG for example."
        raise UnreadableImageError(msg) from error


_DECODERS = {"JPEG": ["JPEG", "MPO"]}


def _register_heif() -> None:
    try:
        import pillow_heif
    except ImportError as error:
        msg = "HEIC photos need one more package: pip install 'langchain-phase5[vision]'"
        raise ImportError(msg) from error
    pillow_heif.register_heif_opener()


def _check_pixels(image: Image.Image, limits: ImageLimits) -> None:
    most = limits.max_pixels // _HUNGER.get(str(image.format), 1)
    if image.width * image.height > most:
        raise ImageTooLargeError(_too_many_pixels(limits, image))


def _too_many_pixels(limits: ImageLimits, image: Image.Image | None = None) -> str:
    size = f"{image.width} x {image.height}" if image else "far too many"
    return (
        f"The image has {size} pixels; at most {limits.max_pixels:,} in all are accepted (half "
        "of it for AVIF and HEIC, a third for WebP). Shrink it, or raise "
        "ImageLimits(max_pixels=...)."
    )


def _shrink(pixels: int, limits: ImageLimits) -> int:
    shrink = 1
    while pixels > limits.work_pixels * shrink * shrink:
        shrink += 1
    return shrink


def _orientation(image: Image.Image, data: bytes) -> int:
    # Asking a PNG for its Exif decodes all of it, as the block may come last. A TIFF already
    # states its size upright.
    if image.format == "TIFF" or (image.format == "PNG" and not _has_exif(data)):
        return 1
    orientation = image.getexif().get(_ORIENTATION_TAG, 1)
    return orientation if orientation in _TURNS else 1


def _has_exif(png: bytes) -> bool:
    said = png_without_samples(png)
    return any(hint in said for hint in _EXIF_HINTS)


_EXIF_HINTS = (b"eXIf", b"Raw profile type", b"com.adobe.xmp")


def _mode(image: Image.Image) -> str:
    return f"{image.mode}+alpha" if image.has_transparency_data else image.mode


def _frame_count(image: Image.Image, limits: ImageLimits) -> int:
    """Count frames, but not beyond what may be asked for: walking a hostile file takes hours."""
    if image.format == "MPO":
        return 1  # a photo; the rest is its depth, its gain map or its second eye
    most = _most_frames(image, limits)
    if image.format not in _COUNTED_BY_WALKING:
        return min(int(getattr(image, "n_frames", 1)), most)
    count = 1
    while count < most:
        try:
            image.seek(count)
        except EOFError:
            break
        _check_pixels(image, limits)
        count += 1
    return count


_COUNTED_BY_WALKING = frozenset({"GIF", "TIFF"})


def _most_frames(image: Image.Image, limits: ImageLimits) -> int:
    # Reaching frame n decodes all before it.
    affordable = 4 * limits.max_pixels // max(1, image.width * image.height)
    return max(1, min(limits.max_frames, affordable))


def _seek(image: Image.Image, frame: int, limits: ImageLimits) -> None:
    most = _most_frames(image, limits)
    if not 0 <= frame < most:
        msg = f"Frame {frame} cannot be asked for; this image offers frames 0 to {most - 1}."
        raise ImageNotFoundError(msg)
    if image.tell() > frame:
        image.seek(0)
    for number in range(image.tell() + 1, frame + 1):
        try:
            image.seek(number)
        except EOFError:
            msg = f"There is no frame {frame}; the last one is {number - 1}. Frames count from 0."
            raise ImageNotFoundError(msg) from None
        _check_pixels(image, limits)
