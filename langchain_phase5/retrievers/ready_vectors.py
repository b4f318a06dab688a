"""Hand ready vectors to a store that insists on embedding texts itself.

LangChain's `VectorStore` has no method that takes vectors; its `add_texts` calls the embeddings
the store was made with. Inside `ready_vectors(...)` those return the given vectors instead of
computing any, so that every store takes images. It holds for the current task and thread only.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

_waiting: ContextVar[Iterator[list[float]] | None] = ContextVar("waiting", default=None)


@contextmanager
def ready_vectors(vectors: Sequence[list[float]]) -> Iterator[None]:
    """Let the next texts that are embedded get `vectors`, in this order.

    Raises:
        ValueError: The store did not ask for them, so it embeds with something else.
    """
    waiting = iter(vectors)
    token = _waiting.set(waiting)
    try:
        yield
    finally:
        _waiting.reset(token)
    if next(waiting, None) is not None:
        msg = "the vector store embeds with another model; make it with this OpenCLIPEmbeddings"
        raise ValueError(msg)


def take_ready_vectors(count: int) -> list[list[float]] | None:
    """Return the next `count` vectors, or None outside of `ready_vectors`."""
    waiting = _waiting.get()
    return None if waiting is None else [next(waiting) for _ in range(count)]
