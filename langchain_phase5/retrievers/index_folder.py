"""Which files an index consists of, and where."""

import tempfile
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from langchain_phase5.retrievers.document_table import DocumentTable
from langchain_phase5.retrievers.index_errors import DamagedIndexError
from langchain_phase5.retrievers.vector_file import VectorFile
from langchain_phase5.retrievers.writer_lock import WriterLock

_DOCUMENTS = "documents.sqlite"
_REPLACEABLE = ("codes-*", "vectors*.f32")


class IndexFolder:
    """The folder of one index, locked by its writer; or a substitute for one in memory.

    Args:
        path: The folder, created when missing; None keeps everything in memory.
        read_only: Open beside a writer.

    Raises:
        ValueError: There is no index to read.
        IndexLockedError: Another process has it open for writing.
    """

    def __init__(self, path: Path | None, *, read_only: bool) -> None:
        self.path = path
        self._read_only = read_only
        self._temporary: tempfile.TemporaryDirectory[str] | None = None
        self._lock: WriterLock | None = None
        if path is None:
            return
        if not read_only:
            path.mkdir(parents=True, exist_ok=True)
            self._lock = WriterLock(path / "writer.lock")
        elif not (path / _DOCUMENTS).is_file():
            msg = f"there is no image index in {path}"
            raise ValueError(msg)

    def documents(self) -> DocumentTable:
        """Open the document table, a new one if there is none.

        Raises:
            DamagedIndexError: There are vectors without one.
        """
        if self.path is None:
            return DocumentTable(None)
        file = self.path / _DOCUMENTS
        if list(self.path.glob("vectors*.f32")) and not (file.exists() and file.stat().st_size):
            msg = f"{self.path} is damaged: it has vectors but no {_DOCUMENTS}"
            raise DamagedIndexError(msg)
        return DocumentTable(file, read_only=self._read_only)

    def vectors(self, dimension: int, *, generation: int) -> VectorFile:
        """Return the file of the vectors as they were numbered for the `generation`th time."""
        name = "vectors.f32" if generation == 1 else f"vectors-{generation:06}.f32"
        return VectorFile(None if self.path is None else self.path / name, dimension=dimension)

    def codes(self) -> Path:
        """Where coded indexes go: FAISS can map them from files only, even for one in memory."""
        if self.path is not None:
            return self.path
        if self._temporary is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="image-index-")
        return Path(self._temporary.name)

    def keep_only(self, names: Collection[str]) -> None:
        """Delete vectors and codes that are no longer, or were never quite, in use."""
        if self.path is None and self._temporary is None:
            return
        for pattern in _REPLACEABLE:
            for file in self.codes().glob(pattern):
                if file.name not in names:
                    with suppress(PermissionError):  # Windows keeps what a reader has open
                        file.unlink()

    def close(self) -> None:
        """Let the next writer in. Calling it twice is fine."""
        if self._lock is not None:
            self._lock.close()
        if self._temporary is not None:
            self._temporary.cleanup()
