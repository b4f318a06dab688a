"""Work that outlives the request that asked for it, shared by any number of workers."""

import hashlib
import json
import time
import uuid
from collections.abc import Collection, Mapping
from typing import Any, Literal

from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Float,
    Index,
    Integer,
    RowMapping,
    String,
    Table,
    Text,
    UniqueConstraint,
    case,
    cast,
    delete,
    extract,
    func,
    insert,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from langchain_phase5.storage.database import Database, metadata
from langchain_phase5.storage.job import IdempotencyError, Job, JobState, LeaseLostError

_jobs = Table(
    "jobs",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("target", String(200), nullable=False),
    Column("state", String(16), nullable=False),
    Column("payload", Text, nullable=False),
    Column("created_at", Float, nullable=False),
    Column("started_at", Float),
    Column("finished_at", Float),
    Column("total", Integer, nullable=False),
    Column("done", Integer, nullable=False, default=0),
    Column("failed", Integer, nullable=False, default=0),
    Column("attempts", Integer, nullable=False, default=0),
    Column("cancel_requested", Boolean, nullable=False, default=False),
    Column("lease", String(32)),
    Column("lease_until", Float),
    Column("journal", Text),
    Column("error", Text),
    Column("run_id", String(64)),
    Column("owner", String(64), nullable=False),
    Column("idempotency_key", String(255)),
    Column("request_digest", String(64), nullable=False),
    UniqueConstraint("owner", "idempotency_key"),
    Index("jobs_by_state", "state", "created_at"),
)
_entries = Table(
    "job_entries",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("job_id", String(32), nullable=False),
    Column("key", String(64), nullable=False),
    Column("entry", Text, nullable=False),
    UniqueConstraint("job_id", "key"),
)


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
        >>> job = store.claim(["agent"])
        >>> job.id == asked.id, store.claim(["agent"])
        (True, None)
        >>> store.record(job, "first", {"score": 1.0})
        >>> store.finish(job, "succeeded", run_id="42")
        >>> store.get(job.id).state
        'succeeded'
    """

    def __init__(self, storage: Database | str, *, lease_seconds: float = 30.0) -> None:
        self._database = Database(storage) if isinstance(storage, str) else storage
        self._database.create_tables(_jobs, _entries)
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
            "request_digest": _digest(request or payload),
        }
        try:
            with self._database.begin() as connection:
                return _job(
                    connection.execute(insert(_jobs).values(row).returning(_jobs)).mappings().one()
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
        same = (_jobs.c.owner == owner) & (_jobs.c.idempotency_key == idempotency_key)
        with self._database.begin() as connection:
            row = connection.execute(select(_jobs).where(same)).mappings().first()
        if row is not None and row["request_digest"] != _digest(request):
            msg = f"the idempotency key {idempotency_key!r} was used for another request"
            raise IdempotencyError(msg)
        return _job(row) if row else None

    def get(self, job_id: str) -> Job | None:
        """Return a job, or `None`."""
        with self._database.begin() as connection:
            found = connection.execute(select(_jobs).where(_jobs.c.id == job_id)).mappings().first()
        return _job(found) if found else None

    def page(
        self, *, state: JobState | None = None, limit: int = 50, offset: int = 0
    ) -> tuple[list[Job], int]:
        """Return a page of jobs, the newest first, and how many there are."""
        wanted = [_jobs.c.state == state] if state else []
        page = select(_jobs).where(*wanted).order_by(_jobs.c.created_at.desc(), _jobs.c.id)
        count = select(func.count()).select_from(_jobs).where(*wanted)
        with self._database.begin() as connection:
            rows = connection.execute(page.limit(limit).offset(offset)).mappings().all()
            return [_job(row) for row in rows], connection.execute(count).scalar_one()

    def claim(self, targets: Collection[str]) -> Job | None:
        """Take the oldest job that is free, or whose worker fell silent; `None` where none is."""
        now = self._now()
        free = (
            select(_jobs.c.id)
            .where(
                _jobs.c.target.in_(targets),
                or_(
                    _jobs.c.state == "queued",
                    (_jobs.c.state == "running") & (_jobs.c.lease_until < now),
                ),
            )
            .order_by(_jobs.c.created_at, _jobs.c.id)
            .limit(1)
        )
        # On SQLite, which knows no SKIP LOCKED, the one statement holds the write lock instead.
        take = update(_jobs).where(
            _jobs.c.id == free.with_for_update(skip_locked=True).scalar_subquery()
        )
        taken = {
            "state": "running",
            "lease": uuid.uuid4().hex,
            "lease_until": now + self.lease_seconds,
            "attempts": _jobs.c.attempts + 1,
            "started_at": func.coalesce(_jobs.c.started_at, now),
        }
        with self._database.begin() as connection:
            if connection.execute(free).first() is None:
                return None  # reading first spares idle workers the write lock
        with self._database.begin() as connection:
            row = connection.execute(take.values(taken).returning(_jobs)).mappings().first()
        return _job(row) if row else None

    def renew(self, job: Job) -> Job:
        """Hold on to a job and read how it stands.

        Raises:
            LeaseLostError: It is no longer this worker's.
        """
        with self._database.begin() as connection:
            return self._change(connection, job, lease_until=self._now() + self.lease_seconds)

    def journal(self, job: Job, header: Mapping[str, Any]) -> tuple[dict[str, Any], list[Any]]:
        """Open what was recorded of a job: the header it was begun with, and its entries.

        Args:
            job: A claimed one.
            header: Kept where none was before.

        Raises:
            LeaseLostError: The job is no longer this worker's.
        """
        given = json.dumps(header)
        kept = select(_jobs.c.journal).where(_jobs.c.id == job.id)
        entries = select(_entries.c.entry).where(_entries.c.job_id == job.id)
        with self._database.begin() as connection:
            self._change(connection, job, journal=func.coalesce(_jobs.c.journal, given))
            found = connection.execute(entries.order_by(_entries.c.id)).scalars()
            recorded = [json.loads(entry) for entry in found]
            return json.loads(connection.execute(kept).scalar_one()), recorded

    def record(self, job: Job, key: str, entry: Mapping[str, Any], *, failed: bool = False) -> None:
        """Keep a finished step and count it, in one transaction.

        Args:
            job: A claimed one.
            key: Which step; each can be recorded once.
            entry: What came of it, as JSON.
            failed: Whether that was an error.

        Raises:
            LeaseLostError: The job is no longer this worker's; nothing was kept.
        """
        step = {"job_id": job.id, "key": _digest(key)}
        with self._database.begin() as connection:
            self._change(
                connection,
                job,
                done=_jobs.c.done + 1,
                failed=_jobs.c.failed + int(failed),
                attempts=0,
            )
            connection.execute(insert(_entries).values(step | {"entry": json.dumps(entry)}))

    def finish(
        self,
        job: Job,
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
                connection, job, state=state, run_id=run_id, error=error, finished_at=self._now()
            )
            if state == "succeeded":
                connection.execute(delete(_entries).where(_entries.c.job_id == job.id))

    def release(self, job: Job) -> None:
        """Give a job back unfinished, for any worker to go on with.

        Raises:
            LeaseLostError: It is no longer this worker's.
        """
        with self._database.begin() as connection:
            self._change(
                connection,
                job,
                state=case((_jobs.c.cancel_requested, "cancelled"), else_="queued"),
                finished_at=case((_jobs.c.cancel_requested, self._now())),
                attempts=case((_jobs.c.attempts > 0, _jobs.c.attempts - 1), else_=0),
                lease=None,
            )

    def cancel(self, job_id: str) -> Job | None:
        """End a queued job, ask the worker of a running one to stop, and return it."""
        queued = _jobs.c.state == "queued"
        change = (
            update(_jobs)
            .where(_jobs.c.id == job_id, or_(queued, _jobs.c.state == "running"))
            .values(
                state=case((queued, "cancelled"), else_=_jobs.c.state),
                finished_at=case((queued, self._now())),
                cancel_requested=True,
            )
        )
        with self._database.begin() as connection:
            connection.execute(change)
        return self.get(job_id)

    def resume(self, job_id: str) -> Job | None:
        """Queue a failed or cancelled job again; what it had finished is kept."""
        over = _jobs.c.state.in_(["failed", "cancelled"])
        again = {"state": "queued", "finished_at": None, "error": None, "lease": None}
        change = update(_jobs).where(_jobs.c.id == job_id, over)
        with self._database.begin() as connection:
            connection.execute(change.values(**again, attempts=0, cancel_requested=False))
        return self.get(job_id)

    def _change(self, connection: Connection, job: Job, **values: Any) -> Job:
        """Change a job that is still this worker's; the row stays locked to the commit."""
        mine = (_jobs.c.id == job.id) & (_jobs.c.lease == job.lease) & (_jobs.c.state == "running")
        change = update(_jobs).where(mine).values(values).returning(_jobs)
        row = connection.execute(change).mappings().first()
        if row is None:
            msg = f"the job {job.id} is no longer this worker's"
            raise LeaseLostError(msg)
        return _job(row)

    def _now(self) -> ColumnElement[float]:
        """Time by the database's clock, which workers on several machines share."""
        if self._database.engine.dialect.name == "postgresql":
            return cast(extract("epoch", func.clock_timestamp()), Float)
        return literal(time.time())


def _job(row: RowMapping) -> Job:
    fields = {name: row[name] for name in Job.__dataclass_fields__}
    return Job(**fields | {"payload": json.loads(row["payload"])})


def _digest(request: Any) -> str:
    return hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()
