"""Draws charts with known numbers in many matplotlib styles, as test data for a chart reader."""

import io
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from PIL import Image

WORDS = [
    "North",
    "South",
    "East",
    "West",
    "Berlin",
    "Paris",
    "Tokyo",
    "Lima",
    "Oslo",
    "Rome",
    "Coffee",
    "Tea",
    "Milk",
    "Bread",
    "Rice",
    "Gold",
    "Silver",
    "Copper",
    "Iron",
    "Zinc",
    "Alpha",
    "Beta",
    "Gamma",
    "Delta",
    "Omega",
    "Spring",
    "Summer",
    "Autumn",
    "Winter",
    "Sales",
    "Marketing",
    "Support",
    "Research",
    "Finance",
    "Legal",
    "Apples",
    "Pears",
    "Plums",
    "Cherries",
    "Lemons",
    "Bananas",
    "Python",
    "Rust",
    "Java",
    "Kotlin",
    "Swift",
    "Mobile",
    "Desktop",
    "Tablet",
    "Server",
    "Cloud",
]
MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
LETTERS = list("ABCDEFGHIJKL")
STYLES = [
    "default",
    "default",
    "default",
    "classic",
    "ggplot",
    "bmh",
    "fivethirtyeight",
    "grayscale",
    "dark_background",
    "seaborn-v0_8",
    "seaborn-v0_8-whitegrid",
    "seaborn-v0_8-darkgrid",
    "seaborn-v0_8-ticks",
    "seaborn-v0_8-white",
    "tableau-colorblind10",
    "Solarize_Light2",
    "petroff10",
]
TITLES = ("Revenue by region", "Units sold", "Survey results", "Average score", "Yearly output")
LABELS = ("Value", "Revenue (USD)", "Count", "Score", "Share (%)", "Weight (kg)")
MANY = 5


@dataclass(frozen=True)
class Drawing:
    """A chart, its truth in the form of the chart benchmark, and the style it is drawn in."""

    image: Image.Image
    truth: dict[str, Any]
    style: str


def drawings(kind: str, *, count: int, seed: int) -> Iterator[Drawing]:
    """Yields `count` charts of a kind; the same seed gives the same charts."""
    rng = random.Random(f"{kind}-{seed}")  # noqa: S311 - repeatable, no secrets
    for _ in range(count):
        yield _draw(kind, rng)


def _chance(rng: random.Random, share: float) -> bool:
    return rng.random() < share


def _draw(kind: str, rng: random.Random) -> Drawing:
    import matplotlib.pyplot as plt

    style = rng.choice(STYLES)
    with plt.style.context(style):
        size = (rng.uniform(4.5, 9), rng.uniform(3.2, 6))
        figure, axes = plt.subplots(figsize=size, dpi=rng.choice([80, 100, 100, 120, 150]))
        truth = KINDS[kind](axes, rng)
        if kind != "pie":
            _decorate(axes, rng, style)
        if _chance(rng, 0.6):
            truth["title"] = rng.choice(TITLES)
            axes.set_title(truth["title"])
        figure.tight_layout()
        buffer = io.BytesIO()
        jpeg = _chance(rng, 0.1)
        figure.savefig(buffer, format="jpeg" if jpeg else "png")
        plt.close(figure)
    buffer.seek(0)
    image = Image.open(buffer).convert("RGB")
    return Drawing(image, truth, f"{style}{' jpeg' if jpeg else ''}")


def _decorate(axes: Any, rng: random.Random, style: str) -> None:
    if _chance(rng, 0.5):
        axes.set_ylabel(rng.choice(LABELS))
    if _chance(rng, 0.4):
        axes.set_xlabel(rng.choice(["Group", "Region", "Month", "Time (s)"]))
    if style in ("default", "classic", "tableau-colorblind10") and _chance(rng, 0.4):
        axes.grid(visible=True, axis=rng.choice(["both", "y", "x"]), alpha=rng.choice([0.3, 1]))
        axes.set_axisbelow(True)
    if _chance(rng, 0.25):
        axes.spines[["top", "right"]].set_visible(False)


def _names(rng: random.Random, count: int) -> list[str]:
    pool = rng.choice([WORDS, WORDS, LETTERS, MONTHS, [str(y) for y in range(2008, 2027)]])
    if pool is MONTHS or pool[0] == "2008":
        start = rng.randrange(len(pool) - count + 1)
        return pool[start : start + count]
    return rng.sample(pool, count)


def _values(rng: random.Random, count: int, *, negative: bool = False) -> list[float]:
    top = rng.choice([1, 5, 10, 50, 100, 100, 250, 1000, 8000, 60000, 2_000_000])
    low = rng.choice([0.02, 0.1, 0.5])
    digits = 3 if top == 1 else 2 if top <= MANY else 1 if top <= 100 else 0
    values = [round(rng.uniform(low, 1) * top, digits) for _ in range(count)]
    if negative:
        values = [-v if _chance(rng, 0.4) else v for v in values]
    return values


def _format_axis(axis: Any, rng: random.Random, values: list[float]) -> None:
    from matplotlib.ticker import EngFormatter, FuncFormatter

    top = max(abs(v) for v in values)
    if top >= 1000:
        style = rng.choice(["comma", "comma", "k", "plain"])
        if style == "comma":
            axis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:,.0f}"))
        elif style == "k":
            axis.set_major_formatter(EngFormatter(sep=""))
        else:
            axis.get_major_formatter().set_scientific(False)
    elif top >= 10 and _chance(rng, 0.2):
        sign = rng.choice(["{:.0f}%", "${:.0f}"])
        axis.set_major_formatter(FuncFormatter(lambda v, _: sign.format(v)))


def _series(keys: list[Any], columns: dict[str | None, list[float]]) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "points": [{"x": k, "y": v} for k, v in zip(keys, values, strict=True)],
        }
        for name, values in columns.items()
    ]


def _bar(axes: Any, rng: random.Random) -> dict[str, Any]:
    count = rng.randint(3, 10)
    names, values = _names(rng, count), _values(rng, count, negative=_chance(rng, 0.12))
    look: dict[str, Any] = {
        "width" if (tall := _chance(rng, 0.7)) else "height": rng.uniform(0.4, 0.95)
    }
    if _chance(rng, 0.25):
        look |= {"edgecolor": "black", "linewidth": rng.choice([0.8, 1.2])}
    if _chance(rng, 0.3):
        look["color"] = rng.choice(["tab:green", "#8844aa", "teal", "salmon", "gray", "navy"])
    elif _chance(rng, 0.15):
        look["color"] = [f"C{i % 6}" for i in range(count)]
    bars = (axes.bar if tall else axes.barh)(names, values, **look)
    if _chance(rng, 0.2):
        axes.bar_label(bars, padding=2)
    if tall and sum(map(len, names)) > 40:
        axes.tick_params(axis="x", rotation=rng.choice([45, 90]))
    _format_axis(axes.yaxis if tall else axes.xaxis, rng, values)
    return {"chart_type": "bar", "title": None, "series": _series(names, {None: values})}


def _grouped(axes: Any, rng: random.Random) -> dict[str, Any]:
    groups, parts = rng.randint(2, 5), rng.randint(2, 3)
    names, legend = _names(rng, groups), rng.sample(WORDS, parts)
    columns = {name: _values(rng, groups) for name in legend}
    scale = max(max(v) for v in columns.values())
    columns = {n: [round(scale * rng.uniform(0.05, 1), 2) for _ in names] for n in columns}
    tall, width = _chance(rng, 0.7), 0.8 / parts
    for i, (name, values) in enumerate(columns.items()):
        spots = [k + (i - (parts - 1) / 2) * width for k in range(groups)]
        (axes.bar if tall else axes.barh)(spots, values, width, label=name)
    (axes.set_xticks if tall else axes.set_yticks)(range(groups), names)
    axes.legend(**rng.choice([{}, {"loc": "upper left", "bbox_to_anchor": (1, 1)}]))
    _format_axis(axes.yaxis if tall else axes.xaxis, rng, [scale])
    return {"chart_type": "grouped_bar", "title": None, "series": _series(names, columns)}


def _stacked(axes: Any, rng: random.Random) -> dict[str, Any]:
    count, parts = rng.randint(2, 6), rng.randint(2, 3)
    names, legend = _names(rng, count), rng.sample(WORDS, parts)
    scale = rng.choice([1, 10, 100, 5000])
    columns = {n: [round(scale * rng.uniform(0.15, 1), 2) for _ in names] for n in legend}
    tall, floor = _chance(rng, 0.7), [0.0] * count
    for name, values in columns.items():
        if tall:
            axes.bar(names, values, bottom=floor, label=name)
        else:
            axes.barh(names, values, left=floor, label=name)
        floor = [a + b for a, b in zip(floor, values, strict=True)]
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return {"chart_type": "stacked_bar", "title": None, "series": _series(names, columns)}


def _line(axes: Any, rng: random.Random) -> dict[str, Any]:
    count, parts = rng.randint(4, 12), rng.choice([1, 1, 2, 3])
    named = _chance(rng, 0.5)
    if named:
        count = min(count, 9)
        keys: list[Any] = _names(rng, count)
    else:
        start, step = rng.choice([(0, 1), (1, 1), (0, 5), (10, 10), (2005, 1), (0, 0.5)])
        keys = [start + i * step for i in range(count)]
    legend = rng.sample(WORDS, parts) if parts > 1 else [None]
    scale = max(_values(rng, 3))
    columns = {n: [round(scale * rng.uniform(0.1, 1), 2) for _ in keys] for n in legend}
    marker = rng.choice(["", "", "o", "s", "^"])
    for name, values in columns.items():
        axes.plot(keys, values, label=name, marker=marker, linewidth=rng.uniform(1.2, 3))
    if named and sum(len(k) for k in keys) > 40:
        axes.tick_params(axis="x", rotation=rng.choice([45, 90]))
    if parts > 1:
        axes.legend(**rng.choice([{}, {"loc": "upper left", "bbox_to_anchor": (1, 1)}]))
    _format_axis(axes.yaxis, rng, [scale])
    return {"chart_type": "line", "title": None, "series": _series(keys, columns)}


def _scatter(axes: Any, rng: random.Random) -> dict[str, Any]:
    parts, series = rng.choice([1, 1, 2, 3]), []
    wide, high = rng.choice([1, 10, 50, 100]), rng.choice([1, 10, 100, 1000])
    for name in rng.sample(WORDS, parts) if parts > 1 else [None]:
        points = [
            (round(rng.uniform(0.02, 1) * wide, 2), round(rng.uniform(0.05, 1) * high, 2))
            for _ in range(rng.randint(5, 15))
        ]
        axes.scatter(
            *zip(*points, strict=True),
            label=name,
            s=rng.choice([20, 36, 60]),
            marker=rng.choice(["o", "o", "o", "s", "^", "D"]),
        )
        series.append({"name": name, "points": [{"x": x, "y": y} for x, y in points]})
    if parts > 1:
        axes.legend(**rng.choice([{}, {"loc": "upper left", "bbox_to_anchor": (1, 1)}]))
    return {"chart_type": "scatter", "title": None, "series": series}


def _pie(axes: Any, rng: random.Random) -> dict[str, Any]:
    count = rng.randint(3, 7)
    names = rng.sample(WORDS, count)
    values = [round(rng.uniform(0.15, 1) * 100, 1) for _ in names]
    look: dict[str, Any] = {"startangle": rng.choice([0, 90, 37])}
    if _chance(rng, 0.4):
        look["autopct"] = rng.choice(["%1.1f%%", "%.0f%%"])
    if _chance(rng, 0.4):
        look["wedgeprops"] = {"edgecolor": "white", "linewidth": 1}
        if _chance(rng, 0.5):
            look["wedgeprops"]["width"] = 0.45
            look["pctdistance"] = 0.78
    if _chance(rng, 0.4):
        wedges = axes.pie(values, **look)[0]
        axes.legend(wedges, names, loc="center left", bbox_to_anchor=(1, 0.5))
    else:
        axes.pie(values, labels=names, **look)
    total = sum(values)
    shares = [100 * v / total for v in values]
    return {"chart_type": "pie", "title": None, "series": _series(names, {None: shares})}


KINDS: dict[str, Callable[[Any, random.Random], dict[str, Any]]] = {
    "bar": _bar,
    "grouped_bar": _grouped,
    "stacked_bar": _stacked,
    "line": _line,
    "scatter": _scatter,
    "pie": _pie,
}
