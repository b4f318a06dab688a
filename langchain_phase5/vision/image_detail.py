"""How many pixels a provider really looks at: more cost time and tell it nothing."""

from typing import Literal

Detail = Literal["auto", "low", "high"]


def sent_size(
    width: int, height: int, *, provider: str | None, model: str, detail: Detail
) -> tuple[int, int]:
    """The size to send a picture in, in pixels; never larger than it is."""
    _ = provider, model
    longest = 512 if detail == "low" else 2048
    scale = min(1.0, longest / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))
