"""What OpenAI's vision models look at and what it costs, by the model's name.

Source of every number: the guide "Images and vision" of September 2026, sections "Model sizing
behavior" and "Calculating costs" (developers.openai.com/api/docs/guides/images-vision). Models that
have left its sizing table (gpt-5-mini, gpt-5-nano, gpt-4.1-nano, o4-mini) have the 1,536 patches
that its edition of June 2026 gave them.
"""

import math
from typing import NamedTuple

_PATCH = 32
_TILE = 512
LOW = 512
"""Side of the square that `detail="low"` looks at."""


class Tiles(NamedTuple):
    """Tokens for any image, and for every tile of 512 pixels."""

    base: int
    tile: int

    def sent_size(self, width: int, height: int) -> tuple[int, int]:
        """Within 2048 pixels, the shorter side within 768."""
        width, height = within(width, height, 2048)
        scale = min(1.0, 768 / min(width, height))
        return max(1, int(width * scale)), max(1, int(height * scale))

    def tokens(self, width: int, height: int, *, low: bool) -> int:
        """The base alone where little detail is asked for."""
        tiles = 0 if low else math.ceil(width / _TILE) * math.ceil(height / _TILE)
        return self.base + self.tile * tiles


class Patches(NamedTuple):
    """Most patches of 32 pixels that are looked at, and tokens for each."""

    most: int
    rate: float

    def sent_size(self, width: int, height: int) -> tuple[int, int]:
        """Within 2048 pixels and so many patches; step B of the guide, whole patches kept whole."""
        width, height = within(width, height, 2048)
        if _patches(width, height) <= self.most:
            return width, height
        scale = math.sqrt(_PATCH**2 * self.most / (width * height))
        wide, high = width * scale / _PATCH, height * scale / _PATCH
        scale *= min(math.floor(wide) / wide, math.floor(high) / high)
        return max(1, int(width * scale)), max(1, int(height * scale))

    def tokens(self, width: int, height: int, *, low: bool) -> int:
        """The same whatever the detail: fewer patches come of a smaller picture."""
        return math.ceil(round(self.rate * _patches(width, height), 6))


_RATES: dict[str, Tiles | Patches] = {
    "gpt-5.4": Patches(2500, 1.2),  # and -mini, -nano
    "gpt-5.2": Patches(6144, 1.2),
    "gpt-5.1": Tiles(70, 140),
    "gpt-5": Tiles(70, 140),
    "gpt-5-mini": Patches(1536, 1.2),
    "gpt-5-nano": Patches(1536, 1.5),
    "gpt-4.5": Tiles(85, 170),
    "gpt-4.1": Tiles(85, 170),
    "gpt-4.1-mini": Patches(6144, 1.62),
    "gpt-4.1-nano": Patches(1536, 2.46),
    "gpt-4o": Tiles(85, 170),
    "gpt-4o-mini": Tiles(2833, 5667),
    "o4-mini": Patches(1536, 1.72),
    "o3": Tiles(75, 150),
    "o1": Tiles(75, 150),
}
_NEWEST = Patches(2500, 1.2)
"""gpt-5.5, gpt-5.6 and gpt-6 at `high`. Their `auto` takes 10,000 patches and more, which would
make a photo cost 36,000 tokens; here `auto` sends what `high` looks at."""


def rates_of(model: str) -> Tiles | Patches:
    """The arithmetic of a model; one that is not known is taken for the newest."""
    known = [name for name in _RATES if model == name or model.startswith(f"{name}-")]
    return _RATES[max(known, key=len)] if known else _NEWEST


def within(width: int, height: int, longest: int) -> tuple[int, int]:
    """Shrink so that the longer side has so many pixels; never enlarge."""
    scale = min(1.0, longest / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def _patches(width: int, height: int) -> int:
    return math.ceil(width / _PATCH) * math.ceil(height / _PATCH)
