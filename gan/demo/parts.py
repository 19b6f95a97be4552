"""Pieces that several pages draw: explanations, notes about missing files, the footer."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pandas as pd
import pyarrow as pa
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

import gan
from gan import runs
from gan.demo import catalogue, links, names, store
from gan.demo.catalogue import Entry
from gan.demo.terms import TERMS
from gan.experiments.findings import Finding

if TYPE_CHECKING:
    from gan.demo.run_charts import Chart

TRAIN_FIRST = "python train/train_cgan.py"
MOST_SEED = 2**31 - 1
CHART_KEYS = (
    "Click the legend to pick a line, drag or scroll to move and zoom, double-click to reset."
)
# How tables name the columns of a figure.
FIGURE_COLUMNS = {
    "figure": st.column_config.TextColumn("Figure", width="medium"),
    "value": st.column_config.NumberColumn("Mean", format="%.3f", width="small"),
    "low": st.column_config.NumberColumn("Lowest", format="%.3f"),
    "high": st.column_config.NumberColumn("Highest", format="%.3f"),
    "n_real": st.column_config.NumberColumn("Real", format="localized"),
    "n_fake": st.column_config.NumberColumn("Generated", format="localized"),
}
EVALUATE = "python train/evaluate.py"


def heading(title: str, icon: str, text: str) -> DeltaGenerator:
    """The page's title and what it is for; returns the place of the link that restores the view.

    It comes early, so that the keyboard reaches it before the page's many controls.
    """
    st.title(title, icon=icon)
    st.markdown(text)
    return st.container()


def explain(*words: str) -> None:
    """The field's words, explained in a fold at the foot of a section."""
    with st.expander("What these words mean", icon=":material/menu_book:"):
        st.markdown("\n".join(f"- **{word}**: {TERMS[word]}" for word in words))


def dark() -> bool:
    """Whether the visitor's page is dark."""
    return st.context.theme.type == "dark"


def chart(
    draw: Callable[..., Chart],
    *arguments: Any,
    alt: str,
    tables: Mapping[str, pd.DataFrame | pa.Table] | None = None,
) -> None:
    """Show a chart.

    Args:
        draw: Makes it of `arguments`.
        arguments: The chart is made anew when one of them changes.
        alt: Its text alternative.
        tables: Data that the chart takes by name: it is not made anew when they change.
    """
    name = f"{draw.__module__}.{draw.__qualname__}"
    made = _specification(name, draw, arguments, dark())
    st.vega_lite_chart(spec=made | {"datasets": made["datasets"] | dict(tables or {})}, alt=alt)


@st.cache_resource(max_entries=256, show_spinner=False)
def _specification(
    name: str, _draw: Callable[..., Chart], arguments: tuple[Any, ...], dark: bool
) -> dict[str, Any]:
    """A chart's Vega-Lite; Altair checks every part of it, so it is made once for its data."""
    from gan.demo import run_charts

    made = run_charts.themed(_draw(*arguments), dark).to_dict()
    made["config"].pop("view")  # Altair's sizes for pages without a layout
    tables = {name: _arrow(pd.DataFrame(rows)) for name, rows in made["datasets"].items()}
    return made | {"datasets": tables}


def _arrow(table: pd.DataFrame) -> bytes:
    """A table as it is sent to browsers."""
    rows = pa.Table.from_pandas(table)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as stream:
        stream.write_table(rows)
    return sink.getvalue().to_pybytes()


def missing(what: str, command: str) -> None:
    """A friendly note: what isn't there, and the command that makes it."""
    st.info(f"{what} This command makes it:", icon=":material/hourglass_empty:")
    st.code(command, language="bash")


def problems(entries: list[Entry]) -> None:
    """Runs that can't be used in full, and what is wrong with each."""
    troubled = [entry for entry in entries if entry.problems]
    if not troubled:
        return
    noun = "run has" if len(troubled) == 1 else "runs have"
    with st.expander(f"{len(troubled)} {noun} a problem", icon=":material/report:"):
        st.markdown(
            "\n".join(
                f"- **{plain(entry.name)}**: {plain('; '.join(entry.problems))}"
                for entry in troubled
            )
        )


def plain(words: object) -> str:
    """Words of a file or an error as Markdown that shows them as they are, without folders."""
    shown = catalogue.without_folder(str(words), runs.runs_root().absolute())
    return re.sub(r"([\\`*_{}\[\]<>()#+!|~$:])", r"\\\1", shown)


def footer(entry: Entry | None = None) -> None:
    """The app's version, and the checkpoint's hash where a page shows one."""
    shown = f"Car GAN {gan.__version__}"
    if entry is not None and entry.ready:
        shown += f" · run {plain(names.run(entry.name))} · checkpoint {store.drawn_by(entry)}"
    st.caption(shown)


def random_seed() -> int:
    """A seed drawn for a visitor, short enough to be told to another."""
    return random.randrange(10**6)


def seed_input(label: str, default: int, key: str, help: str | None = None) -> int:
    """A whole number from 0 to MOST_SEED, bound to the address.

    The widget holds a float: Streamlit's own for whole numbers fails on `1e999` in an address.
    """
    seed = st.number_input(
        label,
        0.0,
        float(MOST_SEED),
        float(default),
        1.0,
        format="%.0f",
        key=key,
        bind="query-params",
        help=help,
    )
    # The browser's limits are no limits: a stranger may send anything.
    return int(min(max(seed, 0.0), float(MOST_SEED)))


def pick_run(
    label: str,
    runs: list[str],
    key: str,
    index: int = 0,
    on_change: Callable[[], None] | None = None,
    help: str | None = None,
) -> str:
    """A list of runs under readable names, bound to the address, which may hold a folder's name."""
    asked = st.query_params.get(key)
    # Streamlit writes what the list shows into the address; copied links name folders.
    if asked in runs and names.run(asked) != asked:
        st.session_state[key] = asked
    return st.selectbox(
        label,
        runs,
        index,
        format_func=names.run,
        key=key,
        bind="query-params",
        on_change=on_change,
        help=help,
    )


def answer(finding: Finding) -> None:
    """A card with a verdict in a sentence; its figures are one click away."""
    with st.container(border=True, gap="xsmall"):
        st.markdown(f"**{finding.verdict}**")
        with st.popover("Figures", icon=":material/numbers:"):
            st.markdown(finding.evidence)


def smoothing(key: str) -> float:
    """How much a chart of losses is smoothed, bound to the address."""
    return float(
        st.slider(
            "Smoothing",
            0.0,
            0.99,
            0.9,
            0.01,
            key=key,
            bind="query-params",
            help="The faint line is raw. 0 smooths nothing.",
        )
    )


def photos_seen(
    moments: list[int], key: str, help: str | None = None, start: int | None = None
) -> int:
    """A slider over the moments of a training, in photos seen, bound to the address.

    It begins at `start`, or at the last moment if that is none of them.
    """
    if st.session_state.get(key) not in (None, *moments):
        del st.session_state[key]  # of a training with other moments
    return st.select_slider(
        "Photos seen",
        moments,
        start if start in moments else moments[-1],
        format_func=lambda seen: f"{seen:,}",
        key=key,
        bind="query-params",
        help=help,
    )


def copy_link(place: DeltaGenerator, parameters: dict[str, object]) -> None:
    """A fold with the link that restores this view; the code box has a copy button."""
    with place.popover("Copy link", icon=":material/link:"):
        st.markdown("This link restores everything on this page.")
        st.code(links.view_link(st.context.url, parameters), language=None, wrap_lines=True)
