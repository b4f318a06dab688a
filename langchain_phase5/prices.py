"""What a model call costs: `genai-prices`' offline table, or the caller's own prices.

The table takes over a second to import and about 0.2 ms per calculation, so it is loaded on the
first question, and each model's prices are boiled down to a handful of per-token rates that are
kept until the next quarter of an hour (some providers charge by the time of day).

An unknown model has no price: every function answers `None`, never zero.

Example:
    >>> usage = {"input_tokens": 1000, "output_tokens": 100, "total_tokens": 1100}
    >>> cost_of(usage, model="mine", overrides={"mine": {"input": 2.0, "output": 10.0}})
    0.003
"""

import time
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple, Self

Overrides = Mapping[str, Mapping[str, float]]
"""Own prices, in USD per million tokens: `{"my-model": {"input": 1, "output": 4}}`.

Keys are a model's name or `provider/model`. Besides `input` and `output` a price may name
`cache_read`, `cache_write`, `cache_write_1h` and `input_audio` (the input price where left out),
`reasoning` and `output_audio` (the output price where left out), and `request`, in USD per call.
"""

_TIERS = ("priority", "flex")
_PLAIN = ("cache_read", "cache_creation", "reasoning")
_PREFIXED = {tier: tuple(f"{tier}_{name}" for name in _PLAIN) for tier in _TIERS}
_PRICE_KEYS = {
    "input",
    "output",
    "cache_read",
    "cache_write",
    "cache_write_1h",
    "input_audio",
    "reasoning",
    "output_audio",
    "request",
}
_QUARTER_HOUR = 900
_LONGEST_NAME = 256


class TokenCounts(NamedTuple):
    """The tokens of one call, with the details of every integration under one set of names.

    `cache_read`, `cache_write` and `input_audio` are parts of `input`; `reasoning` and
    `output_audio` are parts of `output`; `cache_write_1h` is a part of `cache_write`.
    """

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    cache_write_1h: int = 0
    input_audio: int = 0
    reasoning: int = 0
    output_audio: int = 0
    service_tier: str | None = None

    @classmethod
    def from_usage(cls, usage: Mapping[str, Any]) -> Self:
        """Read LangChain's `UsageMetadata`.

        OpenAI's service tiers hide in the names of the details (`priority_cache_read`, `flex`),
        and Anthropic splits cache writes by how long they live (`ephemeral_1h_input_tokens`).
        """
        given: Mapping[str, Any] = usage.get("input_token_details") or {}
        made: Mapping[str, Any] = usage.get("output_token_details") or {}
        tier, (cache_read, cache_write, reasoning) = None, _PLAIN
        for name in _TIERS:
            if name in given or name in made:
                tier, (cache_read, cache_write, reasoning) = name, _PREFIXED[name]
        long_lived = given.get("ephemeral_1h_input_tokens") or 0
        short_lived = given.get("ephemeral_5m_input_tokens") or 0
        return cls(
            usage.get("input_tokens") or 0,
            usage.get("output_tokens") or 0,
            given.get(cache_read) or 0,
            (given.get(cache_write) or 0) + short_lived + long_lived,
            long_lived,
            given.get("audio") or 0,
            made.get(reasoning) or 0,
            made.get("audio") or 0,
            tier,
        )

    def __add__(self, other: tuple[Any, ...]) -> "TokenCounts":
        """Add up two calls' tokens; the sum belongs to no service tier."""
        mine, theirs = self[:-1], other[:-1]
        return TokenCounts(*(one + another for one, another in zip(mine, theirs, strict=True)))


class Cost(NamedTuple):
    """The price of one call in USD, by what was paid for. Reasoning is a part of `output`."""

    input: float
    cache_read: float
    cache_write: float
    output: float
    request: float

    @property
    def total(self) -> float:
        """Everything together, in USD."""
        return self.input + self.cache_read + self.cache_write + self.output + self.request


class _Rates(NamedTuple):
    """USD per token, from `above` input tokens on."""

    above: int
    input: float
    output: float
    cache_read: float
    cache_write: float
    cache_write_1h: float
    input_audio: float
    reasoning: float
    output_audio: float


class PriceRates(NamedTuple):
    """What one model charges; multiply with `TokenCounts` by `cost`."""

    request: float
    steps: tuple[_Rates, ...]
    """Ascending in `above`: a prompt longer than a step pays that step's rate for every token."""

    def cost(self, tokens: TokenCounts) -> Cost | None:
        """Return what `tokens` cost, or `None` where the details exceed their totals."""
        given, made, read, write, long_lived, heard, thought, spoken, _ = tokens
        plain_input = given - read - write - heard
        plain_output = made - thought - spoken
        if plain_input < 0 or plain_output < 0 or min(tokens[2:8]) < 0:
            return None
        request, steps = self
        rates = steps[0]
        for step in steps[1:]:
            if given > step.above:
                rates = step
        (
            _,
            per_input,
            per_output,
            per_read,
            per_write,
            per_1h,
            per_heard,
            per_thought,
            per_spoken,
        ) = rates
        return Cost(
            plain_input * per_input + heard * per_heard,
            read * per_read,
            (write - long_lived) * per_write + long_lived * per_1h,
            plain_output * per_output + thought * per_thought + spoken * per_spoken,
            request,
        )


def cost_of(
    usage: Mapping[str, Any],
    *,
    model: str,
    provider: str | None = None,
    service_tier: str | None = None,
    overrides: Overrides | None = None,
) -> float | None:
    """Return the price of one call in USD, or `None` where it is not known.

    Args:
        usage: A message's `usage_metadata`. A call that LangChain's own cache answered costs 0.
        model: Name as the provider reports it; a dated name is the most exact.
        provider: LangChain's `ls_provider`. Without it the model's name alone decides.
        service_tier: Overrides the tier that `usage` shows.
        overrides: Own prices, looked at first.

    Raises:
        ValueError: An override is not a mapping of known names to numbers.
    """
    if usage.get("total_cost") == 0:
        return 0.0
    tokens = TokenCounts.from_usage(usage)
    rates = rates_of(
        model,
        provider=provider,
        service_tier=service_tier or tokens.service_tier,
        overrides=overrides,
    )
    cost = rates.cost(tokens) if rates else None
    return cost.total if cost else None


def rates_of(
    model: str,
    *,
    provider: str | None = None,
    service_tier: str | None = None,
    overrides: Overrides | None = None,
) -> PriceRates | None:
    """Return what a model charges now, or `None` where it is not known.

    Raises:
        ValueError: An override has a price that is not a known name or not a number.
    """
    if overrides:
        own = overrides.get(f"{provider}/{model}") or overrides.get(model)
        if own is not None:
            return _own_rates(own)
    if not model or len(model) > _LONGEST_NAME:
        return None
    quarter = int(time.time() // _QUARTER_HOUR)
    return _table_rates(model.removeprefix("models/"), provider, service_tier, quarter)


def _own_rates(prices: Mapping[str, float]) -> PriceRates:
    unknown = set(prices) - _PRICE_KEYS
    if unknown or not all(isinstance(price, int | float) for price in prices.values()):
        msg = f"A price is a number under one of {sorted(_PRICE_KEYS)}; got {dict(prices)!r}"
        raise ValueError(msg)
    given, made = prices.get("input", 0.0), prices.get("output", 0.0)
    write = prices.get("cache_write", given)
    rates = _Rates(
        above=0,
        input=given / 1e6,
        output=made / 1e6,
        cache_read=prices.get("cache_read", given) / 1e6,
        cache_write=write / 1e6,
        cache_write_1h=prices.get("cache_write_1h", write) / 1e6,
        input_audio=prices.get("input_audio", given) / 1e6,
        reasoning=prices.get("reasoning", made) / 1e6,
        output_audio=prices.get("output_audio", made) / 1e6,
    )
    return PriceRates(request=prices.get("request", 0.0), steps=(rates,))


@lru_cache(maxsize=1024)
def _table_rates(
    model: str, provider: str | None, service_tier: str | None, _quarter: int
) -> PriceRates | None:
    """Ask the table a few questions whose answers are the rates.

    Asking, rather than reading its rows, leaves every rule of the table (fallbacks between
    providers, units without a price of their own, tiers) to the table.
    """
    from genai_prices import Usage
    from genai_prices.data_snapshot import DataSnapshot, get_snapshot

    # A snapshot of our own: the shared one remembers every name it was ever asked for.
    table = DataSnapshot(get_snapshot().providers, from_auto_update=False)
    context = {"service_tier": service_tier} if service_tier else None

    def ask(**usage: int) -> Any:
        return table.calc(Usage(**usage), model, provider, None, None, context)

    try:
        free = ask()
        prices = [price for price in vars(free.model_price).values() if price is not None]
        starts = {tier.start for price in prices for tier in getattr(price, "tiers", ())}
        if not prices:
            return None
        steps = tuple(_rates_above(start, ask) for start in sorted({0, *starts}))
    except (LookupError, ValueError):
        return None
    return PriceRates(request=float(free.total_price), steps=steps)


def _rates_above(start: int, ask: Any) -> _Rates:
    n = start + 1
    fee = ask().total_price
    bare = ask(input_tokens=n).total_price

    def given(**detail: int) -> float:
        return float((ask(input_tokens=n, **detail).total_price - fee) / n)

    def made(**detail: int) -> float:
        return float(ask(input_tokens=n, output_tokens=1, **detail).total_price - bare)

    return _Rates(
        above=start,
        input=given(),
        output=made(),
        cache_read=given(cache_read_tokens=n),
        cache_write=given(cache_write_tokens=n),
        cache_write_1h=given(cache_write_tokens=n, cache_write_1h_tokens=n),
        input_audio=given(input_audio_tokens=n),
        reasoning=made(output_reasoning_tokens=1),
        output_audio=made(output_audio_tokens=1),
    )
