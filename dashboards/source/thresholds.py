"""From which value on a panel changes color."""

from collections.abc import Sequence

Steps = Sequence[tuple[float | None, str]]
"""Ascending pairs of a limit and the color from there on; the first limit is `None`."""

NEUTRAL: Steps = ((None, "blue"),)
ERROR_SHARE: Steps = ((None, "green"), (0.01, "yellow"), (0.05, "red"))
SUCCESS_SHARE: Steps = ((None, "red"), (0.95, "yellow"), (0.99, "green"))
SAVED_SHARE: Steps = ((None, "yellow"), (0.3, "green"))
AGENT_SECONDS: Steps = ((None, "green"), (10, "yellow"), (30, "red"))
TOOL_SECONDS: Steps = ((None, "green"), (5, "yellow"), (10, "red"))
FIRST_TOKEN_SECONDS: Steps = ((None, "green"), (2, "yellow"), (5, "red"))
SELECTION_SECONDS: Steps = ((None, "green"), (0.1, "yellow"), (0.5, "red"))
QUALITY: Steps = ((None, "red"), (0.6, "yellow"), (0.8, "green"))
NONE_EXPECTED: Steps = ((None, "green"), (1e-6, "red"))

STATUS_COLORS = {
    "success": "green",
    "error": "red",
    "cancelled": "text",
    "interrupted": "blue",
    "handoff": "purple",
}
