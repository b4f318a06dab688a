"""Draws charts unlike those of `chart_drawings.py`: other axes in matplotlib, and Vega-Lite.

Matplotlib's have log axes, offset text such as `+2e3` or `1e6`, dates, negative values, edges
around the marks and 72 to 200 dots per inch. Vega-Lite's are drawn by vl-convert in its themes
(`pip install vl-convert-python`).
"""

import datetime as dt
import io
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

from chart_drawings import MONTHS, STYLES, TITLES, WORDS, Drawing
from PIL import Image

Truth = dict[str, Any]
THEMES = (
    *(None,) * 4,
    "dark",
    "excel",
    "fivethirtyeight",
    "ggplot2",
    "googlecharts",
    "latimes",
    "quartz",
    "vox",
)


def varied(kind: str, *, count: int, seed: int) -> Iterator[Drawing]:
    """Yields `count` charts drawn by matplotlib; the same seed gives the same charts."""
    rng = random.Random(f"varied-{kind}-{seed}")  # noqa: S311 - repeatable, no secrets
    for _ in range(count):
        yield _with_matplotlib(kind, rng)


def vega_lite(kind: str, *, count: int, seed: int) -> Iterator[Drawing]:
    """Yields `count` charts drawn by Vega-Lite; the same seed gives the same charts."""
    rng = random.Random(f"vega-{kind}-{seed}")  # noqa: S311 - repeatable, no secrets
    for _ in range(count):
        yield _with_vega(kind, rng)


def _with_matplotlib(kind: str, rng: random.Random) -> Drawing:
    import matplotlib.pyplot as plt

    style = rng.choice(STYLES)
    with plt.style.context(style):
        size = rng.uniform(4, 9), rng.uniform(3, 6)
        figure, axes = plt.subplots(figsize=size, dpi=rng.choice([72, 90, 100, 144, 200]))
        truth = MATPLOTLIB[kind](axes, rng)
        if kind != "pie" and rng.random() < 0.4:
            axes.set_xlabel(rng.choice(["Quarter", "Distance (m)", "Team"]))
        if kind != "pie" and rng.random() < 0.4:
            axes.set_ylabel(rng.choice(["Profit", "Load (%)", "Visitors"]))
        if rng.random() < 0.4:
            axes.set_title(rng.choice(TITLES))
        figure.tight_layout()
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png")
        plt.close(figure)
    buffer.seek(0)
    return Drawing(Image.open(buffer).convert("RGB"), truth, style)


def _truth(kind: str, keys: list[Any], columns: dict[str | None, list[float]]) -> Truth:
    series = [
        {"name": name, "points": [{"x": k, "y": v} for k, v in zip(keys, values, strict=True)]}
        for name, values in columns.items()
    ]
    return {"chart_type": kind, "title": None, "series": series}


def _numbers(rng: random.Random, count: int) -> list[float]:
    """Values in one of the ranges that axes are formatted differently for."""
    low, high, digits = rng.choice(
        [
            (0, 10, 2),
            (0, 100, 1),
            (-50, 50, 1),
            (-3, 1, 3),
            (0, 1, 3),
            (100, 5000, 0),
            (2000, 2009, 2),
            (100_000, 100_090, 1),
            (0.0, 0.0009, 6),
            (1e5, 9e6, -3),
            (2e6, 9e7, -4),
            (1e9, 8e9, -7),
        ]
    )
    return [round(rng.uniform(low, high), digits) for _ in range(count)]


def _written(axis: Any, rng: random.Random, values: list[float]) -> None:
    """Formats a value axis now and then; otherwise matplotlib may print a factor or an offset."""
    from matplotlib.ticker import FuncFormatter, PercentFormatter

    top = max(map(abs, values))
    if top >= 1000 and rng.random() < 0.4:
        axis.set_major_formatter(FuncFormatter(lambda v, _: f"{v:,.0f}"))
    elif 10 < top <= 100 and rng.random() < 0.3:
        axis.set_major_formatter(PercentFormatter())


def _bar(axes: Any, rng: random.Random) -> Truth:
    count = rng.randint(3, 9)
    names, values = rng.sample(WORDS, count), _numbers(rng, count)
    if max(map(abs, values)) > 50 and min(values) > 0.5 * max(values):
        values = [round(rng.uniform(0.1, 1) * v, 3) for v in values]  # bars stand on zero
    lying = rng.random() < 0.4
    look: dict[str, Any] = {"color": rng.choice(["C0", "C1", "0.4", "steelblue", "#d62"])}
    if rng.random() < 0.3:
        look |= {"edgecolor": rng.choice(["white", "black"]), "alpha": 1}
    (axes.barh if lying else axes.bar)(names, values, **look)
    if lying and rng.random() < 0.4:
        axes.invert_yaxis()
    if min(values) < 0 and rng.random() < 0.6:
        (axes.axvline if lying else axes.axhline)(0, color="black", linewidth=0.8)
    if not lying and sum(map(len, names)) > 35:
        axes.tick_params(axis="x", rotation=rng.choice([30, 45, 90]))
    _written(axes.xaxis if lying else axes.yaxis, rng, values)
    return _truth("bar", names, {None: values})


def _line(axes: Any, rng: random.Random) -> Truth:
    from matplotlib.dates import DateFormatter

    count, parts = rng.randint(4, 10), rng.choice([1, 1, 2, 3])
    sort = rng.choice(["months", "years", "numbers", "dates"])
    keys: list[Any] = MONTHS[:count]
    if sort in ("years", "numbers"):
        start, step = (2010, 1) if sort == "years" else rng.choice([(0, 2), (-4, 1), (0, 0.25)])
        keys = [start + i * step for i in range(count)]
    places: list[Any] = keys
    if sort == "dates":
        keys = MONTHS[:count]
        places = [dt.date(2023, month + 1, 1) for month in range(count)]
        axes.xaxis.set_major_formatter(DateFormatter("%b"))
        axes.set_xticks(places)
    legend: list[Any] = rng.sample(WORDS, parts) if parts > 1 else [None]
    log = rng.random() < 0.15
    base = _numbers(rng, 64)
    columns = {}
    for name in legend:
        values = [round(10 ** rng.uniform(0, 4), 1) if log else rng.choice(base) for _ in keys]
        columns[name] = values
        look = rng.choice([{}, {"marker": "o"}, {"marker": "D"}, {"linewidth": 2.5}])
        axes.plot(places, values, label=name, **look)
    if log:
        axes.set_yscale("log")
    if parts > 1:
        axes.legend(loc=rng.choice(["best", "upper right"]), frameon=rng.random() < 0.6)
    if not log:
        _written(axes.yaxis, rng, base)
    return _truth("line", keys, columns)


def _scatter(axes: Any, rng: random.Random) -> Truth:
    parts, series = rng.choice([1, 1, 2, 3]), []
    log = rng.random() < 0.15
    size = rng.choice([12, 20, 36, 80])
    pools = [_numbers(rng, 60), _numbers(rng, 60)]
    for name in rng.sample(WORDS, parts) if parts > 1 else [None]:
        count = rng.randint(5, 18)
        x, y = (rng.sample(pool, count) for pool in pools)
        if log:
            y = [round(10 ** rng.uniform(0, 4), 1) for _ in y]
        look: dict[str, Any] = {"s": size, "marker": rng.choice(["o", "o", "s", "^", "D"])}
        if rng.random() < 0.25:
            look["alpha"] = 0.7
        if rng.random() < 0.2:
            look["facecolors"], look["edgecolors"] = "none", f"C{len(series)}"
        elif rng.random() < 0.2:
            look["edgecolors"] = "black"
        axes.scatter(x, y, label=name, **look)
        points = [{"x": a, "y": b} for a, b in zip(x, y, strict=True)]
        series.append({"name": name, "points": points})
    if log:
        axes.set_yscale("log")
    if parts > 1:
        axes.legend(frameon=rng.random() < 0.6)
    return {"chart_type": "scatter", "title": None, "series": series}


def _pie(axes: Any, rng: random.Random) -> Truth:
    count = rng.randint(2, 7)
    names, values = rng.sample(WORDS, count), [rng.randint(8, 100) for _ in range(count)]
    look: dict[str, Any] = {"startangle": rng.choice([0, 90, 140]), "counterclock": False}
    if rng.random() < 0.3:
        look["wedgeprops"] = {"edgecolor": rng.choice(["white", "black"]), "linewidth": 1.5}
    if rng.random() < 0.4:
        look["autopct"] = "%1.1f%%"
    axes.pie(values, labels=names, **look)
    return _truth("pie", names, {None: [100 * value / sum(values) for value in values]})


MATPLOTLIB: dict[str, Callable[[Any, random.Random], Truth]] = {
    "bar": _bar,
    "line": _line,
    "scatter": _scatter,
    "pie": _pie,
}


def _with_vega(kind: str, rng: random.Random) -> Drawing:
    import vl_convert  # noqa: PLC0415 - only these drawings need it

    spec, truth = VEGA[kind](rng)
    if rng.random() < 0.4:
        spec["title"] = rng.choice(TITLES)
    if kind == "pie":
        spec |= {"width": rng.choice([200, 300]), "height": rng.choice([200, 300])}
    theme = rng.choice(THEMES)
    picture = vl_convert.vegalite_to_png(
        json.dumps(spec), scale=rng.choice([1, 1, 1, 1.5, 2]), theme=theme
    )
    return Drawing(Image.open(io.BytesIO(picture)), truth, str(theme))


def _spec(mark: Any, rows: list[Truth], encoding: Truth) -> Truth:
    return {"data": {"values": rows}, "mark": mark, "encoding": encoding}


def _sizes(rng: random.Random) -> Truth:
    return {"width": rng.choice([200, 300, 400, 500]), "height": rng.choice([150, 200, 300])}


def _rows(keys: list[Any], columns: dict[Any, list[float]]) -> list[Truth]:
    return [
        {"k": key, "v": value, "s": name}
        for name, values in columns.items()
        for key, value in zip(keys, values, strict=True)
    ]


def _columns(rng: random.Random, count: int, names: list[Any]) -> dict[Any, list[float]]:
    low, high, digits = rng.choice([(1, 100, 0), (0.05, 1, 2), (50, 4000, 0), (1e3, 9e5, -2)])
    return {name: [round(rng.uniform(low, high), digits) for _ in range(count)] for name in names}


def _vega_bar(rng: random.Random) -> tuple[Truth, Truth]:
    count = rng.randint(3, 10)
    keys, columns = rng.sample(WORDS, count), _columns(rng, count, [None])
    if rng.random() < 0.15:
        columns[None] = [v if rng.random() < 0.6 else -v for v in columns[None]]
    names = {"field": "k", "type": "nominal", "sort": rng.choice([None, "ascending"])}
    values: Truth = {"field": "v", "type": "quantitative"}
    if rng.random() < 0.3:
        values["axis"] = {"format": rng.choice([",.0f", "s", "~s"]), "title": "Amount"}
        if max(map(abs, columns[None])) <= 1:
            values["axis"]["format"] = "%"
            scale = 100
        else:
            scale = 1
        truth = {None: [scale * v for v in columns[None]]}
    else:
        truth = columns
    lying = rng.random() < 0.4
    spec = _spec("bar", _rows(keys, columns), {"xy"[lying]: names, "yx"[lying]: values})
    if rng.random() < 0.5:
        spec |= _sizes(rng)
    return spec, _truth("bar", keys, truth)


def _vega_grouped(rng: random.Random) -> tuple[Truth, Truth]:
    count = rng.randint(2, 5)
    keys = rng.sample(WORDS, count)
    columns = _columns(rng, count, rng.sample(WORDS, rng.randint(2, 3)))
    lying = rng.random() < 0.3
    names, values, offset = ("y", "x", "yOffset") if lying else ("x", "y", "xOffset")
    encoding = {
        names: {"field": "k", "type": "nominal"},
        values: {"field": "v", "type": "quantitative"},
        offset: {"field": "s"},
        "color": {"field": "s"},
    }
    return _spec("bar", _rows(keys, columns), encoding), _truth("grouped_bar", keys, columns)


def _vega_stacked(rng: random.Random) -> tuple[Truth, Truth]:
    count = rng.randint(2, 7)
    keys = rng.sample(WORDS, count)
    columns = _columns(rng, count, rng.sample(WORDS, rng.randint(2, 4)))
    lying = rng.random() < 0.3
    encoding = {
        "xy"[lying]: {"field": "k", "type": "nominal"},
        "yx"[lying]: {"field": "v", "type": "quantitative"},
        "color": {"field": "s"},
    }
    spec = _spec("bar", _rows(keys, columns), encoding)
    return (spec | _sizes(rng) if rng.random() < 0.5 else spec), _truth(
        "stacked_bar", keys, columns
    )


def _vega_line(rng: random.Random) -> tuple[Truth, Truth]:
    count = rng.randint(3, 10)
    named = rng.random() < 0.5
    keys: list[Any] = rng.sample(WORDS, count) if named else list(range(count))
    parts = rng.choice([1, 1, 2, 3])
    columns = _columns(rng, count, rng.sample(WORDS, parts) if parts > 1 else [None])
    encoding: Truth = {
        "x": {"field": "k", "type": "nominal" if named else "quantitative", "sort": None},
        "y": {"field": "v", "type": "quantitative", "scale": {"zero": rng.random() < 0.7}},
    }
    if parts > 1:
        encoding["color"] = {"field": "s"}
    mark: Truth = {"type": "line", "point": rng.random() < 0.3}
    spec = _spec(mark, _rows(keys, columns), encoding)
    return (spec | _sizes(rng) if rng.random() < 0.7 else spec), _truth("line", keys, columns)


def _vega_scatter(rng: random.Random) -> tuple[Truth, Truth]:
    parts, named = rng.choice([1, 1, 2, 3]), rng.random() < 0.2
    rows, series = [], []
    wide, high = rng.choice([6, 10, 50, 120]), rng.choice([1, 5, 40, 900])
    whole = rng.random() < 0.5
    for name in rng.sample(WORDS, parts) if parts > 1 else [None]:
        points: list[Truth] = []
        for index in range(rng.randint(4, 14)):
            x, y = rng.uniform(0, 1) * wide, rng.uniform(0.05, 1) * high
            x, y = (round(x) if whole else round(x, 2)), round(y, 2)
            key: Any = WORDS[index] if named else x
            points.append({"x": key, "y": y})
        series.append({"name": name, "points": points})
        rows += [{"k": p["x"], "v": p["y"], "s": name} for p in points]
    log = rng.random() < 0.15
    zero = rng.random() < 0.7
    encoding: Truth = {
        "x": {"field": "k", "type": "nominal" if named else "quantitative"},
        "y": {
            "field": "v",
            "type": "quantitative",
            "scale": {"type": "log"} if log else {"zero": zero},
        },
    }
    if not named:
        encoding["x"]["scale"] = {"zero": zero}
    if parts > 1:
        encoding["color"] = {"field": "s"}
    mark = rng.choice(["point", "point", "circle", "square", {"type": "point", "filled": True}])
    spec = _spec(mark, rows, encoding) | _sizes(rng)
    return spec, {"chart_type": "scatter", "title": None, "series": series}


def _vega_pie(rng: random.Random) -> tuple[Truth, Truth]:
    count = rng.randint(2, 7)
    names = rng.sample(WORDS, count)
    values = [float(rng.randint(8, 100)) for _ in names]
    mark: Truth = {"type": "arc"}
    if rng.random() < 0.4:
        mark["innerRadius"] = 50
    encoding = {
        "theta": {"field": "v", "type": "quantitative"},
        "color": {"field": "k", "type": "nominal"},
    }
    shares = [100 * value / sum(values) for value in values]
    spec = _spec(mark, _rows(names, {None: values}), encoding)
    return spec, _truth("pie", names, {None: shares})


VEGA: dict[str, Callable[[random.Random], tuple[Truth, Truth]]] = {
    "bar": _vega_bar,
    "grouped_bar": _vega_grouped,
    "stacked_bar": _vega_stacked,
    "line": _vega_line,
    "scatter": _vega_scatter,
    "pie": _vega_pie,
}
