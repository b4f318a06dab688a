"""The shape in which evaluators answer."""

from typing import Any


def score(key: str, value: float | bool | None, comment: str = "") -> dict[str, Any]:  # noqa: FBT001
    """Build an evaluator's answer; `None` means that it does not apply to this example."""
    number = None if value is None else float(value)
    return {"key": key, "score": number, "comment": comment}


def without_reference(key: str) -> dict[str, Any]:
    """Say that there is nothing to compare with, which is no zero."""
    return score(key, None, "the example has no reference for this")
