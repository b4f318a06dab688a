"""Reads files only where the caller may."""

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from langchain_phase5.vision.errors import (
    ImageNotAllowedError,
    ImageNotFoundError,
    ImageTooLargeError,
)


def read_file(path: str | Path, *, roots: Sequence[str | Path] = (), max_bytes: int) -> bytes:
    """Return the contents of a regular file.

    A plain string may have come from a model, so it only names files below `roots`. A
    `pathlib.Path` can only have been made by code, and needs no roots where none are given.
    Symbolic links are followed as long as they stay inside the same root.

    Raises:
        ImageNotAllowedError: The path leaves the roots, or is no regular file.
        ImageNotFoundError: There is no such file.
        ImageTooLargeError: The file holds more than `max_bytes`.
    """
    if "\0" in str(path):
        msg = "The path contains a zero byte. Pass the plain path of an image file."
        raise ImageNotAllowedError(msg)
    try:
        descriptor = _open_anywhere(path) if _is_trusted(path, roots) else _open_below(path, roots)
    except FileNotFoundError:
        msg = f"There is no file {str(path)!r}. Check the name, or list the folder."
        raise ImageNotFoundError(msg) from None
    except OSError as error:
        msg = f"The file {str(path)!r} cannot be opened ({error.strerror})."
        raise ImageNotAllowedError(msg) from None
    try:
        return _read(descriptor, name=str(path), max_bytes=max_bytes)
    finally:
        os.close(descriptor)


def _is_trusted(path: str | Path, roots: Sequence[str | Path]) -> bool:
    if isinstance(path, str) and not roots:
        msg = (
            f"{path!r} is a path given as a string, and no folder is allowed. Pass roots=[folder] "
            "to say where images may be read from, or pathlib.Path(...) if your own code chose it."
        )
        raise ImageNotAllowedError(msg)
    return not roots


def _open_anywhere(path: str | Path) -> int:
    return os.open(path, os.O_RDONLY | _NON_BLOCKING)


def _open_below(path: str | Path, roots: Sequence[str | Path]) -> int:
    missing = None
    for root, target in _candidates(path, roots):
        try:
            return _open_without_links(root, target)
        except FileNotFoundError as error:
            missing = error
    if missing is not None:
        raise missing
    msg = f"{str(path)!r} is outside the folders that images may be read from."
    raise ImageNotAllowedError(msg)


def _candidates(path: str | Path, roots: Sequence[str | Path]) -> Iterator[tuple[Path, Path]]:
    for given in roots:
        root = Path(given).resolve()
        target = (root / path).resolve()
        if target.is_relative_to(root):
            yield root, target


def _open_without_links(root: Path, target: Path) -> int:
    """Open a resolved path step by step, so that no part can be swapped for a link meanwhile."""
    if os.open not in os.supports_dir_fd:  # Windows
        return os.open(target, os.O_RDONLY | _NON_BLOCKING)
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    for part in target.relative_to(root).parts:
        try:
            deeper = os.open(part, os.O_RDONLY | os.O_NOFOLLOW | _NON_BLOCKING, dir_fd=folder)
        finally:
            os.close(folder)
        folder = deeper
    return folder


def _read(descriptor: int, *, name: str, max_bytes: int) -> bytes:
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        msg = f"{name!r} is no regular file. Pass the path of an image file."
        raise ImageNotAllowedError(msg)
    if status.st_size > max_bytes:
        raise ImageTooLargeError(too_many_bytes(status.st_size, max_bytes))
    chunks = []
    left = max_bytes
    at_once = max(2**20, status.st_size + 1)  # in one piece, which joining does not copy again
    while left and (chunk := os.read(descriptor, min(left, at_once))):
        chunks.append(chunk)
        left -= len(chunk)
    return b"".join(chunks)


def too_many_bytes(size: int, max_bytes: int) -> str:
    """Say that a file is too large and what to do about it."""
    return (
        f"The image has {size:,} bytes; at most {max_bytes:,} are accepted. "
        "Send a smaller one, or raise ImageLimits(max_bytes=...)."
    )


_NON_BLOCKING = getattr(os, "O_NONBLOCK", 0)  # else opening a named pipe would wait for a writer
