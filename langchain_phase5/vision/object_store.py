"""Where objects are kept: a folder, memory or any S3, opened and spoken to through obstore."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from obstore.store import ObjectStore


def open_objects(location: str | Path, options: Mapping[str, Any]) -> "ObjectStore":
    """Open a folder, which is made if there is none, memory, or what a URL names.

    Raises:
        ImportError: obstore is missing.
        ValueError: The location or the options make no sense.
    """
    try:
        from obstore import exceptions, store
    except ImportError as error:
        msg = "The image store needs one more package: pip install 'langchain-phase5[vision]'"
        raise ImportError(msg) from error
    if "://" not in str(location):
        return store.LocalStore(Path(location).absolute(), mkdir=True)
    try:
        if str(location).startswith("memory:"):
            return store.MemoryStore()
        return store.from_url(str(location), **_with_patience(options))
    except exceptions.BaseError as error:
        msg = (
            f"Images cannot be stored there ({_first_line(error)}). Pass a folder, "
            '"memory://" or "s3://bucket/prefix" with options={"endpoint": ...}.'
        )
        raise ValueError(msg) from None


def _with_patience(options: Mapping[str, Any]) -> dict[str, Any]:
    """Give up on a server within seconds, and take an endpoint that says http at its word."""
    is_plain = str(options.get("endpoint", "")).startswith("http://")
    client = {"timeout": timedelta(seconds=30), "allow_http": is_plain}
    retry = {"max_retries": 3, "retry_timeout": timedelta(seconds=30)}
    return {
        **options,
        "client_options": {**client, **options.get("client_options", {})},
        "retry_config": {**retry, **options.get("retry_config", {})},
    }


@contextmanager
def plain_errors() -> Iterator[None]:
    """Turn the library's errors, pages of debugging, into one line.

    Raises:
        OSError: The store failed.
    """
    from obstore.exceptions import BaseError

    try:
        yield
    except BaseError as error:
        msg = f"The image store failed: {_first_line(error)}"
        raise OSError(msg) from None


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:200]
