"""How much of a chart the offline reader reads right, and how often what it says is right.

Run: `python benchmarks/charts.py [--count 12] [--seed 1] [--varied]`. Charts are drawn by
`chart_drawings.py` (another seed draws other charts), with `--varied` by `chart_variety.py`
instead; pictures with known tables in ../shared are added to the former when there.

- relaxed: share of all true values whose key is found and whose value is within 5 % (ChartQA's
  relaxed accuracy, Masry et al. 2022); a chart that is refused counts as zero.
- precision: the same of the values that were given.
- RMS-F1: relative mapping similarity (DePlot, Liu et al. 2023); refused charts count as zero.

A numeric key matches within 2 % of the range of x, any other by a normalized edit distance below
one third. Intervals are 95 %, by bootstrap over charts.
"""

import argparse
import json
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from chart_drawings import KINDS, drawings
from chart_variety import MATPLOTLIB, VEGA, varied, vega_lite
from PIL import Image
from rapidfuzz.distance import Levenshtein

from langchain_phase5.vision import ChartData, ChartReader, UnreadableChartError

SAMPLES = Path(__file__).parents[2] / "shared/data/vision/charts_vegalite"
Entry = tuple[str, Any, float]
"""Series, x and y."""
Score = tuple[float, float, float, float, float]
"""Values right, true values, given values, RMS-F1, seconds of processor time."""


def main() -> None:
    """Prints one row per source and kind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=12, help="charts of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--varied", action="store_true", help="other axes, and Vega-Lite")
    options = parser.parse_args()
    scores: dict[tuple[str, str], list[Score]] = defaultdict(list)
    draw = varied_charts if options.varied else charts
    for source, image, truth in draw(options.count, options.seed):
        scores[source, truth["chart_type"]].append(score(image, truth))
    heading = "charts answered  relaxed             precision           RMS-F1  CPU-s"
    print(f"{'source':9} {'kind':12} {heading}")
    for (source, kind), rows in sorted(scores.items()):
        print(f"{source:9} {kind:12} {summary(rows)}")


def charts(count: int, seed: int) -> Iterator[tuple[str, Image.Image, dict[str, Any]]]:
    """Yields the source, the picture and the truth of every chart."""
    for kind in KINDS:
        for drawing in drawings(kind, count=count, seed=seed):
            yield "drawn", drawing.image, drawing.truth
    for path in sorted(SAMPLES.glob("*.png")):
        yield "vega-lite", Image.open(path), json.loads(path.with_suffix(".json").read_text())


def varied_charts(count: int, seed: int) -> Iterator[tuple[str, Image.Image, dict[str, Any]]]:
    """The same of the drawings in `chart_variety.py`."""
    for kind in MATPLOTLIB:
        for drawing in varied(kind, count=count, seed=seed):
            yield "varied", drawing.image, drawing.truth
    if find_spec("vl_convert") is None:
        print("Charts by Vega-Lite are left out: pip install vl-convert-python", file=sys.stderr)
        return
    for kind in VEGA:
        for drawing in vega_lite(kind, count=count, seed=seed):
            yield "vega-lite", drawing.image, drawing.truth


def score(image: Image.Image, truth: dict[str, Any]) -> Score:
    """Reads one chart and counts what is right."""
    started = time.process_time()
    try:
        given = of_reading(ChartReader().read(image))
    except UnreadableChartError:
        given = []
    seconds = time.process_time() - started
    wanted = of_truth(truth)
    right = len([1 for key, value in matches(given, wanted) if key < 1 / 3 and value <= 0.05])
    return right, len(wanted), len(given), rms_f1(given, wanted), seconds


def of_reading(chart: ChartData) -> list[Entry]:
    """The entries of a reading."""
    return [(row["series"] or "", row["x"], row["y"]) for row in chart.records()]


def of_truth(truth: dict[str, Any]) -> list[Entry]:
    """The entries of a true table; those of a pie as percentages."""
    entries = [(s["name"] or "", p["x"], p["y"]) for s in truth["series"] for p in s["points"]]
    if truth["chart_type"] == "pie":
        total = sum(y for _, _, y in entries)
        entries = [(name, x, 100 * y / total) for name, x, y in entries]
    return entries


def distances(given: list[Entry], wanted: list[Entry]) -> tuple[Any, Any]:
    """Distance of the keys and relative error of the values, each given x wanted."""
    numbers = [float(x) for _, x, _ in wanted if isinstance(x, int | float)]
    spread = (max(numbers) - min(numbers)) or 1.0 if len(numbers) == len(wanted) else None
    keys = np.array([[key_distance(a, b, spread) for b in wanted] for a in given])
    errors = np.array([[relative(a[2], b[2]) for b in wanted] for a in given])
    return keys, errors


def key_distance(given: Entry, wanted: Entry, spread: float | None) -> float:
    """0 for equal keys to 1 for unlike ones."""
    series = edit(given[0], wanted[0])
    try:
        if spread is not None:
            apart = abs(float(given[1]) - float(wanted[1])) / spread
            return max(series, min(1.0, apart / 0.02 / 3.01))
    except ValueError:
        return 1.0
    return max(series, edit(shown(given[1]), shown(wanted[1])))


def edit(one: str, other: str) -> float:
    """Normalized edit distance, 1 above DePlot's limit of one half."""
    apart = Levenshtein.normalized_distance(one.lower().strip(), other.lower().strip())
    return 1.0 if apart > 0.5 else float(apart)


def shown(x: float | str) -> str:
    """A key as it is printed."""
    return x if isinstance(x, str) else f"{x:g}"


def relative(given: float, wanted: float) -> float:
    """Relative error, at most 1."""
    return float(given != wanted) if wanted == 0 else min(1.0, abs(given - wanted) / abs(wanted))


def matches(given: list[Entry], wanted: list[Entry]) -> list[tuple[float, float]]:
    """Key distance and value error of the best one-to-one assignment."""
    if not given or not wanted:
        return []
    from scipy.optimize import linear_sum_assignment

    keys, errors = distances(given, wanted)
    rows, columns = linear_sum_assignment(keys + 0.01 * errors)
    return [(float(keys[i, j]), float(errors[i, j])) for i, j in zip(rows, columns, strict=True)]


def rms_f1(given: list[Entry], wanted: list[Entry]) -> float:
    """Relative mapping similarity, as its F1; value errors above one half count as 1."""
    similar = sum(
        (1 - key) * (1 - (1.0 if value > 0.5 else value)) for key, value in matches(given, wanted)
    )
    return 2 * similar / max(1, len(given) + len(wanted))


def summary(rows: list[Score]) -> str:
    """The figures of one kind."""
    table = np.array(rows)
    draws = np.random.default_rng(0).integers(0, len(table), (2000, len(table)))
    right, wanted, given = (table[draws, column].sum(axis=1) for column in range(3))
    relaxed = interval(right / wanted)
    sure = interval(right[given > 0] / given[given > 0])
    right, wanted, given, f1, seconds = table.sum(axis=0)
    precision = f"{right / given:.3f} {sure}" if given else "-"
    answered = int((table[:, 2] > 0).sum())
    return (
        f"{len(table):6} {answered:8}  {right / wanted:.3f} {relaxed}"
        f"  {precision:18}  {f1 / len(table):.3f}  {seconds / len(table):.2f}"
    )


def interval(values: np.ndarray[Any, Any]) -> str:
    """The middle 95 % of bootstrapped values."""
    if not len(values):
        return "[   -,    -]"
    low, high = np.quantile(values, [0.025, 0.975])
    return f"[{low:.2f}, {high:.2f}]"


if __name__ == "__main__":
    sys.exit(main())
