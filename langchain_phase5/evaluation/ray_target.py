"""Run examples on the machines of a Ray cluster."""

import itertools
from collections.abc import Callable, Mapping
from typing import Any

from langchain_phase5.evaluation.daemon_executor import DaemonExecutor
from langchain_phase5.evaluation.result import ExampleResult
from langchain_phase5.evaluation.target import Target, as_async_target
from langchain_phase5.evaluation.tracing import tracing

_THREADS = 32


class RayTarget:
    """A target that is built and asked in Ray workers; journal and metrics stay where they are.

    Scores, errors, steps, tokens and times are those of a local run. An answer that a dying worker
    did not give is asked for again when Ray has restarted it.

    Args:
        build: Makes the target; called once in every worker.
        workers: How many.
        options: For Ray's actors, e.g. `num_cpus=1`.

    Raises:
        ImportError: Ray is missing.

    Example:
        Any target becomes one that runs on a cluster:

        ```python
        from langchain_phase5.evaluation import AgentEvaluator, RayTarget

        target = RayTarget(make_agent, workers=16)
        report = AgentEvaluator(concurrency=128).evaluate(target, dataset)
        ```
    """

    def __init__(self, build: Callable[[], Target], *, workers: int = 2, **options: Any) -> None:
        self.name = getattr(build, "__name__", "target")
        self._build = build
        self._workers = workers
        self._options = {"num_cpus": 1} | options
        self._turn: Any = None

    async def ask(
        self,
        inputs: Mapping[str, Any],
        result: ExampleResult,
        *,
        timeout: float | None,  # noqa: ASYNC109 - counted in the worker
        retries: int,
    ) -> None:
        """Have one worker answer, and copy what came of it into `result`."""
        if self._turn is None:
            self._turn = itertools.cycle(self._start())
        form = await next(self._turn).ask.remote(dict(inputs), timeout, retries)
        answered = ExampleResult.from_dict(form)
        for name in ("outputs", "error", "seconds", "input_tokens", "output_tokens"):
            setattr(result, name, getattr(answered, name))
        for name in ("cost", "attempts", "steps"):
            setattr(result, name, getattr(answered, name))

    def _start(self) -> list[Any]:
        try:
            import ray  # noqa: PLC0415 - optional
        except ImportError as error:
            msg = "running on Ray needs it: pip install 'langchain-phase5[ray]'"
            raise ImportError(msg) from error
        if not ray.is_initialized():
            ray.init(include_dashboard=False, log_to_driver=False)
        lasting = {"max_restarts": -1, "max_task_retries": -1, "max_concurrency": _THREADS}
        options: dict[str, Any] = lasting | self._options
        actor = ray.remote(**options)(_Worker)
        return [actor.remote(self._build) for _ in range(self._workers)]


class _Worker:
    """Lives in a Ray process."""

    def __init__(self, build: Callable[[], Target]) -> None:
        threads = DaemonExecutor(_THREADS)
        self._target = as_async_target(build(), callbacks=[], threads=threads)

    async def ask(
        self,
        inputs: Mapping[str, Any],
        timeout: float | None,  # noqa: ASYNC109 - passed on
        retries: int,
    ) -> dict[str, Any]:
        from langchain_phase5.evaluation.attempt import attempt  # noqa: PLC0415 - LangGraph

        result = ExampleResult(example_id="")
        with tracing(upload=False):
            await attempt(self._target, inputs, result, timeout=timeout, retries=retries)
        return result.as_dict() | {"example_id": ""}
