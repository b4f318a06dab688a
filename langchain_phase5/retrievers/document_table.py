"""What belongs to each vector (id, text, metadata), in SQLite, and which rows are deleted."""

import json
import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from langchain_core.documents import Document

from langchain_phase5.retrievers.index_errors import DamagedIndexError, StaleSnapshotError
from langchain_phase5.retrievers.table_digest import TableDigest

_SCHEMA = """
CREATE TABLE document (row INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, content TEXT NOT NULL,
 metadata TEXT NOT NULL);
CREATE TABLE deleted (row INTEGER PRIMARY KEY);
CREATE TABLE written (first_row INTEGER PRIMARY KEY, rows INTEGER NOT NULL, checksum BLOB NOT NULL);
CREATE TABLE property (name TEXT PRIMARY KEY, value TEXT NOT NULL)
""".strip().split(";\n")
_BY_ID = "SELECT row, id, content, metadata FROM document WHERE id IN"
_BY_ROW = (
    "SELECT coalesce((SELECT CAST(value AS INTEGER) FROM property WHERE name = 'generation'), 1),"
    " row, id, content, metadata FROM document WHERE row IN"
)
_MOST_VARIABLES = 500


@dataclass(frozen=True)
class Written:
    """One append to the vector file, with the SHA-256 of its bytes."""

    first_row: int
    rows: int
    checksum: bytes


class DocumentTable:
    """Documents by row number, in write-ahead mode: readers see whole commits, and only those.

    A digest of all that is in the tables is kept with every commit, so that `verify` finds any
    change made by others.

    Args:
        path: The database file; None keeps it in memory.
        read_only: Refuse every change.
    """

    def __init__(self, path: Path | None, *, read_only: bool = False) -> None:
        self._lock = threading.RLock()
        target = (
            ":memory:"
            if path is None
            else f"file:{_quoted(path)}?mode={'ro' if read_only else 'rwc'}"
        )
        self._connection = sqlite3.connect(
            target, uri=path is not None, check_same_thread=False, isolation_level=None, timeout=30
        )
        self._digest = TableDigest(self._connection)
        try:
            self._prepare(read_only=read_only)
        except sqlite3.DatabaseError as error:
            self._connection.close()
            msg = f"{path} is not an image index: {error}"
            raise DamagedIndexError(msg) from error
        except ValueError:
            self._connection.close()
            raise

    def _prepare(self, *, read_only: bool) -> None:
        self._connection.execute("PRAGMA trusted_schema=OFF")
        self._connection.execute("PRAGMA cell_size_check=ON")
        if not read_only:
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=FULL")
        found = [sql for (sql,) in self._connection.execute("SELECT sql FROM sqlite_master") if sql]
        if not found and not read_only:
            with self.transaction():
                for statement in _SCHEMA:
                    self._connection.execute(statement)
        elif not found:
            msg = "there is no image index yet, its writer has only begun"
            raise ValueError(msg)
        elif sorted(found) != sorted(_SCHEMA):
            msg = "the document table has another layout than this version writes"
            raise DamagedIndexError(msg)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make all changes of the block durable together, or none of them."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Have all queries of the block see the same commit; in a transaction they do anyway."""
        with self._lock:
            if self._connection.in_transaction:
                yield
                return
            self._connection.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                self._connection.execute("COMMIT")

    def version(self) -> int:
        """A number that changes when another process has committed something."""
        return int(self._one("PRAGMA data_version")[0])

    def rows(self) -> int:
        """How many rows of the vector file are committed, deleted ones included."""
        return int(self._one("SELECT coalesce(max(first_row + rows), 0) FROM written")[0])

    def deleted_rows(self) -> list[int]:
        """Rows whose document was deleted or replaced."""
        return [row for (row,) in self._all("SELECT row FROM deleted")]

    def written(self) -> list[Written]:
        """Every append, in order."""
        return [Written(*row) for row in self._all("SELECT * FROM written ORDER BY first_row")]

    def properties(self) -> dict[str, str]:
        """What describes the index as a whole."""
        return dict(self._all("SELECT name, value FROM property"))

    def set_property(self, name: str, value: str) -> None:
        """Set one of `properties`; to be called in a transaction."""
        before = [(name, old) for key, old in self.properties().items() if key == name]
        self._connection.execute("INSERT OR REPLACE INTO property VALUES (?, ?)", (name, value))
        self._digest.change(added=[(name, value)], removed=before)

    def add(self, written: Written, documents: Sequence[Document]) -> list[int]:
        """Store documents for the rows just written, replacing those of the same id.

        To be called in a transaction. The ids must be set and distinct.

        Returns:
            The rows that were replaced.
        """
        replaced = self.remove([str(document.id) for document in documents])
        rows = [
            (
                written.first_row + i,
                document.id,
                document.page_content,
                json.dumps(document.metadata, ensure_ascii=False, default=_plain),
            )
            for i, document in enumerate(documents)
        ]
        self._connection.executemany("INSERT INTO document VALUES (?, ?, ?, ?)", rows)
        entry = (written.first_row, written.rows, written.checksum)
        self._connection.execute("INSERT INTO written VALUES (?, ?, ?)", entry)
        self._digest.change(added=[*rows, entry])
        return replaced

    def remove(self, ids: Sequence[str]) -> list[int]:
        """Delete by id, ignoring ids that are not there; to be called in a transaction.

        Returns:
            The rows that were deleted.
        """
        found = self._select(_BY_ID, ids)
        deleted = [(row[0],) for row in found]
        self._connection.executemany("DELETE FROM document WHERE row = ?", deleted)
        self._connection.executemany("INSERT INTO deleted VALUES (?)", deleted)
        self._digest.change(added=deleted, removed=found)
        return [row for (row,) in deleted]

    def renumber(self, written: Written) -> None:
        """Give the documents the row numbers 0, 1, 2, ... in the order they have.

        To be called in a transaction.

        Args:
            written: Describes the vector file that has them in this order.
        """
        rows = [row for (row,) in self._all("SELECT row FROM document ORDER BY row")]
        # In this order no number is taken by one that has yet to move.
        moves = ((new, old) for new, old in enumerate(rows) if new != old)
        self._connection.executemany("UPDATE document SET row = ? WHERE row = ?", moves)
        self._connection.execute("DELETE FROM deleted")
        self._connection.execute("DELETE FROM written")
        if written.rows:
            entry = (written.first_row, written.rows, written.checksum)
            self._connection.execute("INSERT INTO written VALUES (?, ?, ?)", entry)
        self.set_property("generation", str(self.generation() + 1))
        self._digest.renew()

    def by_ids(self, ids: Sequence[str]) -> dict[str, Document]:
        """Return the documents that exist, by id."""
        rows = self._select(_BY_ID, ids)
        documents = _documents(rows)
        return {row[1]: document for row, document in zip(rows, documents, strict=True)}

    def row_of(self, id_: str) -> int | None:
        """Return the row of a document, or None if there is none of that id."""
        rows = self._all("SELECT row FROM document WHERE id = ?", (id_,))
        return rows[0][0] if rows else None

    def by_rows(self, rows: Sequence[int], *, generation: int) -> dict[int, Document]:
        """Return the documents that exist, by row.

        Raises:
            StaleSnapshotError: The rows have other numbers now than in that generation.
        """
        found = self._select(_BY_ROW, rows)
        seen = {row[0] for row in found} or {self.generation()}
        if seen != {generation}:
            raise StaleSnapshotError
        documents = _documents([row[1:] for row in found])
        return {row[1]: document for row, document in zip(found, documents, strict=True)}

    def generation(self) -> int:
        """How often the rows were numbered; 1 at first."""
        return int(self.properties().get("generation", "1"))

    def ids(self) -> Iterator[str]:
        """Every id, in the order of their rows."""
        return (id_ for (id_,) in self._all("SELECT id FROM document ORDER BY row"))

    def metadata_from(self, first_row: int) -> Iterator[tuple[int, dict[str, Any]]]:
        """Yield row and metadata of every document from `first_row` on."""
        query = "SELECT row, metadata FROM document WHERE row >= ? ORDER BY row"
        with self._lock:
            for row, metadata in self._connection.execute(query, (first_row,)):
                yield row, json.loads(metadata)

    def verify(self) -> None:
        """Check that nothing but this class has changed the tables.

        Raises:
            DamagedIndexError: Something has.
        """
        try:
            sound = self._one("PRAGMA integrity_check(1)")[0] == "ok"
            with self.reading():
                unchanged = self._digest.matches()
        except (sqlite3.DatabaseError, ValueError, TypeError, UnicodeError) as error:
            msg = f"the document table is damaged: {error}"
            raise DamagedIndexError(msg) from error
        if not sound or not unchanged:
            msg = "the document table does not match its digest: it was changed from outside"
            raise DamagedIndexError(msg)

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._connection.close()

    def _all(self, query: str, values: Sequence[Any] = ()) -> list[Any]:
        with self._lock:
            return self._connection.execute(query, values).fetchall()

    def _one(self, query: str) -> Any:
        return self._all(query)[0]

    def _select(self, query: str, keys: Sequence[Any]) -> list[Any]:
        parts = [keys[i : i + _MOST_VARIABLES] for i in range(0, len(keys), _MOST_VARIABLES)]
        found = []
        with self.reading() if len(parts) > 1 else nullcontext():
            for part in parts:
                found += self._all(f"{query} ({','.join('?' * len(part))})", part)
        return found


def _documents(rows: Sequence[Sequence[Any]]) -> list[Document]:
    """Make documents of rows, reading all their metadata at once: a call for each is slow."""
    metadata = json.loads(f"[{','.join(text for *_, text in rows)}]")
    return [
        Document(content, id=id_, metadata=fields)
        for (_, id_, content, _), fields in zip(rows, metadata, strict=True)
    ]


def _plain(value: Any) -> Any:
    """Make a metadata value that JSON does not know (numpy number, path, date) into one it does."""
    return value.item() if hasattr(value, "item") else str(value)


def _quoted(path: Path) -> str:
    return path.resolve().as_posix().replace("%", "%25").replace("?", "%3f").replace("#", "%23")
