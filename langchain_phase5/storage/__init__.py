"""One database behind a URL: SQLite by default, PostgreSQL when outgrown.

Each store keeps one kind of thing; features open the one they need.
"""

from langchain_phase5.storage.database import Database
from langchain_phase5.storage.interactions import Interaction, InteractionStore, ToolUse
from langchain_phase5.storage.job import IdempotencyError, Job, LeaseLostError
from langchain_phase5.storage.job_lease import JobLease
from langchain_phase5.storage.jobs import JobStore
from langchain_phase5.storage.outcomes import OutcomeStore, ToolOutcome

__all__ = [
    "Database",
    "IdempotencyError",
    "Interaction",
    "InteractionStore",
    "Job",
    "JobLease",
    "JobStore",
    "LeaseLostError",
    "OutcomeStore",
    "ToolOutcome",
    "ToolUse",
]
