"""The job runner of the application, for endpoints."""

from typing import Annotated

from fastapi import Depends

from langchain_phase5.server.evaluations.job_runner import JobRunner
from langchain_phase5.server.problems import Busy
from langchain_phase5.server.services import ServicesOfApp


def running_jobs(services: ServicesOfApp) -> JobRunner:
    """The runner.

    Raises:
        Busy: The application is not up yet, or no longer.
    """
    if services.jobs is None:
        msg = "The service is starting or stopping. Try again in a few seconds."
        raise Busy(msg, headers={"Retry-After": "5"})
    return services.jobs


RunningJobs = Annotated[JobRunner, Depends(running_jobs)]
"""As the type of an endpoint's argument, it is given the runner."""
