"""At most one writer per index, on any operating system, freed by the system when it dies."""

import sqlite3
from pathlib import Path

from langchain_phase5.retrievers.index_errors import IndexLockedError


class WriterLock:
    """Held from construction until `close`.

    It is SQLite's own exclusive lock on an empty database: unlike a lock file it cannot be left
    behind by a process that was killed, and unlike `flock` it exists on every platform.

    Args:
        path: The lock file, created when missing.

    Raises:
        IndexLockedError: Somebody else holds it.
    """

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(
            path, timeout=0, isolation_level=None, check_same_thread=False
        )
        try:
            self._connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            self._connection.close()
            msg = (
                f"{path.parent} is open for writing in another process or object; "
                "close that one, or open this one with read_only=True"
            )
            raise IndexLockedError(msg) from error

    def close(self) -> None:
        """Let the next writer in."""
        self._connection.close()
