"""How fast, how exact and how large `ImageIndex` is, against FAISS itself on the same vectors.

    python benchmarks/index_search.py --count 50000
    python benchmarks/index_search.py --count 1000000 --folder /some/large/disk

Vectors are synthetic: clustered directions of 512 numbers, which is kinder to clustering than real
images may be. Times are CPU milliseconds on one thread, the median of the runs with the 5th and
95th percentile.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import faiss  # noqa: TID253 - a benchmark of it
import numpy as np
from langchain_core.embeddings import DeterministicFakeEmbedding

from langchain_phase5.retrievers import ImageIndex
from langchain_phase5.retrievers.coded_index import CodedIndex, empty_index
from langchain_phase5.retrievers.nearest import nearest

DIMENSION = 512
CHUNK = 50_000
QUERIES = 200
ROUNDS = 5
APART = 61
SELECTIVITY = 100
FAKE = DeterministicFakeEmbedding(size=DIMENSION)


def directions(count: int, *, seed: int) -> np.ndarray:
    """Draw unit vectors around the same centers whatever the seed."""
    centers = np.random.default_rng(0).standard_normal((5000, DIMENSION), dtype="f4")
    rng = np.random.default_rng(seed)
    vectors = centers[rng.integers(0, len(centers), count)]
    vectors += 0.9 * rng.standard_normal(vectors.shape, dtype="f4")
    faiss.normalize_L2(vectors)
    return vectors


def fill(path: Path, count: int) -> None:
    """Add `count` vectors in chunks, then bring them all into the coded index."""
    with ImageIndex(FAKE, path=path) as index:
        for first in range(0, count, CHUNK):
            size = min(CHUNK, count - first)
            numbers = range(first, first + size)
            index.add_embeddings(
                [f"image {number}" for number in numbers],
                directions(size, seed=first + 1),
                [{"album": number % SELECTIVITY, "source": f"{number}.jpg"} for number in numbers],
                ids=[str(number) for number in numbers],
            )
        index.optimize()


def measure(name: str, run: Callable[[int], object], *, times: int) -> None:
    """Run something many times and print its CPU time."""
    run(0)
    spent = []
    for number in range(1, times + 1):
        started = time.process_time_ns()
        run(number)
        spent.append((time.process_time_ns() - started) / 1e6)
    print_times(name, spent)


def print_times(name: str, spent: list[float]) -> None:
    """Print the median and the 5th and 95th percentile."""
    low, *_, high = statistics.quantiles(spent, n=20)
    print(f"{name:52} {statistics.median(spent):9.3f} ms  ({low:.3f} to {high:.3f})")


def resident_mb() -> dict[str, float]:
    """Return anonymous and file-backed resident memory."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    values = {line.split(":")[0]: line.split()[1] for line in lines if line.startswith("Rss")}
    return {name: int(value) / 1000 for name, value in values.items()}


def print_resident(moment: str, before: dict[str, float]) -> None:
    """Print by how much memory has grown; mapped pages are shared and given back when needed."""
    grown = {name: value - before[name] for name, value in resident_mb().items()}
    text = f"resident memory grown {moment}: anonymous, mapped"
    print(f"{text:60} {grown['RssAnon']:5.0f} MB {grown['RssFile']:.0f} MB")


def report(path: Path) -> None:
    """Measure everything on an index that is there."""
    queries = directions(QUERIES, seed=987_654_321)
    before = resident_mb()
    started = time.process_time()
    ImageIndex(FAKE, path=path, verify=False).close()
    print(f"{'open, unverified':52} {1000 * (time.process_time() - started):9.3f} ms")
    started = time.process_time()
    index = ImageIndex(FAKE, path=path)
    print(f"{'open, every byte verified':52} {1000 * (time.process_time() - started):9.3f} ms")
    count = len(index)

    def search(number: int, **kwargs: object) -> list:
        query = queries[number % QUERIES]
        return index.similarity_search_with_score_by_vector(query, k=10, **kwargs)

    measure("search, k=10", search, times=QUERIES)
    print_resident("after opening and searching", before)
    measure("search, k=10, filter of 1 %", lambda i: search(i, filter={"album": 7}), times=100)
    found = len(search(3, filter={"album": 7}))
    print(f"{'   documents returned of 10':52} {found:9}")
    print_resident("after filtering", before)
    measure(
        "add one image",
        lambda i: index.add_embeddings([f"new {i}"], queries[i : i + 1], ids=[f"new {i}"]),
        times=50,
    )
    measure("delete one image", lambda i: index.delete([f"new {i}"]), times=50)
    measure("search, k=10, after deletions", search, times=50)
    index.close()
    compare(path, count, queries)


def compare(path: Path, count: int, queries: np.ndarray) -> None:
    """Recall against a full scan, and the time beside FAISS alone on the same structure."""
    vectors = np.memmap(path / "vectors.f32", "<f4", mode="r", shape=(count, DIMENSION))
    _, truth = faiss.knn(queries, vectors, 10, metric=faiss.METRIC_INNER_PRODUCT)
    with ImageIndex(FAKE, path=path, verify=False, read_only=True) as index:
        found = [index.similarity_search_with_score_by_vector(query, k=10) for query in queries]
        rows = [[int(document.id) for document, _ in documents] for documents in found]
        print(f"{'recall@10 against a full scan':52} {recall(rows, truth):9.4f}")
        print(f"{'   recall measured by the index itself':52} {index.recall:9.4f}")
        snapshot = index._storage.snapshot()  # noqa: SLF001 - to time its parts
        runs = {
            "search": lambda i: index.similarity_search_with_score_by_vector(queries[i], k=10),
            "   without reading the documents": lambda i: nearest(
                snapshot, queries[i], 10, allowed=None
            ),
            **alone(snapshot.coded, vectors, queries, truth),
        }
        for run in runs.values():
            run(0)
        in_turns(runs)


def alone(
    coded: CodedIndex | None, vectors: np.ndarray, queries: np.ndarray, truth: np.ndarray
) -> dict[str, Callable[[int], object]]:
    """Return searches by FAISS without anything around them, on the same vectors or codes.

    The coarse search is the one that FAISS's own IVF indexes have, through all centroids in fp32.
    """
    if coded is None:
        flat = faiss.IndexFlatIP(DIMENSION)
        flat.add(np.ascontiguousarray(vectors))
        return {"FAISS alone, flat": lambda i: flat.search(queries[i][None], 10)}
    print(f"   {coded.description}")
    codes = faiss.SearchParametersIVF(nprobe=coded.description.probes)
    plain = empty_index(DIMENSION, len(coded.sizes), coded.centroids, coded.scales)
    plain.replace_invlists(coded._lists, False)  # noqa: FBT003, SLF001 - own, positional in FAISS
    plain.ntotal = coded.description.rows
    exact = faiss.IndexFlatIP(DIMENSION)
    exact.add(np.ascontiguousarray(vectors[: coded.description.rows]))
    refined = faiss.IndexRefine(plain, exact)
    ranked = faiss.IndexRefineSearchParameters(k_factor=4, base_index_params=codes)
    runs = {
        "FAISS alone, the same codes": lambda i: plain.search(queries[i][None], 10, params=codes),
        "FAISS alone, the same codes, float32 in memory": lambda i: refined.search(
            queries[i][None], 10, params=ranked
        ),
    }
    for name, run in runs.items():
        rows = [run(i)[1][0].tolist() for i in range(QUERIES)]
        print(f"{'   recall of ' + name:64} {recall(rows, truth):.4f}")
    return runs


def recall(found: list[list[int]], truth: np.ndarray) -> float:
    """Return the share of the true neighbors that were found."""
    pairs = zip(found, truth.tolist(), strict=True)
    return sum(len(set(rows) & set(nearest)) for rows, nearest in pairs) / truth.size


def in_turns(runs: dict[str, Callable[[int], object]]) -> None:
    """Time searches alternately, in changing order, none with a query just looked up by another.

    Who comes second with the same query finds the vectors in the processor's cache.
    """
    spent: dict[str, list[float]] = {name: [] for name in runs}
    order = list(enumerate(runs.items()))
    for i in range(ROUNDS * QUERIES):
        for place, (name, run) in order[i % len(order) :] + order[: i % len(order)]:
            number = (i + place * APART) % QUERIES
            started = time.process_time_ns()
            run(number)
            spent[name].append((time.process_time_ns() - started) / 1e6)
    print("in turns, k=10:")
    for name, times in spent.items():
        print_times(name, times)


def main() -> None:
    """Fill an index in one process and measure it in a fresh one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=50_000)
    parser.add_argument("--folder", type=Path, help="where the index is built; a temporary one")
    parser.add_argument("--report", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.report:
        report(arguments.report)
        return
    folder = Path(tempfile.mkdtemp(dir=arguments.folder))
    try:
        started = time.process_time()
        fill(folder / "index", arguments.count)
        print(
            f"{arguments.count:,} vectors; adding and coding took "
            f"{time.process_time() - started:.1f} CPU s"
        )
        sizes = {
            file.name: file.stat().st_size // 1_000_000 for file in (folder / "index").iterdir()
        }
        print(f"files in MB: {sizes}", flush=True)
        command = [sys.executable, __file__, "--report", str(folder / "index")]
        subprocess.run(command, check=True)  # noqa: S603 - our own interpreter and script
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()
