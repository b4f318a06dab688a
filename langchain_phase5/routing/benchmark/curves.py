"""Draw what the routing benchmark measured."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

_STEP = re.compile(r"recall@3 after (\d+) successes per tool")


def draw_curves(figures: Sequence[Mapping[str, Any]], folder: Path) -> None:
    """Write `learning.png` and `wrong_calls.png` for figures that have them.

    Raises:
        ImportError: matplotlib is missing.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        msg = "drawing curves needs matplotlib: pip install 'langchain-phase5[eval]'"
        raise ImportError(msg) from error
    curve = Figure(figsize=(6, 4), layout="tight")
    axes = curve.subplots()
    for dataset, points in _learning(figures).items():
        steps = range(len(points))
        axes.plot(steps, [p["value"] for _, p in points], marker="o", label=dataset)
        axes.fill_between(
            steps, [p["low"] for _, p in points], [p["high"] for _, p in points], alpha=0.2
        )
        axes.set_xticks(list(steps), [str(step) for step, _ in points])
        axes.legend()
    axes.set(xlabel="successes seen per tool", ylabel="recall@3, %", title="Learning curve")
    curve.savefig(folder / "learning.png")

    bars = Figure(figsize=(8, 4), layout="tight")
    axes = bars.subplots()
    wrong = [figure for figure in figures if figure["measure"].startswith("wrong calls")]
    labels = [f"{f['dataset']}: {f['measure'].removeprefix('wrong calls, ')}" for f in wrong]
    spread = [
        [f["value"] - f["low"] for f in wrong],
        [f["high"] - f["value"] for f in wrong],
    ]
    axes.barh(labels, [f["value"] for f in wrong], xerr=spread)
    axes.invert_yaxis()
    axes.set(xlabel="wrong calls, %", title="Calls of a simulated distractible model")
    bars.savefig(folder / "wrong_calls.png")


def _learning(
    figures: Sequence[Mapping[str, Any]],
) -> dict[str, list[tuple[int, Mapping[str, Any]]]]:
    curves: dict[str, list[tuple[int, Mapping[str, Any]]]] = {}
    for figure in figures:
        step = _STEP.fullmatch(figure["measure"])
        if step:
            curves.setdefault(figure["dataset"], []).append((int(step.group(1)), figure))
    return curves
