"""Find the images that a caller means by a file, a folder, a pattern or a mapping."""

import glob
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from PIL import Image

from langchain_phase5.retrievers.image_source import ImageSource


@runtime_checkable
class StoredImages(Protocol):
    """What is needed of `vision.ImageStore`, which this package may not import."""

    def list(self, *, limit: int) -> Sequence[Any]:
        """Return records with an `image_id` each."""

    def get(self, image_id: str) -> bytes:
        """Return an image."""


ImageSources = str | Path | Mapping[str, ImageSource] | Iterable[ImageSource] | StoredImages
"""A folder, a file, a pattern such as `"photos/**/*.jpg"`, named images, any number of them, or an
`ImageStore`."""

SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif", ".ppm", ".mpo"}
)
"""What a folder is searched for. A file that is named is read whatever its suffix."""


@dataclass(frozen=True)
class NamedImage:
    """One image to add, and what it is called in reports and metadata."""

    name: str
    source: ImageSource | None
    error: str | None = None


def find_images(sources: ImageSources) -> Iterator[NamedImage]:
    """Yield every image meant by `sources`, folders in the order of their names.

    A folder that may not be read is yielded as an error rather than skipped in silence.
    """
    if isinstance(sources, Mapping):
        yield from (NamedImage(name, source) for name, source in sources.items())
    elif isinstance(sources, str | Path):
        yield from _expand(sources)
    elif isinstance(sources, StoredImages):
        for record in sources.list(limit=sys.maxsize):
            yield NamedImage(record.image_id, partial(sources.get, record.image_id))
    else:
        for number, source in enumerate(sources):
            if isinstance(source, str | Path):
                yield from _expand(source)
            else:
                yield NamedImage(_name(source, number), source)


def _expand(path: str | Path) -> Iterator[NamedImage]:
    if str(path).startswith(("http://", "https://", "data:")):
        yield NamedImage(str(path)[:200], str(path))
    elif Path(path).is_dir():
        yield from _walk(Path(path))
    elif glob.has_magic(str(path)) and not Path(path).exists():
        matches = sorted(glob.glob(str(path), recursive=True))  # noqa: PTH207 - absolute ones too
        yield from (NamedImage(match, Path(match)) for match in matches if Path(match).is_file())
    else:
        yield NamedImage(str(path), Path(path))


def _walk(folder: Path) -> Iterator[NamedImage]:
    failed: list[OSError] = []
    for parent, folders, files in os.walk(folder, onerror=failed.append):
        folders.sort()
        while failed:
            yield _unreadable(failed.pop())
        for name in sorted(files):
            path = Path(parent, name)
            if path.suffix.lower() in SUFFIXES:
                yield NamedImage(str(path), path)
    while failed:
        yield _unreadable(failed.pop())


def _unreadable(error: OSError) -> NamedImage:
    return NamedImage(str(error.filename), None, f"the folder cannot be read: {error.strerror}")


def _name(source: Any, number: int) -> str:
    if isinstance(source, Image.Image):
        return str(getattr(source, "filename", "") or f"image {number}")
    return f"image {number}"
