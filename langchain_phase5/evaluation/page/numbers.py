"""Numbers as people read them."""

from langchain_phase5.evaluation.estimate import Estimate

_HUNDREDTH, _TENTH = 0.01, 0.1


def percent(value: float | None, *, digits: int = 1) -> str:
    """Return a share as a percentage."""
    return "unknown" if value is None else f"{value * 100:.{digits}f} %"


def seconds(value: float | None) -> str:
    """Return a duration in the unit that suits it."""
    if value is None:
        return "unknown"
    if value >= 1:
        return f"{value:.2f} s"
    if value >= 1e-3:  # noqa: PLR2004
        return f"{value * 1e3:.0f} ms" if value >= _TENTH else f"{value * 1e3:.1f} ms"
    return f"{value * 1e6:.0f} \u00b5s"


def dollars(value: float | None) -> str:
    """Return US dollars; an unknown price says so."""
    if value is None:
        return "unknown"
    if value == 0:
        return "$0"
    return f"${value:.2g}" if value < _HUNDREDTH else f"${value:.4f}"


def score(estimate: Estimate) -> str:
    """Return a score: as a percentage where it is a share, else as it is."""
    if estimate.value is None:
        return "no score"
    if is_share(estimate):
        return percent(estimate.value)
    return f"{estimate.value:.3g}"


def interval(estimate: Estimate) -> str:
    """Return the interval of a score."""
    if estimate.low is None or estimate.high is None:
        return f"n = {estimate.n}"
    if is_share(estimate):
        return f"{estimate.low * 100:.1f} to {percent(estimate.high)}, n = {estimate.n}"
    return f"{estimate.low:.3g} to {estimate.high:.3g}, n = {estimate.n}"


def signed(points: float) -> str:
    """Return a change in points with its sign; nothing has none."""
    text = f"{points:+.1f}".replace("-", "\u2212")
    return "0.0" if text[1:] == "0.0" else text


def p_value(p: float | None) -> str:
    """Return a p-value with three digits."""
    if p is None:
        return ""
    return "<0.001" if p < 0.001 else f"{p:.3f}"  # noqa: PLR2004


def is_share(estimate: Estimate) -> bool:
    """Whether the value lies within 0..1, as most scores do."""
    return estimate.value is not None and 0 <= estimate.value <= 1
