"""The callback handler that turns runs into Prometheus metrics."""

from contextvars import ContextVar
from importlib.metadata import version
from typing import Any

from langchain_core.tracers.context import register_configure_hook
from prometheus_client import REGISTRY, CollectorRegistry

from langchain_phase5 import __version__
from langchain_phase5.callbacks.billing import Billing
from langchain_phase5.callbacks.custom_events import CustomEventMetrics
from langchain_phase5.callbacks.families import MetricFamilies
from langchain_phase5.callbacks.labels import OTHER, UNKNOWN
from langchain_phase5.callbacks.run import Run
from langchain_phase5.callbacks.tracker import RunTracker
from langchain_phase5.prices import Cost, Overrides

NO_AGENT = "none"
_SOURCES = {"summarization", "tool_selection", "tool_emulation"}


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
        self.metrics.backlog.add(self._count_end, run)

    def _count_end(self, run: Run) -> None:
        if run.in_flight is not None:
            run.in_flight.inc(-1)
        else:
            self.metrics.count_start(run)
        if run.kind == "llm":
            self._model_call_ended(run)
        elif run.kind == "tool":
            self._tool_ended(run)
        elif run.kind == "agent":
            self._agent_ended(run)
        else:
            self._retriever_ended(run)

    def _agent_ended(self, run: Run) -> None:
        metrics, agent = self.metrics, run.note
        metrics.agent_requests[(agent, run.status)].inc(1)
        if run.status == "error":
            metrics.agent_errors[(agent, run.error_type)].inc(1)
        if run.status != "cancelled":
            metrics.agent_duration[(agent,)].observe(run.seconds)

    def _tool_ended(self, run: Run) -> None:
        metrics, tool = self.metrics, run.note
        metrics.tool_executions[(tool, run.status)].inc(1)
        if run.status == "error":
            metrics.tool_errors[(tool, run.error_type)].inc(1)
        if run.status != "cancelled" and tool != UNKNOWN:
            metrics.tool_duration[(tool,)].observe(run.seconds)

    def _retriever_ended(self, run: Run) -> None:
        name = run.note
        self.metrics.retriever_requests[(name, run.status)].inc(1)
        if run.status != "cancelled":
            self.metrics.retriever_duration[(name,)].observe(run.seconds)

    def _model_call_ended(self, run: Run) -> None:
        metrics = self.metrics
        if run.note == UNKNOWN and run.response_model:
            run.note = metrics.models[run.response_model]
        model, status, usage = run.note, run.status, run.usage
        labels = (model,)
        provider = metrics.providers[run.provider]
        metrics.llm_requests[(model, provider, status, run.error_type)].inc(1)
        if run.cached:
            metrics.llm_cache_hits[labels].inc(1)
            return
        seconds = run.ended - run.started
        if status != "cancelled":
            metrics.llm_duration[labels].observe(seconds)
        if run.first_token:
            metrics.llm_first_token[labels].observe(run.first_token - run.started)
        if usage is not None:
            if usage.output and seconds > 0 and status == "success":
                metrics.llm_token_rate[labels].observe(usage.output / seconds)
            self._count_usage(run)
        elif status == "success":
            metrics.llm_usage_missing[labels].inc(1)

    def _count_usage(self, run: Run) -> None:
        usage = run.usage
        if usage is None:
            return
        self.metrics.agent_tokens.inc(
            (run.note,),
            (usage.input, usage.output, usage.cache_read, usage.cache_write, usage.reasoning),
        )
        if run.source:
            source = run.source if run.source in _SOURCES else OTHER
            self.metrics.llm_source_tokens[(source, "input")].inc(max(0, usage.input))
            self.metrics.llm_source_tokens[(source, "output")].inc(max(0, usage.output))
        self._billing.price(run, self._count_cost)

    def _count_cost(self, run: Run, cost: Cost | None) -> None:
        metrics = self.metrics
        if cost is None:
            metrics.llm_cost_unknown[(run.note,)].inc(1)
            return
        agent = run.agent.note if run.agent is not None else NO_AGENT
        metrics.llm_cost.inc(metrics.cost_labels(run.note, agent), cost)
        if run.source:
            source = run.source if run.source in _SOURCES else OTHER
            metrics.llm_source_cost[(source,)].inc(cost.total)

    def _usage_arrived_late(self, run: Run) -> None:
        self.metrics.backlog.add(self._count_usage, run)

    def _structured_output_retried(self, agent: Run) -> None:
        self.metrics.structured_output_retries[(agent.note,)].inc(1)

    def _custom_event(self, name: str, data: Any, run: Run | None) -> None:
        agent = run if run is None or run.kind == "agent" else run.agent
        self._custom_events.handle(name, data, agent.note if agent is not None else None)

    def _event_failed(self, event: str) -> None:
        self.metrics.handler_errors[(event,)].inc(1)
