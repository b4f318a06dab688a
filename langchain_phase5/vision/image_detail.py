"""How many pixels a provider really looks at, and what they cost in tokens: known before sending.

| provider | scaled to | tokens |
| --- | --- | --- |
| OpenAI, tile models (gpt-4o, gpt-4.1, o1, o3) | 2048, shorter side 768 | base + 512-px tiles |
| OpenAI, patch models (all newer ones) | at most so many 32-px patches | 1.2 per patch |
| Anthropic | longer side 1568, 1.15 megapixels | width x height / 750 |
| Google | 3072 | 258 per 768-px tile |

Sources: the vision guides of the three providers (platform.openai.com/docs/guides/images-vision,
docs.anthropic.com/en/docs/build-with-claude/vision, ai.google.dev/gemini-api/docs/tokens). The rate
of 1.2 is what users measured for OpenAI's newer models. langchain-openai counts tiles the same way
(`ChatOpenAI.get_num_tokens_from_messages`, which knows no patches). These are estimates: providers
change them without notice, and `usage` has what was billed.
"""

import math
from typing import Literal, NamedTuple

Detail = Literal["auto", "low", "high"]
Size = tuple[int, int]
"""Width and height in pixels."""

LOW = 512
"""Side of the square that `detail="low"` looks at."""
PATCH, PATCH_RATE = 32, 1.2


class TileRate(NamedTuple):
    """Tokens of a tile model: for any image, and per tile of 512 pixels."""

    base: int
    tile: int


TILE_RATES = {
    "gpt-4o-mini": TileRate(2833, 5667),
    "gpt-4o": TileRate(85, 170),
    "gpt-4.1": TileRate(85, 170),
    "gpt-4.5": TileRate(85, 170),
    "o1": TileRate(75, 150),
    "o3": TileRate(75, 150),
}
PATCH_LIMITS = {"gpt-4.1-mini": 1536, "gpt-4.1-nano": 1536, "o4-mini": 1536, "gpt-5-": 1536}
MOST_PATCHES = 2450


def sent_size(width: int, height: int, *, provider: str | None, model: str, detail: Detail) -> Size:
    """The size to send a picture in, in pixels: all that is looked at, and never enlarged."""
    if detail == "low":
        return _fit(width, height, longest=LOW)
    if provider in ("openai", "azure"):
        if _tile_rate(model):
            return _fit(*_fit(width, height, longest=2048), shortest=768)
        return _fit(*_fit(width, height, longest=2048), area=_patch_limit(model) * PATCH**2)
    if provider == "anthropic":
        return _fit(*_fit(width, height, longest=1568), area=1_150_000)
    if provider is not None and provider.startswith("google"):
        return _fit(width, height, longest=3072)
    return _fit(width, height, longest=2048)


def estimated_tokens(
    width: int, height: int, *, provider: str | None, model: str, detail: Detail
) -> int:
    """About how many input tokens a picture takes; unknown providers are taken for OpenAI's."""
    width, height = sent_size(width, height, provider=provider, model=model, detail=detail)
    if provider == "anthropic":
        return math.ceil(width * height / 750)
    if provider is not None and provider.startswith("google"):
        small = max(width, height) <= 384  # noqa: PLR2004 - Google's limit for a single tile
        return 258 * (1 if small else math.ceil(width / 768) * math.ceil(height / 768))
    rate = _tile_rate(model)
    if rate:
        tiles = 0 if detail == "low" else math.ceil(width / 512) * math.ceil(height / 512)
        return rate.base + rate.tile * tiles
    patches = math.ceil(width / PATCH) * math.ceil(height / PATCH)
    return math.ceil(PATCH_RATE * min(patches, _patch_limit(model)))


def _tile_rate(model: str) -> TileRate | None:
    if any(model.startswith(name) for name in PATCH_LIMITS):
        return None
    return next((rate for name, rate in TILE_RATES.items() if model.startswith(name)), None)


def _patch_limit(model: str) -> int:
    return next((n for name, n in PATCH_LIMITS.items() if model.startswith(name)), MOST_PATCHES)


def _fit(
    width: int,
    height: int,
    *,
    longest: float = math.inf,
    shortest: float = math.inf,
    area: float = math.inf,
) -> Size:
    scale = min(
        1.0,
        longest / max(width, height),
        shortest / min(width, height),
        math.sqrt(area / (width * height)),
    )
    return max(1, int(width * scale)), max(1, int(height * scale))
