"""One number for all that is in the tables of an index, kept up to date row by row."""

import hashlib
import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

_TABLES = ("document", "deleted", "written")
_MODULUS = 1 << 256


class TableDigest:
    """The digest that is stored among the tables' properties, and the one they should have.

    It is a sum of hashes over the rows, so keeping it costs the same however many there are
    (AdHash: Bellare and Micciancio, 1997). Every method but `matches` is to be called in a
    transaction.

    Args:
        connection: The database.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def change(
        self, *, added: Iterable[Sequence[Any]] = (), removed: Iterable[Sequence[Any]] = ()
    ) -> None:
        """Account for rows that came and went."""
        change = sum(map(_hash, added)) - sum(map(_hash, removed))
        self._store((self._stored() + change) % _MODULUS)

    def renew(self) -> None:
        """Account for every row anew."""
        self._store(self._whole())

    def matches(self) -> bool:
        """Whether the tables are as they were when the digest was stored."""
        return self._whole() == self._stored()

    def _stored(self) -> int:
        query = "SELECT value FROM property WHERE name = 'digest'"
        row = self._connection.execute(query).fetchone()
        return 0 if row is None else int(row[0])

    def _store(self, digest: int) -> None:
        query = "INSERT OR REPLACE INTO property VALUES ('digest', ?)"
        self._connection.execute(query, (str(digest),))

    def _whole(self) -> int:
        query = "SELECT name, value FROM property WHERE name != 'digest'"
        digest = sum(map(_hash, self._connection.execute(query)))
        for table in _TABLES:
            rows = self._connection.execute(f"SELECT * FROM {table}")  # noqa: S608 - fixed
            digest += sum(map(_hash, rows))
        return digest % _MODULUS


def _hash(row: Sequence[Any]) -> int:
    return int.from_bytes(hashlib.sha256(repr(tuple(row)).encode()).digest(), "little")
