"""Pieces that several pages draw: explanations, notes about missing files, the footer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

import gan
from gan.demo import links, store
from gan.demo.catalogue import Entry
from gan.demo.terms import TERMS

if TYPE_CHECKING:
    from gan.demo.charts import Chart

TRAIN_FIRST = "python train/train_cgan.py"
EVALUATE = "python train/evaluate.py"


def heading(title: str, icon: str, text: str) -> None:
    """The page's title and what it is for in one or two lines."""
    st.title(title, icon=icon)
    st.markdown(text)


def explain(*words: str) -> None:
    """The field's words, explained in a fold at the foot of a section."""
    with st.expander("What these words mean", icon=":material/menu_book:"):
        st.markdown("\n".join(f"- **{word}**: {TERMS[word]}" for word in words))


def dark() -> bool:
    """Whether the visitor's page is dark."""
    return st.context.theme.type == "dark"


def chart(drawn: Chart, alt: str, key: str | None = None) -> None:
    """Show a chart; `alt` is its text alternative."""
    from gan.demo import charts

    st.altair_chart(charts.themed(drawn, dark()), alt=alt, key=key)


def missing(what: str, command: str) -> None:
    """A friendly note: what isn't there, and the command that makes it."""
    st.info(f"{what} This command makes it:", icon=":material/hourglass_empty:")
    st.code(command, language="bash")


def problems(entries: list[Entry]) -> None:
    """Runs that can't be used in full, each with what is wrong with it."""
    troubled = [entry for entry in entries if entry.problems]
    if not troubled:
        return
    noun = "run has" if len(troubled) == 1 else "runs have"
    with st.expander(f"{len(troubled)} {noun} a problem", icon=":material/report:"):
        st.markdown(
            "\n".join(f"- `{entry.name}`: {'; '.join(entry.problems)}" for entry in troubled)
        )


def footer(entry: Entry | None = None) -> None:
    """The app's version, and the checkpoint's hash where a page shows one."""
    shown = f"Car GAN {gan.__version__}"
    if entry is not None and entry.ready:
        shown += f" · run `{entry.name}` · checkpoint `{store.short_hash(entry)}`"
    st.caption(shown)


def copy_link(parameters: dict[str, object]) -> None:
    """A fold with the link that restores this view; the code box has a copy button."""
    with st.popover("Copy link", icon=":material/link:"):
        st.markdown("This link restores everything on this page.")
        st.code(links.view_link(st.context.url, parameters), language=None, wrap_lines=True)
