"""Which pages there are: the script that runs for each visitor."""

import streamlit as st

from gan.demo import menu

st.set_page_config(page_title="Car GAN", page_icon="🚗", layout="wide")

page = st.navigation(
    [
        st.Page(
            "views/overview.py",
            title="Overview",
            icon=":material/home:",
            default=True,
            help="What this is, how good it is, and short answers to the usual questions.",
        ),
        st.Page(
            "views/generate.py",
            title="Generate",
            icon=":material/directions_car:",
            help="Draw cars of a chosen body type and see what a classifier makes of them.",
        ),
        st.Page(
            "views/morph.py",
            title="Morph",
            icon=":material/compare_arrows:",
            help="Move from one car to another: body type and latent each on its own slider.",
        ),
        st.Page(
            "views/guess.py",
            title="Guess",
            icon=":material/sports_esports:",
            help="Guess the body type of a generated car, against the classifier.",
        ),
        st.Page(
            "views/kernel_size.py",
            title="Kernel size",
            icon=":material/grid_on:",
            help="Does a larger convolution kernel help? Trained several times each, compared.",
        ),
        st.Page(
            "views/training.py",
            title="Training",
            icon=":material/timeline:",
            help="Scrub through a training: its pictures, losses and metrics.",
        ),
        st.Page(
            "views/results.py",
            title="Results",
            icon=":material/query_stats:",
            help="Every figure with its spread, body type by body type, and how it was measured.",
        ),
    ],
    position="top",
)
try:
    page.run()
finally:  # a page may stop early
    menu.close(page.title)
