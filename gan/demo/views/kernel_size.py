"""The experiment of the report, with seeds: kernels 4, 6 and 8 through the same training."""

import numpy as np
import pandas as pd
import streamlit as st

from gan.demo import (
    curves,
    engine,
    experiment_charts,
    experiments,
    parts,
    pictures,
    run_charts,
    run_summary,
    spreads,
    store,
)
from gan.demo.catalogue import Entry
from gan.errors import UserError
from gan.experiments.kernel_verdicts import PARAMETERS, PICTURES, TIME, WHOLE, along
from gan.experiments.studies.kernel_size import KernelSize

OWN = 9  # pictures that each network draws from a visitor's seed
VIEW_WORDS = {
    PICTURES: "Every network saw the same number of photos. A larger kernel costs more "
    "time for that.",
    TIME: "Every network trained for the same time, so a larger kernel saw fewer photos.",
    PARAMETERS: "Widths are set so that every network has about the same number of "
    "parameters; every network saw the same number of photos.",
    WHOLE: "One run a kernel, for as many pictures as the report's training saw: figures, "
    "and no test. Other work slowed parts of them, so their times can't be compared either.",
    spreads.AS_TRAINED: "Single runs as they are: budgets and data may differ, so compare "
    "with care.",
}

parts.heading(
    "Kernel size",
    ":material/grid_on:",
    "A convolution's *kernel* is the square of pixels that it looks at. The report trained one "
    "network each with kernels 4, 6 and 8: FID 153, 149 and 153. Here a difference counts only "
    "where an exact permutation test over several trainings shows it.",
)

entries = store.entries()
table, problem, from_experiment = experiments.kernel_results(entries)
if problem:
    st.warning(problem, icon=":material/report:")
if not from_experiment:
    parts.missing(
        "The experiment with several seeds has not been run"
        + (", so single runs stand in for it." if not table.empty else "."),
        KernelSize.command(),
    )

views = [view for view in experiments.VIEWS if view in set(table["view"])]
view = views[0] if views else ""
bar = st.container(horizontal=True, vertical_alignment="bottom")
if len(views) > 1:
    options = [experiments.VIEWS[view] for view in views]
    label = bar.segmented_control(
        "Compare at", options, default=options[0], required=True, key="at", bind="query-params"
    )
    view = views[options.index(label)] if label in options else views[0]
here = table[table["view"] == view]
kernels = experiments.kernel_runs(entries, view)
measured = [name for name in experiments.NAMES if name in set(here["name"])]

if views:
    answer = KernelSize.answer(table, view)
    with st.container(border=True, gap="xsmall"):
        st.markdown(
            f":material/gavel: **{answer.verdict}**"
            if answer
            else f":material/hourglass_empty: **Only {' and '.join(measured).lower()} "
            "has been judged so far: there is nothing to compare yet.**"
        )
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"{VIEW_WORDS[view]} {experiments.reached(table, view)}")
            if answer:
                with st.popover("Figures", icon=":material/numbers:"):
                    st.markdown(
                        f"{experiments.JUDGES}\n\n{answer.evidence}. Lower is better.\n\n"
                        f"{experiments.limits(table, view)}"
                    )


def grid_of(run: Entry, moment: int | None, own_seed: int | None) -> tuple[bytes | None, str]:
    """A kernel's pictures and what they are: drawn from a visitor's seed, or a saved grid."""
    network = experiments.with_network(run, entries)
    if own_seed is not None and network:
        try:
            drawn = engine.draw(network, tuple(range(own_seed, own_seed + OWN)), None, 1.0)
        except (engine.Busy, UserError) as error:
            return None, f"Can't draw: {parts.plain(error) or 'many visitors draw, try again.'}"
        large = [pictures.enlarge(one, 128, True) for one in drawn.pictures]
        seen = network.progress.get("images_seen", 0)
        words = f"Drawn now by the network after {seen:,} photos seen"
        return pictures.jpeg(pictures.sheet(np.stack(large), 3)), words
    if not run.run.samples():
        return None, "It saved no pictures."
    path, after = experiments.grid_at(run, moment)
    kept = "Only its grids were kept, not its network. " if own_seed is not None else ""
    return store.grid_jpeg(path, 2, natural=True), f"{kept}{after:,} photos seen"


seeds = sorted(
    {
        run.settings.loop.seed
        for runs in kernels.values()
        for run in runs
        if run.settings and run.run.samples()
    }
    & set(here["seed"])
)
chosen = seeds[0] if seeds else 0
if kernels:
    shown = st.container()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if len(seeds) > 1:
            picked = st.segmented_control(
                "Training seed",
                seeds,
                default=seeds[0],
                required=True,
                key="training-seed",
                bind="query-params",
            )
            chosen = picked if picked in seeds else seeds[0]
        of_seed = {
            name: run
            for name, runs in kernels.items()
            for run in runs
            if run.settings and run.settings.loop.seed == chosen
        }
        kept = any(experiments.with_network(run, entries) for run in of_seed.values())
        live = kept and st.toggle(
            "Draw from a seed of my own",
            False,
            key="live",
            bind="query-params",
            help="Loads the networks that were kept; otherwise the saved grids appear.",
        )
    own_seed = moment = None
    if st.session_state.setdefault("moment-view", view) != view:
        # Each comparison begins with the grids that it compares.
        st.session_state["moment-view"] = view
        st.session_state.pop("moment", None)
    compared_at = experiments.compared_at(table, view, chosen)
    last = max(compared_at.values(), default=float("inf"))  # later grids belong to another view
    moments = sorted({*experiments.moments(kernels, chosen), *compared_at.values()})
    moments = [one for one in moments if one <= last]
    if live:
        own_seed = parts.seed_input("Seed", 0, "kernel-seed")
    # At equal time each kernel has a moment of its own.
    elif len(moments) > 1 and view != TIME:
        moment = parts.photos_seen(
            moments,
            "moment",
            "The grids that were kept along the training, of the same latents.",
            max(compared_at.values(), default=None),
        )
    shown.caption("The same latents (random inputs) through each network, not picked by hand:")
    with shown, st.grid(3, gap="medium", min_column_width=240):
        for name in experiments.NAMES:
            with st.container(gap="xsmall"):
                st.markdown(f"**{name}**")
                if name not in of_seed:
                    st.caption(f"Not trained yet with seed {chosen}.")
                    continue
                picture, words = grid_of(of_seed[name], moment or compared_at.get(name), own_seed)
                if picture is not None:
                    st.image(picture, width="stretch", alt=f"Pictures drawn with {name.lower()}")
                st.caption(f"{words}, training seed {chosen}" if picture else words)
                st.markdown(experiments.in_short(table, view, name) or "Not judged here yet.")

if measured:
    st.header("Figures and cost", icon=":material/query_stats:")
    st.dataframe(
        experiments.figures(table, view),
        hide_index=True,
        column_config={"Figure": st.column_config.TextColumn(width="medium")},
        alt="Each kernel's figures, as mean and range over training seeds",
    )
    st.caption(KernelSize.about)
    st.caption(
        "Mean over training seeds; in brackets: lowest to highest."
        if here["seed"].nunique() > 1
        else "One training a kernel: there is no spread to show."
    )
    compared = experiments.charted(table, view)
    with st.grid(2, gap="medium", min_column_width=330):
        for metric, extractor in compared:
            name = spreads.title(metric, extractor)
            spread = experiments.kernel_spreads(table, view, metric, extractor)
            single = here[(here["metric"] == metric) & (here["extractor"] == extractor)]
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
    recall = here.loc[here["metric"] == "recall", "value"].mean()
    if recall < 0.05 and "precision" in {metric for metric, _ in compared}:
        st.caption(
            f"Precision says little where recall is near 0 (here {recall:.3f}): pictures may lie "
            "in the wide neighbourhood of a few odd photos."
        )

followed = {figure: along(table, *figure) for figure in experiments.FOLLOWED}
followed = {figure: curve for figure, curve in followed.items() if curve["pictures"].nunique() > 1}
if followed:
    st.header("Along the training", icon=":material/timeline:")
    against = st.segmented_control(
        "Against",
        ["Photos seen", "Time"],
        default="Photos seen",
        required=True,
        key="against",
        bind="query-params",
    )
    with st.grid(2, gap="medium", min_column_width=330):
        for figure, curve in followed.items():
            means = experiments.along_means(curve)
            parts.chart(
                experiment_charts.kernel_curves,
                curve,
                means,
                "seconds" if against == "Time" else "pictures",
                spreads.title(*figure),
                alt=f"{spreads.title(*figure)} along the training, one line a kernel size: "
                + "; ".join(
                    f"{name} ends at {spreads.show(float(rows['value'].iloc[-1]), figure[0])}"
                    for name, rows in means.groupby("name")
                ),
            )
    curve = next(iter(followed.values()))
    marks = "Line: mean of the seeds, up to where all were trained; marks: single trainings. "
    st.caption(
        f"{marks if curve['seed'].nunique() > 1 else ''}{curve['n_fake'].max():,.0f} "
        "generated pictures a point: fewer than in the comparisons, so these values lie higher."
    )

lines = {name: store.losses(run) for name, run in of_seed.items()} if kernels else {}
if kernels:  # up to where the view compares them
    lines = {
        name: losses[losses["images_seen"] <= compared_at.get(name, float("inf"))]
        for name, losses in lines.items()
    }
lines = {name: losses for name, losses in lines.items() if not losses.empty}
if kernels and not lines:
    st.caption(f"The losses of training seed {chosen} are not kept here.")
if lines:
    st.header("Losses", icon=":material/show_chart:")
    weight = parts.smoothing("kernel-smoothing")
    with st.container(key="losses"):
        parts.chart(
            run_charts.loss_curves,
            pd.concat([curves.loss_lines(one, name, weight) for name, one in lines.items()]),
            list(lines),
            [run_charts.KERNEL_COLOURS[name] for name in lines],
            alt="Losses of generator and discriminator, one colour a kernel size",
        )
    st.caption(
        f"Training seed {chosen}. "
        "Solid: the generator's loss; dashed: the discriminator's. A discriminator near zero with "
        f"a rising generator's loss has won: it teaches the generator little. {parts.CHART_KEYS}"
    )

st.header("What the report published", icon=":material/history_edu:")
st.markdown(run_summary.published_beside_ours(entries, "unconditional"))
st.caption(
    "Its figures are of other photos, one run a kernel, sample counts not given. One run each "
    "shows no order of the kernels either. FD above is on another scale than its FID."
)
keys = ("at", "against", "training-seed", "live", "kernel-seed", "kernel-smoothing")
restored = {key: st.session_state[key] for key in keys if key in st.session_state}
if kernels and moment is not None:
    restored["moment"] = f"{moment:,}"  # as the slider writes it
parts.copy_link(bar, restored)
parts.explain(
    "FID",
    "FD",
    "IS",
    "KID",
    "Precision",
    "Recall",
    "Range of seeds",
    "Permutation test",
    "Holm's method",
    "Latent",
)
parts.problems(entries)
parts.footer()
