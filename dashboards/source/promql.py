"""Write PromQL, and tell which metrics an expression reads."""

import re

RATE_INTERVAL = "$__rate_interval"
RANGE = "$__range"

_SKIPPED = re.compile(
    r"""
    "(?:\\.|[^"\\])*"                                               # strings
    | \{ (?: "(?:\\.|[^"\\])*" | [^}"] )* \}                        # label matchers
    | \b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)  # label lists
    | \[[^\]]*\]                                                    # ranges
    """,
    re.VERBOSE,
)
_NAME = re.compile(r"(?<![\w:.$])([a-zA-Z_:][\w:]*)(?!\s*\(|[\w:])")
_WORDS = {"and", "or", "unless", "bool", "offset", "group_left", "group_right", "inf", "nan"}
_SUFFIX = re.compile(r"_(?:bucket|sum|count)$")


def rate(metric: str, *matchers: str, by: str = "") -> str:
    """Events per second of a counter, summed over everything but the labels in `by`."""
    return _sum(f"rate({_select(metric, *matchers)}[{RATE_INTERVAL}])", by)


def increase(metric: str, *matchers: str, by: str = "", over: str = RANGE) -> str:
    """Events of a counter within a time, by default the panel's time range."""
    return _sum(f"increase({_select(metric, *matchers)}[{over}])", by)


def total(metric: str, *matchers: str, by: str = "") -> str:
    """Sum of a gauge over processes."""
    return _sum(_select(metric, *matchers), by)


def share(part: str, whole: str) -> str:
    """`part / whole`, and 0 rather than nothing where no series of `part` exists yet."""
    return f"({part} or 0 * {whole}) / {whole}"


def quantile(q: float, histogram: str, *matchers: str, by: str = "") -> str:
    """Estimate of a quantile, from the buckets of a histogram."""
    labels = f"le, {by}" if by else "le"
    return f"histogram_quantile({q}, {rate(f'{histogram}_bucket', *matchers, by=labels)})"


def quantile_over(q: float, histogram: str, *matchers: str, by: str = "", over: str = RANGE) -> str:
    """Estimate of a quantile over a whole time."""
    buckets = increase(f"{histogram}_bucket", *matchers, by=f"le, {by}" if by else "le", over=over)
    return f"histogram_quantile({q}, {buckets})"


def mean(histogram: str, *matchers: str, by: str = "") -> str:
    """Mean of what a histogram observed."""
    seen = rate(f"{histogram}_count", *matchers, by=by)
    return f"{rate(f'{histogram}_sum', *matchers, by=by)} / {seen}"


def mean_over(histogram: str, *matchers: str, by: str = "", over: str = RANGE) -> str:
    """Mean of what a histogram observed within a time."""
    seen = increase(f"{histogram}_count", *matchers, by=by, over=over)
    return f"{increase(f'{histogram}_sum', *matchers, by=by, over=over)} / {seen}"


def heatmap(histogram: str, *matchers: str) -> str:
    """Observations per bucket."""
    selected = _select(f"{histogram}_bucket", *matchers)
    return f"sum by (le) (increase({selected}[{RATE_INTERVAL}]))"


def metrics_in(expression: str) -> set[str]:
    """Return the names of the metrics that an expression reads.

    Example:
        >>> sorted(metrics_in('sum by (job) (rate(a_total{b="c"}[5m])) / on (job) d offset 1w'))
        ['a_total', 'd']
    """
    bare = _SKIPPED.sub(" ", expression)
    return {name for name in _NAME.findall(bare) if name.lower() not in _WORDS}


def families_in(expression: str) -> set[str]:
    """Return the same without the suffixes of histograms."""
    return {_SUFFIX.sub("", name) for name in metrics_in(expression)}


def _select(metric: str, *matchers: str) -> str:
    inside = ", ".join(('job=~"$job"', *matchers))
    return f"{metric}{{{inside}}}"


def _sum(expression: str, by: str) -> str:
    return f"sum by ({by}) ({expression})" if by else f"sum({expression})"
