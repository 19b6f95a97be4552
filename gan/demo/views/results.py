"""Every figure with its spread, body type by body type, and how it was measured."""

import pandas as pd
import streamlit as st

from gan.demo import cards, charts, figures, parts, store, summary
from gan.demo.catalogue import Entry

parts.heading(
    "Results",
    ":material/query_stats:",
    "All figures that were measured, with the counts they rest on. A figure without its counts, "
    "its reference and its spread says little.",
)

entries = store.entries()
measured = {entry.name: entry for entry in entries if not store.metrics(entry).empty}
if not measured:
    parts.missing("No run has been evaluated yet.", f"{parts.EVALUATE} checkpoints/NAME")

TABS = ["Figures", "Body types", "Rare types", "Memorised?"]
ALWAYS = ["Settings", "Experiments", "How measured", "Cards"]
VIEWS = [*TABS, *ALWAYS] if measured else ALWAYS
tab = (
    st.pills("Show", VIEWS, default=VIEWS[0], required=True, key="show", bind="query-params")
    or VIEWS[0]
)
entry: Entry | None = None
if measured and tab in ("Body types", "Memorised?", "Cards"):
    name = st.selectbox("Run", list(measured), key="results-run", bind="query-params")
    entry = measured.get(name, next(iter(measured.values())))
elif entries and tab == "Cards":
    entry = entries[0]
dark = parts.dark()

if tab == "Figures":
    rows = []
    for one in measured.values():
        table = figures.latest(store.metrics(one))
        keys = ["metric", "extractor", "body_type", "reference", "images_seen"]
        spread = figures.spreads(table[table["body_type"].isin(["all", ""])], keys)
        spread.insert(0, "run", one.name)
        rows.append(spread)
    everything = pd.concat(rows, ignore_index=True)
    everything.insert(
        1,
        "figure",
        [
            figures.title(metric, extractor)
            for metric, extractor in zip(everything["metric"], everything["extractor"], strict=True)
        ],
    )
    wanted = list(dict.fromkeys(everything["figure"]))
    shown = st.multiselect(
        "Which figures", wanted, key="figures", placeholder="All figures", bind="query-params"
    )
    chosen = everything[everything["figure"].isin(shown or wanted)]
    table = chosen[
        [
            "run",
            "figure",
            "value",
            "low",
            "high",
            "seeds",
            "n_real",
            "n_fake",
            "reference",
            "images_seen",
        ]
    ]
    st.dataframe(
        table,
        hide_index=True,
        column_config={
            "run": st.column_config.TextColumn("Run", width="medium"),
            "figure": st.column_config.TextColumn("Figure", width="medium"),
            "value": st.column_config.NumberColumn("Mean", format="%.3f"),
            "low": st.column_config.NumberColumn("Lowest", format="%.3f"),
            "high": st.column_config.NumberColumn("Highest", format="%.3f"),
            "seeds": st.column_config.NumberColumn("Seeds", help="Of the evaluation"),
            "n_real": st.column_config.NumberColumn("Real", format="localized"),
            "n_fake": st.column_config.NumberColumn("Generated", format="localized"),
            "reference": st.column_config.TextColumn("Reference", help="Which split of the photos"),
            "images_seen": st.column_config.NumberColumn("Photos seen", format="localized"),
        },
        alt="Every figure of every evaluated run, with range, seeds and counts",
    )
    st.caption(
        "Click a column's head to sort. Lowest and highest are over seeds of the evaluation, or "
        "the interval that was measured with a single value. GAN-test, GAN-train, precision, "
        "recall and the classifier's accuracy are shares from 0 to 1."
    )
    st.download_button(
        "Download as CSV",
        lambda: table.to_csv(index=False).encode(),
        "figures.csv",
        "text/csv",
        on_click="ignore",
        icon=":material/download:",
    )
    parts.explain(
        "FID",
        "FD",
        "FD floor",
        "IS",
        "KID",
        "Precision",
        "Recall",
        "GAN-test",
        "GAN-train",
        "Ceiling",
        "Diversity",
    )

elif tab == "Body types" and entry is not None:
    answer = summary.told_apart(entry)
    st.subheader("Can the types be told apart?", icon=":material/category:")
    if answer:
        with st.container(border=True):
            st.markdown(f"**{answer.verdict}**")
            st.caption(answer.evidence)
    elif not entry.classes:
        st.caption("This run takes no body type, so there is nothing to tell apart.")
    named = charts.confusion_shares(store.confusion(entry))
    if not named.empty:
        st.markdown("**Asked for, and what the classifier named it**")
        parts.chart(
            charts.heat_map(named, "asked", "named", "Share of the row", dark),
            alt="Confusion matrix: " + charts.diagonal_in_words(named),
        )
        st.caption(
            "Each row is a type that was asked for; its squares say what a classifier that was "
            "trained on real photos named the generated pictures, in per cent, all classifier "
            "seeds together. A clear diagonal means that the types can be told apart."
        )
    per_type = summary.heat_table(entry)
    if not per_type.empty:
        st.markdown("**Figures of each type**")
        parts.chart(
            charts.heat_map(per_type, "type", "figure", "From worst to best", dark),
            alt="Heat map of figures by body type",
        )
        st.caption(
            "Written: the value. Colour: from the worst type (pale) to the best (deep) within each "
            "column; distances are compared at an equal number of pictures a type."
        )
    if named.empty and per_type.empty and entry.classes:
        parts.missing(
            "This run has no figures by body type.", f"{parts.EVALUATE} checkpoints/{entry.name}"
        )
    parts.explain("GAN-test", "Ceiling", "FD")

elif tab == "Rare types":
    st.subheader("Are rare types drawn worse?", icon=":material/bar_chart:")
    cut, problem = store.experiment(summary.RARE_EXPERIMENT)
    if problem:
        st.warning(problem, icon=":material/report:")
    found = summary.rare_table(cut)
    if found is not None:
        cut_runs, metric, extractor, _full = found
        spread = figures.spreads(cut_runs, ["setting"])
        answer, _ = summary.rare(None)
        if answer:
            with st.container(border=True):
                st.markdown(f"**{answer.verdict}**")
                st.caption(answer.evidence)
        name = figures.title(metric, extractor)
        st.markdown(f"**{name} of the types whose photos were cut**")
        parts.chart(
            charts.settings_spread(spread.assign(body_type="cut types"), name, metric),
            alt=f"{name} of the cut types for each setting of the experiment",
        )
        st.caption(
            "The same types were trained with all their photos and with fewer of them; *balanced* "
            "means that every batch held as many of each type. " + figures.counts_in_words(spread)
        )
    elif not cut.empty:
        st.dataframe(cut, hide_index=True, alt="Rows of the rare-types experiment")
    else:
        parts.missing(
            "The experiment that cuts some types' photos and trains again has not been run.",
            "python train/imbalance.py",
        )
    for one in measured.values():
        table = summary.per_class(one).dropna()
        if len(table) < 2:
            continue
        st.markdown(f"**Within one run: `{one.name}`**")
        parts.chart(
            charts.by_count(table, "GAN-test", dark),
            alt="GAN-test of each body type against its number of training photos: "
            + "; ".join(
                f"{row['body_type']} {figures.show(row['value'], 'gan_test')}"
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

elif tab == "Memorised?" and entry is not None:
    st.subheader("Does it copy its training photos?", icon=":material/content_copy:")
    distances = store.distances(entry)
    answer = summary.memorised(entry)
    if answer is None:
        parts.missing(
            "No distances were measured for this run.", f"{parts.EVALUATE} checkpoints/{entry.name}"
        )
    else:
        with st.container(border=True):
            st.markdown(f"**{answer.verdict}**")
            st.caption(answer.evidence)
        parts.chart(
            charts.distance_curves(charts.cumulative(distances)),
            alt="Cumulative distances to the nearest training photo, generated and held-out",
        )
        st.caption(
            "For each picture the nearest training photo was found in the classifier's features. "
            "If the network copied photos, the generated line would start far to the left of the "
            "line of held-out photos, which nobody can have copied."
        )
    parts.explain("Nearest neighbour", "Held-out")

elif tab == "Settings":
    st.subheader("What does each setting do?", icon=":material/tune:")
    st.markdown(
        "The settings that the report tried, one change at a time, against the same network "
        "without the change. A change counts only if it has the same sign with every training "
        "seed."
    )
    table, problem = store.experiment(summary.ABLATIONS)
    if problem:
        st.warning(problem, icon=":material/report:")
    effects = summary.ablation_effects(table)
    if effects is None:
        parts.missing(
            "No change has been trained beside its base yet.", "python train/ablations.py"
        )
    else:
        changes, metric, extractor = effects
        name = figures.title(metric, extractor)
        better = "below 0 is better" if metric in figures.LOWER_IS_BETTER else "above 0 is better"
        parts.chart(
            charts.settings_spread(changes.assign(body_type="all"), f"Change of {name}", metric),
            alt=f"Change of {name} by each setting, best first: "
            + "; ".join(
                f"{row['setting']} {figures.show(row['value'], metric)}"
                for _, row in changes.iterrows()
            ),
        )
        st.caption(
            f"Change of {name}, {better}, paired by seed. "
            + figures.counts_in_words(changes).replace("; hollow: single trainings", "")
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
    parts.explain("FD", "Range of seeds")

elif tab == "Experiments":
    for folder, title, command in (
        (summary.KERNEL_EXPERIMENT, "Kernel size", "python train/kernel_sweep.py"),
        (
            summary.ABLATIONS,
            "Ablations: one setting changed at a time",
            "python train/ablations.py",
        ),
        (summary.RARE_EXPERIMENT, "Rare types", "python train/imbalance.py"),
    ):
        st.subheader(title)
        table, problem = store.experiment(folder)
        if problem:
            st.warning(problem, icon=":material/report:")
        if table.empty:
            parts.missing("This experiment has not been run.", command)
            continue
        spread = figures.spreads(table, ["setting", "view", "metric", "extractor", "body_type"])
        spread.insert(
            0,
            "figure",
            [
                figures.title(m, e)
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

elif tab == "How measured":
    st.markdown(cards.MEASURED)
    counts = cards.counts_table([(one.name, store.metrics(one)) for one in measured.values()])
    if not counts.empty:
        st.markdown("**Counts, references and floors**")
        st.dataframe(
            counts,
            hide_index=True,
            alt="For each figure: the network that read the pictures, counts and reference",
        )
    parts.explain(*parts.TERMS)

elif tab == "Cards":
    st.subheader("Model card", icon=":material/badge:")
    if entry is None:
        st.caption("There is no run to describe.")
    else:
        st.markdown(cards.model_card(entry))
        with st.expander("All settings", icon=":material/settings:"):
            st.json(cards.settings(entry), expanded=2)
    st.subheader("Data card", icon=":material/dataset:")
    if entry is not None:
        st.markdown(cards.data_card(entry))
        if entry.counts:
            st.dataframe(
                cards.class_table(entry), hide_index=True, alt="Photos of each body type and split"
            )

with st.container(horizontal=True):
    parts.copy_link({"show": tab, **({"results-run": entry.name} if entry is not None else {})})
parts.problems(entries)
parts.footer(entry)
