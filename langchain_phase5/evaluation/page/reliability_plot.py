"""What happens when an example is run several times."""

from collections.abc import Sequence

from langchain_phase5.evaluation.page import svg

_WIDTH, _HEIGHT, _LEFT, _FOOT, _TALL = 520, 250, 44, 216, 200


def reliability_plot(curves: Sequence[tuple[int, Sequence[float], Sequence[float]]]) -> str:
    """Draw pass@k (any of k runs passes, solid) and pass^k (all of them do, dashed).

    Args:
        curves: For each run its color's number, and both chances for k = 1, 2, ...
    """
    longest = max(len(any_of) for _, any_of, _ in curves)

    def x(k: int) -> float:
        return _LEFT + 24 + (_WIDTH - _LEFT - 48) * k / max(longest - 1, 1)

    parts = []
    for share in (0, 0.25, 0.5, 0.75, 1):
        y = _FOOT - _TALL * share
        parts.append(svg.line((_LEFT, y), (_WIDTH, y), "grid"))
        parts.append(svg.text(_LEFT - 8, y + 4, f"{share:.0%}", "axis", anchor="end"))
    parts += [
        svg.text(x(k), _FOOT + 20, f"k = {k + 1}", "axis", anchor="middle") for k in range(longest)
    ]
    for run, any_of, all_of in curves:
        for chances, css in ((any_of, f"r{run}"), (all_of, f"r{run} dash")):
            places = [(x(k), _FOOT - _TALL * chance) for k, chance in enumerate(chances)]
            path = "L".join(f"{left:.1f} {y:.1f}" for left, y in places)
            parts.append(svg.curve(f"M{path}", css))
            parts += [svg.dot(left, y, f"r{run}") for left, y in places]
    title = "Chance that any, and that all, of k runs pass"
    return svg.drawing(parts, width=_WIDTH, height=_HEIGHT, title=title)
