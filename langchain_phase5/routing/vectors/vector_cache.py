"""Embedding vectors by content hash, in memory and, if wanted, in a byte store."""

import hashlib
import re
from collections import OrderedDict
from collections.abc import Sequence
from threading import RLock

import numpy as np
import numpy.typing as npt
from langchain_core.stores import ByteStore

Floats = npt.NDArray[np.float32]
Halves = npt.NDArray[np.float16]

_NOT_IN_KEYS = re.compile(r"[^A-Za-z0-9_.-]")


class VectorCache:
    """Keeps unit vectors of texts; the least recently used leave first.

    Vectors are kept at half precision (768 bytes at 384 dimensions), which changes a cosine by less
    than 0.001, in memory as in the byte store, so that a warm start ranks exactly like a cold one.

    Args:
        store: Where vectors outlive the process, e.g. `LocalFileStore(path)`.
        namespace: Name of the embedding model; two models never share an entry.
        max_vectors: Bound on the memory.

    Example:
        >>> cache = VectorCache(namespace="demo")
        >>> cache.put(["hello"], [[3.0, 4.0]])
        >>> cache.get("hello").astype(float).round(1).tolist()
        [0.6, 0.8]
    """

    def __init__(
        self, *, namespace: str, store: ByteStore | None = None, max_vectors: int = 400_000
    ) -> None:
        self.dimensions: int | None = None
        self._namespace = namespace
        self._store = store
        self._max_vectors = max_vectors
        self._vectors: OrderedDict[bytes, Halves] = OrderedDict()
        self._lock = RLock()

    def get(self, text: str) -> Floats | None:
        """Look a text up in memory; `missing` brings in what the byte store has."""
        key = _digest(text)
        with self._lock:
            found = self._vectors.get(key)
            if found is None:
                return None
            self._vectors.move_to_end(key)
            return found.astype(np.float32)

    def expect(self, dimensions: int) -> None:
        """Drop vectors of any other length: the model has changed."""
        with self._lock:
            if self.dimensions not in {None, dimensions}:
                self._vectors.clear()
            self.dimensions = dimensions

    def missing(self, texts: Sequence[str]) -> list[str]:
        """Say which of `texts` have to be embedded, each once, in order."""
        with self._lock:
            absent = [text for text in dict.fromkeys(texts) if _digest(text) not in self._vectors]
        if self._store is None or not absent:
            return absent
        loaded = self._store.mget([self._store_key(text) for text in absent])
        for text, data in zip(absent, loaded, strict=True):
            whole = data or b""
            # An entry that was cut off while it was written is shorter, and embedded once more.
            vector = np.frombuffer(whole, dtype="<f2", count=len(whole) // 2)
            if len(vector) and self.dimensions in {None, len(vector)}:
                self._keep(_digest(text), vector)
        with self._lock:
            return [text for text in absent if _digest(text) not in self._vectors]

    def put(self, texts: Sequence[str], vectors: Sequence[Sequence[float]]) -> None:
        """Keep vectors at unit length; one with a NaN becomes all zeros, alike to nothing.

        Raises:
            ValueError: Their number is not that of the texts, or they differ in dimension.
        """
        halves = unit_vectors(vectors, expected=len(texts)).astype(np.float16)
        for text, vector in zip(texts, halves, strict=True):
            self._keep(_digest(text), vector)
        if self._store is not None:
            self._store.mset(
                [
                    (self._store_key(text), vector.astype("<f2").tobytes())
                    for text, vector in zip(texts, halves, strict=True)
                ]
            )

    def __len__(self) -> int:
        return len(self._vectors)

    def _keep(self, key: bytes, vector: Halves) -> None:
        with self._lock:
            self.expect(len(vector))
            self._vectors[key] = vector
            self._vectors.move_to_end(key)
            while len(self._vectors) > self._max_vectors:
                self._vectors.popitem(last=False)

    def _store_key(self, text: str) -> str:
        """Name a vector by model and text; a `LocalFileStore` refuses signs such as a colon."""
        readable = _NOT_IN_KEYS.sub("_", self._namespace)
        return f"{readable}-{_digest(f'{self._namespace}:{text}').hex()}"


def unit_vectors(vectors: Sequence[Sequence[float]], *, expected: int) -> Floats:
    """Check what an embedding model returned, shape (texts, dimensions), and scale it to length 1.

    Raises:
        ValueError: There are not `expected` vectors, or they differ in dimension.
    """
    matrix = np.asarray(vectors, dtype=np.float32)
    if matrix.ndim != 2 or len(matrix) != expected:  # noqa: PLR2004 - rows and columns
        msg = f"the embedding model returned shape {matrix.shape} for {expected} texts"
        raise ValueError(msg)
    matrix = np.where(np.isfinite(matrix).all(axis=1, keepdims=True), matrix, np.float32(0))
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    return np.asarray(matrix / np.maximum(lengths, np.float32(1e-12)), dtype=np.float32)


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
