"""One database behind a URL: SQLite by default, PostgreSQL when outgrown."""

from langchain_phase5.storage.database import Database
from langchain_phase5.storage.interactions import Interaction, InteractionStore, ToolUse

__all__ = ["Database", "Interaction", "InteractionStore", "ToolUse"]
