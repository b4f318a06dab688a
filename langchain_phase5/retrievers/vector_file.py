"""Rows of float32 that only ever grow: in memory, or in a file that readers map."""

import hashlib
import mmap
import os
import threading
import weakref
from pathlib import Path
from typing import Any

import numpy as np

from langchain_phase5.retrievers.index_errors import DamagedIndexError
from langchain_phase5.retrievers.row_set import Rows

Vectors = np.ndarray[Any, np.dtype[np.float32]]

_FIRST_CAPACITY = 256
_READ_AT_ONCE = 1 << 20
_COPIED_AT_ONCE = 20_000
_FEW_ROWS = 256
_MOST_MAPPED = 256_000_000


class VectorFile:
    """Append-only matrix of float32. A view that was handed out stays valid while it grows.

    On disk it is nothing but the numbers, little-endian, row after row: a format in which no byte
    can do harm. How many rows count is not its business but the caller's, so that rows written by
    a process that died before it could commit them are simply overwritten.

    Args:
        path: The file, created when the first row is written. None keeps the rows in memory.
        dimension: Numbers per row.
    """

    def __init__(self, path: Path | None, *, dimension: int) -> None:
        self.path = path
        self.dimension = dimension
        self._opening = threading.Lock()
        self._descriptor: int | None = None
        self._mapped: mmap.mmap | None = None
        self._closing: weakref.finalize[Any, Any] | None = None
        self._buffer: Vectors = np.empty((0, dimension), dtype=np.float32)

    def write(self, first_row: int, vectors: Vectors) -> None:
        """Write `vectors` from `first_row` on and wait until they are on the disk.

        Raises:
            OSError: The disk is full or the file cannot be written.
        """
        vectors = np.ascontiguousarray(vectors, dtype="<f4")
        if self.path is None:
            self._write_memory(first_row, vectors)
            return
        descriptor = os.open(
            self.path, os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0), 0o644
        )
        with open(descriptor, "wb", closefd=True) as file:  # noqa: PTH123 - opened without truncating
            file.seek(first_row * self.dimension * 4)
            file.write(vectors.data)
            file.flush()
            os.fsync(file.fileno())

    def fill(self, vectors: Vectors, rows: Rows) -> bytes:
        """Write some rows of others from the beginning on, and return their SHA-256.

        Raises:
            OSError: The disk is full or the file cannot be written.
        """
        digest = hashlib.sha256()
        for first in range(0, len(rows) or 1, _COPIED_AT_ONCE):
            part = np.ascontiguousarray(vectors[rows[first : first + _COPIED_AT_ONCE]])
            self.write(first, part)
            digest.update(part.tobytes())
        return digest.digest()

    def view(self, rows: int) -> Vectors:
        """Return the first `rows` rows, mapped and not copied.

        Raises:
            DamagedIndexError: The file is shorter than that.
            FileNotFoundError: There is none.
        """
        if self.path is None or rows == 0:
            return self._buffer[:rows]
        descriptor = self._open()
        size = os.fstat(descriptor).st_size
        if size < rows * self.dimension * 4:
            msg = f"{self.path} is damaged: it should hold {rows} vectors but has {size} bytes"
            raise DamagedIndexError(msg)
        mapped = mmap.mmap(descriptor, rows * self.dimension * 4, access=mmap.ACCESS_READ)
        self._mapped = mapped
        return np.frombuffer(mapped, "<f4").reshape(rows, self.dimension)

    def read(self, rows: np.ndarray[Any, np.dtype[np.int64]], view: Vectors) -> Vectors:
        """Return copies of some rows of a view, not through it if they are few or it is large.

        Mapped pages count as resident memory for as long as nobody needs it for something else;
        ranking some dozen candidates of every query would map the whole file in the end, and a
        filter or two at once, since the system maps what is around a page along with it.
        """
        if self.path is None or not self._to_be_read(len(rows)):
            return np.asarray(view[rows])
        descriptor, size = self._open(), 4 * self.dimension
        parts = [os.pread(descriptor, size, row * size) for row in rows.tolist()]
        return np.frombuffer(b"".join(parts), "<f4").reshape(len(rows), self.dimension)

    def _to_be_read(self, rows: int) -> bool:
        few = rows <= _FEW_ROWS
        return hasattr(os, "pread") and (few or os.fstat(self._open()).st_size > _MOST_MAPPED)

    def release(self) -> None:
        """Stop counting what has been mapped as resident memory; it is mapped again when used."""
        if self._mapped is not None and hasattr(mmap, "MADV_DONTNEED"):
            self._mapped.madvise(mmap.MADV_DONTNEED)

    def close(self) -> None:
        """Close the file; otherwise that happens when nobody holds this object any more."""
        if self._closing is not None:
            self._closing()
            self._descriptor = self._closing = self._mapped = None

    def _open(self) -> int:
        """Open the file once, so that it can be read to the end even after it was replaced."""
        with self._opening:
            if self._descriptor is None:
                self._descriptor = os.open(str(self.path), os.O_RDONLY | getattr(os, "O_BINARY", 0))
                self._closing = weakref.finalize(self, os.close, self._descriptor)
            return self._descriptor

    def checksum(self, first_row: int, rows: int) -> bytes:
        """Return the SHA-256 of some rows, reading and not mapping them to save memory."""
        if self.path is None:
            return hashlib.sha256(self._buffer[first_row : first_row + rows].data).digest()
        digest = hashlib.sha256()
        left = rows * self.dimension * 4
        with self.path.open("rb", buffering=0) as file:
            file.seek(first_row * self.dimension * 4)
            while left and (part := file.read(min(left, _READ_AT_ONCE))):
                digest.update(part)
                left -= len(part)
        return digest.digest()

    def _write_memory(self, first_row: int, vectors: Vectors) -> None:
        needed = first_row + len(vectors)
        if needed > len(self._buffer):
            grown = np.empty(
                (max(needed, 2 * len(self._buffer), _FIRST_CAPACITY), self.dimension), np.float32
            )
            grown[:first_row] = self._buffer[:first_row]
            self._buffer = grown
        self._buffer[first_row:needed] = vectors
