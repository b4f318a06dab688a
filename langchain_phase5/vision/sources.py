"""Everything an image can be given as, reduced to bytes, or to where bytes must be fetched from."""

import base64
import binascii
import re
import urllib.parse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from langchain_phase5.vision.errors import (
    ImageNotAllowedError,
    ImageTooLargeError,
    UnreadableImageError,
)
from langchain_phase5.vision.limits import ImageLimits
from langchain_phase5.vision.paths import read_file, too_many_bytes

ImageSource = bytes | str | Path | Image.Image | Mapping[str, Any]
"""Bytes, path, PIL image, data URI, http(s) URL, stored image id, or a message's content block."""


@dataclass(frozen=True)
class Url:
    """An image to be downloaded."""

    url: str


@dataclass(frozen=True)
class StoredId:
    """An image to be read from an `ImageStore`."""

    image_id: str


def resolve_source(
    source: ImageSource, *, limits: ImageLimits, roots: Sequence[str | Path]
) -> bytes | Image.Image | Url | StoredId:
    """Return the contents of a local source, or the place of a remote one.

    Raises:
        ImageError: The source is not allowed, missing, malformed or too large.
        TypeError: The source is of no type that holds an image.
    """
    given: object = _from_block(source) if isinstance(source, Mapping) else source
    if isinstance(given, bytes | bytearray | memoryview):
        return bytes(given)
    if isinstance(given, Image.Image):
        return given
    if isinstance(given, Path):
        return read_file(given, roots=roots, max_bytes=limits.max_bytes)
    if isinstance(given, str):
        return _from_text(given, limits=limits, roots=roots)
    msg = (
        f"An image cannot be given as {type(given).__name__}. Pass bytes, a path, a PIL image, "
        "a data URI, a URL, a stored image id or a content block."
    )
    raise TypeError(msg)


def _from_text(
    source: str, *, limits: ImageLimits, roots: Sequence[str | Path]
) -> bytes | Url | StoredId:
    start = source[:8].lower()
    if start.startswith("data:"):
        return _from_data_uri(source, limits)
    if start.startswith(("http://", "https://")):
        return Url(source)
    if _STORED_ID.fullmatch(source):
        return StoredId(source)
    if _SCHEME.match(source):
        msg = f"{source[:40]!r} is neither an http(s) URL nor a plain path. Pass one of these."
        raise ImageNotAllowedError(msg)
    return read_file(source, roots=roots, max_bytes=limits.max_bytes)


_STORED_ID = re.compile(r"[0-9a-f]{64}")
_SCHEME = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+:")  # one letter is a Windows drive


def _from_data_uri(uri: str, limits: ImageLimits) -> bytes:
    head, comma, payload = uri.partition(",")
    if not comma:
        msg = "The data URI has no comma. Write data:image/png;base64,<base64 text>."
        raise UnreadableImageError(msg)
    if head.lower().endswith(";base64"):
        return _from_base64(urllib.parse.unquote(payload), limits)
    return urllib.parse.unquote_to_bytes(payload)


def _from_base64(text: str, limits: ImageLimits) -> bytes:
    size = len(text) * 3 // 4
    if size > limits.max_bytes + 3:
        raise ImageTooLargeError(too_many_bytes(size, limits.max_bytes))
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        msg = "The base64 text of the image is malformed. Encode the bytes of the file again."
        raise UnreadableImageError(msg) from None


def _from_block(block: Mapping[str, Any]) -> bytes | str:
    """Read LangChain's own content blocks, and those of OpenAI's chat format."""
    if isinstance(text := block.get("base64"), str):
        return "data:;base64," + text
    url = block.get("url") or block.get("image_url")
    if isinstance(url, Mapping):
        url = url.get("url")
    if isinstance(url, str) and url.lower().startswith(("data:", "http://", "https://")):
        return url
    what = "a file id, which only its provider can read" if block.get("file_id") else "no image"
    msg = f"The content block holds {what}. Use create_image_block(base64=...) or (url=...)."
    raise UnreadableImageError(msg)
