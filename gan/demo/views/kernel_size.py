"""The experiment of the report, with seeds: kernels 4, 6 and 8 through the same training."""

import numpy as np
import pandas as pd
import streamlit as st

from gan.demo import (
    curves,
    engine,
    experiment_charts,
    experiments,
    names,
    parts,
    pictures,
    run_charts,
    spreads,
    store,
)
from gan.errors import UserError
from gan.experiments.studies.kernel_size import KernelSize, along

COMMAND = "python train/kernel_sweep.py"
VIEW_WORDS = {
    "equal-pictures": "Every network saw the same number of photos. A larger kernel costs more "
    "time for that.",
    "equal-time": "Every network trained for the same time, so a larger kernel saw fewer photos.",
    "equal-parameters": "Widths are set so that every network has about the same number of "
    "parameters; every network saw the same number of photos.",
    "whole-budget": "One run a kernel, for as many pictures as the report's training saw: figures, "
    "and no comparison.",
    "as trained": "Single runs as they are: budgets and data may differ, so compare with care.",
}
COSTS = ("pictures_per_s", "parameters", "multiply_adds", "loss_g_oscillation")

top = parts.heading(
    "Kernel size",
    ":material/grid_on:",
    "A convolution's *kernel* is the square of pixels that it looks at. The report trained one "
    "network each with kernels 4, 6 and 8 and found them close. Here each is trained with several "
    "random seeds: a difference counts only where an exact permutation test over them shows it.",
)

entries = store.entries()
table, problem, from_experiment = experiments.kernel_results(entries)
if problem:
    st.warning(problem, icon=":material/report:")
if not from_experiment:
    parts.missing(
        "The experiment with several seeds has not been run"
        + (", so single runs stand in for it." if not table.empty else "."),
        COMMAND,
    )

views = [view for view in experiments.VIEWS if view in set(table["view"])]
view = ""
if views:
    options = [experiments.VIEWS[view] for view in views]
    label = options[0]
    if len(options) > 1:
        label = (
            st.segmented_control(
                "Compare at",
                options,
                default=options[0],
                required=True,
                key="at",
                bind="query-params",
            )
            or options[0]
        )
    view = views[options.index(label)] if label in options else views[0]
    st.caption(VIEW_WORDS[view])

    here = table[table["view"] == view]
    limits = experiments.limits(table, entries, view)
    if answer := KernelSize.answer(table, view):
        with st.container(border=True):
            st.markdown(f":material/gavel: **{answer.verdict}**")
            if limits:
                st.markdown(limits)
            st.caption(f"{answer.evidence}. Lower is better.")

    st.header("Quality", icon=":material/query_stats:")
    pairs = [
        (str(metric), str(extractor))
        for metric, extractor in here[["metric", "extractor"]].drop_duplicates().to_numpy()
        if metric in spreads.QUALITY
    ]
    pairs.sort(key=lambda pair: spreads.QUALITY.index(pair[0]))
    same: list[str] = []
    with st.grid(2, gap="medium", min_column_width=330):
        for metric, extractor in pairs:
            name = spreads.title(metric, extractor)
            spread = experiments.kernel_spreads(table, view, metric, extractor)
            single = here[(here["metric"] == metric) & (here["extractor"] == extractor)]
            if experiments.flat(single) and len(single) > 1:
                same.append(f"{name} is {spreads.show(single['value'].iloc[0], metric)}")
                continue
            better = "lower is better" if metric in spreads.LOWER_IS_BETTER else "higher is better"
            with st.container():
                st.markdown(f"**{name}** ({better})")
                parts.chart(
                    experiment_charts.kernel_spread,
                    spread,
                    single,
                    metric,
                    name,
                    alt=f"{name} by kernel size: "
                    + "; ".join(
                        f"{row['name']} {spreads.show(row['value'], metric)}"
                        for _, row in spread.iterrows()
                    ),
                )
                st.caption(spreads.counts_in_words(spread, hollow=True))

    if same:
        st.markdown(f"The same in every run: {'; '.join(same)}.")
    if {"precision", "recall"} <= {metric for metric, _ in pairs}:
        st.caption(
            "Precision says little where recall is 0: textures may lie in the wide neighbourhood "
            "of a few odd photos."
        )

    costs = [metric for metric in COSTS if metric in set(here["metric"])]
    if costs:
        st.header("Cost", icon=":material/timer:")
        st.dataframe(
            experiments.cost_table(table, view, costs),
            hide_index=True,
            alt="Cost of each kernel size",
        )
        st.caption(
            "Mean, and the range over seeds in brackets. The oscillation is the deviation of the "
            "generator's loss from its smoothed curve."
        )

curve = along(table)
if not curve.empty:
    st.header("Along the training", icon=":material/timeline:")
    against = st.segmented_control(
        "Against",
        ["Pictures seen", "Time"],
        default="Pictures seen",
        required=True,
        key="against",
        bind="query-params",
    )
    parts.chart(
        experiment_charts.kernel_curves,
        curve,
        "seconds" if against == "Time" else "pictures",
        spreads.title("fd", str(curve["extractor"].iloc[0])),
        alt="FD along the training, one line a kernel size: "
        + "; ".join(
            f"{name} ends at {spreads.show(float(rows['value'].iloc[-1]), 'fd')}"
            for name, rows in curve.sort_values("pictures").groupby("name")
        ),
    )
    st.caption(
        f"Line: mean over training seeds; marks: single trainings. {curve['n_fake'].max():,.0f} "
        "generated pictures a point: fewer than in the comparisons, so these values lie higher."
    )

kernels = experiments.kernel_runs(entries, view)
seeds = sorted(
    {run.settings.loop.seed for runs in kernels.values() for run in runs if run.settings}
)

if kernels:
    st.header("The same latents through each kernel", icon=":material/photo_library:")
    chosen_seed = seeds[0]
    if len(seeds) > 1:
        chosen_seed = (
            st.segmented_control(
                "Training seed",
                seeds,
                default=seeds[0],
                required=True,
                key="training-seed",
                bind="query-params",
            )
            or seeds[0]
        )
    live = st.toggle(
        "Draw from a seed of my own",
        False,
        key="live",
        bind="query-params",
        help="Loads the networks and draws; otherwise the grids that the trainings saved appear.",
    )
    own_seed = 0
    moment = None
    moments = experiments.moments(kernels, chosen_seed)
    if live:
        own_seed = parts.seed_input("Seed", 0, "kernel-seed")
    elif len(moments) > 1:
        moment = st.select_slider(
            "Photos seen",
            moments,
            moments[-1],
            format_func=lambda seen: f"{seen:,}",
            key="moment",
            help="The grids that were kept along the training, of the same latents.",
        )
    with st.grid(3, gap="medium", min_column_width=240):
        for kernel_name, runs in kernels.items():
            run = next(
                (one for one in runs if one.settings and one.settings.loop.seed == chosen_seed),
                runs[0],
            )
            with st.container():
                st.markdown(f"**{kernel_name}**")
                picture: bytes | None = None
                drawn_after = run.progress.get("images_seen")
                if live and run.ready:
                    try:
                        drawn = engine.draw(run, tuple(range(own_seed, own_seed + 9)), None, 1.0)
                        large = [pictures.enlarge(one, 128, True) for one in drawn.pictures]
                        picture = pictures.jpeg(pictures.sheet(np.stack(large), 3))
                    except (engine.Busy, UserError) as error:
                        st.caption(
                            f"Can't draw: {parts.plain(error) or 'many visitors, try again'}"
                        )
                elif run.run.samples():
                    if live:
                        st.caption("Only its last grid was kept, not its network.")
                    grid, drawn_after = experiments.grid_at(run, moment)
                    picture = store.grid_jpeg(grid, 2, natural=True)
                if picture is None:
                    st.caption("No pictures: this run saved neither a grid nor a checkpoint.")
                else:
                    st.image(
                        picture,
                        width="stretch",
                        alt=f"Pictures generated by the network with {kernel_name.lower()}",
                    )
                after = f", {drawn_after:,} photos seen" if isinstance(drawn_after, int) else ""
                st.caption(parts.plain(names.run(run.name)) + after)
    if view == "equal-time":
        st.caption("Networks and grids are those of each training's end, past the equal time.")

    st.header("Losses", icon=":material/show_chart:")
    weight = st.slider(
        "Smoothing",
        0.0,
        0.99,
        0.9,
        0.01,
        key="kernel-smoothing",
        bind="query-params",
        help="The faint line is raw. 0 smooths nothing.",
    )
    lines = []
    for kernel_name, runs in kernels.items():
        run = next(
            (one for one in runs if one.settings and one.settings.loop.seed == chosen_seed), runs[0]
        )
        losses = store.losses(run)
        if not losses.empty:
            lines.append(curves.loss_lines(losses, kernel_name, float(weight)))
    if lines:
        shown = [
            name
            for name in run_charts.KERNELS
            if any((line["run"] == name).any() for line in lines)
        ]
        colours = [run_charts.KERNEL_COLOURS[run_charts.KERNELS.index(name)] for name in shown]
        with st.container(key="losses"):
            parts.chart(
                run_charts.loss_curves,
                pd.concat(lines),
                shown,
                colours,
                alt="Losses of generator and discriminator, one colour a kernel size",
            )
        st.caption(
            "Solid: the generator's loss; dashed: the discriminator's. A discriminator near zero "
            "with a rising generator's loss has won: it teaches the generator little. Click the "
            "legend to pick a line, drag or scroll to move and zoom, double-click to reset."
        )
    else:
        st.caption("These runs have no losses to show.")

st.header("What the report published", icon=":material/history_edu:")
published = spreads.published()
st.dataframe(
    published[published["variant"] == "unconditional"].drop(columns="variant"),
    hide_index=True,
    column_config={
        "kernel": st.column_config.NumberColumn("Kernel"),
        "epochs": st.column_config.NumberColumn("Epochs"),
        "fid": st.column_config.NumberColumn("FID (published)", format="%.1f"),
        "is": st.column_config.NumberColumn("IS (published)", format="%.2f"),
        "losses": st.column_config.TextColumn("Losses, in its words", width="large"),
    },
    alt="The report's published FID and IS for kernels 4, 6 and 8",
)
st.caption(
    "Published, not measured here: other photos, one run a kernel, sample counts not given. "
    "Compare the order of the kernels, not the values."
)
keys = ("at", "against", "training-seed", "live", "kernel-seed", "kernel-smoothing")
parts.copy_link(top, {key: st.session_state[key] for key in keys if key in st.session_state})
parts.explain("FID", "FD", "IS", "KID", "Precision", "Recall", "Range of seeds", "Latent")
parts.problems(entries)
parts.footer()
