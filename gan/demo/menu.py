"""Closes the menu of a telephone once a page was chosen: Streamlit leaves it over the page."""

import streamlit as st

_CLOSE = """
export default function () {
  const button = document.querySelector("[data-testid=stSidebarCollapseButton] button")
  if (window.innerWidth < 768 && button) button.click()
}
"""
_component = st.components.v2.component("menu", js=_CLOSE)


def close(page: str) -> None:
    """Close the menu where it is open; runs in the browser whenever `page` changes."""
    _component(key="menu", data=page, height=1)
