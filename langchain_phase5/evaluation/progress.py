"""A progress bar that shows up only where somebody is looking."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

_SECONDS_BETWEEN = 0.1

Tick = Callable[[bool], None]


@contextmanager
def progress_bar(total: int, *, title: str, done: int = 0, show: bool | None) -> Iterator[Tick]:
    """Show a bar on stderr; the yielded function takes one finished example, `True` if it failed.

    Args:
        total: How many there are.
        title: What is running.
        done: How many were finished before.
        show: `None` shows it on a terminal and in a notebook, and nowhere else.
    """
    if not (_watched() if show is None else show):
        yield lambda _failed: None
        return
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("[red]{task.fields[failed]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=console.is_terminal) as bar:
        task = bar.add_task(title, total=total, completed=done, failed="")
        yield _ticker(bar, task, total=total, done=done)


def _ticker(bar: Any, task: Any, *, total: int, done: int) -> Tick:
    """Pass on at most ten changes a second: drawing costs more than most fast targets."""
    failed, shown = 0, 0.0

    def tick(error: bool) -> None:  # noqa: FBT001
        nonlocal done, failed, shown
        done, failed = done + 1, failed + error
        now = time.perf_counter()
        if now - shown > _SECONDS_BETWEEN or done == total:
            shown = now
            bar.update(task, completed=done, failed=f"{failed} failed" if failed else "")

    return tick


def _watched() -> bool:
    return sys.stderr.isatty() or "ipykernel" in sys.modules
