"""Wait for what will happen, not for a time."""

import time


def until(happened, *, seconds=60):
    """Ask again and again until it has happened; there is no other limit than patience."""
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it has not happened"
        time.sleep(0.005)
