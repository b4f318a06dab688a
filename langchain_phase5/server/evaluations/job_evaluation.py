"""The evaluation that a job asks for."""

import threading
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from langchain_core.callbacks import BaseCallbackHandler

from langchain_phase5.evaluation import AgentEvaluator, TestDatasetManager
from langchain_phase5.evaluation.metric import Metric
from langchain_phase5.server.evaluations.job_journal import JobJournal
from langchain_phase5.storage import Database, JobLease


async def evaluate_job(
    lease: JobLease,
    *,
    storage: Database,
    agents: Mapping[str, Any],
    metrics: Mapping[str, Metric],
    callbacks: Sequence[BaseCallbackHandler],
    stop: threading.Event,
) -> str:
    """Run what is not finished of a job, keep the report, and return its run id.

    Args:
        lease: Of the job; it also knows what the job has finished.
        storage: Where its dataset is, and where the report goes.
        agents: What may be evaluated, by name.
        metrics: The operator's own ones, by name.
        callbacks: Handed to the target.
        stop: Once it is set, no further example is begun.

    Raises:
        ValueError: The dataset is gone.
        LeaseLostError: Another worker has the job by now.
        RunStoppedError: It was stopped before the end.
    """
    asked = lease.job.payload
    data = asked["dataset"]
    evaluator = AgentEvaluator(
        storage=storage,
        timeout=asked.get("timeout_seconds"),
        callbacks=callbacks,
        progress=False,
    )
    report = await evaluator.run_evaluation(
        TestDatasetManager(storage).get_dataset(data["name"], data["version"]),
        agents[asked["agent"]],
        [metrics.get(name, name) for name in asked.get("metrics", ["exact_match"])],
        repeats=asked.get("repeats", 1),
        concurrency=asked.get("concurrency"),
        version=asked.get("version", ""),
        journal=partial(JobJournal, lease=lease),
        stop=stop,
    )
    return report.run_id
