"""What has to be there before any test."""

import asyncio
import contextlib

import pytest
from hypothesis import settings
from loop_clock import LoopClock

# It keeps the socket class that it finds when it is imported, which later might be the blocked one.
with contextlib.suppress(ImportError):
    import uvloop  # noqa: F401

# No example fails for a machine that stalls, and the same ones are tried everywhere. For others:
# pytest --hypothesis-profile=default
settings.load_profile("ci")


@pytest.fixture
def loop_clock(monkeypatch):
    clock = LoopClock()
    monkeypatch.setattr(asyncio.BaseEventLoop, "time", lambda loop: clock.now)
    return clock
