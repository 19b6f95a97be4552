"""The seconds that a training took, without those in which the machine stood still."""

import time
from collections import deque
from statistics import median

from gan.checkpoint import State

# An iteration that takes longer than both is a stall: the machine slept, or other work took it.
STALL_SECONDS = 10.0
STALL_TIMES = 10.0  # the median of recent iterations
RECENT = 100


class Stopwatch:
    """Adds each iteration's seconds to the state's.

    Of a stall the median of recent iterations counts; the rest is added to `stalled`.
    """

    def __init__(self, state: State) -> None:
        self.state, self.last = state, time.monotonic()
        self.recent: deque[float] = deque(maxlen=RECENT)

    def lap(self) -> None:
        """Note that an iteration ended."""
        now = time.monotonic()
        took, self.last = now - self.last, now
        counted = took
        if took > STALL_SECONDS and len(self.recent) >= RECENT // 10:
            usual = median(self.recent)
            if took > STALL_TIMES * usual:
                counted = usual
        self.recent.append(counted)
        self.state.seconds += counted
        self.state.stalled += took - counted
