"""A large index in little memory: clustered 8-bit codes in a mapped file, ranked anew exactly.

Above some hundred thousand vectors a full scan takes too long and float32 too much memory. Here the
vectors are assigned to clusters (an inverted file, IVF), each stored as one byte per number, and a
query looks at the nearest clusters only. The candidates found are then scored with the exact
vectors. How many clusters to look at is measured on the vectors themselves, not guessed.

FAISS does the searching, but its own file format is not used, since reading it is not safe with
files from strangers: the file holds sizes, centroids, scales, codes and row numbers one after the
other, all plain numbers, with its SHA-256 kept in the document table.
"""

import hashlib
import math
from pathlib import Path
from typing import Any

import numpy as np

from langchain_phase5.retrievers.coded_index_description import CodedIndexDescription
from langchain_phase5.retrievers.exact_search import Vectors, import_faiss
from langchain_phase5.retrievers.index_errors import DamagedIndexError
from langchain_phase5.retrievers.row_set import Rows, RowSet

_PADDING = 8
_FEW, _MANY = 2, 8
_NOT_FOUND = -1
_WIDER = 4
_FEW_DELETED = 1.1
_STEPS = 255


class CodedIndex:
    """A mapped coded index, for searching. Immutable, so any number of threads may share it.

    Args:
        folder: Where the file is.
        description: What was kept about it when it was written.
        verify: Check the file against its SHA-256.

    Raises:
        DamagedIndexError: The file is not the one described.
    """

    def __init__(
        self, folder: Path, description: CodedIndexDescription, *, verify: bool = True
    ) -> None:
        self.description = description
        path = folder / description.file
        if verify and file_sha256(path) != description.sha256:
            msg = f"{path} is damaged: it does not match its SHA-256"
            raise DamagedIndexError(msg)
        self._path = path
        self.sizes, self.centroids, self.scales = _read_head(path, description)
        entry = description.dimension + 8
        spans = np.array([capacity(size) for size in self.sizes.tolist()]) * entry
        self._offsets = _head_size(description) + np.cumsum(spans) - spans
        self._lists, self._index = self._assemble()
        self._parameters = self._search_parameters(description.probes)
        self._error_variance = (self.scales[description.dimension :] / _STEPS) ** 2 / 12

    def candidates(
        self,
        query: Vectors,
        k: int,
        *,
        allowed: RowSet | None = None,
        probes: int | None = None,
    ) -> Rows:
        """Return rows that most likely include the `k` nearest; often more, to be ranked anew.

        Left out are those whose codes say that they are surely behind the `k` best. FAISS is asked
        for a few at first, and for many only where none of the few is left out.

        Args:
            query: Shape (d,), of length one.
            k: How many are wanted in the end.
            allowed: Rows that may be returned.
            probes: Clusters to look at, if not as many as were found to do.
        """
        parameters = self._parameters
        if allowed is not None or probes is not None:
            parameters = self._search_parameters(probes or self.description.probes, allowed)
        k, doubt = min(k, self.description.rows), self._doubt(query)
        for count in (_FEW * k, _MANY * k):
            scores, rows = self._search(query, count, parameters)
            close = np.count_nonzero(scores >= scores[k - 1] - doubt)
            if close < count:
                break
        rows = rows[:close]
        if rows[-1] == _NOT_FOUND:
            rows = rows[rows != _NOT_FOUND]
        self._check(rows.tolist())
        return rows

    def _check(self, rows: list[int]) -> None:
        if rows and not 0 <= min(rows) <= max(rows) < self.description.rows:
            msg = f"{self.description.file} is damaged: it names rows that do not exist"
            raise DamagedIndexError(msg)

    def _search(self, query: Vectors, count: int, parameters: Any) -> tuple[Vectors, Rows]:
        """Search as FAISS's own `search` does for one query, without what that costs in Python."""
        scores, rows = np.empty(count, np.float32), np.empty(count, np.int64)
        pointer = import_faiss().swig_ptr
        query = np.ascontiguousarray(query, dtype=np.float32)
        self._index.search_c(1, pointer(query), count, pointer(scores), pointer(rows), parameters)
        return scores, rows

    def _doubt(self, query: Vectors) -> float:
        """By how much the scores of two codes may be in the wrong order: four standard deviations.

        Rounding a number to the middle of a step of width w leaves an error of variance w^2 / 12.
        """
        return 4 * math.sqrt(2 * float((query * query).dot(self._error_variance)))

    def _search_parameters(self, probes: int, allowed: RowSet | None = None) -> Any:
        faiss = import_faiss()
        if allowed is None:
            return faiss.SearchParametersIVF(nprobe=probes)
        # Where few rows are allowed, the nearest of them are in clusters farther away; some
        # deleted rows change nothing.
        rarity = allowed.total / len(allowed)
        wider = rarity if rarity < _FEW_DELETED else _WIDER * rarity
        return faiss.SearchParametersIVF(
            nprobe=min(self.description.lists, round(probes * wider)),
            sel=faiss.IDSelectorBitmap(allowed.bits),
        )

    def content(self, number: int) -> tuple[np.ndarray[Any, np.dtype[np.uint8]], Rows]:
        """Return codes, shape (n, d), and rows of one cluster."""
        size, dimension = int(self.sizes[number]), self.description.dimension
        offset = int(self._offsets[number])
        codes = np.fromfile(self._path, np.uint8, size * dimension, offset=offset)
        offset += capacity(size) * dimension
        return codes.reshape(size, dimension), np.fromfile(self._path, "<i8", size, offset=offset)

    def _assemble(self) -> tuple[Any, Any]:
        """Return FAISS's mapped lists and the index on them; the former must outlive the latter."""
        faiss = import_faiss()
        lists = faiss.OnDiskInvertedLists()
        lists.nlist, lists.code_size = self.description.lists, self.description.dimension
        lists.filename, lists.read_only = str(self._path), True
        lists.totsize, lists.prefetch_nthread = self._path.stat().st_size, 0
        for size, offset in zip(self.sizes.tolist(), self._offsets.tolist(), strict=True):
            entry = faiss.OnDiskOneList()
            entry.size, entry.capacity, entry.offset = size, capacity(size), offset
            lists.lists.push_back(entry)
        try:
            lists.do_mmap()
        except RuntimeError:
            self._path.stat()  # if the writer has removed it meanwhile, say so as Python does
            raise
        dimension = self.description.dimension
        index = empty_index(dimension, len(self.sizes), self.centroids, self.scales, half=True)
        index.replace_invlists(lists, False)  # noqa: FBT003 - own, positional in FAISS
        index.ntotal = self.description.rows
        return lists, index


def empty_index(
    dimension: int,
    lists: int,
    centroids: Vectors | None = None,
    scales: Vectors | None = None,
    *,
    half: bool = False,
) -> Any:
    """Make FAISS's index without any vectors; trained if centroids and scales are given.

    Args:
        dimension: Numbers per vector.
        lists: Number of clusters.
        centroids: Their middles.
        scales: Of the codes.
        half: Keep the centroids in fp16. A query, which is compared with each, is through sooner;
            which are nearest hardly ever changes, and what does is part of the recall measured.
    """
    faiss = import_faiss()
    if half:
        kind = faiss.ScalarQuantizer.QT_fp16
        quantizer = faiss.IndexScalarQuantizer(dimension, kind, faiss.METRIC_INNER_PRODUCT)
    else:
        quantizer = faiss.IndexFlatIP(dimension)
    if centroids is not None:
        quantizer.add(np.ascontiguousarray(centroids))
    index = faiss.IndexIVFScalarQuantizer(
        quantizer,
        dimension,
        lists,
        faiss.ScalarQuantizer.QT_8bit,
        faiss.METRIC_INNER_PRODUCT,
        False,  # noqa: FBT003 - by_residual, positional in FAISS
    )
    if scales is not None:
        faiss.copy_array_to_vector(np.ascontiguousarray(scales), index.sq.trained)
        index.is_trained = True
    return index


def capacity(size: int) -> int:
    """Round a list's size up, so that the row numbers behind its codes are aligned."""
    return -(-size // _PADDING) * _PADDING


def _read_head(path: Path, description: CodedIndexDescription) -> tuple[Rows, Vectors, Vectors]:
    """Return list sizes, centroids and scales, having checked that they fit the file."""
    lists, dimension = description.lists, description.dimension
    with path.open("rb") as file:
        sizes = np.frombuffer(file.read(8 * lists), "<i8")
        centroids = np.frombuffer(file.read(4 * lists * dimension), "<f4")
        scales = np.frombuffer(file.read(8 * dimension), "<f4")
    expected = _head_size(description) + sum(
        capacity(int(size)) * (dimension + 8) for size in sizes
    )
    fits = len(sizes) == lists and (sizes >= 0).all() and sizes.sum() == description.rows
    if not fits or path.stat().st_size != expected:
        msg = f"{path} is damaged: its parts do not add up to its size"
        raise DamagedIndexError(msg)
    return sizes, centroids.reshape(lists, dimension), scales


def _head_size(description: CodedIndexDescription) -> int:
    return 8 * description.lists + 4 * (description.lists + 2) * description.dimension


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
