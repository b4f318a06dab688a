"""One database behind a URL: SQLite by default, PostgreSQL when outgrown."""

from langchain_phase5.storage.database import Database

__all__ = ["Database"]
