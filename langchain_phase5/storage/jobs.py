"""Work that outlives the request that asked for it, shared by any number of workers."""

import json
import time
import uuid
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import (
    case,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from langchain_phase5.storage.database import Database
from langchain_phase5.storage.job import (
    ENTRIES,
    JOBS,
    IdempotencyError,
    Job,
    JobState,
    job_of,
)
from langchain_phase5.storage.job_lease import JobLease, database_time, digest


class JobStore:
    """Jobs in a database, each run by one worker at a time however many there are.

    A worker holds a job by a lease that it has to renew; a job whose worker died is taken up again
    by whoever asks first. Finished steps are entries beside the job, written in one transaction
    with its progress and only while the lease holds, so that none is lost or counted twice.

    Args:
        storage: A `Database`, or the URL of one.
        lease_seconds: How long a worker may be silent before others take its job.

    Example:
        >>> store = JobStore("sqlite://")
        >>> asked = store.submit({"dataset": "sums"}, target="agent", total=1)
        >>> lease = store.claim(["agent"])
        >>> lease.job.id == asked.id, store.claim(["agent"])
        (True, None)
        >>> lease.finish("succeeded", run_id="42")
        >>> store.get(asked.id).run_id
        '42'
    """

    def __init__(self, storage: Database | str, *, lease_seconds: float = 30.0) -> None:
        self._database = Database(storage) if isinstance(storage, str) else storage
        self._database.create_tables(JOBS, ENTRIES)
        self.lease_seconds = lease_seconds

    def submit(
        self,
        payload: Mapping[str, Any],
        *,
        target: str,
        total: int,
        owner: str = "",
        idempotency_key: str | None = None,
        request: Any = None,
    ) -> Job:
        """Queue a job; the same key again returns the job that it started.

        Args:
            payload: What to do, as JSON.
            target: Only workers that have it will take the job.
            total: Steps it takes.
            owner: Whose key it is: the same key of two owners means two jobs.
            idempotency_key: Chosen by the caller, so that asking again is safe.
            request: What was asked, as JSON, if that differs from `payload`.

        Raises:
            IdempotencyError: The key was used for another request.
        """
        row = {
            "id": uuid.uuid4().hex,
            "target": target,
            "state": "queued",
            "payload": json.dumps(payload),
            "created_at": time.time(),
            "total": total,
            "owner": owner,
            "idempotency_key": idempotency_key,
            "request_digest": digest(request or payload),
        }
        try:
            with self._database.begin() as connection:
                return job_of(
                    connection.execute(insert(JOBS).values(row).returning(JOBS)).mappings().one()
                )
        except IntegrityError:
            found = self.find(idempotency_key or "", owner=owner, request=request or payload)
            if found is None:
                raise
            return found

    def find(self, idempotency_key: str, *, owner: str = "", request: Any) -> Job | None:
        """Return the job that a key started, or `None`.

        Raises:
            IdempotencyError: The key was used for another request.
        """
        same = (JOBS.c.owner == owner) & (JOBS.c.idempotency_key == idempotency_key)
        with self._database.begin() as connection:
            row = connection.execute(select(JOBS).where(same)).mappings().first()
        if row is not None and row["request_digest"] != digest(request):
            msg = f"the idempotency key {idempotency_key!r} was used for another request"
            raise IdempotencyError(msg)
        return job_of(row) if row else None

    def get(self, job_id: str) -> Job | None:
        """Return a job, or `None`."""
        with self._database.begin() as connection:
            found = connection.execute(select(JOBS).where(JOBS.c.id == job_id)).mappings().first()
        return job_of(found) if found else None

    def page(
        self, *, state: JobState | None = None, limit: int = 50, offset: int = 0
    ) -> tuple[list[Job], int]:
        """Return a page of jobs, the newest first, and how many there are."""
        wanted = [JOBS.c.state == state] if state else []
        page = select(JOBS).where(*wanted).order_by(JOBS.c.created_at.desc(), JOBS.c.id)
        count = select(func.count()).select_from(JOBS).where(*wanted)
        with self._database.begin() as connection:
            rows = connection.execute(page.limit(limit).offset(offset)).mappings().all()
            return [job_of(row) for row in rows], connection.execute(count).scalar_one()

    def claim(self, targets: Collection[str]) -> JobLease | None:
        """Take the oldest job that is free, or whose worker fell silent; `None` where none is."""
        now = database_time(self._database)
        free = (
            select(JOBS.c.id)
            .where(
                JOBS.c.target.in_(targets),
                or_(
                    JOBS.c.state == "queued",
                    (JOBS.c.state == "running") & (JOBS.c.lease_until < now),
                ),
            )
            .order_by(JOBS.c.created_at, JOBS.c.id)
            .limit(1)
        )
        # On SQLite, which knows no SKIP LOCKED, the one statement holds the write lock instead.
        take = update(JOBS).where(
            JOBS.c.id == free.with_for_update(skip_locked=True).scalar_subquery()
        )
        taken = {
            "state": "running",
            "lease": uuid.uuid4().hex,
            "lease_until": now + self.lease_seconds,
            "attempts": JOBS.c.attempts + 1,
            "started_at": func.coalesce(JOBS.c.started_at, now),
        }
        with self._database.begin() as connection:
            if connection.execute(free).first() is None:
                return None  # reading first spares idle workers the write lock
        with self._database.begin() as connection:
            row = connection.execute(take.values(taken).returning(JOBS)).mappings().first()
        if row is None:
            return None
        return JobLease(self._database, job_of(row), seconds=self.lease_seconds)

    def cancel(self, job_id: str) -> Job | None:
        """End a queued job, ask the worker of a running one to stop, and return it."""
        queued = JOBS.c.state == "queued"
        change = (
            update(JOBS)
            .where(JOBS.c.id == job_id, or_(queued, JOBS.c.state == "running"))
            .values(
                state=case((queued, "cancelled"), else_=JOBS.c.state),
                finished_at=case((queued, database_time(self._database))),
                cancel_requested=True,
            )
        )
        with self._database.begin() as connection:
            connection.execute(change)
        return self.get(job_id)

    def resume(self, job_id: str) -> Job | None:
        """Queue a failed or cancelled job again; what it had finished is kept."""
        over = JOBS.c.state.in_(["failed", "cancelled"])
        again = {"state": "queued", "finished_at": None, "error": None, "lease": None}
        change = update(JOBS).where(JOBS.c.id == job_id, over)
        with self._database.begin() as connection:
            connection.execute(change.values(**again, attempts=0, cancel_requested=False))
        return self.get(job_id)
