"""How many pixels a provider really looks at, and what they cost in tokens: known before sending.

| provider | scaled to | tokens |
| --- | --- | --- |
| OpenAI, tile models (gpt-4o, gpt-4.1, gpt-5, o3, ...) | 2048, shorter side 768 | base + tiles |
| OpenAI, patch models (all others) | 2048 and so many patches of 32 pixels | 1.2 to 2.46 a patch |
| Anthropic, before Claude 4.7 | 1568 and 1568 patches of 28 pixels | one a patch |
| Anthropic, since Claude 4.7 | 2576 and 4784 patches of 28 pixels | one a patch |
| Google, before Gemini 3 | 3072 | 258 a tile |
| Google, since Gemini 3 | 3072 | at most 1120 |

Sources, read in November 2026: OpenAI's guide "Images and vision" (see `openai_detail`);
Anthropic's "Vision", section "Resolution and token cost", and "Coordinates and bounding boxes",
section "How Claude resizes and pads images" (platform.claude.com/docs/en/build-with-claude);
Google's "Image understanding", section "Token calculation", and "Media resolution", section "Token
counts" (ai.google.dev/gemini-api/docs). The tests have the examples that these print.
langchain-openai counts tiles in the same way and knows no patches. All are estimates: providers
change them, and `usage` has what was billed.
"""

import math
import re
from bisect import bisect_left
from typing import Literal

from langchain_phase5.vision.openai_detail import LOW, rates_of, within

Detail = Literal["auto", "low", "high"]
Size = tuple[int, int]
"""Width and height in pixels."""

_CLAUDE_PATCH = 28
_CLAUDE_VERSION = re.compile(r"claude-(?:[a-z]+-)?(\d+)(?:[-.](\d{1,2}))?(?!\d)")
_SHARPER_CLAUDE = (4, 7)
_GEMINI_VERSION = re.compile(r"gemini-(\d+)")
_GEMINI_3 = 3
_GEMINI_TILE = 258
_GEMINI_MOST = 1120


def sent_size(width: int, height: int, *, provider: str | None, model: str, detail: Detail) -> Size:
    """The size to send a picture in, in pixels: all that is looked at, and never enlarged."""
    if detail == "low":
        return within(width, height, LOW)
    if _is_claude(provider, model):
        return _claude_size(width, height, model)
    if _is_gemini(provider, model):
        return within(width, height, 3072)
    return rates_of(model).sent_size(width, height)


def estimated_tokens(
    width: int, height: int, *, provider: str | None, model: str, detail: Detail
) -> int:
    """About how many input tokens a picture takes; unknown providers are taken for OpenAI's."""
    width, height = sent_size(width, height, provider=provider, model=model, detail=detail)
    if _is_claude(provider, model):
        return _claude_tokens(width, height)
    if _is_gemini(provider, model):
        return _gemini_tokens(width, height, model)
    return rates_of(model).tokens(width, height, low=detail == "low")


def _is_claude(provider: str | None, model: str) -> bool:
    return provider == "anthropic" or "claude" in model  # Bedrock and Vertex serve it too


def _is_gemini(provider: str | None, model: str) -> bool:
    return (provider or "").startswith("google") or "gemini" in model


def _claude_size(width: int, height: int, model: str) -> Size:
    """The largest size of these proportions whose patches fit, those at the edges filled up."""
    version = _CLAUDE_VERSION.search(model)
    is_sharper = version and (int(version[1]), int(version[2] or 0)) >= _SHARPER_CLAUDE
    edge, most = (2576, 4784) if is_sharper else (1568, 1568)
    longest = max(width, height)

    def scaled(side: int) -> Size:
        if side == longest:
            return width, height
        other = max(1, math.floor(side * min(width, height) / longest + 0.5))
        return (side, other) if width >= height else (other, side)

    def is_too_large(side: int) -> bool:
        return side > edge or _claude_tokens(*scaled(side)) > most

    sides = range(1, longest + 1)
    return scaled(bisect_left(sides, True, key=is_too_large))  # noqa: FBT003 - what is sought


def _claude_tokens(width: int, height: int) -> int:
    return math.ceil(width / _CLAUDE_PATCH) * math.ceil(height / _CLAUDE_PATCH)


def _gemini_tokens(width: int, height: int, model: str) -> int:
    version = _GEMINI_VERSION.search(model)
    if version and int(version[1]) >= _GEMINI_3:
        return _GEMINI_MOST
    if max(width, height) <= 384:  # noqa: PLR2004 - Google's limit for a single tile
        return _GEMINI_TILE
    tile = min(768, max(256, math.floor(min(width, height) / 1.5)))
    return _GEMINI_TILE * math.ceil(width / tile) * math.ceil(height / tile)
