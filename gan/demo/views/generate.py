"""Draw cars of a chosen body type; a classifier's opinion stands under each picture."""

import numpy as np
import pyarrow as pa
import streamlit as st

import gan
from gan import latents
from gan.demo import drawing, engine, opinions, parts, pictures, run_charts, spreads, store
from gan.errors import UserError

ALL = "All types"
TALL = 256  # pixels that a picture's file is high: what the network draws, 4, 2 or 1 times
FAR = 4.0  # how far a latent is moved along a direction: beyond it pictures fall apart
MOST_EACH = 4  # pictures a type where every type is asked for

top = parts.heading(
    "Generate",
    ":material/directions_car:",
    "Pick a body type and a seed: the network turns the seed's random numbers (the *latent*) into "
    "a picture. The same seed gives the same picture, for everyone.",
)

entries = store.entries()
drawing.need_a_run(entries)


def another_seed() -> None:
    """Draw a seed for the visitor; it stays in the address, so nothing is lost."""
    st.session_state["seed"] = parts.random_seed()


# Pictures first: on a telephone they stand before the controls, on a desk to their left.
choice = st.container()
gallery_column, controls = st.columns([3, 1], gap="large")
with controls:
    entry = drawing.pick_run(entries)
kind = ALL
if entry.classes:
    types = [*entry.classes, ALL]
    with choice:
        kind = (
            st.pills(
                "Body type", types, default=types[0], required=True, key="type", bind="query-params"
            )
            or types[0]
        )
each = bool(entry.classes) and kind == ALL
with controls:
    seed = parts.seed_input(
        "Seed", 0, "seed", "The first picture's seed; the next pictures take the seeds that follow."
    )
    st.button("Another seed", icon=":material/casino:", on_click=another_seed, width="stretch")
    if each:
        count = st.slider("Pictures of each type", 1, MOST_EACH, 1, key="each", bind="query-params")
    else:
        count = st.slider(
            "Pictures", 1, engine.MOST_PICTURES, drawing.FIRST, key="count", bind="query-params"
        )
    guidance, own = latents.GUIDANCE, store.calibration_of(entry)
    if entry.settings and entry.settings.guided:
        guidance = st.slider(
            "Guidance: how typical of its type",
            0.0,
            latents.MOST_GUIDANCE,
            latents.GUIDANCE,
            0.05,
            key="guidance",
            bind="query-params",
            help="An input of the network: 0 is unguided, 1 draws cars typical of their type. "
            "Values above 1 were not trained and exaggerate. A run's final figures are at "
            f"{latents.GUIDANCE}."
            + (
                " There each type has a guidance of its own, chosen so that the classifier "
                "recognises its pictures about as reliably as photos, as far as 0 to 1 allows."
                if own.typical
                else ""
            ),
        )
    truncation = st.slider(
        "Truncation",
        0.3,
        1.0,
        1.0,
        0.05,
        key="truncation",
        bind="query-params",
        help="Lower values give more typical and less varied cars. Figures are at 1"
        + (f", which stands for {own.truncation} in this run." if own.truncation < 1 else "."),
    )
    moves = dict.fromkeys(latents.DIRECTIONS, 0.0)
    if store.directions(entry).size:
        with st.expander("Change one thing", icon=":material/tune:"):
            for name, words in latents.DIRECTIONS.items():
                moves[name] = st.slider(words, -FAR, FAR, 0.0, 0.5, key=name, bind="query-params")
            st.caption(
                "Directions among the latents that were fitted to change this; other things may "
                "change too."
            )
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
guidance = min(max(float(guidance), 0.0), latents.MOST_GUIDANCE)
moves = {name: min(max(float(far), -FAR), FAR) for name, far in moves.items()}
kinds = list(entry.classes) if each else [kind] if kind in entry.classes else []

seeds = [seed + number for _ in (kinds or [ALL]) for number in range(count)]
labels = [entry.classes.index(one) for one in kinds for _ in range(count)]
asked = [one for one in kinds for _ in range(count)]

drawn = drawing.drawn(
    lambda: engine.draw(
        entry,
        tuple(seeds),
        tuple(labels) if labels else None,
        truncation,
        guidance,
        tuple(moves.values()),
    ),
    entry,
    entries,
)

judged: opinions.Judged | None = None
silent = "No classifier was trained on this run's photos, so there is no opinion to show."
try:
    judged = engine.judge(entry, drawn)
except (engine.Busy, UserError) as error:
    silent = f"No opinion from the classifier: {parts.plain(error) or 'many visitors ask it.'}"

checkpoint = drawing.checkpoint_of(entry)

shown = store.jpegs(drawn.pictures, TALL, natural)
lines = [opinions.caption(one) for one in judged.opinions] if judged else [""] * len(shown)


def under(number: int) -> str:
    """What stands under a picture: its type where all are shown, and the classifier's opinion."""
    if judged is None:
        return f"{asked[number]}, seed {seeds[number]}" if asked else f"seed {seeds[number]}"
    if not asked:
        return f"taken for: {lines[number]}"
    if judged.opinions[number].named == asked[number]:
        return f"{lines[number]} :material/check:"
    wrong = f"**taken for: {lines[number]}** :material/close:"
    return f"{asked[number]}, {wrong}" if each else wrong


with (
    gallery_column,
    st.container(key="pictures"),
    # Pictures of 256 px are shown large enough for all of their pixels.
    st.grid(2 if entry.size > 128 else 3, gap="small", min_column_width=160),
):
    for number, picture in enumerate(shown):
        said = f"; the classifier says {lines[number]}" if lines[number] else ""
        st.image(
            picture,
            caption=under(number),
            width="stretch",
            alt=f"Generated {asked[number] if asked else 'car'}, seed {seeds[number]}{said}",
        )

unit = "picture" if len(shown) == 1 else "pictures"
st.caption(
    f"{len(shown)} {unit} drawn at {drawn.pictures.shape[1]} px in "
    f"{1000 * drawn.seconds:,.0f} ms, seeds {seed} to {seed + count - 1}"
    + (", the same in every row" if each else "")
    + ". "
    + ("Under each: what a classifier takes it for, and how sure it is." if judged else "")
)

about = {
    "software": f"Car GAN {gan.__version__}",
    "run": entry.name,
    "checkpoint": checkpoint,
    **({"guidance": guidance} if entry.settings and entry.settings.guided else {}),
    "truncation": truncation,
    **{name: far for name, far in moves.items() if far},
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
        **({"guidance": guidance} if entry.settings and entry.settings.guided else {}),
        "truncation": truncation,
        **(moves if store.directions(entry).size else {}),
        "natural": natural,
        "checkpoint": checkpoint,
    }
    parts.copy_link(top, parameters)
    st.download_button(
        "PNG",
        sheet,
        f"{entry.run.name}-{seed}.png",
        "image/png",
        on_click="ignore",
        icon=":material/image:",
        help="One picture of all; run, checkpoint, types, seeds and settings are written inside.",
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
    st.caption(silent)
else:
    st.header("What the classifier makes of them", icon=":material/visibility:")
    st.markdown(
        (opinions.agreement(judged.opinions, asked) + " " if asked else "")
        + "Of photos held out from its training, this classifier names "
        f"{spreads.percent(judged.accuracy)} right. It reads pictures at the size of the photos "
        "that it learned from; figures of larger pictures elsewhere are another classifier's."
    )
    near = sorted(one.closer for one in judged.opinions if one.closer is not None)
    if near:
        placed = " to ".join(dict.fromkeys(spreads.percent(one) for one in (near[0], near[-1])))
        st.markdown(
            "**Is one of them a copy?** The photos aren't ours to pass on, so this shows only how "
            "far each picture is from its nearest training photo. Lines: these pictures. Bars: "
            "real photos that the training never saw. A line far to the left of the bars would be "
            "suspicious. A mirrored or blurred copy would not show here."
        )
        parts.chart(
            run_charts.distance_marks,
            judged.held_out,
            tables={
                "marks": pa.table(
                    {
                        "picture": [str(number) for number in seeds],
                        "asked": asked or ["any"] * len(seeds),
                        "distance": [one.distance for one in judged.opinions],
                    }
                )
            },
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
