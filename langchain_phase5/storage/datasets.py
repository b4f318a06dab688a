"""Datasets kept by name and content version."""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    Column,
    Float,
    Integer,
    RowMapping,
    String,
    Table,
    Text,
    UniqueConstraint,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from langchain_phase5.storage.database import Database, metadata

_versions = Table(
    "dataset_versions",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("name", String(200), nullable=False, index=True),
    Column("version", String(64), nullable=False),
    Column("created_at", Float, nullable=False),
    Column("description", Text, nullable=False),
    Column("tags", Text, nullable=False),
    Column("size", Integer, nullable=False),
    Column("examples", Text, nullable=False),
    UniqueConstraint("name", "version"),
)
_candidates = Table(
    "dataset_candidates",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("dataset", String(200), nullable=False, index=True),
    Column("content", String(64), nullable=False),
    Column("state", String(20), nullable=False),
    Column("created_at", Float, nullable=False),
    Column("example", Text, nullable=False),
    UniqueConstraint("dataset", "content"),
)


@dataclass(frozen=True, kw_only=True)
class StoredDataset:
    """One version as it lies in the database; `examples` are JSON dicts, `created_at` is Unix time.

    `examples` is empty in listings, where only `size` is read.
    """

    name: str
    version: str
    created_at: float
    description: str
    tags: tuple[str, ...]
    size: int
    examples: Sequence[Mapping[str, Any]] = ()


class DatasetStore:
    """Versions are written once and never changed; candidates wait beside them for review.

    Example:
        >>> from langchain_phase5.storage.database import Database
        >>> store = DatasetStore(Database("sqlite://"))
        >>> store.save("sums", "abc", [{"id": "1", "inputs": {"query": "1 + 1"}}])
        True
        >>> store.load("sums").size
        1
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        database.create_tables(_versions, _candidates)

    def save(
        self,
        name: str,
        version: str,
        examples: Sequence[Mapping[str, Any]],
        *,
        description: str = "",
        tags: Sequence[str] = (),
    ) -> bool:
        """Keep a version and make it the newest; return whether it was new.

        A version that is already there only moves to the top, so going back to older content works.
        """
        row = {
            "name": name,
            "version": version,
            "created_at": time.time(),
            "description": description,
            "tags": json.dumps(list(tags)),
            "size": len(examples),
            "examples": json.dumps(list(examples)),
        }
        try:
            with self._database.begin() as connection:
                connection.execute(insert(_versions).values(row))
        except IntegrityError:
            with self._database.begin() as connection:
                kept = (_versions.c.name == name) & (_versions.c.version == version)
                changes = {key: row[key] for key in ("created_at", "description", "tags")}
                connection.execute(update(_versions).where(kept).values(changes))
            return False
        return True

    def load(self, name: str, *, version: str | None = None) -> StoredDataset | None:
        """Return one version, the newest where none is named; `None` where there is none.

        A version may be shortened to its first digits, as long as it stays the only one.
        """
        query = select(_versions).where(_versions.c.name == name)
        if version is not None:
            query = query.where(_versions.c.version.startswith(version, autoescape=True))
        query = query.order_by(_versions.c.created_at.desc(), _versions.c.id.desc()).limit(1)
        with self._database.begin() as connection:
            row = connection.execute(query).mappings().first()
        return _stored(row, json.loads(row["examples"])) if row else None

    def versions(self, name: str | None = None) -> list[StoredDataset]:
        """List versions without their examples, newest first."""
        query = select(*(column for column in _versions.c if column.name != "examples"))
        if name is not None:
            query = query.where(_versions.c.name == name)
        query = query.order_by(_versions.c.created_at.desc(), _versions.c.id.desc())
        with self._database.begin() as connection:
            return [_stored(row) for row in connection.execute(query).mappings()]

    def delete(self, name: str) -> int:
        """Remove every version and candidate of a dataset; return how many versions went."""
        with self._database.begin() as connection:
            connection.execute(delete(_candidates).where(_candidates.c.dataset == name))
            return connection.execute(delete(_versions).where(_versions.c.name == name)).rowcount

    def add_candidates(self, name: str, examples: Mapping[str, Mapping[str, Any]]) -> list[str]:
        """Queue examples (by content hash) for review; return the hashes that were new."""
        new = []
        for content, example in examples.items():
            row = {
                "dataset": name,
                "content": content,
                "state": "pending",
                "created_at": time.time(),
                "example": json.dumps(example),
            }
            try:
                with self._database.begin() as connection:
                    connection.execute(insert(_candidates).values(row))
            except IntegrityError:
                continue  # queued or decided before
            new.append(content)
        return new

    def candidates(self, name: str, *, state: str = "pending") -> dict[str, dict[str, Any]]:
        """Return the examples in one review state (`pending`, `approved`, `rejected`) by hash."""
        query = select(_candidates).where(
            (_candidates.c.dataset == name) & (_candidates.c.state == state)
        )
        with self._database.begin() as connection:
            rows = connection.execute(query.order_by(_candidates.c.id)).mappings()
            return {row["content"]: json.loads(row["example"]) for row in rows}

    def decide(self, name: str, contents: Sequence[str], *, state: str) -> int:
        """Move candidates to another review state; return how many there were."""
        chosen = (_candidates.c.dataset == name) & _candidates.c.content.in_(list(contents))
        with self._database.begin() as connection:
            return connection.execute(
                update(_candidates).where(chosen).values(state=state)
            ).rowcount


def _stored(row: RowMapping, examples: Sequence[Mapping[str, Any]] = ()) -> StoredDataset:
    return StoredDataset(
        name=row["name"],
        version=row["version"],
        created_at=row["created_at"],
        description=row["description"],
        tags=tuple(json.loads(row["tags"])),
        size=row["size"],
        examples=examples,
    )
