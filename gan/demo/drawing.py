"""What the pages that draw share: which run, waiting for a turn, a link to another checkpoint."""

import contextlib
from collections.abc import Callable

import streamlit as st

from gan.demo import engine, parts, store
from gan.demo.catalogue import Entry
from gan.errors import UserError

FIRST = 6  # pictures that the page on generating opens with


def pick_run(entries: list[Entry]) -> Entry:
    """Let the visitor choose among the runs that can draw; end the page where there is none."""
    ready = {entry.name: entry for entry in entries if entry.ready}
    name = parts.pick_run(
        "Run",
        list(ready),
        "run",
        on_change=_forget_checkpoint,
        help="A trained network. Only those that can draw are listed.",
    )
    return ready.get(name, next(iter(ready.values())))


def need_a_run(entries: list[Entry]) -> None:
    """End the page with what to do where no run can draw."""
    if not any(entry.ready for entry in entries):
        parts.missing("There is no trained network to draw with yet.", parts.TRAIN_FIRST)
        parts.problems(entries)
        parts.footer()
        st.stop()


def drawn(draw: Callable[[], engine.Drawn], entry: Entry, entries: list[Entry]) -> engine.Drawn:
    """What `draw` returns; where it can't draw, end the page with the reason."""
    try:
        return draw()
    except engine.Busy:
        st.warning(
            "Many visitors draw at this moment. Try again in a few seconds.",
            icon=":material/group:",
        )
        parts.footer(entry)
    except UserError as error:
        st.error(f"This run can't draw: {parts.plain(error)}", icon=":material/error:")
        parts.problems(entries)
        parts.footer()
    return st.stop()


def checkpoint_of(entry: Entry) -> str:
    """What drew: `store.drawn_by`, with a warning where the opened link names another."""
    checkpoint = store.drawn_by(entry)
    wanted = st.query_params.get("checkpoint")
    if wanted and wanted != checkpoint:
        st.warning(
            "The link that you opened was made with another checkpoint or calibration, so the "
            f"pictures differ from what its sender saw. This one is `{checkpoint}`.",
            icon=":material/difference:",
        )
    return checkpoint


def _forget_checkpoint() -> None:
    """The link named the checkpoint of another run."""
    st.query_params.pop("checkpoint", None)


def draw_first(entries: list[Entry]) -> None:
    """Draw and judge what a visitor sees first, so that nobody waits for it; no page is drawn."""
    ready = [entry for entry in entries if entry.ready]
    if not ready:
        return
    with contextlib.suppress(UserError, engine.Busy):
        entry = ready[0]
        seeds = tuple(range(FIRST))
        labels = (0,) * FIRST if entry.classes else None
        engine.judge(entry, engine.draw(entry, seeds, labels, 1.0))
