"""Word what the tools found out."""

from collections.abc import Sequence

from langchain_phase5.demo.business.checks import positive


def listing(what: str, rows: Sequence[str], limit: int | None = None) -> str:
    """A sentence that says how many rows there are and lists the first `limit` of them.

    Example:
        ```python
        from langchain_phase5.demo.business.answers import listing

        listing("Late orders", ["A-1004", "A-1005", "A-1009"], limit=2)
        # "Late orders (3, first 2): A-1004; A-1005."
        ```
    """
    if not rows:
        return f"{what}: none."
    shown = rows if limit is None else rows[: positive(limit, "limit")]
    count = f"{len(rows)}, first {len(shown)}" if len(shown) < len(rows) else f"{len(rows)}"
    return f"{what} ({count}): {'; '.join(shown)}."


def count(number: int, noun: str) -> str:
    """The number with its noun, which gets a plural s if needed: "1 day", "3 days"."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
