"""How large an image is sent, and what it costs, against the providers' own examples."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from langchain_openai.chat_models.base import _count_image_tokens

from langchain_phase5.vision.image_detail import estimated_tokens, sent_size


@pytest.mark.parametrize(
    ("provider", "model", "detail", "size", "sent", "tokens"),
    [  # the examples that the providers' own guides print
        ("openai", "gpt-4o", "high", (1024, 1024), (768, 768), 765),
        ("openai", "gpt-4o", "high", (2048, 4096), (768, 1536), 1105),
        ("openai", "gpt-4o", "low", (4096, 8192), (256, 512), 85),
        ("openai", "gpt-5.4", "high", (1024, 1024), (1024, 1024), 1229),
        ("openai", "gpt-5.4", "high", (2048, 2048), (1600, 1600), 3000),
        ("openai", "gpt-6-astra", "high", (6000, 6000), (1600, 1600), 3000),
        ("openai", "o4-mini", "high", (1800, 2400), (1056, 1408), 2498),  # 1452 patches, 1.72 each
        ("anthropic", "claude-haiku-4-5", "auto", (200, 200), (200, 200), 64),
        ("anthropic", "claude-haiku-4-5", "auto", (1000, 1000), (1000, 1000), 1296),
        ("anthropic", "claude-haiku-4-5", "auto", (1092, 1092), (1092, 1092), 1521),
        ("anthropic", "claude-haiku-4-5", "auto", (1920, 1080), (1456, 819), 1560),
        ("anthropic", "claude-haiku-4-5", "auto", (2000, 1500), (1269, 952), 1564),
        ("anthropic", "claude-haiku-4-5", "auto", (3840, 2160), (1456, 819), 1560),
        ("anthropic", "claude-haiku-4-5", "auto", (1075, 1520), (924, 1307), 1551),
        ("anthropic", "claude-opus-4-7", "auto", (1920, 1080), (1920, 1080), 2691),
        ("anthropic", "claude-opus-4-7", "auto", (2000, 1500), (2000, 1500), 3888),
        ("anthropic", "claude-opus-4-7", "auto", (3840, 2160), (2576, 1449), 4784),
        ("google_genai", "gemini-2.5-flash", "auto", (300, 300), (300, 300), 258),
        ("google_genai", "gemini-2.5-flash", "auto", (960, 540), (960, 540), 6 * 258),
        ("google_genai", "gemini-3-pro-preview", "auto", (960, 540), (960, 540), 1120),
        (None, "any", "auto", (100, 100), (100, 100), 20),
    ],
)
def test_sizes_and_tokens_are_known_before_sending(  # noqa: PLR0917 - a table of examples
    provider, model, detail, size, sent, tokens
):
    known = {"provider": provider, "model": model, "detail": detail}
    assert sent_size(*size, **known) == sent
    assert estimated_tokens(*size, **known) == tokens


@pytest.mark.parametrize(
    ("model", "tokens"),
    [  # of a picture of 1024 by 1024; dates and suffixes do not matter, near names do
        ("gpt-5-2025-08-07", 630),
        ("gpt-5-chat-latest", 630),
        ("gpt-5-mini", 1229),
        ("gpt-5-nano-2025-08-07", 1536),
        ("gpt-5.1", 630),
        ("gpt-5.4-nano", 1229),
        ("gpt-4.1-mini", 1659),
        ("gpt-4.1-nano", 2520),
        ("gpt-4o-mini", 25501),
        ("o3", 675),
        ("gpt-7", 1229),
    ],
)
def test_every_model_of_openai_has_its_own_rate(model, tokens):
    known = {"provider": "openai", "model": model, "detail": "high"}
    assert estimated_tokens(1024, 1024, **known) == tokens


@pytest.mark.parametrize(
    ("model", "longest"),
    [
        ("claude-3-opus-20240229", 1456),
        ("claude-3-5-sonnet-20241022", 1456),
        ("claude-sonnet-4-20250514", 1456),
        ("claude-opus-4-1-20250805", 1456),
        ("claude-opus-4-8", 2576),
        ("claude-sonnet-5", 2576),
        ("us.anthropic.claude-sonnet-5-v1:0", 2576),
        ("claude-fable-5", 2576),
    ],
)
def test_newer_claudes_see_more(model, longest):
    sent = sent_size(3840, 2160, provider="amazon_bedrock", model=model, detail="auto")
    assert max(sent) == longest


@given(
    st.integers(1, 9000),
    st.integers(1, 9000),
    st.sampled_from(["gpt-4o", "gpt-5.4", "o4-mini", "claude-haiku-4-5", "gemini-2.5-pro"]),
    st.sampled_from(["auto", "low", "high"]),
)
def test_what_is_sent_is_never_enlarged_and_never_shrunk_twice(width, height, model, detail):
    known = {"provider": None, "model": model, "detail": detail}
    sent = sent_size(width, height, **known)
    assert sent <= (width, height)
    assert sent[1] <= height
    again = sent_size(*sent, **known)
    assert all(one - other <= 1 for one, other in zip(sent, again, strict=True))
    assert estimated_tokens(width, height, **known) > 0


@pytest.mark.parametrize("size", [(640, 480), (2000, 1500), (4032, 3024), (1024, 1024)])
def test_tiles_are_counted_as_langchain_openai_counts_them(size):
    ours = estimated_tokens(*size, provider="openai", model="gpt-4o", detail="high")
    assert ours == _count_image_tokens(*size)
