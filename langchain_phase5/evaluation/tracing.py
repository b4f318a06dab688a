"""Keep LangSmith out of it."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def tracing(*, upload: bool) -> Iterator[None]:
    """Turn LangSmith off for everything that happens inside, threads included, or leave it be."""
    if upload:
        yield
        return
    from langsmith.run_helpers import tracing_context

    with tracing_context(enabled=False):
        yield
