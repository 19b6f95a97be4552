"""Front page: what this is, how good it is, and short answers to the usual questions."""

import streamlit as st

from gan import runs
from gan.demo import catalogue, names, parts, run_summary, spreads, store
from gan.demo.catalogue import Entry
from gan.demo.terms import TERMS
from gan.experiments.findings import Finding
from gan.experiments.studies.kernel_size import KernelSize
from gan.experiments.studies.rare_types import RareTypes
from gan.metrics.glossary import METRICS

TALL = 128  # pixels that a picture is high
NO_FID = (
    "Why no FID: it was not measured for this run. FID is read by the Inception V3 of the original "
    "papers; FD is the same formula on another network, so an FD can't be set beside an FID. "
    "EfficientNet-Lite2 is a relative of the network that our discriminator reads and may flatter "
    "us. The car classifier is no relative, but the guidance of a calibrated run was chosen by "
    "it, which lowers that run's FD (car classifier)."
)
entries = store.entries()
shown = catalogue.headline(entries)
judged = run_summary.judged(shown, entries)  # where the newest run has no figures yet, another
report = next((entry for entry in entries if entry.name == names.REPORT), None)

parts.heading(
    "Car GAN",
    ":material/directions_car:",
    "A neural network draws cars of a chosen body type. It answers a course report whose "
    "conditional network drew noise, and measures what the report could not.",
)
if shown is not None and (facts := run_summary.in_one_line(shown)):
    st.markdown(f"**{facts}**")
if shown is None:
    parts.missing(
        f"There is no trained network in `{runs.runs_root().name}/` yet, so most pages are empty.",
        parts.TRAIN_FIRST,
    )
    parts.problems(entries)


def strips(entry: Entry, most: int) -> list[tuple[str, bytes]]:
    """The first `most` pictures of each row of a run's last grid, with the row's body type."""
    samples = entry.run.samples() if entry.settings else []
    rows = store.row_jpegs(samples[-1][1], entry.size, TALL, True, most) if samples else None
    named = entry.classes if rows and len(rows) == len(entry.classes) else ()
    return [
        (named[number] if named else f"Row {number + 1}", row)
        for number, row in enumerate(rows or [])
    ]


def rows_of(entry: Entry, most: int, columns: int, maker: str) -> None:
    """A strip of `most` cars for each type, all types from the same latents, in `columns`."""
    with st.grid(columns, gap="small", min_column_width=70 * most):
        for label, row in strips(entry, most):
            st.image(row, label, width="stretch", alt=f"{label}, drawn by {maker}")


pictures_column, answers_column = st.columns([3, 2], gap="large")
if shown is not None:
    with pictures_column:
        st.header("What it draws", icon=":material/photo_library:")
        rows_of(shown, 4, 1, "our network")
        if report is not None and report is not shown and strips(report, 1):
            st.markdown("**The report's network, trained here on the same photos**")
            rows_of(report, 1, 4, "the report's network")
        st.caption(
            "Not picked by hand: the first of each run's fixed latents (random inputs). They are "
            "the same for every type, so a column of ours shows what the type changes and what it "
            f"leaves. Ours are drawn at {shown.size} px."
        )

kernel = run_summary.kernel(entries)
van = next((name for name in (shown.classes if shown else ()) if "van" in name.lower()), "Van")
RESULTS = ("views/results.py", ":material/query_stats:")
CARDS: tuple[tuple[str, Finding | None, tuple[str, str, str, dict[str, str]]], ...] = (
    (
        KernelSize.question,
        kernel,
        ("See the experiment", "views/kernel_size.py", ":material/grid_on:", {}),
    ),
    (
        "Can the body types be told apart?",
        run_summary.told_apart(judged) if judged else None,
        ("See who is mistaken for whom", *RESULTS, {"show": "Body types"}),
    ),
    (
        RareTypes.question,
        run_summary.rare(judged),
        ("See rare against frequent types", *RESULTS, {"show": "Rare types"}),
    ),
    (
        "Does it copy its training photos?",
        run_summary.copied(judged) if judged else None,
        ("See the nearest photos", *RESULTS, {"show": "Memorised?"}),
    ),
    (
        f"Can it draw a {van.lower()}?",
        run_summary.of_type(judged, van) if judged else None,
        ("Draw some", "views/generate.py", ":material/draw:", {"type": van}),
    ),
)
with answers_column:
    st.header("Short answers", icon=":material/help:")
    for question, answer, (label, page, icon, query) in CARDS:
        with st.container(border=True, gap="xsmall"):
            st.markdown(f"**{question}**")
            st.markdown(answer.verdict if answer else "Not measured yet.")
            with st.container(horizontal=True, vertical_alignment="center"):
                if answer is not None:
                    with st.popover("Figures", icon=":material/numbers:"):
                        st.markdown(answer.evidence)
                st.page_link(page, label=label, icon=icon, query_params=query)

if shown is not None:
    st.header("How good it is", icon=":material/speed:")
    of = judged or shown
    numbers = run_summary.headline_figures(of, report)
    if numbers:
        with st.grid(4 if len(numbers) in (4, 7, 8) else 3, min_column_width=150):
            for name, value, against, term in numbers:
                with st.container(border=True, height="stretch", gap="xsmall"):
                    st.metric(name, value, help=TERMS.get(term))
                    st.caption(against)
        st.caption(
            f"{parts.plain(names.run(of.name))}, one training. Ranges are of its evaluation, not "
            "over trainings; that of GAN-train is a bootstrap over photos. The car classifiers of "
            "64 px and of 128 px are different networks: compare their figures within one size "
            "only. Results has the counts."
        )
        if all(name != METRICS["fid"].name for name, *_ in numbers):
            st.caption(NO_FID)
    else:
        parts.missing(
            f"The run {parts.plain(names.run(shown.name))} has not been evaluated.",
            f"{parts.EVALUATE} checkpoints/{shown.name}",
        )

    st.header("Facts", icon=":material/fact_check:")
    with st.container(border=True):
        st.markdown(run_summary.facts(shown))
        st.caption("Train one like it with today's recipe, whose settings may differ:")
        # Not a box of code, whose colours would be a third of what a first visit loads.
        st.markdown("  \n".join(f"`{line}`" for line in run_summary.commands(shown).splitlines()))
        st.download_button(
            "Download the weights",
            shown.run.generator_path.read_bytes,
            f"{shown.run.name}.safetensors",
            on_click="ignore",
            icon=":material/download:",
        )

st.header("Where the report stood", icon=":material/history_edu:")
st.markdown(
    "A course report trained an unconditional network (it draws any car) with three kernel sizes, "
    "and a conditional one that should draw a chosen type but drew noise. Its published figures:"
)
st.markdown(run_summary.published_beside_ours(entries))
st.caption(
    "Other photos, one run each, sample counts not given, and the report says that its two "
    "networks can't be compared with each other. FD and IS on EfficientNet-Lite2, measured here, "
    "are on another scale than FID and the report's IS."
)
st.markdown("What large systems reach on cars, by their own papers:")
st.markdown(
    "\n".join(
        f"- **{row['system']}**: FID {row['fid']:.2f} on {row['photos']} photos, {row['size']} "
        f"pixels ({row['source']})."
        for row in spreads.elsewhere().to_dict("records")
    )
)
st.caption(
    "Not comparable with anything here: other photos and hundreds of times as many, larger "
    "pictures. They say how far such networks go."
)
parts.explain(
    "GAN",
    "Latent",
    "FID",
    "FD",
    "IS",
    "GAN-test",
    "GAN-train",
    "Same classifier on photos",
    "Diversity",
    "Copies",
    "Permutation test",
)
if shown is not None:
    parts.problems(entries)
parts.footer(shown)
