"""What the agents cost, and where money could be saved."""

from grafana_foundation_sdk.models.dashboard import Dashboard, Panel

from dashboards.source import names
from dashboards.source.frame import KEEP_SERVICE, board
from dashboards.source.panels import Column, Query, rows, single_value, time_series
from dashboards.source.promql import increase, rate, share
from dashboards.source.thresholds import NONE_EXPECTED, SAVED_SHARE

HOUR_SECONDS = 3600
MONTH_SECONDS = 30 * 24 * HOUR_SECONDS


def dashboard() -> Dashboard:
    """Cost by model, agent and kind; tokens; and what to do about them."""
    return board(
        names.COSTS,
        "LangChain agents / Cost analysis",
        "What do the agents cost, who spends it, and where could it be less?",
        (4, [_cost(), _month(), _per_success(), _prompt_cache(), _response_cache()]),
        (8, [_by_model(), _by_agent()]),
        (8, [_tokens(), _by_kind()]),
        (8, [_expensive_agents(), _unused_tools()]),
        (8, [_middleware(), _middleware_tokens(), _unpriced()]),
        filters=["agent_type", "model"],
    )


def _cost() -> Panel:
    return single_value(
        "Cost",
        "Price of the model calls within the time range whose price is known.",
        _spent(),
        unit="currencyUSD",
    )


def _month() -> Panel:
    per_second = f"{_spent()} / $__range_s"
    return single_value(
        "Cost of 30 days at this rate",
        "The cost of the time range, scaled to 30 days.",
        f"{per_second} * {MONTH_SECONDS}",
        unit="currencyUSD",
    )


def _per_success() -> Panel:
    succeeded = increase("agent_requests_total", names.AGENT, 'status="success"')
    return single_value(
        "Cost per success",
        "Cost of all the agents' model calls, failed runs included, divided by the runs that "
        "succeeded.",
        f"{_spent_by_agents()} / {succeeded}",
        unit="currencyUSD",
    )


def _prompt_cache() -> Panel:
    cached = increase("agent_tokens_total", names.MODEL, 'type="cache_read"')
    whole = increase("agent_tokens_total", names.MODEL, 'type="input"')
    return single_value(
        "Prompt cache share",
        "Share of the input tokens that the provider read from its prompt cache, at a lower "
        "price. A stable start of the prompt raises it.",
        share(cached, whole),
        unit="percentunit",
        thresholds=SAVED_SHARE,
    )


def _response_cache() -> Panel:
    hits = increase("llm_cache_hits_total", names.MODEL)
    return single_value(
        "Response cache share",
        "Share of the model calls that LangChain's own cache answered, for nothing.",
        share(hits, increase("llm_requests_total", names.MODEL)),
        unit="percentunit",
    )


def _by_model() -> Panel:
    spent = rate("llm_cost_usd_total", names.AGENT, names.MODEL, by="model")
    return time_series(
        "Cost per hour by model",
        "Price of model calls, in USD per hour.",
        Query(f"{spent} * {HOUR_SECONDS}", "{{model}}"),
        unit="currencyUSD",
        stacked=True,
    )


def _by_agent() -> Panel:
    spent = rate("llm_cost_usd_total", names.AGENT, names.MODEL, by="agent_type")
    return time_series(
        "Cost per hour by agent",
        "Price of model calls, in USD per hour, by the innermost agent that made them, so that "
        "the agents add up. `none` is what no agent called for.",
        Query(f"{spent} * {HOUR_SECONDS}", "{{agent_type}}"),
        unit="currencyUSD",
        stacked=True,
    )


def _tokens() -> Panel:
    return time_series(
        "Tokens",
        "Tokens per second, in parts that add up: cached tokens are taken out of the input and "
        "reasoning out of the output, which contain them.",
        Query(_tokens_of("input", "cache_read", "cache_write"), "input, not cached"),
        Query(_tokens_of("cache_read"), "input, read from cache"),
        Query(_tokens_of("cache_write"), "input, written to cache"),
        Query(_tokens_of("output", "reasoning"), "output, answer"),
        Query(_tokens_of("reasoning"), "output, reasoning"),
        unit="short",
        stacked=True,
    )


def _by_kind() -> Panel:
    spent = rate("llm_cost_usd_total", names.AGENT, names.MODEL, by="kind")
    return time_series(
        "Cost per hour by kind",
        "What was paid for, in USD per hour: input, cached input, output, or a fee per request.",
        Query(f"{spent} * {HOUR_SECONDS}", "{{kind}}"),
        unit="currencyUSD",
        stacked=True,
    )


def _expensive_agents() -> Panel:
    spent = increase("llm_cost_usd_total", names.AGENT, by="agent_type")
    runs = increase("agent_requests_total", names.AGENT, by="agent_type")
    succeeded = increase("agent_requests_total", names.AGENT, 'status="success"', by="agent_type")
    return rows(
        "Most expensive agents",
        "Cost of each agent over the time range. What one success costs grows with failures.",
        Column(spent, "Cost", "currencyUSD"),
        Column(runs, "Runs", "short"),
        Column(f"{spent} / {succeeded}", "Cost per success", "currencyUSD"),
        labels={"agent_type": "Agent"},
        links={"agent_type": f"/d/{names.AGENTS}?{KEEP_SERVICE}&var-agent_type=${{__value.raw}}"},
    )


def _unused_tools() -> Panel:
    offered = increase("routing_tool_offers_total", by="tool_name")
    called = 'sum by (tool_name) (last_over_time(tool_executions_total{job=~"$job"}[$__range]))'
    return rows(
        "Tools offered but never called",
        "Tools that routing keeps offering and no process has called since it started. Their "
        "descriptions are paid for as input tokens with every offer.",
        Column(f"{offered} unless {called}", "Offers", "short"),
        labels={"tool_name": "Tool"},
        nothing="None",
    )


def _middleware() -> Panel:
    spent = rate("llm_middleware_cost_usd_total", by="source")
    return time_series(
        "Middleware's part of the cost",
        "USD per hour of model calls that middleware made for itself, e.g. to summarize; a part "
        "of the cost above.",
        Query(f"{spent} * {HOUR_SECONDS}", "{{source}}"),
        unit="currencyUSD",
        nothing="None",
    )


def _middleware_tokens() -> Panel:
    spent = rate("llm_middleware_tokens_total", by="source, type")
    return time_series(
        "Middleware's part of the tokens",
        "Tokens per second of model calls that middleware made for itself; a part of the tokens "
        "above.",
        Query(spent, "{{source}}, {{type}}"),
        unit="short",
        nothing="None",
    )


def _unpriced() -> Panel:
    return time_series(
        "Calls that the cost leaves out",
        "Model calls per second without a known price, and successful ones that did not tell "
        "their tokens. They are missing from every cost here, not counted as 0.",
        Query(rate("llm_cost_unknown_total", names.MODEL, by="model"), "{{model}}, no price"),
        Query(rate("llm_usage_missing_total", names.MODEL, by="model"), "{{model}}, no tokens"),
        unit="reqps",
        thresholds=NONE_EXPECTED,
        nothing="None",
    )


def _spent() -> str:
    return increase("llm_cost_usd_total", names.AGENT, names.MODEL)


def _spent_by_agents() -> str:
    return increase("llm_cost_usd_total", names.AGENT, 'agent_type!="none"')


def _tokens_of(kind: str, *without: str) -> str:
    whole = rate("agent_tokens_total", names.MODEL, f'type="{kind}"')
    parts = [rate("agent_tokens_total", names.MODEL, f'type="{part}"') for part in without]
    return " - ".join([whole, *(f"({part} or 0 * {whole})" for part in parts)])
