"""Write a coded index: form the clusters, encode every vector, measure the recall."""

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from langchain_phase5.retrievers.coded_index import (
    CodedIndex,
    capacity,
    empty_index,
    file_sha256,
)
from langchain_phase5.retrievers.coded_index_description import CodedIndexDescription
from langchain_phase5.retrievers.exact_search import Vectors, import_faiss, rank
from langchain_phase5.retrievers.row_set import Rows

Codes = np.ndarray[Any, np.dtype[np.uint8]]

_WANTED_RECALL = 0.99
_RECALL_AT = 10
_QUERIES = 64
_SAMPLES_PER_LIST = 40
_TRAINING_ROUNDS = 8
_CHUNK = 20_000
_RETRAIN_AT = 2


def build_coded_index(
    folder: Path,
    vectors: Vectors,
    *,
    number: int,
    previous: CodedIndex | None = None,
    moved: Rows | None = None,
) -> CodedIndexDescription:
    """Write a coded index of all `vectors` into `folder`, whole, and measure its recall.

    Args:
        folder: Receives the file.
        vectors: Shape (n, d), of length one.
        number: In the file's name; must be new.
        previous: Its clusters and codes are taken over unless there are twice or half as many
            vectors as when the clusters were made.
        moved: Where each row that `previous` knows is now, -1 if it is gone; None if all stayed.
    """
    clusters = _clusters(vectors, previous, moved)
    path = folder / f"codes-{number:06}.bin"
    unfinished = path.with_suffix(".part")
    with unfinished.open("wb") as file:
        _write(file, vectors, clusters)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    written = CodedIndexDescription(
        file=path.name,
        sha256=file_sha256(path),
        dimension=vectors.shape[1],
        rows=len(vectors),
        trained_rows=clusters.trained_rows,
        lists=len(clusters.centroids),
    )
    return _calibrated(folder, written, vectors)


@dataclass(frozen=True)
class _Clusters:
    """Centroids, the scales of the codes, and the index they were taken over from, if any."""

    centroids: Vectors
    scales: Vectors
    trained_rows: int
    kept: CodedIndex | None = None
    moved: Rows | None = None

    @property
    def kept_rows(self) -> int:
        """How many of the first rows have codes already."""
        if self.kept is None:
            return 0
        covered = self.kept.description.rows
        return covered if self.moved is None else int((self.moved[:covered] >= 0).sum())

    def kept_content(self, number: int) -> tuple[Codes, Rows]:
        """Return what is left of a cluster, under the rows' present numbers."""
        if self.kept is None:
            return np.empty((0, self.centroids.shape[1]), np.uint8), np.empty(0, np.int64)
        codes, rows = self.kept.content(number)
        if self.moved is None:
            return codes, rows
        rows = self.moved[rows]
        return codes[rows >= 0], rows[rows >= 0]

    def kept_sizes(self) -> Rows:
        """How much is left of each cluster."""
        if self.kept is not None and self.moved is None:
            return self.kept.sizes
        numbers = range(len(self.centroids))
        return np.array([len(self.kept_content(number)[1]) for number in numbers])


def _clusters(vectors: Vectors, previous: CodedIndex | None, moved: Rows | None) -> _Clusters:
    if previous is not None:
        trained_rows = previous.description.trained_rows
        if trained_rows / _RETRAIN_AT < len(vectors) < trained_rows * _RETRAIN_AT:
            return _Clusters(previous.centroids, previous.scales, trained_rows, previous, moved)
    faiss = import_faiss()
    rows, dimension = vectors.shape
    lists = 2 * max(1, round(2 * rows**0.5))
    index = empty_index(dimension, lists)
    index.cp.niter = _TRAINING_ROUNDS
    index.cp.min_points_per_centroid = 1
    index.cp.max_points_per_centroid = _SAMPLES_PER_LIST
    rng = np.random.default_rng(0)
    sample = rng.choice(rows, min(rows, _SAMPLES_PER_LIST * lists), replace=False)
    index.train(np.ascontiguousarray(vectors[np.sort(sample)]))
    centroids = index.quantizer.reconstruct_n(0, lists)
    return _Clusters(centroids, faiss.vector_to_array(index.sq.trained), rows)


def _write(file: BinaryIO, vectors: Vectors, clusters: _Clusters) -> None:
    """Assign and encode the rows that are new; those of the index before are copied."""
    lists = len(clusters.centroids)
    index = empty_index(vectors.shape[1], lists, clusters.centroids, clusters.scales)
    chunks = range(clusters.kept_rows, len(vectors), _CHUNK)
    parts = [index.quantizer.search(_chunk(vectors, start), 1)[1][:, 0] for start in chunks]
    assigned = np.concatenate([np.empty(0, np.int64), *parts])
    order = np.argsort(assigned, kind="stable") + clusters.kept_rows
    added = np.bincount(assigned, minlength=lists)
    file.write((added + clusters.kept_sizes()).astype("<i8").tobytes())
    file.write(clusters.centroids.astype("<f4").tobytes())
    file.write(clusters.scales.astype("<f4").tobytes())
    for number, rows in enumerate(np.split(order, np.cumsum(added)[:-1])):
        codes = index.sq.compute_codes(np.ascontiguousarray(vectors[rows]))
        old_codes, old_rows = clusters.kept_content(number)
        _write_list(file, np.concatenate([old_codes, codes]), np.concatenate([old_rows, rows]))


def _write_list(file: BinaryIO, codes: Codes, rows: Rows) -> None:
    padding = capacity(len(rows)) - len(rows)
    file.write(np.pad(codes, ((0, padding), (0, 0))).tobytes())
    file.write(np.pad(rows, (0, padding)).astype("<i8").tobytes())


def _chunk(vectors: Vectors, first: int) -> Vectors:
    return np.ascontiguousarray(vectors[first : first + _CHUNK])


def _calibrated(
    folder: Path, description: CodedIndexDescription, vectors: Vectors
) -> CodedIndexDescription:
    """Look at more and more clusters until enough of the true neighbors are found."""
    index = CodedIndex(folder, description, verify=False)
    queries = _test_queries(vectors)
    faiss = import_faiss()
    k = min(_RECALL_AT, len(vectors))
    _, truth = faiss.knn(queries, vectors, k, metric=faiss.METRIC_INNER_PRODUCT)
    for probes in _doubling(description.lists):
        found = 0
        for query, nearest in zip(queries, truth, strict=True):
            rows = index.candidates(query, k, probes=probes)
            best, _ = rank(rows, np.asarray(vectors[rows]), query, k)
            found += len(np.intersect1d(best, nearest))
        recall = found / truth.size
        if recall >= _WANTED_RECALL:
            break
    return replace(description, probes=probes, recall=round(recall, 4))


def _test_queries(vectors: Vectors) -> Vectors:
    """Make queries that are no stored vectors: half between two of them, half off all of them.

    A stored vector would find itself and its cluster too easily. What lies between two arbitrary
    ones lies between clusters; and texts lie beside all images, which random directions imitate.
    """
    rng = np.random.default_rng(1)
    pairs = rng.choice(len(vectors), (_QUERIES, 2))
    pull = 0.5 * vectors[pairs[:, 1]]
    away = rng.standard_normal((_QUERIES // 2, vectors.shape[1]), dtype=np.float32)
    pull[::2] = away / np.linalg.norm(away, axis=1, keepdims=True)
    queries = vectors[pairs[:, 0]] + pull
    lengths = np.linalg.norm(queries, axis=1, keepdims=True)
    return np.asarray(queries / np.where(lengths == 0, 1, lengths), dtype=np.float32)


def _doubling(limit: int) -> Iterator[int]:
    probes = 4
    while probes < limit:
        yield probes
        probes *= 2
    yield limit
