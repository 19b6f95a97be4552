"""From one car to another: the body type and the latent move each on its own slider."""

import base64

import numpy as np
import streamlit as st

import gan
from gan.demo import drawing, engine, parts, pictures, store

STILLS = 7  # odd: the one in the middle is half-way
FRAMES = 24
TALL = 256  # pixels that a picture is high; half in a strip

top = parts.heading(
    "Morph",
    ":material/compare_arrows:",
    "See a car as another body type, or turn into another car. The *latent* (the seed's random "
    "numbers) carries most of pose and background; the *body type* is an input of its own.",
)

entries = store.entries()
drawing.need_a_run(entries)


def random_pair() -> None:
    """Draw two seeds for the visitor; they stay in the address, so nothing is lost."""
    for key in ("from-seed", "to-seed"):
        st.session_state[key] = parts.random_seed()


# Pictures first: on a telephone they stand before the controls, on a desk to their left.
choice = st.container()
pictures_column, controls = st.columns([3, 1], gap="large")
start = end = ""
class_at = 0
with controls:
    entry = drawing.pick_run(entries)
    classes = list(entry.classes)
    start_seed = parts.seed_input("The car's seed", 0, "from-seed")
    if classes:
        start = st.selectbox("The car's type", classes, 0, key="from", bind="query-params")
        class_at = st.slider(
            "From its type to the chosen one (%)",
            0,
            100,
            100,
            5,
            key="class",
            bind="query-params",
        )
    end_seed = parts.seed_input("The other seed", 1, "to-seed")
    latent_at = st.slider(
        "From its latent to the other seed's (%)",
        0,
        100,
        0,
        5,
        key="latent",
        bind="query-params",
    )
with choice:
    if classes:
        end = st.pills(
            "The car as",
            classes,
            default=classes[-1],
            required=True,
            key="to",
            bind="query-params",
        )
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button("Random pair", icon=":material/casino:", on_click=random_pair)
        play = st.toggle(
            "Play",
            False,
            key="play",
            bind="query-params",
            help="From the car to the other and back: type and latent change together.",
        )

seeds = (start_seed, end_seed)
if classes:
    start, end = (kind if kind in classes else classes[0] for kind in (start, end))
labels = (classes.index(start), classes.index(end)) if classes else None
here = (min(max(latent_at, 0), 100) / 100, min(max(class_at, 0), 100) / 100)
steps = [step / (STILLS - 1) for step in range(STILLS)]
both = [(step, step) for step in steps]
type_only = [(here[0], step) for step in steps]
latent_only = [(step, here[1]) for step in steps]
plan = [here, *both, *latent_only, *(type_only if classes else [])]

drawn = drawing.drawn(lambda: engine.morph(entry, seeds, labels, tuple(plan)), entry, entries)

one, made = drawn.pictures[0], drawn.pictures[1:]
left_end = f"{start}, seed {seeds[0]}" if classes else f"seed {seeds[0]}"
right_end = f"{end}, seed {seeds[1]}" if classes else f"seed {seeds[1]}"


def row(title: str, numbers: slice, words: str) -> None:
    """A strip of stills."""
    st.markdown(f"**{title}**")
    stills = np.hstack(list(made[numbers]))
    st.image(store.jpegs(stills[None], TALL, True)[0], width="stretch", alt=words)


def film() -> bytes:
    """Both change, as a looping animation."""
    moves = tuple((step / (FRAMES - 1), step / (FRAMES - 1)) for step in range(FRAMES))
    frames = drawing.drawn(lambda: engine.morph(entry, seeds, labels, moves), entry, entries)
    return store.film(frames.pictures, TALL)


with pictures_column, st.container(key="pictures"):
    with st.grid(2, gap="small", min_column_width=150):
        car = store.jpegs(made[:1], TALL, True)[0]
        st.image(car, f"The car: {left_end}", width="stretch", alt=f"Generated car: {left_end}")
        if play:
            # As data: Streamlit would make a still of an animated picture.
            moving = base64.b64encode(film()).decode()
            st.image(
                f"data:image/webp;base64,{moving}",
                f"{left_end} to {right_end} and back",
                width="stretch",
                alt=f"Animation from {left_end} to {right_end} and back",
            )
        else:
            way = f"{latent_at} % of the way to seed {seeds[1]}"
            if classes:
                kind = end if class_at == 100 else f"{class_at} % of the way to {end}"
                way = f"{kind}, {way}" if latent_at else kind
            st.image(
                store.jpegs(one[None], TALL, True)[0],
                way,
                width="stretch",
                alt=f"Car with {latent_at} % of the way in the latent, {class_at} % in the type",
            )
    if classes:
        row(
            f"Only the type changes: {start} to {end}",
            slice(2 * STILLS, 3 * STILLS),
            f"Strip of {STILLS} cars with one latent, from {start} to {end}",
        )
    row(
        f"Only the latent changes: seed {seeds[0]} to {seeds[1]}",
        slice(STILLS, 2 * STILLS),
        f"Strip of {STILLS} cars of one type, from seed {seeds[0]} to {seeds[1]}",
    )
    row(
        f"Both change: {left_end} to {right_end}",
        slice(0, STILLS),
        f"Strip of {STILLS} cars from {left_end} to {right_end}",
    )
    st.caption(
        f"{len(plan)} pictures drawn in {1000 * drawn.seconds:,.0f} ms. The upper strips hold the "
        "other slider where it stands. Between types the network is given a mixture that it never "
        "saw in training."
    )

checkpoint = drawing.checkpoint_of(entry)


def stills() -> bytes:
    """All strips as one PNG with provenance."""
    large = np.stack([pictures.enlarge(still, TALL, True) for still in made])
    return pictures.png(
        pictures.sheet(large, STILLS),
        {
            "software": f"Car GAN {gan.__version__}",
            "run": entry.name,
            "checkpoint": checkpoint,
            "from": left_end,
            "to": right_end,
            "rows": "both change; only the latent; only the type" if classes else "both; latent",
            "kind": "generated picture, not a photo",
        },
    )


with st.container(horizontal=True):
    ends: dict[str, object] = {"from": start, "to": end} if classes else {}
    parts.copy_link(
        top,
        {
            "run": entry.name,
            **ends,
            "from-seed": seeds[0],
            "to-seed": seeds[1],
            "latent": latent_at,
            **({"class": class_at} if classes else {}),
            "play": play,
            "checkpoint": checkpoint,
        },
    )
    st.download_button(
        "Animation",
        film,
        f"{entry.run.name}-morph.webp",
        "image/webp",
        on_click="ignore",
        icon=":material/animation:",
        help="An animated WebP that plays there and back.",
    )
    st.download_button(
        "PNG",
        stills,
        f"{entry.run.name}-morph.png",
        "image/png",
        on_click="ignore",
        icon=":material/image:",
        help="All strips as one picture; run, checkpoint and both ends are written inside.",
    )
parts.explain("Latent", "GAN")
parts.problems(entries)
parts.footer(entry)
