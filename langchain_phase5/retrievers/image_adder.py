"""Bring images into a store: find, read, hash, skip what is known, embed in batches, report."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any
from uuid import UUID

from langchain_core.vectorstores import VectorStore
from PIL import Image

from langchain_phase5.retrievers.add_report import AddReport
from langchain_phase5.retrievers.exact_search import Vectors
from langchain_phase5.retrievers.image_files import ImageSources, NamedImage, find_images
from langchain_phase5.retrievers.image_source import UnreadableImageError, decode, read_source
from langchain_phase5.retrievers.open_clip_embeddings import OpenCLIPEmbeddings
from langchain_phase5.retrievers.vector_store_access import add_vectors, has_document

Described = Mapping[str, Any] | Sequence[Any] | None
"""One value per image: by position, or by the image's name, file name or stem."""


@dataclass
class _Entry:
    """An image on its way into the store."""

    named: NamedImage
    number: int
    id: str = ""
    width: int = 0
    height: int = 0
    size: int = 0


class ImageAdder:
    """Adds images to a vector store, each content once.

    The id of an image is made from the SHA-256 of its bytes. A batch is handed to the store as soon
    as it is embedded, so a run that is killed goes on where it stopped when it is started again.

    Args:
        embeddings: Embeds the images.
        store: Receives them.
        captions: What the images show, as the documents' content; the file name where missing.
        metadatas: More metadata for each.
        fetch: Reads web addresses, if there are any.
    """

    def __init__(
        self,
        embeddings: OpenCLIPEmbeddings,
        store: VectorStore,
        *,
        captions: Described = None,
        metadatas: Described = None,
        fetch: Callable[[str], bytes] | None = None,
    ) -> None:
        self._embeddings = embeddings
        self._store = store
        self._captions = captions
        self._metadatas = metadatas
        self._fetch = fetch
        self._seen: dict[str, _Entry] = {}

    def add(
        self, sources: ImageSources, *, advance: Callable[[int], None] = lambda _: None
    ) -> AddReport:
        """Add all images of `sources`; the ones that cannot be read are reported, not raised.

        Args:
            sources: See `find_images`.
            advance: Told after every batch how many more images are done.
        """
        report = AddReport()
        batch: list[tuple[_Entry, Vectors]] = []
        entries = (_Entry(named, i) for i, named in enumerate(find_images(sources)))
        for entry, outcome in self._embeddings.stream(entries, self._load):
            if isinstance(outcome, UnreadableImageError):
                report.failed[entry.named.name] = str(outcome)
            elif outcome is None:
                report.known.append(entry.id)
            else:
                batch.append((entry, outcome))
            if len(batch) == self._embeddings.batch_size:
                self._store_batch(batch, report)
                batch = []
            advance(1)
        self._store_batch(batch, report)
        return report

    def _load(self, entry: _Entry) -> Image.Image | None:
        if entry.named.source is None:
            raise UnreadableImageError(entry.named.error)
        data = read_source(entry.named.source, fetch=self._fetch)
        entry.id, entry.size = identify(data)
        if has_document(self._store, entry.id):
            return None
        decoded = decode(data, at_least=self._embeddings.model.image_size)
        entry.width, entry.height = decoded.width, decoded.height
        return decoded.image if self._seen.setdefault(entry.id, entry) is entry else None

    def _store_batch(self, batch: Sequence[tuple[_Entry, Vectors]], report: AddReport) -> None:
        if not batch:
            return
        entries = [entry for entry, _ in batch]
        report.added += add_vectors(
            self._store,
            [vector for _, vector in batch],
            [self._caption(entry) for entry in entries],
            [self._metadata(entry) for entry in entries],
            [entry.id for entry in entries],
        )

    def _caption(self, entry: _Entry) -> str:
        caption = _described(self._captions, entry)
        return PurePath(entry.named.name).name if caption is None else str(caption)

    def _metadata(self, entry: _Entry) -> dict[str, Any]:
        return {
            **(_described(self._metadatas, entry) or {}),
            "source": entry.named.name,
            "id": entry.id,
            "width": entry.width,
            "height": entry.height,
            "size": entry.size,
        }


def _described(values: Described, entry: _Entry) -> Any:
    if values is None:
        return None
    if isinstance(values, Mapping):
        path = PurePath(entry.named.name)
        keys: Iterable[str] = (entry.named.name, path.name, path.stem)
        return next((values[key] for key in keys if key in values), None)
    return values[entry.number] if entry.number < len(values) else None


def identify(data: bytes | Image.Image) -> tuple[str, int]:
    """Return the id and the number of bytes; some stores take no ids other than UUIDs."""
    if isinstance(data, Image.Image):
        data = repr((data.mode, data.size)).encode() + data.tobytes()
    return str(UUID(bytes=hashlib.sha256(data).digest()[:16])), len(data)
