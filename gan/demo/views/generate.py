"""Draw cars of a chosen body type; a classifier's opinion stands under each picture."""

import random

import numpy as np
import pandas as pd
import streamlit as st

import gan
from gan.demo import drawing, engine, opinions, parts, pictures, run_charts, spreads, store
from gan.errors import UserError

ALL = "All types"
TALL = 192  # pixels that a picture's file is high: three times what the network draws
MOST_EACH = 4  # pictures a type where every type is asked for

parts.heading(
    "Generate",
    ":material/directions_car:",
    "Pick a body type and a seed: the network turns the seed's random numbers (the *latent*) into "
    "a picture. The same seed gives the same picture, for everyone.",
)

entries = store.entries()
drawing.need_a_run(entries)


def another_seed() -> None:
    """Draw a seed for the visitor; it stays in the address, so nothing is lost."""
    st.session_state["seed"] = float(random.randrange(10**6))


with st.container(border=True):
    left, middle, right = st.columns([2, 1, 1], vertical_alignment="bottom")
    with left:
        entry = drawing.pick_run(entries)
    with middle:
        seed = parts.seed_input(
            "Seed",
            0,
            "seed",
            "The first picture's seed; the next pictures take the seeds that follow.",
        )
    with right:
        st.button("Another seed", icon=":material/casino:", on_click=another_seed, width="stretch")
    kind = ALL
    if entry.classes:
        kind = (
            st.pills(
                "Body type",
                [ALL, *entry.classes],
                default=ALL,
                required=True,
                key="type",
                bind="query-params",
            )
            or ALL
        )
    each = bool(entry.classes) and kind == ALL
    left, middle, right = st.columns([1, 1, 1], vertical_alignment="bottom")
    with left:
        if each:
            count = st.slider(
                "Pictures of each type", 1, MOST_EACH, MOST_EACH, key="each", bind="query-params"
            )
        else:
            count = st.slider(
                "Pictures", 1, engine.MOST_PICTURES, 8, key="count", bind="query-params"
            )
    with middle:
        truncation = st.slider(
            "Truncation",
            0.3,
            1.0,
            1.0,
            0.05,
            key="truncation",
            bind="query-params",
            help="Lower values give more typical and less varied cars; 1 leaves the latent alone.",
        )
    with right:
        natural = st.toggle(
            "Natural proportions",
            True,
            key="natural",
            bind="query-params",
            help="Photos were squashed to squares for the training; this stretches them back.",
        )

# The browser's limits are no limits: a stranger may send anything.
count = min(max(int(count), 1), MOST_EACH if each else engine.MOST_PICTURES)
truncation = min(max(float(truncation), 0.3), 1.0)
kinds = list(entry.classes) if each else [kind] if kind in entry.classes else []

seeds = [seed + number for _ in (kinds or [ALL]) for number in range(count)]
labels = [entry.classes.index(one) for one in kinds for _ in range(count)]
asked = [one for one in kinds for _ in range(count)]

drawn = drawing.drawn(
    lambda: engine.draw(entry, tuple(seeds), tuple(labels) if labels else None, truncation),
    entry,
    entries,
)

judged: opinions.Judged | None = None
try:
    judged = engine.judge(entry, drawn)
except (engine.Busy, UserError) as error:
    st.caption(f"No opinion from the classifier: {parts.plain(error) or 'many visitors ask it.'}")

checkpoint = drawing.checkpoint_of(entry)

shown = store.jpegs(drawn.pictures, TALL, natural)
lines = [opinions.caption(one) for one in judged.opinions] if judged else [""] * len(shown)


def gallery(start: int, stop: int) -> None:
    """Pictures side by side in the cells of a grid; below each what the classifier says."""
    for number in range(start, stop):
        said = f"; the classifier says {lines[number]}" if lines[number] else ""
        st.image(
            shown[number],
            caption=lines[number] or f"seed {seeds[number]}",
            width="stretch",
            alt=f"Generated {asked[number] if asked else 'car'}, seed {seeds[number]}{said}",
        )


with st.container(key="pictures"):
    if each:
        with st.grid(2, gap=("xsmall", "large"), min_column_width=330):
            for row, one in enumerate(kinds):
                with st.container(gap="xsmall"):
                    st.markdown(f"**{parts.plain(one)}**")
                    # One row a type at every width: the pictures shrink instead of wrapping.
                    with st.grid(MOST_EACH, gap="xsmall", min_column_width=64, wrap=False):
                        gallery(row * count, (row + 1) * count)
    else:
        with st.grid(4, gap="small", min_column_width=150):
            gallery(0, len(shown))

unit = "picture" if len(shown) == 1 else "pictures"
st.caption(
    f"{len(shown)} {unit} drawn in {1000 * drawn.seconds:,.0f} ms, seeds {seed} to "
    f"{seed + count - 1}"
    + (", the same in every row" if each else "")
    + ". "
    + ("Under each: what the classifier takes it for." if judged else "")
)

about = {
    "software": f"Car GAN {gan.__version__}",
    "run": entry.name,
    "checkpoint": checkpoint,
    "truncation": truncation,
    "kind": "generated picture, not a photo",
}
rows: list[dict[str, object]] = [
    {"body_type": asked[number] if asked else "", "seed": seeds[number]}
    | (opinions.row(judged.opinions[number]) if judged else {})
    for number in range(len(shown))
]
columns = count if each else min(4, len(shown))


def sheet() -> bytes:
    """All pictures as one PNG, without text, with provenance."""
    large = np.stack([pictures.enlarge(one, TALL, natural) for one in drawn.pictures])
    provenance = about | {
        "body_type": ", ".join(dict.fromkeys(asked)),
        "seeds": ", ".join(str(number) for number in dict.fromkeys(seeds)),
        "natural_proportions": natural,
    }
    return pictures.png(pictures.sheet(large, columns), provenance)


def bundle() -> bytes:
    """The pictures as the network drew them, with a manifest."""
    return pictures.archive(drawn.pictures, rows, about)


with st.container(horizontal=True):
    parameters: dict[str, object] = {
        "run": entry.name,
        "seed": seed,
        **({"type": kind} if entry.classes else {}),
        **({"each": count} if each else {"count": count}),
        "truncation": truncation,
        "natural": natural,
        "checkpoint": checkpoint,
    }
    parts.copy_link(parameters)
    st.download_button(
        "PNG",
        sheet,
        f"{entry.run.name}-{seed}.png",
        "image/png",
        on_click="ignore",
        icon=":material/image:",
        help="One picture of all; run, checkpoint, type, seeds and truncation are written inside.",
    )
    st.download_button(
        "ZIP",
        bundle,
        f"{entry.run.name}-{seed}.zip",
        "application/zip",
        on_click="ignore",
        icon=":material/folder_zip:",
        help="Each picture as the network drew it, and a table of types, seeds and opinions.",
    )

if judged is None:
    st.caption("No classifier was trained on this run's photos, so there is no opinion to show.")
else:
    st.header("What the classifier makes of them", icon=":material/visibility:")
    st.markdown(
        (opinions.agreement(judged.opinions, asked) + " " if asked else "")
        + "On real photos that it never saw, this classifier is right in "
        f"{spreads.percent(judged.accuracy)}."
    )
    near = sorted(one.closer for one in judged.opinions if one.closer is not None)
    if near:
        placed = " to ".join(dict.fromkeys(spreads.percent(one) for one in (near[0], near[-1])))
        st.markdown(
            "**Is one of them a copy?** The photos aren't ours to pass on, but the distance of a "
            "picture to its nearest training photo says enough. Lines: these pictures. Bars: real "
            "photos that the training never saw. A line far to the left of the bars would be "
            "suspicious."
        )
        parts.chart(
            run_charts.distance_marks,
            pd.DataFrame({"distance": judged.held_out}),
            pd.DataFrame(
                {
                    "picture": [str(number) for number in seeds],
                    "asked": asked or "any",
                    "distance": [one.distance for one in judged.opinions],
                }
            ),
            alt=f"Of the held-out real photos, {placed} are closer to a "
            "training photo than these pictures are",
        )
        st.caption(
            f"Of {len(judged.held_out):,} held-out real photos, {min(near):.0%} to "
            f"{max(near):.0%} are closer to a training photo than these pictures are. Distances "
            "are taken in the classifier's features."
        )
parts.explain("Latent", "Truncation", "GAN-test", "Held-out", "Nearest neighbour")
parts.problems(entries)
parts.footer(entry)
