"""A game: guess the body type that a picture was asked for, against the classifier."""

import random

import streamlit as st

from gan.demo import drawing, engine, opinions, parts, store
from gan.errors import UserError

TALL = 256

parts.heading(
    "Guess",
    ":material/sports_esports:",
    "The network was asked for one body type. Which? You play against the classifier; your "
    "answers stay in this visit and are kept nowhere.",
)

entries = store.entries()
typed = [entry for entry in entries if entry.classes]
drawing.need_a_run(typed)
state = st.session_state


def next_round() -> None:
    """Draw another picture's seed and type."""
    state["round"] = (parts.random_seed(), random.random())
    state["guessed"] = ("", "")


def guess(run: str, kind: str) -> None:
    """Note the visitor's answer to a run's picture."""
    state["guessed"] = (run, kind)


if "round" not in state:
    next_round()
    state["score"] = []

picture_column, answer_column = st.columns(2, gap="large")
with answer_column:
    entry = drawing.pick_run(typed)
seed, place = state["round"]
asked = entry.classes[int(place * len(entry.classes))]
drawn = drawing.drawn(
    lambda: engine.draw(entry, (seed,), (entry.classes.index(asked),), 1.0), entry, typed
)
opinion: opinions.Opinion | None = None
try:
    judged = engine.judge(entry, drawn)
    opinion = judged.opinions[0] if judged else None
    if judged is None:
        st.caption("No classifier was trained on this run's photos: you play alone.")
except (engine.Busy, UserError) as error:
    st.caption(f"The classifier sits out: {parts.plain(error) or 'many visitors ask it.'}")

run, guessed = state["guessed"]
answer = guessed if run == entry.name else None  # another run draws another picture
with picture_column, st.container(key="pictures"):
    st.image(
        store.jpegs(drawn.pictures, TALL, True)[0],
        width="stretch",
        alt=f"Generated {asked}, seed {seed}" if answer else "A generated car of a hidden type",
    )
    st.caption(f"{drawn.pictures.shape[1]} px, drawn by the network, not a photo.")
with answer_column:
    if answer is None:
        st.markdown("**Which body type is it?**")
        with st.container(horizontal=True):
            for kind in entry.classes:
                st.button(kind, key=f"guess-{kind}", on_click=guess, args=(entry.name, kind))
    else:
        if (entry.name, seed, asked) not in [one[:3] for one in state["score"]]:
            named = opinion.named if opinion else None
            state["score"].append((entry.name, seed, asked, answer == asked, named))
        mark = ":material/check:" if answer == asked else ":material/close:"
        st.markdown(f"**Asked for: {asked}.** You said {answer} {mark}")
        if opinion:
            mark = ":material/check:" if opinion.named == asked else ":material/close:"
            st.markdown(f"The classifier says {opinions.caption(opinion)} {mark}")
        st.button("Next picture", icon=":material/skip_next:", on_click=next_round, type="primary")
    rounds = state["score"]
    if rounds:
        mine = sum(right for *_, right, _ in rounds)
        line = f"After {len(rounds)}: you {mine} right"
        if all(named for *_, named in rounds):
            line += f", the classifier {sum(one[2] == one[4] for one in rounds)}"
        st.markdown(f"**{line}.** Guessing blindly: 1 in {len(entry.classes)}.")

parts.explain("GAN-test", "Latent")
parts.problems(entries)
parts.footer(entry)
