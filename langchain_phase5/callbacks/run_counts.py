"""Count runs that ended in the metric families, those that are alike together.

Finding the counters of a run and adding to each of them costs more than all else that is done for
it. Runs of one model, tool or agent that ended the same way share their counters, which then grow
by sums.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from operator import attrgetter

from langchain_phase5.callbacks.billing import Billing
from langchain_phase5.callbacks.families import MetricFamilies
from langchain_phase5.callbacks.family import Family, Value
from langchain_phase5.callbacks.labels import OTHER, UNKNOWN
from langchain_phase5.callbacks.run import Run
from langchain_phase5.prices import Cost

NO_AGENT = "none"
_SOURCES = {"summarization", "tool_selection", "tool_emulation"}

_ending = attrgetter("note", "status", "error_type")


def _model_call(run: Run) -> Hashable:
    agent, usage = run.agent, run.usage
    return (
        run.note,
        agent.note if agent is not None else NO_AGENT,
        run.provider,
        run.status,
        run.error_type,
        run.source,
        run.cached,
        run.name,
        run.response_model,
        usage.service_tier if usage is not None else False,
    )


def _alike(runs: list[Run], traits: Callable[[Run], Hashable]) -> Iterable[list[Run]]:
    if len(runs) == 1:
        return [runs]
    found: dict[Hashable, list[Run]] = {}
    for run in runs:
        found.setdefault(traits(run), []).append(run)
    return found.values()


class RunCounts:
    """Counts runs that ended; their `note` is the label of their model, tool, agent or retriever.

    Args:
        metrics: The families to count in.
        billing: Knows what model calls cost.
    """

    def __init__(self, metrics: MetricFamilies, billing: Billing) -> None:
        self._metrics = metrics
        self._billing = billing

    def count_agents(self, runs: list[Run]) -> None:
        """Count agent runs."""
        metrics = self._metrics
        self._count_starts(runs)
        for agent, ended in self._count_endings(runs, metrics.agent_requests, metrics.agent_errors):
            metrics.agent_duration[(agent,)].observe_all(ended)

    def count_tools(self, runs: list[Run]) -> None:
        """Count tool calls."""
        metrics = self._metrics
        self._count_starts(runs)
        for tool, ended in self._count_endings(runs, metrics.tool_executions, metrics.tool_errors):
            if tool != UNKNOWN:
                metrics.tool_duration[(tool,)].observe_all(ended)

    def count_retrievals(self, runs: list[Run]) -> None:
        """Count retrievals."""
        metrics = self._metrics
        for name, ended in self._count_endings(runs, metrics.retriever_requests):
            metrics.retriever_duration[(name,)].observe_all(ended)

    def _count_endings(
        self, runs: list[Run], endings: Family[Value], errors: Family[Value] | None = None
    ) -> Iterator[tuple[str, list[float]]]:
        """Count by label and status; yield the seconds of those that were not cancelled."""
        for alike in _alike(runs, _ending):
            label, status, error_type = _ending(alike[0])
            endings[(label, status)].inc(len(alike))
            if errors is not None and status == "error":
                errors[(label, error_type)].inc(len(alike))
            if status != "cancelled":
                yield label, [run.seconds for run in alike]

    def count_model_calls(self, runs: list[Run]) -> None:
        """Count model calls, with their tokens and cost."""
        self._count_starts(runs)
        for run in runs:
            if run.note == UNKNOWN and run.response_model:
                run.note = self._metrics.models[run.response_model]
        for alike in _alike(runs, _model_call):
            self._count_alike_model_calls(alike)

    def count_late_usage(self, runs: list[Run]) -> None:
        """Count tokens and cost of model calls that were counted as cancelled before."""
        for alike in _alike([run for run in runs if run.usage is not None], _model_call):
            self._count_usage(alike)

    def _count_starts(self, runs: list[Run]) -> None:
        for run in runs:
            if run.in_flight is not None:
                run.in_flight.inc(-1)
            else:
                self._metrics.count_start(run)

    def _count_alike_model_calls(self, calls: list[Run]) -> None:
        metrics, one = self._metrics, calls[0]
        labels = (one.note,)
        ending = (one.note, metrics.providers[one.provider], one.status, one.error_type)
        metrics.llm_requests[ending].inc(len(calls))
        if one.cached:
            metrics.llm_cache_hits[labels].inc(len(calls))
            return
        if one.status != "cancelled":
            metrics.llm_duration[labels].observe_all([call.seconds for call in calls])
        waits = [call.first_token - call.started for call in calls if call.first_token]
        if waits:
            metrics.llm_first_token[labels].observe_all(waits)
        if one.usage is not None:
            if one.status == "success":
                self._count_token_rates(calls)
            self._count_usage(calls)
        elif one.status == "success":
            metrics.llm_usage_missing[labels].inc(len(calls))

    def _count_token_rates(self, calls: list[Run]) -> None:
        rates = [
            call.usage.output / call.seconds
            for call in calls
            if call.usage and call.usage.output and call.ended > call.started
        ]
        if rates:
            self._metrics.llm_token_rate[(calls[0].note,)].observe_all(rates)

    def _count_usage(self, calls: list[Run]) -> None:
        used = [call.usage for call in calls if call.usage]
        self._metrics.agent_tokens.inc_all(
            (calls[0].note,),
            [(u.input, u.output, u.cache_read, u.cache_write, u.reasoning) for u in used],
        )
        if calls[0].source:
            source, tokens = _source(calls[0]), self._metrics.llm_source_tokens
            tokens[(source, "input")].inc(sum(max(0, usage.input) for usage in used))
            tokens[(source, "output")].inc(sum(max(0, usage.output) for usage in used))
        self._billing.price(calls, self._count_costs)

    def _count_costs(self, calls: list[Run], costs: Sequence[Cost | None]) -> None:
        metrics, one = self._metrics, calls[0]
        known = [cost for cost in costs if cost is not None]
        if len(known) < len(costs):
            metrics.llm_cost_unknown[(one.note,)].inc(len(costs) - len(known))
        if known:
            agent = one.agent.note if one.agent is not None else NO_AGENT
            metrics.llm_cost.inc_all(metrics.cost_labels(one.note, agent), known)
            if one.source:
                metrics.llm_source_cost[(_source(one),)].inc(sum(cost.total for cost in known))


def _source(call: Run) -> str:
    return call.source if call.source in _SOURCES else OTHER
