"""The finished examples of a job, in the database where any worker finds them."""

from collections.abc import Mapping
from typing import Any, Self

from langchain_phase5.evaluation import ExampleResult
from langchain_phase5.storage import JobLease


class JobJournal:
    """What `AgentEvaluator` writes to in place of a file, since the next worker has another disk.

    Each result is committed together with the job's progress, and only while this worker holds
    the job: whoever lost it learns so at once and adds nothing.

    Args:
        header: What the run is; on a job that was begun before, the first one counts.
        lease: Of the job. The run gets its id and the name that its agent goes by.

    Raises:
        LeaseLostError: The job is another worker's by now.
    """

    def __init__(self, header: Mapping[str, Any], *, lease: JobLease) -> None:
        self._lease, job = lease, lease.job
        named = {**header, "run_id": job.id, "target": job.target}
        self.header, entries = lease.journal(named)
        self.finished = [ExampleResult.from_dict(entry) for entry in entries]

    def append(self, result: ExampleResult) -> None:
        """Keep one result.

        Raises:
            LeaseLostError: The job is another worker's by now.
        """
        key = f"{result.repeat} {result.example_id}"
        failed = result.error is not None
        self._lease.record(key, result.as_dict(), failed=failed)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing is open between two results."""
