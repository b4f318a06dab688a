"""A worker's hold on a job."""

import hashlib
import json
import time
from collections.abc import Mapping
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    Float,
    case,
    cast,
    delete,
    extract,
    func,
    insert,
    literal,
    select,
    update,
)

from langchain_phase5.storage.database import Database
from langchain_phase5.storage.job import ENTRIES, JOBS, Job, LeaseLostError, job_of

_LONGEST_ERROR = 4_000


class JobLease:
    """What the worker that claimed a job may do with it, until another one has claimed it.

    Args:
        database: Where the job is kept.
        job: As it was claimed.
        seconds: For how long a renewal holds.

    Example:
        >>> from langchain_phase5.storage import JobStore
        >>> store = JobStore("sqlite://")
        >>> asked = store.submit({}, target="agent", total=1)
        >>> lease = store.claim(["agent"])
        >>> lease.record("first step", {"score": 1.0})
        >>> lease.finish("succeeded", run_id="42")
        >>> store.get(asked.id).state, store.get(asked.id).done
        ('succeeded', 1)
    """

    def __init__(self, database: Database, job: Job, *, seconds: float) -> None:
        self.job = job
        self._database = database
        self._seconds = seconds

    def renew(self) -> Job:
        """Hold on to a job and read how it stands.

        Raises:
            LeaseLostError: It is no longer this worker's.
        """
        with self._database.begin() as connection:
            return self._change(
                connection, lease_until=database_time(self._database) + self._seconds
            )

    def journal(self, header: Mapping[str, Any]) -> tuple[dict[str, Any], list[Any]]:
        """Open what was recorded of a job: the header it was begun with, and its entries.

        Args:
            header: Kept where none was before.

        Raises:
            LeaseLostError: The job is no longer this worker's.
        """
        given = json.dumps(header)
        kept = select(JOBS.c.journal).where(JOBS.c.id == self.job.id)
        entries = select(ENTRIES.c.entry).where(ENTRIES.c.job_id == self.job.id)
        with self._database.begin() as connection:
            self._change(connection, journal=func.coalesce(JOBS.c.journal, given))
            found = connection.execute(entries.order_by(ENTRIES.c.id)).scalars()
            recorded = [json.loads(entry) for entry in found]
            return json.loads(connection.execute(kept).scalar_one()), recorded

    def record(self, key: str, entry: Mapping[str, Any], *, failed: bool = False) -> None:
        """Keep a finished step and count it, in one transaction.

        Args:
            key: Which step; each can be recorded once.
            entry: What came of it, as JSON.
            failed: Whether that was an error.

        Raises:
            LeaseLostError: The job is no longer this worker's; nothing was kept.
        """
        step = {"job_id": self.job.id, "key": digest(key)}
        with self._database.begin() as connection:
            self._change(
                connection,
                done=JOBS.c.done + 1,
                failed=JOBS.c.failed + int(failed),
                attempts=0,
            )
            connection.execute(insert(ENTRIES).values(step | {"entry": json.dumps(entry)}))

    def finish(
        self,
        state: Literal["succeeded", "failed", "cancelled"],
        *,
        run_id: str | None = None,
        error: str | None = None,
    ) -> None:
        """End a job; of one that succeeded the entries go, since its result has them.

        Raises:
            LeaseLostError: It is no longer this worker's.
        """
        with self._database.begin() as connection:
            self._change(
                connection,
                state=state,
                run_id=run_id,
                error=None if error is None else _storable(error),
                finished_at=database_time(self._database),
            )
            if state == "succeeded":
                connection.execute(delete(ENTRIES).where(ENTRIES.c.job_id == self.job.id))

    def release(self) -> None:
        """Give a job back unfinished, for any worker to go on with.

        Raises:
            LeaseLostError: It is no longer this worker's.
        """
        with self._database.begin() as connection:
            self._change(
                connection,
                state=case((JOBS.c.cancel_requested, "cancelled"), else_="queued"),
                finished_at=case((JOBS.c.cancel_requested, database_time(self._database))),
                attempts=case((JOBS.c.attempts > 0, JOBS.c.attempts - 1), else_=0),
                lease=None,
            )

    def _change(self, connection: Connection, **values: Any) -> Job:
        """Change a job that is still this worker's; the row stays locked to the commit."""
        job = self.job
        mine = (JOBS.c.id == job.id) & (JOBS.c.lease == job.lease) & (JOBS.c.state == "running")
        change = update(JOBS).where(mine).values(values).returning(JOBS)
        row = connection.execute(change).mappings().first()
        if row is None:
            msg = f"the job {job.id} is no longer this worker's"
            raise LeaseLostError(msg)
        return job_of(row)


def _storable(text: str) -> str:
    """What a text column takes: no half surrogate pairs, no NUL, no end."""
    whole = text.encode("utf-8", "replace").decode().replace("\0", "")
    return whole if len(whole) <= _LONGEST_ERROR else f"{whole[:_LONGEST_ERROR]}..."


def database_time(database: Database) -> ColumnElement[float]:
    """Unix time by the database's clock, which workers on several machines share."""
    if database.engine.dialect.name == "postgresql":
        return cast(extract("epoch", func.clock_timestamp()), Float)
    return literal(time.time())


def digest(value: Any) -> str:
    """Hash JSON."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()
