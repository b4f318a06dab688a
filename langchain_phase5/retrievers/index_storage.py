"""Keep an index's vectors and documents: opened, checked, appended to and deleted from."""

import hashlib
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from langchain_core.documents import Document

from langchain_phase5.retrievers.coded_index import CodedIndex, CodedIndexDescription
from langchain_phase5.retrievers.coded_index_builder import build_coded_index
from langchain_phase5.retrievers.document_table import DocumentTable, Written
from langchain_phase5.retrievers.exact_search import Vectors, import_faiss
from langchain_phase5.retrievers.index_errors import DamagedIndexError
from langchain_phase5.retrievers.row_set import Rows, RowSet
from langchain_phase5.retrievers.vector_file import VectorFile
from langchain_phase5.retrievers.writer_lock import WriterLock

_FORMAT = "1"
_DOCUMENTS = "documents.sqlite"
_VECTORS = "vectors.f32"
_TAIL = 20_000


@dataclass(frozen=True)
class Snapshot:
    """What one search sees from its beginning to its end.

    Attributes:
        vectors: Every row ever added, mapped from the file.
        file: Where they are; None as long as there are none.
        alive: Which rows are not deleted.
        coded: Covers the first rows, if there are many; the others are searched exactly.
        version: The document table's when this was read.
    """

    vectors: Vectors
    alive: np.ndarray[Any, np.dtype[np.bool_]]
    file: VectorFile | None = None
    coded: CodedIndex | None = None
    version: int = 0

    def read(self, rows: Rows) -> Vectors:
        """Return the vectors of some rows."""
        return self.vectors[:0] if self.file is None else self.file.read(rows)

    @cached_property
    def allowed(self) -> RowSet | None:
        """The rows a search may return; None is all of them."""
        if self.alive.all():
            return None
        return RowSet(np.flatnonzero(self.alive), len(self.alive))


class IndexStorage:
    """The files of one index, or the same in memory.

    Vectors are written and flushed first, then the documents are committed in one transaction,
    which is what counts: rows that were written but not committed are overwritten by the next
    append. Searches work on the last `Snapshot`, which changes never touch.

    Args:
        path: The folder, created when missing; None keeps everything in memory.
        fingerprint: Of the model that makes the vectors.
        model: Its name, for people.
        read_only: Open beside a writer.
        verify: Check every byte against the digests.
        exact_up_to: With more rows than this a coded index is built.

    Raises:
        ValueError: The folder was filled by another model.
        DamagedIndexError: Its files were changed or cut off.
        IndexLockedError: Another process has it open for writing.
    """

    def __init__(
        self,
        path: Path | None,
        *,
        fingerprint: str,
        model: str,
        read_only: bool,
        verify: bool,
        exact_up_to: int,
    ) -> None:
        self.path = path
        self.read_only = read_only
        self._fingerprint, self._model = fingerprint, model
        self._exact_up_to = exact_up_to
        self._changing = threading.RLock()
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._file: VectorFile | None = None
        self._snapshot = Snapshot(np.empty((0, 0), np.float32), np.empty(0, dtype=bool))
        self._lock = self._acquire()
        try:
            self.documents = self._open_documents()
        except BaseException:
            self._release()
            raise
        try:
            self._open(verify=verify)
        except BaseException:
            self.close()
            raise

    def snapshot(self) -> Snapshot:
        """Return what is committed now; looks at the disk only where another process may write."""
        if self.read_only and self.documents.version() != self._snapshot.version:
            with self._changing:
                self._snapshot = self._load(verify=False)
        return self._snapshot

    def append(self, vectors: Vectors, documents: Sequence[Document]) -> None:
        """Add rows with their documents, replacing those of the same id: all or nothing.

        Raises:
            ValueError: The vectors are of another dimension than those that are here.
            OSError: The disk is full.
        """
        with self._changing:
            file = self._file or self._vector_file(vectors.shape[1])
            if vectors.shape[1] != file.dimension:
                msg = f"vectors have {vectors.shape[1]} numbers; this index has {file.dimension}"
                raise ValueError(msg)
            first = len(self._snapshot.alive)
            file.write(first, vectors)
            written = Written(first, len(vectors), hashlib.sha256(vectors.tobytes()).digest())
            with self.documents.transaction():
                if self._file is None:
                    self._describe(vectors.shape[1])
                replaced = self.documents.add(written, documents)
            alive = np.append(self._snapshot.alive, np.ones(len(vectors), dtype=bool))
            alive[replaced] = False
            self._file = file
            self._snapshot = replace(
                self._snapshot, vectors=file.view(first + len(vectors)), alive=alive, file=file
            )
            if self._tail() > max(_TAIL, self._exact_up_to - self._coded_rows()):
                self.optimize()

    def remove(self, ids: Sequence[str] | None) -> None:
        """Delete documents by id, all of them without ids."""
        with self._changing:
            with self.documents.transaction():
                chosen = list(self.documents.ids()) if ids is None else ids
                rows = self.documents.remove(chosen)
            alive = self._snapshot.alive.copy()
            alive[rows] = False
            self._snapshot = replace(self._snapshot, alive=alive)

    def optimize(self) -> None:
        """Bring every row into the coded index, if there are enough of them for one."""
        with self._changing:
            rows = len(self._snapshot.alive)
            if rows <= self._exact_up_to or not self._tail() or not _can_map():
                return
            before = self._snapshot.coded
            generation = 1 if before is None else int(before.description.file[6:12]) + 1
            description = build_coded_index(
                self._folder(), self._snapshot.vectors, generation=generation, previous=before
            )
            with self.documents.transaction():
                self.documents.set_property("codes", description.to_json())
            coded = CodedIndex(self._folder(), description, verify=False)
            self._snapshot = replace(self._snapshot, coded=coded)
            self._remove_old_codes()

    def close(self) -> None:
        """Give everything back. Calling it twice is fine."""
        self.documents.close()
        if self._file is not None:
            self._file.close()
        self._release()

    def _acquire(self) -> WriterLock | None:
        if self.path is None:
            return None
        if self.read_only:
            if not (self.path / _DOCUMENTS).is_file():
                msg = f"there is no image index in {self.path}"
                raise ValueError(msg)
            return None
        self.path.mkdir(parents=True, exist_ok=True)
        return WriterLock(self.path / "writer.lock")

    def _open_documents(self) -> DocumentTable:
        if self.path is None:
            return DocumentTable(None)
        file = self.path / _DOCUMENTS
        if (self.path / _VECTORS).exists() and not (file.exists() and file.stat().st_size):
            msg = f"{self.path} is damaged: it has vectors but no {_DOCUMENTS}"
            raise DamagedIndexError(msg)
        return DocumentTable(file, read_only=self.read_only)

    def _release(self) -> None:
        if self._lock is not None:
            self._lock.close()
        if self._temporary is not None:
            self._temporary.cleanup()

    def _open(self, *, verify: bool) -> None:
        if verify and self.path is not None:
            self.documents.verify()
        self._check(self.documents.properties())
        self._snapshot = self._load(verify=verify)
        if verify:
            self._verify_vectors()
        if not self.read_only:
            self._remove_old_codes()

    def _check(self, properties: Mapping[str, str]) -> None:
        if properties.get("format", _FORMAT) != _FORMAT:
            msg = f"{self.path} was written by a newer version of langchain-phase5"
            raise ValueError(msg)
        if properties.get("fingerprint", self._fingerprint) != self._fingerprint:
            msg = (
                f"{self.path} was filled by the model {properties['model']}, whose vectors cannot "
                f"be compared with those of {self._model}; open it with the former, or index the "
                "images anew into another folder"
            )
            raise ValueError(msg)

    def _describe(self, dimension: int) -> None:
        self.documents.set_property("format", _FORMAT)
        self.documents.set_property("dimension", str(dimension))
        self.documents.set_property("fingerprint", self._fingerprint)
        self.documents.set_property("model", self._model)

    def _load(self, *, verify: bool) -> Snapshot:
        version, rows = self.documents.version(), self.documents.rows()
        properties = self.documents.properties()
        if self._file is None and "dimension" in properties:
            self._file = self._vector_file(int(properties["dimension"]))
        vectors = np.empty((0, 0), np.float32) if self._file is None else self._file.view(rows)
        alive = np.ones(rows, dtype=bool)
        alive[[row for row in self.documents.deleted_rows() if row < rows]] = False
        coded = self._load_codes(properties.get("codes"), verify=verify)
        return Snapshot(vectors, alive, self._file, coded, version)

    def _load_codes(self, text: str | None, *, verify: bool) -> CodedIndex | None:
        if text is None or not _can_map():
            return None
        description = CodedIndexDescription.from_json(text)
        try:
            return CodedIndex(self._folder(), description, verify=verify)
        except FileNotFoundError as error:
            current = self.documents.properties().get("codes")
            if current == text:
                msg = f"{self.path} is damaged: {description.file} is missing"
                raise DamagedIndexError(msg) from error
            # The writer has replaced the file between our reading its name and opening it.
            return self._load_codes(current, verify=verify)

    def _verify_vectors(self) -> None:
        for part in self.documents.written():
            if (
                self._file is None
                or self._file.checksum(part.first_row, part.rows) != part.checksum
            ):
                msg = f"{self.path} is damaged: vectors from {part.first_row} on have changed"
                raise DamagedIndexError(msg)

    def _remove_old_codes(self) -> None:
        """Delete coded indexes that are no longer, or were never quite, in use."""
        coded = self._snapshot.coded
        kept = None if coded is None else coded.description.file
        if self.path is not None or self._temporary is not None:
            for file in self._folder().glob("codes-*"):
                if file.name != kept:
                    file.unlink()

    def _folder(self) -> Path:
        """Where coded indexes go: FAISS can map them from files only, even for one in memory."""
        if self.path is not None:
            return self.path
        if self._temporary is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="image-index-")
        return Path(self._temporary.name)

    def _vector_file(self, dimension: int) -> VectorFile:
        path = None if self.path is None else self.path / _VECTORS
        return VectorFile(path, dimension=dimension)

    def _coded_rows(self) -> int:
        coded = self._snapshot.coded
        return 0 if coded is None else coded.description.rows

    def _tail(self) -> int:
        return len(self._snapshot.alive) - self._coded_rows()


def _can_map() -> bool:
    """Whether this build of FAISS can map lists from a file; on Windows it cannot."""
    return hasattr(import_faiss(), "OnDiskInvertedLists")
