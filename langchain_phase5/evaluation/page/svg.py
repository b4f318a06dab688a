"""The few shapes that the plots are made of, colored by the page's style sheet."""

from collections.abc import Sequence
from html import escape


def drawing(parts: Sequence[str], *, width: float, height: float, title: str) -> str:
    """Wrap shapes into an `<svg>` that scales with the page and names itself to screen readers."""
    return (
        f'<svg viewBox="0 0 {width:.0f} {height:.0f}" role="img" aria-label="{escape(title)}">'
        f"{''.join(parts)}</svg>"
    )


def line(start: tuple[float, float], end: tuple[float, float], css: str) -> str:
    """Draw a line."""
    (x1, y1), (x2, y2) = start, end
    return f'<line class="{css}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>'


def dot(x: float, y: float, css: str) -> str:
    """Draw a dot."""
    return f'<circle class="{css}" cx="{x:.1f}" cy="{y:.1f}" r="4.5"/>'


def curve(path: str, css: str) -> str:
    """Draw an open path."""
    return f'<path class="curve {css}" d="{path}"/>'


def text(x: float, y: float, words: str, css: str = "", *, anchor: str = "start") -> str:
    """Write words."""
    return (
        f'<text class="{css}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'
    )


def label(y: float, words: str, css: str = "", *, longest: int = 34) -> str:
    """Write a row's name at the left edge, shortened to fit."""
    cut = words if len(words) <= longest else f"{words[: longest - 1]}\u2026"
    return text(0, y + 4, cut, css)
