"""Many pages at a time, in order, without holding all of them."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from langchain_phase5.vision.images import LoadedImage

T = TypeVar("T")


def read_in_parallel(
    pages: Iterable[LoadedImage],
    *,
    read: Callable[[LoadedImage], T],
    workers: int | None = None,
    progress: bool = False,
) -> Iterator[T]:
    """Yield what `read` makes of each page, in order.

    Threads do, because the engines leave Python's lock while they work. Pages are taken from
    `pages` only as fast as they are read, so that a long document does not fill the memory.
    """
    workers = workers or os.cpu_count() or 1
    running: deque[Future[T]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        try:
            for page in _counted(pages) if progress else pages:
                running.append(pool.submit(read, page))
                if len(running) > workers:
                    yield running.popleft().result()
            while running:
                yield running.popleft().result()
        finally:
            for future in running:
                future.cancel()


def _counted(pages: Iterable[LoadedImage]) -> Iterator[LoadedImage]:
    try:
        from tqdm import tqdm
    except ImportError as error:
        msg = "The progress bar needs one more package: pip install 'langchain-phase5[vision]'"
        raise ImportError(msg) from error
    with tqdm(desc="Reading", unit="page") as bar:
        for page in pages:
            bar.total = page.frame_count
            yield page
            bar.update()
