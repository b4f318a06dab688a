"""How well tools, retrievers, image work and the routing of tools do."""

from grafana_foundation_sdk.models.dashboard import Dashboard, Panel

from dashboards.source import names
from dashboards.source.frame import KEEP_SERVICE, board
from dashboards.source.panels import (
    NO_ERRORS,
    Column,
    Query,
    buckets_over_time,
    rows,
    time_series,
)
from dashboards.source.promql import (
    heatmap,
    increase,
    mean,
    quantile,
    quantile_over,
    rate,
    share,
    total,
)
from dashboards.source.thresholds import (
    ERROR_SHARE,
    SELECTION_SECONDS,
    SUCCESS_SHARE,
    TOOL_SECONDS,
)


def dashboard() -> Dashboard:
    """Use, success, latency and errors by tool; retrievers, images and routing below."""
    return board(
        names.TOOLS,
        "LangChain agents / Tool performance",
        "Which tool is used, failing or slow, and does routing offer the right ones?",
        (8, [_calls(), _success()]),
        (8, [_table(), _errors()]),
        (8, [_distribution(), _latency()]),
        (8, [_in_flight(), _retrievals(), _retrieval_latency()]),
        (8, [_images(), _image_latency()]),
        (8, [_menu(), _selection(), _misses()]),
        filters=["tool_name"],
    )


def _calls() -> Panel:
    return time_series(
        "Calls by tool",
        "Tool calls that ended per second. `unknown` are names that a model invented.",
        Query(rate("tool_executions_total", names.TOOL, by="tool_name"), "{{tool_name}}"),
        unit="reqps",
        stacked=True,
    )


def _success() -> Panel:
    succeeded = rate("tool_executions_total", names.TOOL, 'status="success"', by="tool_name")
    decided = rate("tool_executions_total", names.TOOL, names.DECIDED, by="tool_name")
    return time_series(
        "Success rate by tool",
        "Share of calls that succeeded, among those that failed or succeeded. An error that the "
        "agent was told about, and mended, is an error here.",
        Query(share(succeeded, decided), "{{tool_name}}"),
        unit="percentunit",
        thresholds=SUCCESS_SHARE,
        maximum=1,
    )


def _table() -> Panel:
    succeeded = increase("tool_executions_total", names.TOOL, 'status="success"', by="tool_name")
    decided = increase("tool_executions_total", names.TOOL, names.DECIDED, by="tool_name")
    slowest = quantile_over(0.95, "tool_execution_duration_seconds", names.TOOL, by="tool_name")
    return rows(
        "Tools",
        "Every tool over the time range. Click a name to see that tool alone.",
        Column(increase("tool_executions_total", names.TOOL, by="tool_name"), "Calls", "short"),
        Column(share(succeeded, decided), "Success rate", "percentunit", SUCCESS_SHARE),
        Column(slowest, "P95", "s", TOOL_SECONDS),
        labels={"tool_name": "Tool"},
        links={"tool_name": f"/d/{names.TOOLS}?{KEEP_SERVICE}&var-tool_name=${{__value.raw}}"},
    )


def _errors() -> Panel:
    failed = rate("tool_errors_total", names.TOOL, by="tool_name, error_type")
    return time_series(
        "Tool errors by kind",
        "Tool calls that ended in an error, per second.",
        Query(failed, "{{tool_name}}: {{error_type}}"),
        unit="reqps",
        stacked=True,
        nothing=NO_ERRORS,
    )


def _distribution() -> Panel:
    return buckets_over_time(
        "Latency of tools",
        "Calls of the chosen tools by how long they took.",
        heatmap("tool_execution_duration_seconds", names.TOOL),
        unit="s",
    )


def _latency() -> Panel:
    histogram = "tool_execution_duration_seconds"
    return time_series(
        "P95 latency by tool",
        "95 % of the calls of a tool took at most this long.",
        Query(quantile(0.95, histogram, names.TOOL, by="tool_name"), "{{tool_name}}"),
        unit="s",
        thresholds=TOOL_SECONDS,
    )


def _in_flight() -> Panel:
    return time_series(
        "Tools in flight, and retries",
        "Calls open at that moment; and further attempts per second of calls that failed.",
        Query(
            total("tool_executions_in_flight", names.TOOL, by="tool_name"),
            "{{tool_name}}, in flight",
        ),
        Query(rate("tool_retries_total", names.TOOL, by="tool_name"), "{{tool_name}}, retries/s"),
        unit="short",
    )


def _retrievals() -> Panel:
    return time_series(
        "Retrievals",
        "Retrievals that ended per second.",
        Query(
            rate("retriever_requests_total", by="retriever, status"), "{{retriever}}, {{status}}"
        ),
        unit="reqps",
        stacked=True,
    )


def _retrieval_latency() -> Panel:
    return time_series(
        "Retrieval latency",
        "95 % of retrievals took at most this long.",
        Query(
            quantile(0.95, "retriever_request_duration_seconds", by="retriever"), "{{retriever}}"
        ),
        unit="s",
        thresholds=TOOL_SECONDS,
    )


def _images() -> Panel:
    labels = "operation, engine, status"
    return time_series(
        "Image operations",
        "Images analyzed, compared, read or searched per second.",
        Query(rate("vision_operations_total", by=labels), "{{operation}}, {{engine}}, {{status}}"),
        unit="reqps",
        stacked=True,
    )


def _image_latency() -> Panel:
    labels = "operation, engine"
    return time_series(
        "Image latency",
        "95 % of image operations took at most this long.",
        Query(
            quantile(0.95, "vision_operation_duration_seconds", by=labels),
            "{{operation}}, {{engine}}",
        ),
        unit="s",
        thresholds=TOOL_SECONDS,
    )


def _menu() -> Panel:
    return time_series(
        "Tools offered",
        "Tools a routing decision chose from, and offered the model, on average.",
        Query(mean("routing_tools_available"), "available"),
        Query(mean("routing_tools_offered"), "offered"),
        unit="short",
        nothing="No routing",
    )


def _selection() -> Panel:
    histogram = "routing_selection_duration_seconds"
    return time_series(
        "Time to select tools",
        "Half and 95 % of the routing decisions took at most this long.",
        Query(quantile(0.5, histogram), "P50"),
        Query(quantile(0.95, histogram), "P95"),
        unit="s",
        thresholds=SELECTION_SECONDS,
        nothing="No routing",
    )


def _misses() -> Panel:
    decisions = rate("routing_decisions_total")
    fell_back = rate("routing_decisions_total", 'fallback="true"')
    return time_series(
        "Routing misses and fallbacks",
        "Per routing decision: calls of tools that were not offered, by whether they were let "
        "through; and decisions that offered tools unchosen because routing failed.",
        Query(
            f"{rate('routing_misses_total', by='policy')} / on () group_left {decisions}",
            "{{policy}}",
        ),
        Query(share(fell_back, decisions), "fallback"),
        unit="percentunit",
        thresholds=ERROR_SHARE,
        nothing="No routing",
    )
