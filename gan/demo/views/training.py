"""A training, start to end: its grids on a slider, its losses and its metrics; two compared."""

import base64

import pandas as pd
import streamlit as st

from gan.demo import curves, names, parts, run_charts, run_summary, store
from gan.demo.catalogue import Entry

NONE = "None"
ENLARGED = 192  # pixels that a picture of a grid is high, where its own are fewer

top = parts.heading(
    "Training",
    ":material/timeline:",
    "Move through a training: the same latents (random inputs) were drawn again and again while "
    "the network learned. The dashed line in the charts marks where the slider stands.",
)

entries = store.entries()
shown = {
    entry.name: entry for entry in entries if entry.run.samples() or not store.losses(entry).empty
}
if not shown:
    parts.missing("No training has written anything yet.", parts.TRAIN_FIRST)
    parts.problems(entries)
    parts.footer()
    st.stop()


def seen(of: Entry, iteration: int) -> int:
    """Photos that a run had seen at an iteration."""
    return iteration * (of.settings.loop.batch if of.settings else 1)


def move_to(where: str, photos: int) -> None:
    """Put the slider somewhere: a button's work."""
    st.session_state[where] = photos


# A link names a run by its folder or, as Streamlit writes it, by its readable name.
asked = st.query_params.get("training")
linked = next((name for name in shown if asked and asked in (name, names.run(name))), None)
groups = list(dict.fromkeys(names.group(name) for name in shown))
if linked and (asked == linked or "group" not in st.session_state):
    st.session_state["group"] = names.group(linked)
stage = st.container()  # pictures first, their controls below
with st.container(border=True):
    if len(groups) > 1:
        group = st.pills("Runs of", groups, default=groups[0], required=True, key="group")
    else:
        group = groups[0]
    here = [name for name in shown if names.group(name) == group] or list(shown)
    main = [name for name in shown if names.group(name) == names.MAIN and name not in here]
    others = [NONE, *here, *main]
    left, right = st.columns(2)
    with left:
        name = parts.pick_run("Run", here, "training")
    with right:
        other_name = parts.pick_run(
            "Compare with",
            others,
            "compare",
            others.index(names.REPORT) if names.REPORT in here and len(others) > 2 else 0,
            help="A second run at the same number of photos seen.",
        )
    entry: Entry = shown.get(name, next(iter(shown.values())))
    other = shown.get(other_name) if other_name != entry.name else None
    samples = dict(entry.run.samples())
    moments = {seen(entry, iteration): iteration for iteration in samples}
    photos = list(moments)
    at: int | None = list(samples)[-1] if samples else None
    play = False
    if len(photos) > 1:
        before = st.query_params.get("iteration", "")  # what links of earlier versions held
        named = {str(iteration): iteration for iteration in samples}
        if before in named and "photos" not in st.session_state:
            st.session_state["photos"] = seen(entry, named[before])
        at = moments.get(parts.photos_seen(photos, "photos"), at)
        with st.container(horizontal=True, vertical_alignment="center"):
            for label, place in (("Start", 0), ("Middle", len(photos) // 2), ("End", -1)):
                st.button(
                    label,
                    key=f"to-{label.lower()}",
                    on_click=move_to,
                    args=("photos", photos[place]),
                )
            play = st.toggle(
                "Play",
                False,
                key="play",
                bind="query-params",
                help="The grids that were saved, one after the other.",
            )


def grid_of(of: Entry, iteration: int, play: bool = False) -> None:
    """A run's grid with its caption; all of its grids in turn where it plays."""
    called = names.run(of.name)
    samples = dict(of.run.samples())
    st.markdown(f"**{parts.plain(called)}**")
    rows = f"One row a type: {', '.join(of.classes)}." if of.classes else "No body types."
    size = of.settings.data.size if of.settings else 64
    if play and (film := store.grid_film(list(samples.values()))) is not None:
        first, last = (seen(of, list(samples)[end]) for end in (0, -1))
        # As data: Streamlit would make a still of an animated picture.
        moving = base64.b64encode(film).decode()
        st.image(
            f"data:image/webp;base64,{moving}",
            width="stretch",
            alt=f"Grids of {called} in turn, from {first:,} to {last:,} photos seen",
        )
        st.caption(f"{len(samples)} grids, from {first:,} to {last:,} photos seen. {rows}")
        return
    picture = store.grid_jpeg(samples[iteration], max(1, ENLARGED // size), natural=True)
    if picture is None:
        st.caption(f"The grid of iteration {iteration:,} can't be read.")
        return
    st.image(
        picture,
        width="stretch",
        alt=f"Grid of pictures generated by {called} after {seen(of, iteration):,} photos",
    )
    st.caption(f"{seen(of, iteration):,} photos seen, pictures of {size} px. {rows}")


pair = [entry] + ([other] if other else [])
mark = float(seen(entry, at)) if at is not None else None
if at is not None:
    columns = stage.columns(2, gap="large")
    with columns[0]:
        grid_of(entry, at, play)
    with columns[1]:
        if other is not None and other.run.samples():
            steps = [step for step, _ in other.run.samples()]
            target = seen(entry, at)
            apart = [abs(seen(other, step) - target) for step in steps]
            grid_of(other, steps[apart.index(min(apart))], play)

called = [names.run(one.name) for one in pair]
with columns[1] if at is not None and other is None else st.container():
    st.markdown("**Losses**")
    with_losses = [(one, store.losses(one)) for one in pair if not store.losses(one).empty]
    if with_losses:
        weight = parts.smoothing("smoothing")
        lines = pd.concat(
            [curves.loss_lines(table, names.run(one.name), weight) for one, table in with_losses]
        )
        with st.container(key="losses"):
            parts.chart(
                run_charts.loss_curves,
                lines,
                called,
                run_charts.PAIR_COLOURS[: len(called)],
                mark,
                alt=f"Losses of generator and discriminator of {' and '.join(called)}",
            )
        st.caption(
            "The loss is what a network tries to make small. The other network learns against it, "
            "so low is not good in itself, and losses of different recipes are different "
            f"quantities: compare shapes, not heights. {parts.CHART_KEYS}"
        )
    else:
        st.caption("These runs have no losses to show.")

over_time = pd.concat([run_summary.over_time(one) for one in pair], ignore_index=True)
points = over_time.groupby(["run", "name"])["images_seen"].transform("nunique")
followed = over_time[points > 1]
if not followed.empty:
    st.header("Metrics over the training", icon=":material/query_stats:")
    for one in pair:
        if note := run_summary.along_note(one):
            st.caption(note)
    with st.grid(2, gap="medium", min_column_width=320):
        for title, followed_here in followed.groupby("name"):
            with st.container():
                st.markdown(f"**{title}**")
                parts.chart(
                    run_charts.metric_lines,
                    followed_here,
                    called,
                    mark,
                    alt=f"{title} over the training of {' and '.join(called)}",
                )
ends = run_summary.at_the_end(pair)
if not ends.empty:
    st.header("Metrics at the end", icon=":material/flag:")
    wide = ends.pivot(index="name", columns="run", values="shown")
    wide = wide.reindex(ends["name"].unique(), columns=called).astype(object)
    wide = wide.fillna("not measured")  # a run may have no figures
    st.dataframe(
        wide.reset_index().rename(columns={"name": "Metric"}),
        hide_index=True,
        alt="Metrics of the shown runs at the end of their training",
    )
    st.caption("Counts, references and what photos score in the pictures' place: see Results.")

parts.copy_link(
    top,
    {
        "training": entry.name,
        "compare": other.name if other else NONE,
        **({"photos": f"{seen(entry, at):,}"} if at is not None else {}),
        **({"play": play} if len(photos) > 1 else {}),
        "smoothing": st.session_state.get("smoothing", 0.9),
    },
)
parts.explain(
    "GAN",
    "Latent",
    "FID",
    "FD",
    "IS",
    "KID",
    "Precision",
    "Recall",
    "Density",
    "Coverage",
    "GAN-test",
    "GAN-train",
    "Diversity",
    "Copies",
)
parts.problems(entries)
parts.footer(entry)
