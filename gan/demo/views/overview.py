"""Front page: what this is, how good it is, and short answers to the usual questions."""

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from gan import runs
from gan.demo import catalogue, names, parts, run_summary, spreads, store
from gan.demo.terms import TERMS
from gan.experiments.findings import Finding
from gan.experiments.studies.kernel_size import KernelSize
from gan.experiments.studies.rare_types import RareTypes

NATURAL_HEIGHT = 64
REPORT = "report-cgan"
NO_FID = (
    "FID is not among them: it is read by the Inception V3 of the original papers, whose weights "
    "are a download that the machine of these figures could not reach. FD is its formula on "
    "another network, so an FD can't be set beside a published FID. EfficientNet-Lite2 is a "
    "relative of the network that our discriminator reads and may flatter us; the car classifier "
    "is not."
)

entries = store.entries()
shown = catalogue.headline(entries)
judged = run_summary.judged(shown, entries)  # where the newest run has no figures yet, another
report = next((entry for entry in entries if entry.name == REPORT), None)

parts.heading(
    "Car GAN",
    ":material/directions_car:",
    "A neural network draws cars of a chosen body type. It answers a course report whose network "
    "drew noise, and measures what the report could not.",
)
if shown is not None and (facts := run_summary.in_one_line(shown)):
    st.markdown(f"**{facts}**")

if shown is None:
    where = runs.runs_root().name
    parts.missing(
        f"There is no trained network in `{where}/` yet, so most pages are empty.",
        parts.TRAIN_FIRST,
    )
    parts.problems(entries)

pictures_column, answers_column = st.columns(2, gap="large")
if shown is not None and shown.settings is not None:
    with pictures_column:
        st.header("What it draws", icon=":material/photo_library:")
        samples = shown.run.samples()
        strips = (
            store.row_jpegs(samples[-1][1], shown.settings.data.size, NATURAL_HEIGHT, True, 4)
            if samples
            else None
        )
        if strips is None:
            st.caption(
                f"The run {parts.plain(names.run(shown.name))} has saved no grid of samples."
            )
        else:
            labels = (
                list(shown.classes)
                if len(shown.classes) == len(strips)
                else [f"Row {number + 1}" for number in range(len(strips))]
            )
            with st.grid(2, gap=("medium", "medium"), min_column_width=260):
                for label, picture in zip(labels, strips, strict=True):
                    with st.container(gap="xsmall"):
                        st.markdown(f"**{label}**")
                        st.image(picture, width="stretch", alt=f"Four generated pictures: {label}")
            seen = shown.progress.get("images_seen")
            trained = f" after {seen:,} training pictures" if isinstance(seen, int) else ""
            st.caption(
                f"Not picked by hand: the first pictures of the run's fixed latents (random inputs)"
                f"{trained}, {shown.settings.data.size} px, in natural proportions. All rows use "
                "the same latents, one row a body type."
                if shown.classes
                else f"Not picked by hand: the run's fixed latents (random inputs){trained}."
            )

        noise = (
            store.row_jpegs(
                report.run.samples()[-1][1], report.settings.data.size, NATURAL_HEIGHT, True, 8
            )
            if report and report.settings and report.run.samples()
            else None
        )
        if noise:
            st.markdown("**The report's network for body types, trained on the same photos**")
            st.image(noise[0], width="stretch", alt="Eight pictures of noise: the report's network")


def ask(question: str, icon: str, answer: Finding | None, otherwise: str) -> DeltaGenerator:
    """A card with a question and what the files say about it; returns a row for its links."""
    st.markdown(f"{icon} **{question}**")
    st.markdown(otherwise if answer is None else answer.verdict)
    row = st.container(horizontal=True, vertical_alignment="center")
    if answer is not None:
        with row.popover("Figures", icon=":material/numbers:"):
            st.markdown(names.in_text(answer.evidence))
    return row


kernel = run_summary.kernel(entries)
rare = run_summary.rare(judged)
with answers_column:
    st.header("Short answers", icon=":material/help:")
    with st.container(border=True, gap="xsmall"):
        row = ask(
            KernelSize.question,
            ":material/grid_on:",
            kernel,
            "Not measured yet: the experiment has to train each kernel several times.",
        )
        row.page_link("views/kernel_size.py", label="See the experiment", icon=":material/grid_on:")
    with st.container(border=True, gap="xsmall"):
        row = ask(
            "Can the body types be told apart?",
            ":material/category:",
            run_summary.told_apart(judged) if judged else None,
            "Not measured yet: a conditional run has to be evaluated.",
        )
        row.page_link(
            "views/results.py",
            label="See who is mistaken for whom",
            icon=":material/query_stats:",
            query_params={"show": "Body types"},
        )
    with st.container(border=True, gap="xsmall"):
        row = ask(
            RareTypes.question,
            ":material/bar_chart:",
            rare,
            "Not measured yet: the experiment has to cut some types' photos and train again.",
        )
        row.page_link(
            "views/results.py",
            label="See rare against frequent types",
            icon=":material/query_stats:",
            query_params={"show": "Rare types"},
        )
    with st.container(border=True, gap="xsmall"):
        row = ask(
            "Does it copy its training photos?",
            ":material/content_copy:",
            run_summary.memorised(judged) if judged else None,
            "Not measured yet: a run has to be evaluated.",
        )
        row.page_link(
            "views/results.py",
            label="See the distances",
            icon=":material/query_stats:",
            query_params={"show": "Memorised?"},
        )
    with st.container(border=True, gap="xsmall"):
        other = next(
            (name for name in (shown.classes if shown else ()) if "van" in name.lower()), None
        )
        row = ask(
            f"What would this car look like as a {(other or 'van').lower()}?",
            ":material/compare_arrows:",
            Finding(
                "a seed keeps pose, paint and background when the type changes",
                None,
                "The same random numbers go through the network with another body type: pose, "
                "paint and background tend to stay.",
                "Keep the seed and change the type.",
            ),
            "",
        )
        with row:
            st.page_link(
                "views/morph.py",
                label="Morph one into the other",
                icon=":material/compare_arrows:",
                query_params={"to": other} if other else None,
            )
            st.page_link(
                "views/generate.py",
                label="See one car as every type",
                icon=":material/directions_car:",
            )


if shown is not None and shown.settings is not None:
    st.header("How good it is", icon=":material/speed:")
    numbers = run_summary.headline_figures(judged or shown, report)
    if numbers:
        with st.grid(4 if len(numbers) in (4, 7, 8) else 3, min_column_width=150):
            for name, value, spread, term in numbers:
                with st.container(border=True, height="stretch", gap="xsmall"):
                    st.metric(name, value, help=TERMS.get(term))
                    st.caption(spread)
        st.caption(
            f"{parts.plain(names.run((judged or shown).name))}. The range is over seeds of the "
            "evaluation on one trained network, not over trainings. Counts and references: "
            "see the page of results."
        )
        if not any(name == "FID" for name, *_ in numbers):
            st.caption(NO_FID)
    else:
        parts.missing(
            f"The run {parts.plain(names.run(shown.name))} has not been evaluated.",
            f"{parts.EVALUATE} checkpoints/{shown.name}",
        )

    st.header("Facts", icon=":material/fact_check:")
    with st.container(border=True):
        st.markdown(run_summary.facts(shown))
        st.code(run_summary.commands(shown), language="bash", wrap_lines=True)
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
st.dataframe(
    spreads.published(),
    hide_index=True,
    column_config={
        "variant": st.column_config.TextColumn("Variant"),
        "kernel": st.column_config.NumberColumn("Kernel"),
        "epochs": st.column_config.NumberColumn("Epochs"),
        "fid": st.column_config.NumberColumn("FID (published)", format="%.1f"),
        "is": st.column_config.NumberColumn("IS (published)", format="%.2f"),
        "losses": st.column_config.TextColumn("Losses, in its words", width="large"),
    },
    alt="The report's published figures for four trainings",
)
st.caption(
    "Published figures: other photos, one run each, sample counts not given. They can't be "
    "compared digit by digit with the ones measured here."
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
)
if shown is not None:
    parts.problems(entries)
parts.footer(shown)
