"""How well the agents and their models work."""

from grafana_foundation_sdk.models.dashboard import Dashboard, Panel

from dashboards.source import names
from dashboards.source.frame import board
from dashboards.source.panels import (
    NO_ERRORS,
    Column,
    Query,
    bars,
    buckets_over_time,
    rows,
    time_series,
)
from dashboards.source.promql import (
    heatmap,
    increase,
    mean,
    quantile,
    rate,
    share,
    total,
)
from dashboards.source.thresholds import (
    AGENT_SECONDS,
    ERROR_SHARE,
    FIRST_TOKEN_SECONDS,
    QUALITY,
    STATUS_COLORS,
    SUCCESS_SHARE,
)


def dashboard() -> Dashboard:
    """Requests, quality, success, latency and errors by agent; models below."""
    return board(
        names.AGENTS,
        "LangChain agents / Agent performance",
        "Which agent is busy, wrong, failing or slow, and which model is behind it?",
        (8, [_requests(), _success(), _endings()]),
        (8, [_quality(), _evaluations()]),
        (8, [_latency(), _distribution()]),
        (8, [_errors(), _structured_output()]),
        (8, [_model_latency(), _first_token(), _token_rate()]),
        (8, [_model_errors(), _second_attempts()]),
        filters=["agent_type"],
    )


def _requests() -> Panel:
    return time_series(
        "Requests by agent",
        "Agent runs that ended per second.",
        Query(rate("agent_requests_total", names.AGENT, by="agent_type"), "{{agent_type}}"),
        unit="reqps",
        stacked=True,
    )


def _success() -> Panel:
    succeeded = rate("agent_requests_total", names.AGENT, 'status="success"', by="agent_type")
    decided = rate("agent_requests_total", names.AGENT, names.DECIDED, by="agent_type")
    return time_series(
        "Success rate by agent",
        "Share of runs that succeeded, among those that failed or succeeded. Cancelled and "
        "interrupted runs and hand-offs are neither.",
        Query(share(succeeded, decided), "{{agent_type}}"),
        unit="percentunit",
        thresholds=SUCCESS_SHARE,
        maximum=1,
    )


def _endings() -> Panel:
    return bars(
        "How runs ended",
        "Agent runs within the time range. An interrupted run waits for a person; a hand-off "
        "passed the conversation to another agent.",
        Query(increase("agent_requests_total", names.AGENT, by="status"), "{{status}}"),
        unit="short",
        colors=STATUS_COLORS,
    )


def _quality() -> Panel:
    latest = f'avg by (agent_type) (agent_quality_score{{job=~"$job", {names.AGENT}}})'
    return time_series(
        "Quality by agent",
        "Ratings from 0 to 1: the mean of those that came in, and the latest one.",
        Query(mean("agent_quality_ratings", names.AGENT, by="agent_type"), "{{agent_type}}, mean"),
        Query(latest, "{{agent_type}}, latest"),
        unit="percentunit",
        thresholds=QUALITY,
        maximum=1,
        nothing="No ratings",
    )


def _evaluations() -> Panel:
    labels = "dataset, version, metric"
    return rows(
        "Evaluations",
        "Latest score of each evaluation, in the metric's own unit. Not filtered by agent.",
        Column(f'avg by ({labels}) (evaluation_score{{job=~"$job"}})', "Score", "short"),
        labels={"dataset": "Dataset", "version": "Version", "metric": "Metric"},
        nothing="No evaluation ran",
    )


def _latency() -> Panel:
    histogram = "agent_request_duration_seconds"
    return time_series(
        "Latency by agent",
        "Active time of agent runs: half and 95 % of them took at most this long.",
        Query(quantile(0.95, histogram, names.AGENT, by="agent_type"), "{{agent_type}}, P95"),
        Query(quantile(0.5, histogram, names.AGENT, by="agent_type"), "{{agent_type}}, P50"),
        unit="s",
        thresholds=AGENT_SECONDS,
    )


def _distribution() -> Panel:
    return buckets_over_time(
        "Latency distribution",
        "Runs of the chosen agents by how long they took. Choose one agent above to see its own.",
        heatmap("agent_request_duration_seconds", names.AGENT),
        unit="s",
    )


def _errors() -> Panel:
    failed = rate("agent_errors_total", names.AGENT, by="agent_type, error_type")
    return time_series(
        "Agent errors by kind",
        "Runs that ended in an error, per second.",
        Query(failed, "{{agent_type}}: {{error_type}}"),
        unit="reqps",
        stacked=True,
        nothing=NO_ERRORS,
    )


def _structured_output() -> Panel:
    again = rate("agent_structured_output_retries_total", names.AGENT, by="agent_type")
    in_flight = total("agent_requests_in_flight", names.AGENT, by="agent_type")
    return time_series(
        "Runs in flight, and rejected answers",
        "Runs open at that moment; and structured answers per second that did not fit their "
        "schema, so that the model was asked again.",
        Query(in_flight, "{{agent_type}}, in flight"),
        Query(again, "{{agent_type}}, rejected answers/s"),
        unit="short",
    )


def _model_latency() -> Panel:
    return time_series(
        "Model latency",
        "95 % of model calls took at most this long. Answers from the cache are left out.",
        Query(quantile(0.95, "llm_request_duration_seconds", by="model"), "{{model}}"),
        unit="s",
        thresholds=AGENT_SECONDS,
    )


def _first_token() -> Panel:
    return time_series(
        "Time to first token",
        "95 % of streaming calls sent their first content within this time.",
        Query(quantile(0.95, "llm_time_to_first_token_seconds", by="model"), "{{model}}"),
        unit="s",
        thresholds=FIRST_TOKEN_SECONDS,
        nothing="No streaming",
    )


def _token_rate() -> Panel:
    return time_series(
        "Output tokens per second",
        "Median over model calls of output tokens divided by the whole duration of the call.",
        Query(quantile(0.5, "llm_output_tokens_per_second", by="model"), "{{model}}"),
        unit="short",
    )


def _model_errors() -> Panel:
    failed = rate("llm_requests_total", 'status="error"', by="model, provider")
    decided = rate("llm_requests_total", names.DECIDED, by="model, provider")
    return time_series(
        "Model error rate",
        "Share of model calls that failed, those included that a retry or fallback made good.",
        Query(share(failed, decided), "{{model}} ({{provider}})"),
        unit="percentunit",
        thresholds=ERROR_SHARE,
    )


def _second_attempts() -> Panel:
    fallbacks = rate("llm_fallbacks_total", by="model, fallback_model")
    return time_series(
        "Model retries and fallbacks",
        "Further attempts per second after a failed call: of the same model, and of another one.",
        Query(rate("llm_retries_total", by="model"), "{{model}}, again"),
        Query(fallbacks, "{{model}} to {{fallback_model}}"),
        unit="reqps",
        nothing=NO_ERRORS,
    )
