"""Every finished example, on disk before the next one starts."""

import json
import os
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol, Self

import orjson

from langchain_phase5.evaluation.result import ExampleResult

try:
    import fcntl
except ImportError:  # Windows has no flock; there two runs into one journal go unnoticed
    flock = None
else:
    flock = fcntl.flock

_MUST_MATCH = ("dataset", "version", "repeats", "metrics")


class RunJournal(Protocol):
    """Where a run keeps every finished example at once."""

    @property
    def header(self) -> Mapping[str, Any]:
        """What the run is, as it was begun."""

    finished: list[ExampleResult]
    """What was kept before."""

    def append(self, result: ExampleResult) -> None:
        """Keep one result, whole, before returning."""


OpenJournal = Callable[[Mapping[str, Any]], AbstractContextManager[RunJournal]]
"""Opens a journal of one's own for the run that the header describes."""


class Journal:
    """A file of JSON lines: a header, then one result a line, each written in one system call.

    A process killed at any moment loses at most the line it was writing; opened again, the file is
    cut back to its last whole line and goes on from there.

    Args:
        path: Where; folders are made.
        header: What the run is. A file that is already there must agree on dataset, version,
            repeats and metrics.
        fsync: Wait for the disk after each line, to survive power loss too.

    Raises:
        ValueError: The file belongs to another run, or is no journal.
        RuntimeError: Another process is writing to it.
    """

    def __init__(self, path: Path | str, *, header: Mapping[str, Any], fsync: bool = False) -> None:
        self.path = Path(path)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._fsync = fsync
        self._file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
        try:
            self._lock()
            self.header, self.finished = self._recover(dict(header))
        except BaseException:
            os.close(self._file)
            raise

    def append(self, result: ExampleResult) -> None:
        """Write one result.

        Raises:
            OSError: The disk is full; what was written before stays and can be resumed.
        """
        self._write(result.as_dict())

    def close(self) -> None:
        """Close the file and let others have it."""
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _write(self, form: Mapping[str, Any]) -> None:
        data = _line(form)
        while data:
            data = data[os.write(self._file, data) :]
        if self._fsync:
            os.fsync(self._file)

    def _lock(self) -> None:
        if flock is None:
            return
        try:
            flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            msg = f"another run is writing to {self.path}; wait for it or choose another file"
            raise RuntimeError(msg) from error

    def _recover(self, header: dict[str, Any]) -> tuple[dict[str, Any], list[ExampleResult]]:
        lines, whole = read_lines(self.path)
        os.ftruncate(self._file, whole)
        if not lines:
            self._write({"journal": 1} | header)
            return header, []
        found = lines[0]
        if found.get("journal") != 1:
            msg = f"{self.path} is not a journal of this package; choose another file"
            raise ValueError(msg)
        differing = [key for key in _MUST_MATCH if found.get(key) != header.get(key)]
        if differing:
            was = {key: found.get(key) for key in differing}
            msg = (
                f"{self.path} holds another run ({was}, now "
                f"{ {key: header.get(key) for key in differing} }); choose another file"
            )
            raise ValueError(msg)
        return found, [ExampleResult.from_dict(line) for line in lines[1:]]


def _line(form: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(form, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:  # lone surrogates and integers of more than 64 bits, which Python can write
        text = json.dumps(form, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode("utf-8", "surrogatepass") + b"\n"


def read_lines(path: Path) -> tuple[list[dict[str, Any]], int]:
    """Read the whole lines of a journal, and how many bytes they take; a torn end is left out.

    Raises:
        ValueError: A line before the end is not JSON.
    """
    lines, whole = [], 0
    for raw in path.read_bytes().splitlines(keepends=True):
        if not raw.endswith(b"\n"):
            break
        try:
            lines.append(json.loads(raw.decode("utf-8", "surrogatepass")))
        except ValueError as error:
            msg = f"{path} is damaged at byte {whole}: {error}"
            raise ValueError(msg) from error
        whole += len(raw)
    return lines, whole
