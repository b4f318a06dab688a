"""The callback handler that turns runs into Prometheus metrics."""

from contextvars import ContextVar
from importlib.metadata import version
from typing import Any

from langchain_core.tracers.context import register_configure_hook
from prometheus_client import REGISTRY, CollectorRegistry

from langchain_phase5 import __version__
from langchain_phase5.callbacks.backlog import Job
from langchain_phase5.callbacks.billing import Billing
from langchain_phase5.callbacks.custom_events import CustomEventMetrics
from langchain_phase5.callbacks.families import MetricFamilies
from langchain_phase5.callbacks.run import Kind, Run
from langchain_phase5.callbacks.run_counts import RunCounts
from langchain_phase5.callbacks.tracker import RunTracker
from langchain_phase5.prices import Overrides


class PrometheusCallbackHandler(RunTracker):
    """Exports what agents, models, tools and retrievers do, as listed in this package's docstring.

    Attach one instance to every run, or to all runs of the process with `install()`. Several
    instances on one registry share its metrics and count each run once.

    Args:
        registry: Where the metrics live.
        agent_type: Label of the outermost agents; their own name if left out. Nested agents
            always go by their name, and nameless ones by `agent`.
        namespace: Put before every metric name, as `namespace_`.
        prices: Own prices in USD per million tokens, before those of `genai-prices`:
            `{"my-model": {"input": 1, "output": 4, "cache_read": 0.1}}`.
        include_graphs: Count outermost LangGraph graphs of any kind as agents, by their name.
        max_label_values: Values per label; the first handler on a registry decides.
        max_series: Time series of one process; likewise.

    Example:
        >>> from langchain_core.tools import tool
        >>> from prometheus_client import CollectorRegistry
        >>> @tool
        ... def double(number: int) -> int:
        ...     "Double a number."
        ...     return 2 * number
        >>> registry = CollectorRegistry()
        >>> handler = PrometheusCallbackHandler(registry=registry)
        >>> double.invoke({"number": 2}, {"callbacks": [handler]})
        4
        >>> registry.get_sample_value(
        ...     "tool_executions_total", {"tool_name": "double", "status": "success"}
        ... )
        1.0
    """

    def __init__(
        self,
        *,
        registry: CollectorRegistry = REGISTRY,
        agent_type: str | None = None,
        namespace: str = "",
        prices: Overrides | None = None,
        include_graphs: bool = False,
        max_label_values: int = 100,
        max_series: int = 2_000,
    ) -> None:
        self.metrics = MetricFamilies.on(
            registry, namespace, max_label_values=max_label_values, max_series=max_series
        )
        super().__init__(table=self.metrics.runs, include_graphs=include_graphs)
        self._agent_type = agent_type
        self._billing = Billing(prices)
        counts = self._counts = RunCounts(self.metrics, self._billing)
        self._count: dict[Kind, Job] = {
            "agent": counts.count_agents,
            "llm": counts.count_model_calls,
            "tool": counts.count_tools,
            "retriever": counts.count_retrievals,
        }
        self._custom_events = CustomEventMetrics(self.metrics)
        self.metrics.handlers.add(self)
        versions = (__version__, version("langchain"), version("langgraph"))
        self.metrics.build_info[versions].set(1)

    def install(self) -> None:
        """Attach this handler to every run of the process, in every thread, for good."""
        everywhere: ContextVar[PrometheusCallbackHandler | None] = ContextVar(
            "langchain_phase5_prometheus", default=self
        )
        register_configure_hook(everywhere, inheritable=True)

    def record_quality(self, score: float, *, agent_type: str | None = None) -> None:
        """Report how good an answer was.

        Args:
            score: From 0 (useless) to 1 (perfect).
            agent_type: Whose answer; this handler's `agent_type` if left out.

        Raises:
            ValueError: The score is out of range.
        """
        agent = agent_type or self._agent_type or "agent"
        self._custom_events.record_quality(score, self.metrics.agents[agent])

    def record_evaluation(self, score: float, *, dataset: str, version: str, metric: str) -> None:
        """Report the latest score of an evaluation, in the metric's own unit."""
        self._custom_events.record_evaluation(
            {"score": score, "dataset": dataset, "version": version, "metric": metric}
        )

    def flush(self, timeout: float | None = None) -> None:
        """Wait until the cost of every call so far is counted, e.g. before a push.

        Raises:
            TimeoutError: It took longer than `timeout` seconds.
        """
        self.metrics.settle()
        self._billing.flush(timeout)

    def _run_started(self, run: Run, payload: Any) -> None:
        metrics = self.metrics
        if run.kind == "llm":
            run.note = metrics.models[run.name]
        elif run.kind == "tool":
            run.note = metrics.tools[run.name]
        elif run.kind == "agent":
            given = self._agent_type if run.agent is None else None
            run.note = metrics.agents[given or run.name]
        else:
            run.note = metrics.retrievers[run.name]
        if metrics.read_by_others:
            metrics.count_as_open(run)
        else:
            metrics.newest = run.key

    def _run_ended(self, run: Run, payload: Any) -> None:
        self.metrics.backlog.add(self._count[run.kind], run)

    def _usage_arrived_late(self, run: Run) -> None:
        self.metrics.backlog.add(self._counts.count_late_usage, run)

    def _structured_output_retried(self, agent: Run) -> None:
        self.metrics.structured_output_retries[(agent.note,)].inc(1)

    def _custom_event(self, name: str, data: Any, run: Run | None) -> None:
        agent = run if run is None or run.kind == "agent" else run.agent
        self._custom_events.handle(name, data, agent.note if agent is not None else None)

    def _event_failed(self, event: str) -> None:
        self.metrics.handler_errors[(event,)].inc(1)
