"""One database behind a URL, shared by every feature that keeps something."""

import random
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Self

from sqlalchemy import Connection, Engine, MetaData, Table, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.pool import StaticPool

metadata = MetaData()
"""Every table of the package; each store module adds its own when it is imported."""

_BUSY_SECONDS = 30
_TRIES, _LONGEST_PAUSE = 10, 0.1


class Database:
    """A connection pool on one SQLAlchemy URL, with the tables the stores need.

    SQLite (the default) is opened in write-ahead mode, so readers and one writer do not block each
    other, and a process that is killed loses nothing it had committed. Any other SQLAlchemy URL
    works the same, e.g. `postgresql+psycopg://user@host/name`.

    Args:
        url: Where the data lives. `sqlite://` keeps it in memory, for tests.

    Raises:
        ValueError: The URL cannot be parsed.

    Example:
        >>> with Database("sqlite://") as database:
        ...     database.engine.dialect.name
        'sqlite'
    """

    def __init__(self, url: str | URL = "sqlite:///langchain_phase5.db") -> None:
        try:
            self.url = make_url(url)
        except Exception as error:
            msg = f"{url!r} is not a database URL; write e.g. 'sqlite:///phase5.db'"
            raise ValueError(msg) from error
        self.engine = _create_engine(self.url)
        self._created: set[Table] = set()
        in_memory = isinstance(self.engine.pool, StaticPool)
        self._turn: AbstractContextManager[Any] = threading.RLock() if in_memory else nullcontext()
        """Threads share the one connection of a database in memory, but no transaction."""

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """Open a transaction: committed at the end of the block, rolled back on an exception."""
        with self._turn, self.engine.begin() as connection:
            yield connection

    def create_tables(self, *tables: Table) -> None:
        """Create those of `tables` (all known ones without arguments) that do not exist yet."""
        missing = set(tables or metadata.tables.values()) - self._created
        if not missing:
            return
        for tries_left in reversed(range(_TRIES)):
            try:
                with self._turn:
                    metadata.create_all(self.engine, tables=list(missing))
            except (IntegrityError, OperationalError, ProgrammingError):
                if not tries_left:
                    raise
                # Another process has just made one of them: look again what is missing.
                time.sleep(random.uniform(0, _LONGEST_PAUSE))  # noqa: S311 - no secret
            else:
                self._created |= missing
                return

    def close(self) -> None:
        """Close every pooled connection. Calling it twice is fine."""
        self.engine.dispose()
        self._created.clear()  # in memory they are gone

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _create_engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    if url.database in {None, "", ":memory:"}:
        # One shared connection, or every thread would see an empty database of its own.
        return create_engine(url, poolclass=StaticPool, connect_args={"check_same_thread": False})
    engine = create_engine(url, connect_args={"timeout": _BUSY_SECONDS})
    event.listen(engine, "connect", _use_write_ahead_log)
    return engine


def _use_write_ahead_log(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()
