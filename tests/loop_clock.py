"""The time of event loops, which stands still until a test lets it pass."""

import time


class LoopClock:
    """What loops take for the time: no time limit runs out, however slow the machine is.

    A loop that waits looks at the clock again when its wait would have ended on a real one, so the
    limits under test should be short.
    """

    def __init__(self):
        self.now = time.monotonic()

    def let_pass(self, seconds):
        self.now += seconds
