"""Measures training time without stalls, such as those of a laptop that sleeps."""

import time
from collections import deque
from statistics import median

from gan.checkpoint import State

# An iteration that takes longer than both limits counts as a stall.
STALL_SECONDS = 10.0
STALL_TIMES = 10.0  # the median of recent iterations
RECENT = 100


class Stopwatch:
    """Adds the duration of each iteration to `seconds` of the state.

    A stalled iteration counts as the median of recent ones; the rest is added to `stalled`.
    """

    def __init__(self, state: State) -> None:
        self.state, self.last = state, time.monotonic()
        self.recent: deque[float] = deque(maxlen=RECENT)

    def lap(self) -> None:
        """Take the time at the end of an iteration."""
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
