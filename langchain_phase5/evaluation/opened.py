"""Open what a caller gave as storage."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from langchain_phase5.storage.database import Database


def opened(storage: "Database | str") -> "Database":
    """Return the database itself or the one at a URL; SQLAlchemy is loaded only here."""
    from langchain_phase5.storage.database import Database  # noqa: PLC0415 - SQLAlchemy

    return storage if isinstance(storage, Database) else Database(storage)
