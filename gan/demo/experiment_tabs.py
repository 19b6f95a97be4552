"""The results page's tabs on the experiments: rare types, settings, every figure."""

import streamlit as st

from gan.demo import experiment_charts, experiments, parts, run_summary, spreads, store
from gan.demo.catalogue import Entry
from gan.experiments import named


def rare_types(measured: dict[str, Entry], dark: bool) -> None:
    """What becomes of types with few photos: by experiment, and within one run."""
    st.subheader("Are rare types drawn worse?", icon=":material/bar_chart:")
    cut, problem = store.experiment(experiments.RARE)
    if problem:
        st.warning(problem, icon=":material/report:")
    figures_by_share = experiments.by_share(cut)
    if figures_by_share:
        for answer in experiments.rare_answers(cut):
            with st.container(border=True):
                st.markdown(f"**{answer.verdict}**")
                st.caption(answer.evidence)
        st.markdown("**The types whose photos were cut**")
        with st.grid(2, gap="medium", min_column_width=300):
            for metric, spread in figures_by_share:
                name = spreads.title(metric, dict(experiments.CUT_FIGURES)[metric])
                parts.chart(
                    experiment_charts.by_share,
                    spread,
                    name,
                    metric,
                    alt=f"{name} by the share of photos kept: "
                    + "; ".join(
                        f"{row['kept']}, drawn {row['sampling']}: "
                        f"{spreads.show(row['value'], metric)}"
                        for _, row in spread.iterrows()
                    ),
                )
        st.caption(
            "The same types were trained with all their photos and with fewer of them, the other "
            "types with all of theirs; *balanced* means that every batch held as many of each "
            "type. Distances to photos below 1 are nearer than those to photos that the training "
            "never saw. " + spreads.counts_in_words(figures_by_share[0][1])
        )
    elif not cut.empty:
        st.dataframe(cut, hide_index=True, alt="Rows of the rare-types experiment")
    else:
        parts.missing(
            "The experiment that cuts some types' photos and trains again has not been run.",
            "python train/imbalance.py",
        )
    for one in measured.values():
        table = run_summary.per_class(one).dropna()
        if len(table) < 2:
            continue
        st.markdown(f"**Within one run: `{one.name}`**")
        parts.chart(
            experiment_charts.by_count,
            table,
            "GAN-test",
            dark,
            alt="GAN-test of each body type against its number of training photos: "
            + "; ".join(
                f"{row['body_type']} {spreads.show(row['value'], 'gan_test')}"
                for _, row in table.iterrows()
            ),
        )
        st.caption(
            "GAN-test of a type: the share of its generated pictures that the classifier names so. "
            "Line: range of the classifier's seeds. The classifier itself finds some types harder, "
            "so a low point is not all the generator's fault."
        )
        break
    parts.explain("GAN-test", "FD", "Range of seeds")


def settings() -> None:
    """What each setting of the report's list does, against the same network without it."""
    st.subheader("What does each setting do?", icon=":material/tune:")
    st.markdown(
        "The settings that the report tried, one change at a time, against the same network "
        "without the change. A change counts only if it has the same sign with every training "
        "seed."
    )
    table, problem = store.experiment(experiments.ABLATIONS)
    if problem:
        st.warning(problem, icon=":material/report:")
    effects = experiments.ablation_effects(table)
    if effects is None:
        parts.missing(
            "No change has been trained beside its base yet.", "python train/ablations.py"
        )
    else:
        changes, metric, extractor = effects
        said = changes["setting"].map(named.ablation)
        changes = changes.assign(setting=said)
        name = spreads.title(metric, extractor)
        better = "below 0 is better" if metric in spreads.LOWER_IS_BETTER else "above 0 is better"
        parts.chart(
            experiment_charts.settings_spread,
            changes.assign(body_type="all"),
            f"Change of {name}",
            metric,
            alt=f"Change of {name} by each setting, best first: "
            + "; ".join(
                f"{row['setting']} {spreads.show(row['value'], metric)}"
                for _, row in changes.iterrows()
            ),
        )
        st.caption(
            f"Change of {name}, {better}, paired by seed. " + spreads.counts_in_words(changes)
        )
        st.dataframe(
            changes,
            hide_index=True,
            column_order=["setting", "base", "value", "low", "high", "seeds", "shown"],
            column_config={
                "setting": st.column_config.TextColumn("Change"),
                "base": st.column_config.TextColumn("Against"),
                "value": st.column_config.NumberColumn("Mean change", format="%.1f"),
                "low": st.column_config.NumberColumn("Lowest", format="%.1f"),
                "high": st.column_config.NumberColumn("Highest", format="%.1f"),
                "seeds": st.column_config.NumberColumn("Seeds", help="Trainings of both"),
                "shown": st.column_config.TextColumn("Is it real?"),
            },
            alt=f"Change of {name} by each setting, with its range over seeds",
        )
    pieces()
    parts.explain("FD", "GAN-test", "Diversity", "Range of seeds")


def pieces() -> None:
    """What each piece of our conditional recipe is worth: the recipe without it."""
    st.subheader("What is each piece of our recipe worth?", icon=":material/extension:")
    table, problem = store.experiment(experiments.PIECES)
    if problem:
        st.warning(problem, icon=":material/report:")
    worth = experiments.piece_table(table)
    if worth.empty:
        parts.missing(
            "The recipe has not been trained without its pieces yet.",
            "python train/recipe_pieces.py",
        )
        return
    heads = {"recipe": "Recipe", "better": "The whole is better at", "worse": "and worse at"}
    st.table(
        worth.rename(columns=heads),
        hide_index=True,
        alt="Figures of the recipe whole and without each of its pieces",
    )
    st.caption(
        "Each is trained anew on the same photos, for as many pictures as the whole recipe (the "
        "report's pair: for as long). The last columns name the figures in which every training "
        "seed agrees."
    )


def every_figure() -> None:
    """Each experiment's table, averaged over training seeds, with its file."""
    for folder, title, command in (
        (experiments.KERNEL, "Kernel size", "python train/kernel_sweep.py"),
        (
            experiments.ABLATIONS,
            "Ablations: one setting changed at a time",
            "python train/ablations.py",
        ),
        (experiments.RARE, "Rare types", "python train/imbalance.py"),
        (
            experiments.PIECES,
            "The conditional recipe, one piece taken away at a time",
            "python train/recipe_pieces.py",
        ),
    ):
        st.subheader(title)
        table, problem = store.experiment(folder)
        if problem:
            st.warning(problem, icon=":material/report:")
        if table.empty:
            parts.missing("This experiment has not been run.", command)
            continue
        spread = spreads.over_seeds(table, ["setting", "view", "metric", "extractor", "body_type"])
        spread.insert(
            0,
            "figure",
            [
                spreads.title(m, e)
                for m, e in zip(spread["metric"], spread["extractor"], strict=True)
            ],
        )
        st.dataframe(
            spread.drop(columns=["metric", "extractor"]),
            hide_index=True,
            placeholder="",
            column_config={
                "figure": st.column_config.TextColumn("Figure", width="medium"),
                "setting": st.column_config.TextColumn("Setting"),
                "view": st.column_config.TextColumn("View"),
                "body_type": st.column_config.TextColumn("Body type"),
                "seeds": st.column_config.NumberColumn("Seeds", help="Trainings"),
                "n_real": st.column_config.NumberColumn("Real", format="localized"),
                "n_fake": st.column_config.NumberColumn("Generated", format="localized"),
                "value": st.column_config.NumberColumn("Mean", format="%.3f"),
                "low": st.column_config.NumberColumn("Lowest", format="%.3f"),
                "high": st.column_config.NumberColumn("Highest", format="%.3f"),
            },
            alt=f"Figures of the experiment {title}, averaged over training seeds",
        )
        st.download_button(
            "Download as CSV",
            table.to_csv(index=False).encode(),
            f"{folder}.csv",
            "text/csv",
            on_click="ignore",
            icon=":material/download:",
            key=f"download-{folder}",
        )
    parts.explain("FID", "FD", "IS", "KID", "Range of seeds")
