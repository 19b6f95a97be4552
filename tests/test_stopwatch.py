"""A machine that stood still doesn't make a training slow."""

import pytest
import torch

from gan import stopwatch
from gan.step import build_state
from gan.stopwatch import Stopwatch
from tests.conftest import tiny_config


@pytest.mark.parametrize(
    ("lap", "counted"),
    [
        (600.0, 1.0),  # asleep for ten minutes: the median counts
        (11.0, 1.0),
        (9.0, 9.0),  # a slow save is work
    ],
)
def test_a_stall_counts_as_a_usual_iteration(
    monkeypatch: pytest.MonkeyPatch, lap: float, counted: float
) -> None:
    state, now = build_state(tiny_config(), 2, torch.device("cpu")), [0.0]
    monkeypatch.setattr(stopwatch.time, "monotonic", lambda: now[0])
    watch = Stopwatch(state)
    for took in (*[1.0] * 20, lap, 1.0):
        now[0] += took
        watch.lap()
    assert state.seconds == pytest.approx(21 + counted)
    assert state.stalled == pytest.approx(lap - counted)


def test_a_slow_machine_is_no_stall(monkeypatch: pytest.MonkeyPatch) -> None:
    state, now = build_state(tiny_config(), 2, torch.device("cpu")), [0.0]
    monkeypatch.setattr(stopwatch.time, "monotonic", lambda: now[0])
    watch = Stopwatch(state)
    for took in (30.0, *[60.0] * 20, 300.0):
        now[0] += took
        watch.lap()
    assert (state.seconds, state.stalled) == (1530.0, 0.0)
