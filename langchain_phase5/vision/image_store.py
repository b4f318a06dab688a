"""Keeps images under the hash of their content, in a folder, in memory or in any S3."""

import asyncio
import builtins
import hashlib
import io
import re
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final

from PIL import Image
from pydantic import ValidationError

from langchain_phase5.vision.errors import (
    ImageNotFoundError,
    ImageTooLargeError,
    UnreadableImageError,
)
from langchain_phase5.vision.images import DEFAULT_LIMITS, LoadedImage, load_image
from langchain_phase5.vision.limits import ImageLimits
from langchain_phase5.vision.object_store import open_objects, plain_errors
from langchain_phase5.vision.paths import too_many_bytes
from langchain_phase5.vision.sources import ImageSource
from langchain_phase5.vision.stored_image import StoredImage

_IMAGE_ID = re.compile(r"[0-9a-f]{64}")
_THUMBNAIL: Final = (256, 256)
_METADATA_BYTES = 8192
_AT_ONCE = 64


class ImageStore:
    """Images that outlive a conversation, each stored once however often it is uploaded.

    What is stored is the clean picture: upright, without metadata, a PNG or JPEG. Every read is
    checked against the hash. Each object is written whole or not at all, and the record last, so
    that an upload that breaks off leaves nothing that could be found.

    Example:
        ```python
        from PIL import Image

        from langchain_phase5.vision import ImageStore, load_image

        store = ImageStore("memory://")
        stored = store.put(Image.new("RGB", (640, 480), "navy"), metadata={"title": "Night"})
        print(load_image(stored.image_id, store=store).width)
        ```
    """

    def __init__(
        self,
        location: str | Path = "images",
        *,
        limits: ImageLimits = DEFAULT_LIMITS,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        """Open the store; a folder is made if there is none.

        Args:
            location: A folder, `"memory://"`, `"s3://bucket/prefix"`, or what else obstore opens
                (`gs://`, `az://`).
            limits: What an image may cost.
            options: Passed to obstore: `{"endpoint": ..., "region": ..., "access_key_id": ...}`.
                Without them S3 takes its credentials from where AWS's own tools do.

        Raises:
            ImportError: obstore is missing.
            ValueError: The location or the options make no sense.
        """
        self._limits = limits
        self._objects = open_objects(location, options or {})
        self._turns = [threading.Lock() for _ in range(_AT_ONCE)]

    def put(
        self, image: ImageSource | LoadedImage, *, metadata: Mapping[str, str] | None = None
    ) -> StoredImage:
        """Store an image; one that is there already only gets the new metadata added.

        Raises:
            ImageError: The image cannot be loaded, or the metadata is too long.
            OSError: The store cannot be written to; nothing is left half stored.
        """
        loaded = image if isinstance(image, LoadedImage) else load_image(image, limits=self._limits)
        data = loaded.clean_bytes or loaded.encode()
        with self._turn(_hash(data)):
            return self._put(loaded, data, metadata or {})

    def _put(self, loaded: LoadedImage, data: bytes, metadata: Mapping[str, str]) -> StoredImage:
        image_id = _hash(data)
        known = self._known(image_id)
        thumbnail = b"" if known else _thumbnail(loaded.image)
        record = StoredImage(
            image_id=image_id,
            mime_type="image/jpeg" if data.startswith(b"\xff\xd8") else "image/png",
            size=len(data),
            width=loaded.width,
            height=loaded.height,
            stored_at=datetime.now(UTC),
            thumbnail_sha256=known.thumbnail_sha256 if known else _hash(thumbnail),
            metadata=_merged(known.metadata if known else {}, metadata),
        )
        with plain_errors():
            if known is None:
                self._objects.put(_image_key(image_id), data)
                self._objects.put(_thumbnail_key(image_id), thumbnail)
            self._objects.put(_record_key(image_id), record.model_dump_json().encode())
        return record

    def get(self, image_id: str) -> bytes:
        """Return the stored PNG or JPEG, checked against its hash.

        Raises:
            ImageNotFoundError: There is no such image.
            UnreadableImageError: The stored bytes were damaged or replaced.
            OSError: The store cannot be reached.
        """
        return self._verified(_image_key(image_id), sha256=image_id)

    def thumbnail(self, image_id: str) -> bytes:
        """Return a JPEG of at most 256 by 256 pixels; raises as `get`."""
        record = self.describe(image_id)
        return self._verified(_thumbnail_key(image_id), sha256=record.thumbnail_sha256)

    def describe(self, image_id: str) -> StoredImage:
        """Return what is known about an image; raises as `get`."""
        text = self._read(_record_key(image_id))
        try:
            return StoredImage.model_validate_json(text)
        except ValidationError:
            msg = f"The record of image {image_id[:12]} is damaged. Upload the image again."
            raise UnreadableImageError(msg) from None

    def list(self, *, limit: int = 100) -> builtins.list[StoredImage]:
        """Return what was uploaded last, newest first.

        Raises:
            OSError: The store cannot be reached.
        """
        newest = sorted(self._records(), key=lambda entry: entry[1], reverse=True)
        return builtins.list(islice(self._described(newest), limit))

    def _described(self, entries: Iterable[tuple[str, datetime]]) -> Iterator[StoredImage]:
        for image_id, _ in entries:
            with suppress(ImageNotFoundError):  # somebody has just deleted it
                yield self.describe(image_id)

    def delete(self, image_id: str) -> None:
        """Remove an image, its thumbnail and its record; one that is not there is no error.

        Raises:
            OSError: The store cannot be reached.
        """
        keys = _record_key(image_id), _thumbnail_key(image_id), _image_key(image_id)
        with self._turn(image_id):
            for key in keys:
                with suppress(FileNotFoundError), plain_errors():
                    self._objects.delete(key)

    def expire(self, *, older_than: timedelta) -> builtins.list[str]:
        """Delete what was last uploaded longer ago than this, and return the ids.

        Raises:
            OSError: The store cannot be reached.
        """
        before = datetime.now(UTC) - older_than
        expired = [image_id for image_id, stored_at in self._records() if stored_at < before]
        for image_id in expired:
            self.delete(image_id)
        return expired

    async def aput(
        self, image: ImageSource | LoadedImage, *, metadata: Mapping[str, str] | None = None
    ) -> StoredImage:
        """Store an image without blocking the event loop; see `put`."""
        return await asyncio.to_thread(self.put, image, metadata=metadata)

    async def aget(self, image_id: str) -> bytes:
        """Return the stored bytes without blocking the event loop; see `get`."""
        return await asyncio.to_thread(self.get, image_id)

    async def athumbnail(self, image_id: str) -> bytes:
        """Return the thumbnail without blocking the event loop; see `thumbnail`."""
        return await asyncio.to_thread(self.thumbnail, image_id)

    async def adescribe(self, image_id: str) -> StoredImage:
        """Return the record without blocking the event loop; see `describe`."""
        return await asyncio.to_thread(self.describe, image_id)

    async def alist(self, *, limit: int = 100) -> builtins.list[StoredImage]:
        """Return what was uploaded last without blocking the event loop; see `list`."""
        return await asyncio.to_thread(self.list, limit=limit)

    async def adelete(self, image_id: str) -> None:
        """Remove an image without blocking the event loop; see `delete`."""
        await asyncio.to_thread(self.delete, image_id)

    async def aexpire(self, *, older_than: timedelta) -> builtins.list[str]:
        """Delete what is old without blocking the event loop; see `expire`."""
        return await asyncio.to_thread(self.expire, older_than=older_than)

    def _turn(self, image_id: str) -> threading.Lock:
        """Threads store and delete one image one after the other; others seldom wait."""
        return self._turns[int(image_id[:4], 16) % _AT_ONCE]

    def _known(self, image_id: str) -> StoredImage | None:
        """Return the record of an image whose every part is whole; what is not gets rewritten."""
        try:
            self.get(image_id)
            self.thumbnail(image_id)
            return self.describe(image_id)
        except (ImageNotFoundError, UnreadableImageError):
            return None

    def _records(self) -> Iterator[tuple[str, datetime]]:
        with plain_errors():
            for chunk in self._objects.list("records"):
                for entry in chunk:
                    image_id = entry["path"].rpartition("/")[2].removesuffix(".json")
                    if _IMAGE_ID.fullmatch(image_id):
                        yield image_id, entry["last_modified"]

    def _verified(self, key: str, *, sha256: str) -> bytes:
        data = self._read(key)
        if _hash(data) != sha256:
            msg = f"What is stored as {key} is not what was uploaded. Upload the image again."
            raise UnreadableImageError(msg)
        return data

    def _read(self, key: str) -> bytes:
        try:
            with plain_errors():
                found = self._objects.get(key)
                if found.meta["size"] > self._limits.max_bytes:
                    raise ImageTooLargeError(
                        too_many_bytes(found.meta["size"], self._limits.max_bytes)
                    )
                return bytes(found.bytes())
        except FileNotFoundError:
            msg = f"No image {key.rpartition('/')[2][:12]} is stored. It may have been deleted."
            raise ImageNotFoundError(msg) from None


def _image_key(image_id: str) -> str:
    return f"images/{_checked(image_id)[:2]}/{image_id}"


def _thumbnail_key(image_id: str) -> str:
    return f"thumbnails/{_checked(image_id)[:2]}/{image_id}"


def _record_key(image_id: str) -> str:
    return f"records/{_checked(image_id)[:2]}/{image_id}.json"


def _checked(image_id: str) -> str:
    if not _IMAGE_ID.fullmatch(image_id):
        msg = "That is no image id. An id has 64 hexadecimal digits; list() tells which there are."
        raise ImageNotFoundError(msg)
    return image_id


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _merged(known: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    merged = {**known, **new}
    size = sum(len(key.encode()) + len(value.encode()) for key, value in merged.items())
    if size > _METADATA_BYTES:
        msg = f"The metadata has {size:,} bytes; at most {_METADATA_BYTES:,} are kept. Shorten it."
        raise ImageTooLargeError(msg)
    return merged


def _thumbnail(image: Image.Image) -> bytes:
    small = image.copy()
    small.thumbnail(_THUMBNAIL, Image.Resampling.LANCZOS)
    out = io.BytesIO()
    small.save(out, "JPEG", quality=80)
    return out.getvalue()
