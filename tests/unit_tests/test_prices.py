"""What a call costs, against `genai-prices` itself and against sums done by hand."""

import random
import subprocess
import sys

import pytest
from genai_prices import Usage, calc_price  # noqa: TID253  (the reference)
from hypothesis import given
from hypothesis import strategies as st

from langchain_phase5.prices import PriceRates, TokenCounts, cost_of, rates_of

MODELS = [
    ("openai", "gpt-4o"),
    ("openai", "gpt-4o-mini-2024-07-18"),
    ("openai", "gpt-5.1"),
    ("openai", "o3"),
    ("anthropic", "claude-sonnet-4-5"),
    ("anthropic", "claude-haiku-4-5-20251001"),
    ("google_genai", "gemini-2.5-pro"),
    ("google_vertexai", "gemini-2.5-flash"),
    ("amazon_bedrock", "us.anthropic.claude-sonnet-4-5-20250929-v1:0"),
    ("azure", "gpt-4o"),
    ("mistralai", "mistral-large-latest"),
    ("xai", "grok-4"),
    ("groq", "llama-3.3-70b-versatile"),
    ("deepseek", "deepseek-chat"),
    ("perplexity", "sonar-deep-research"),
    ("perplexity", "sonar-pro"),
]


def golden_usages():
    """200 calls: short and long prompts around the price steps, cached, reasoning, tiers."""
    draw = random.Random(20261122)  # noqa: S311  (no secret)
    for i in range(200):
        provider, model = MODELS[i % len(MODELS)]
        given_tokens = draw.choice([0, 1, 999, 128_000, 200_000, 200_001, 272_001, 900_000])
        made = draw.choice([0, 1, 500, 60_000])
        read = draw.randint(0, given_tokens)
        write = draw.randint(0, given_tokens - read)
        long_lived = draw.choice([0, write // 2])
        reasoning = draw.randint(0, made)
        tier = draw.choice([None, "flex", "priority"]) if provider == "openai" else None
        yield provider, model, given_tokens, made, read, write, long_lived, reasoning, tier


@pytest.mark.parametrize("case", list(golden_usages()), ids=lambda case: f"{case[1]}-{case[2]}")
def test_equals_genai_prices(case):
    provider, model, given_tokens, made, read, write, long_lived, reasoning, tier = case
    prefix = f"{tier}_" if tier else ""
    usage = {
        "input_tokens": given_tokens,
        "output_tokens": made,
        "total_tokens": given_tokens + made,
        "input_token_details": {
            f"{prefix}cache_read": read,
            f"{prefix}cache_creation": write - long_lived,
            "ephemeral_1h_input_tokens": long_lived,
            **({tier: given_tokens - read} if tier else {}),
        },
        "output_token_details": {f"{prefix}reasoning": reasoning},
    }
    expected = calc_price(
        Usage(
            input_tokens=given_tokens,
            cache_read_tokens=read,
            cache_write_tokens=write,
            cache_write_1h_tokens=long_lived,
            output_tokens=made,
            output_reasoning_tokens=reasoning,
        ),
        model,
        provider_id=provider,
        price_context={"service_tier": tier} if tier else None,
    )
    cost = cost_of(usage, model=model, provider=provider)
    assert cost == pytest.approx(float(expected.total_price), abs=1e-9)


def test_audio_tokens():
    usage = {
        "input_tokens": 1000,
        "output_tokens": 500,
        "total_tokens": 1500,
        "input_token_details": {"audio": 600},
        "output_token_details": {"audio": 400},
    }
    expected = calc_price(
        Usage(
            input_tokens=1000, input_audio_tokens=600, output_tokens=500, output_audio_tokens=400
        ),
        "gpt-4o-audio-preview",
        provider_id="openai",
    )
    cost = cost_of(usage, model="gpt-4o-audio-preview", provider="openai")
    assert cost == pytest.approx(float(expected.total_price), abs=1e-9)


USAGE = {"input_tokens": 1_000_000, "output_tokens": 1_000_000, "total_tokens": 2_000_000}


@pytest.mark.parametrize(
    ("model", "provider"),
    [
        ("a-model-of-my-own", None),
        ("a-model-of-my-own", "openai"),
        ("gpt-4o", "a-provider-of-my-own"),
        ("", "openai"),
        ("gpt-4o" * 100, "openai"),
    ],
)
def test_unknown_price_is_none_and_not_zero(model, provider):
    assert rates_of(model, provider=provider) is None
    assert cost_of(USAGE, model=model, provider=provider) is None


def test_names_with_a_prefix():
    plain = cost_of(USAGE, model="gemini-2.5-flash", provider="google_genai")
    assert cost_of(USAGE, model="models/gemini-2.5-flash", provider="google_genai") == plain


def test_answer_from_the_cache_is_free():
    assert cost_of({**USAGE, "total_cost": 0}, model="gpt-4o", provider="openai") == 0


def test_given_service_tier_wins():
    normal = cost_of(USAGE, model="gpt-5.1", provider="openai")
    assert cost_of(USAGE, model="gpt-5.1", provider="openai", service_tier="flex") < normal


@pytest.mark.parametrize(
    "details",
    [
        {"input_token_details": {"cache_read": 2_000_000}},
        {"input_token_details": {"cache_read": 600_000, "cache_creation": 600_000}},
        {"output_token_details": {"reasoning": 2_000_000}},
        {"input_tokens": -1},
    ],
)
def test_nonsense_has_no_price(details):
    assert cost_of({**USAGE, **details}, model="gpt-4o", provider="openai") is None


def test_own_prices():
    own = {"mine": {"input": 2.0, "output": 8.0}, "shop/mine": {"input": 1.0, "request": 0.5}}
    assert cost_of(USAGE, model="mine", overrides=own) == pytest.approx(10.0)
    assert cost_of(USAGE, model="mine", provider="shop", overrides=own) == pytest.approx(1.5)
    assert cost_of(USAGE, model="gpt-4o", provider="openai", overrides=own) is not None


def test_own_prices_of_details():
    price = {
        "input": 1.0,
        "output": 1.0,
        "cache_read": 2.0,
        "cache_write": 3.0,
        "cache_write_1h": 4.0,
        "input_audio": 5.0,
        "reasoning": 6.0,
        "output_audio": 7.0,
    }
    usage = {
        "input_tokens": 1_000_000,
        "output_tokens": 1_000_000,
        "input_token_details": {
            "cache_read": 100_000,
            "ephemeral_5m_input_tokens": 100_000,
            "ephemeral_1h_input_tokens": 100_000,
            "audio": 100_000,
        },
        "output_token_details": {"reasoning": 100_000, "audio": 100_000},
    }
    expected = 0.6 + 0.2 + 0.3 + 0.4 + 0.5 + 0.8 + 0.6 + 0.7
    assert cost_of(usage, model="mine", overrides={"mine": price}) == pytest.approx(expected)


@pytest.mark.parametrize("price", [{"inputs": 1.0}, {"input": "cheap"}])
def test_wrong_own_price_says_what_is_allowed(price):
    with pytest.raises(ValueError, match="cache_read"):
        cost_of(USAGE, model="mine", overrides={"mine": price})


def test_details_may_be_none():
    usage = {
        **USAGE,
        "input_token_details": {"cache_read": None},
        "output_token_details": None,
    }
    assert TokenCounts.from_usage(usage) == TokenCounts(1_000_000, 1_000_000)


tokens = st.integers(0, 10**7)


@given(tokens, tokens, tokens, tokens, tokens)
def test_parts_add_up_and_more_tokens_never_cost_less(plain, read, write, made, reasoning):
    rates = rates_of("mine", overrides={"mine": {"input": 3, "output": 15, "cache_read": 0.3}})
    assert isinstance(rates, PriceRates)
    counts = TokenCounts(
        input=plain + read + write,
        output=made + reasoning,
        cache_read=read,
        cache_write=write,
        reasoning=reasoning,
    )
    cost = rates.cost(counts)
    assert cost.total == pytest.approx(sum(cost))
    more = rates.cost(counts._replace(input=counts.input + 1, output=counts.output + 1))
    assert more.total > cost.total


def test_sum_of_tokens():
    one = TokenCounts(input=5, output=2, cache_read=1, service_tier="flex")
    assert one + one == TokenCounts(input=10, output=4, cache_read=2)


def test_price_table_loads_late():
    source = (
        "import sys, langchain_phase5.callbacks, langchain_phase5.prices as p;"
        "p.cost_of({'input_tokens': 1}, model='m', overrides={'m': {'input': 1}});"
        "assert 'genai_prices' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", source], check=True, timeout=300)  # noqa: S603  (our own)
