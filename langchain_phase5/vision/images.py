"""Loads an image from wherever it is, safely: the one door through which pictures come in."""

import asyncio
import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from langchain_phase5.vision.decoding import Header, decode, flatten, read_header
from langchain_phase5.vision.errors import ImageNotAllowedError, ImageNotFoundError
from langchain_phase5.vision.image_format import sniff
from langchain_phase5.vision.limits import ImageLimits
from langchain_phase5.vision.metadata import without_metadata
from langchain_phase5.vision.pdf import PdfPages
from langchain_phase5.vision.sources import ImageSource, StoredId, Url, resolve_source

if TYPE_CHECKING:
    from langchain_phase5.vision.fetch import ImageFetcher
    from langchain_phase5.vision.image_store import ImageStore

DEFAULT_LIMITS = ImageLimits()


@dataclass(frozen=True, kw_only=True, eq=False)
class LoadedImage:
    """One upright RGB picture whose origin has been checked.

    `image` is decoded on first use, so that a file that is only passed on is never decoded.
    Made by `load_image`.

    Example:
        >>> loaded = load_image(Image.new("L", (40, 30)))
        >>> loaded.width, loaded.format, loaded.image.mode
        (40, 'PIL', 'RGB')
    """

    sha256: str
    """Hash of the bytes given (of the pixels, for a PIL image); equal images have equal ones."""
    format: str
    """What the bytes are, by content: `"PNG"`, `"JPEG"`, `"PDF"`, ...; `"PIL"` for a PIL image."""
    width: int
    """Pixels, upright."""
    height: int
    frame: int = 0
    frame_count: int = 1
    """Frames or pages there are, as far as the limits let one count."""
    _decode: Callable[[], Image.Image] = field(repr=False)
    _original: Callable[[], bytes | None] = field(repr=False, default=lambda: None)

    @property
    def key(self) -> str:
        """The hash, told apart by frame: names this very picture in a cache."""
        return f"{self.sha256}:{self.frame}" if self.frame else self.sha256

    @property
    def is_lossy(self) -> bool:
        """Whether it came in a format that photos come in."""
        return self.format in _LOSSY

    @cached_property
    def image(self) -> Image.Image:
        """The picture, in RGB, upright, on white where it was transparent, without metadata.

        Raises:
            ImageError: The data behind the header turns out to be broken.
        """
        return self._decode()

    @cached_property
    def clean_bytes(self) -> bytes | None:
        """The file less its metadata, where it already is an upright, opaque PNG or JPEG.

        None says that the picture has to be encoded: see `encode`.
        """
        return self._original()

    def encode(self, *, max_size: tuple[int, int] | None = None, quality: int = 90) -> bytes:
        """Return the picture as PNG, or as JPEG where the source was lossy.

        Args:
            max_size: Width and height to shrink to, with antialiasing; never enlarges.
            quality: Of the JPEG, 1 to 95.
        """
        image = self.image
        if max_size is not None and (image.width > max_size[0] or image.height > max_size[1]):
            image = image.copy()
            image.thumbnail(max_size, Image.Resampling.LANCZOS)
        out = io.BytesIO()
        if self.is_lossy:
            image.save(out, "JPEG", quality=quality)
        else:
            image.save(out, "PNG", compress_level=4)
        return out.getvalue()


_LOSSY = frozenset({"JPEG", "WEBP", "AVIF", "HEIF"})


def load_image(
    source: ImageSource,
    *,
    frame: int = 0,
    limits: ImageLimits = DEFAULT_LIMITS,
    roots: Sequence[str | Path] = (),
    fetcher: "ImageFetcher | None" = None,
    store: "ImageStore | None" = None,
    dpi: int = 200,
) -> LoadedImage:
    """Load one picture: header checked, size bounded, orientation known, nothing decoded yet.

    Args:
        source: Bytes, path, PIL image, data URI, http(s) URL, content block or stored image id.
        frame: Which frame of an animation, or page of a TIFF or PDF, from 0.
        limits: What the picture may cost.
        roots: Folders that paths may name. A path given as a string needs them; a
            `pathlib.Path` is taken for the caller's own choice where none are given.
        fetcher: Downloads URLs; without one they are refused.
        store: Holds stored images; without one their ids are refused.
        dpi: Resolution for PDF pages, lowered where a page would exceed the limits.

    Raises:
        ImageError: The image is not allowed, missing, too large or broken.

    Example:
        ```python
        from PIL import Image
        from langchain_phase5.vision import load_image

        loaded = load_image(Image.new("RGB", (320, 200), "teal"))
        print(loaded.width, loaded.height, loaded.sha256[:8])
        ```
    """
    found = _fetched(source, limits=limits, roots=roots, fetcher=fetcher, store=store)
    return _load(found, frame=frame, limits=limits, dpi=dpi)


async def aload_image(
    source: ImageSource,
    *,
    frame: int = 0,
    limits: ImageLimits = DEFAULT_LIMITS,
    roots: Sequence[str | Path] = (),
    fetcher: "ImageFetcher | None" = None,
    store: "ImageStore | None" = None,
    dpi: int = 200,
) -> LoadedImage:
    """Load one picture without blocking the event loop; see `load_image`."""
    found = await asyncio.to_thread(resolve_source, source, limits=limits, roots=roots)
    if isinstance(found, Url):
        found = await _allowed(fetcher).afetch(found.url, max_bytes=limits.max_bytes)
    elif isinstance(found, StoredId):
        found = await _available(store).aget(found.image_id)
    return await asyncio.to_thread(_load, found, frame=frame, limits=limits, dpi=dpi)


def load_frames(
    source: ImageSource,
    *,
    frames: Sequence[int] | None = None,
    limits: ImageLimits = DEFAULT_LIMITS,
    roots: Sequence[str | Path] = (),
    fetcher: "ImageFetcher | None" = None,
    store: "ImageStore | None" = None,
    dpi: int = 200,
) -> Iterator[LoadedImage]:
    """Yield frames or pages in turn, all of them by default, holding one picture at a time.

    Raises:
        ImageError: As `load_image`.
    """
    found = _fetched(source, limits=limits, roots=roots, fetcher=fetcher, store=store)
    if isinstance(found, bytes) and sniff(found) == "PDF":
        with PdfPages(found, limits=limits) as pages:
            for page in range(len(pages)) if frames is None else frames:
                yield _pdf_page(found, pages, page=page, dpi=dpi)
        return
    count = _load(found, frame=0, limits=limits, dpi=dpi).frame_count
    for frame in range(count) if frames is None else frames:
        yield _load(found, frame=frame, limits=limits, dpi=dpi)


def _fetched(
    source: ImageSource,
    *,
    limits: ImageLimits,
    roots: Sequence[str | Path],
    fetcher: "ImageFetcher | None",
    store: "ImageStore | None",
) -> bytes | Image.Image:
    found = resolve_source(source, limits=limits, roots=roots)
    if isinstance(found, Url):
        return _allowed(fetcher).fetch(found.url, max_bytes=limits.max_bytes)
    if isinstance(found, StoredId):
        return _available(store).get(found.image_id)
    return found


def _allowed(fetcher: "ImageFetcher | None") -> "ImageFetcher":
    if fetcher is None:
        msg = (
            "Images are not downloaded from URLs here. Send the image itself, or switch "
            "downloading on with fetcher=ImageFetcher()."
        )
        raise ImageNotAllowedError(msg)
    return fetcher


def _available(store: "ImageStore | None") -> "ImageStore":
    if store is None:
        msg = "No image store is attached, so a stored image id means nothing. Pass store=..."
        raise ImageNotAllowedError(msg)
    return store


def _load(found: bytes | Image.Image, *, frame: int, limits: ImageLimits, dpi: int) -> LoadedImage:
    if isinstance(found, Image.Image):
        return _from_pil(found, frame=frame, limits=limits)
    if sniff(found) == "PDF":
        with PdfPages(found, limits=limits) as pages:
            return _pdf_page(found, pages, page=frame, dpi=dpi)
    header = read_header(found, frame=frame, limits=limits)
    return LoadedImage(
        sha256=hashlib.sha256(found).hexdigest(),
        format=header.format,
        width=header.width,
        height=header.height,
        frame=frame,
        frame_count=header.frame_count,
        _decode=partial(decode, found, frame=frame, limits=limits),
        _original=partial(_clean, found, header),
    )


def _from_pil(image: Image.Image, *, frame: int, limits: ImageLimits) -> LoadedImage:
    if frame != 0:
        msg = "A PIL image is one picture, frame 0. Pass the file to read further frames."
        raise ImageNotFoundError(msg)
    flat = flatten(image, limits=limits)
    shape = f"{flat.width}x{flat.height}:".encode()
    return LoadedImage(
        sha256=hashlib.sha256(shape + flat.tobytes()).hexdigest(),
        format="PIL",
        width=flat.width,
        height=flat.height,
        _decode=lambda: flat,
    )


def _pdf_page(data: bytes, pages: PdfPages, *, page: int, dpi: int) -> LoadedImage:
    image = pages.render(page, dpi=dpi)
    return LoadedImage(
        sha256=hashlib.sha256(data).hexdigest(),
        format="PDF",
        width=image.width,
        height=image.height,
        frame=page,
        frame_count=len(pages),
        _decode=lambda: image,
    )


def _clean(data: bytes, header: Header) -> bytes | None:
    is_plain = header.mode in _PLAIN_MODES and header.frame_count == header.shrink == 1
    if not is_plain or header.orientation != 1:
        return None
    return without_metadata(data, format=header.format)


_PLAIN_MODES = frozenset({"1", "L", "P", "RGB"})
