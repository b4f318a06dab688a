"""What one agent run did, in plain data."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from langchain_phase5.callbacks.errors import NO_ERROR
from langchain_phase5.prices import Overrides, PriceRates, TokenCounts, rates_of


@dataclass(slots=True, kw_only=True)
class ModelCall:
    """One call of a model: who answered, how it ended, what it took.

    Example:
        >>> usage = TokenCounts(input=1000, output=100)
        >>> call = ModelCall(model="mine", usage=usage, prices={"mine": {"input": 2, "output": 10}})
        >>> call.status, call.cost_usd
        ('success', 0.003)
    """

    model: str
    response_model: str = ""
    """The model as the provider named it in its answer, often with a date."""
    provider: str = ""
    status: str = "success"
    error_type: str = NO_ERROR
    seconds: float = 0.0
    seconds_to_first_token: float | None = None
    """`None` where nothing was streamed."""
    usage: TokenCounts | None = None
    """`None` where the answer did not tell, and for calls answered by LangChain's cache."""
    cached: bool = False
    source: str = ""
    """The middleware that made the call, e.g. `summarization`; empty for the agent's own."""
    prices: Overrides | None = field(default=None, repr=False)

    @property
    def cost_usd(self) -> float | None:
        """Price of the call; `None` where tokens or price are not known.

        The first look may take a second, to load the price table.
        """
        if self.cached:
            return 0.0
        if self.usage is None:
            return None
        rates = find_rates(
            (self.response_model, self.model),
            provider=self.provider,
            service_tier=self.usage.service_tier,
            prices=self.prices,
        )
        cost = rates.cost(self.usage) if rates else None
        return cost.total if cost else None


@dataclass(slots=True, kw_only=True)
class ToolCall:
    """One call of a tool; `name` is `unknown` where the model invented it.

    Example:
        >>> ToolCall(name="get_weather", arguments={"city": "Oslo"}, seconds=0.2).status
        'success'
    """

    name: str
    id: str | None = None
    """The model's `tool_call_id`; `None` where no model asked for the call."""
    arguments: Any = None
    output: Any = None
    """As the tool returned it; `None` where it raised."""
    status: str = "success"
    error_type: str = NO_ERROR
    seconds: float = 0.0


@dataclass(slots=True, kw_only=True)
class AgentRecord:
    """One agent run with the calls it made itself; a nested agent has a record of its own.

    Example:
        >>> from datetime import UTC
        >>> calls = [ModelCall(model="mine", usage=TokenCounts(input=10, output=2))]
        >>> record = AgentRecord(
        ...     id="1",
        ...     parent_id=None,
        ...     name="support",
        ...     started_at=datetime(2026, 1, 1, tzinfo=UTC),
        ...     model_calls=calls,
        ... )
        >>> record.usage.input, record.cost_usd  # nobody knows the price of "mine"
        (10, None)
    """

    id: str
    parent_id: str | None
    """The enclosing agent's."""
    name: str
    started_at: datetime
    input: Any = None
    output: Any = None
    status: str = "success"
    error_type: str = NO_ERROR
    seconds: float = 0.0
    model_calls: list[ModelCall] = field(default_factory=list)
    tool_calls: list[ToolCall] = field(default_factory=list)
    quality: float | None = None
    tags: tuple[str, ...] = ()

    @property
    def usage(self) -> TokenCounts:
        """Tokens of all model calls."""
        return total_usage(self.model_calls)

    @property
    def cost_usd(self) -> float | None:
        """Price of all model calls; `None` where that of one is not known."""
        return total_cost(self.model_calls)


def total_usage(calls: Iterable[ModelCall]) -> TokenCounts:
    """Add up the tokens of several calls."""
    total = TokenCounts()
    for call in calls:
        if call.usage is not None:
            total += call.usage
    return total


def total_cost(calls: Iterable[ModelCall]) -> float | None:
    """Add up the prices of several calls; `None` where one that succeeded has none."""
    total = 0.0
    for call in calls:
        cost = call.cost_usd
        if cost is not None:
            total += cost
        elif call.usage is not None or call.status == "success":
            return None
    return total


def find_rates(
    models: tuple[str, str],
    *,
    provider: str,
    service_tier: str | None,
    prices: Overrides | None,
) -> PriceRates | None:
    """Return what a call is charged by: under its dated name, or under the name asked for."""
    for model in dict.fromkeys(models):
        rates = rates_of(model, provider=provider, service_tier=service_tier, overrides=prices)
        if rates is not None:
            return rates
    return None
