"""Every figure with its spread, body type by body type, and how it was measured."""

import streamlit as st

from gan.demo import experiment_tabs, model_card, names, parts, run_charts, run_summary, store
from gan.demo.catalogue import Entry
from gan.metrics import sources
from gan.metrics.glossary import METRICS

top = parts.heading(
    "Results",
    ":material/query_stats:",
    "The figures that were measured, with the counts they rest on; against half of the photos "
    "where other photos were compared with that half too. A figure without its counts, "
    "its reference and its spread says little.",
)

entries = store.entries()
measured = {entry.name: entry for entry in entries if not store.metrics(entry).empty}
if not measured:
    parts.missing("No run has been evaluated yet.", f"{parts.EVALUATE} checkpoints/NAME")

TABS = ["Body types", "Figures", "Rare types", "Memorised?"]
ALWAYS = ["Settings", "Experiments", "How measured", "Cards"]
VIEWS = [*TABS, *ALWAYS] if measured else ALWAYS
tab = (
    st.pills("Show", VIEWS, default=VIEWS[0], required=True, key="show", bind="query-params")
    or VIEWS[0]
)
entry: Entry | None = None
choices = {entry.name: entry for entry in entries} if tab == "Cards" else measured
if choices and tab in ("Body types", "Memorised?", "Cards"):
    name = parts.pick_run("Run", list(choices), "results-run")
    entry = choices.get(name, next(iter(choices.values())))
dark = parts.dark()

if tab == "Figures":
    main = [one for name, one in measured.items() if names.group(name) == names.MAIN]
    st.header("The main runs side by side", icon=":material/table_chart:")
    st.dataframe(
        run_summary.side_by_side(main or list(measured.values())[:4]),
        hide_index=True,
        column_config={"Figure": st.column_config.TextColumn(width="medium")},
        alt="Figures of the main runs and of real photos in the pictures' place",
    )
    st.caption(
        "Means. Real photos: what photos score in the generated pictures' place; where runs have "
        "photos of several sizes or counts, each. FD depends on the counts, which differ between "
        'some runs: "How measured" '
        "sets figures at the same counts side by side. "
        "EfficientNet-Lite2 is a relative of the network that our discriminator reads and may "
        "flatter our recipe. The car classifiers of 64 px and of 128 px are different networks: "
        "compare their figures within one size only."
    )
    st.header("Every figure with its counts", icon=":material/list:")
    everything = run_summary.every_figure(list(measured.values()))
    wanted = list(dict.fromkeys(everything["figure"]))
    shown = st.multiselect(
        "Which figures", wanted, key="figures", placeholder="All figures", bind="query-params"
    )
    groups = list(dict.fromkeys(names.group(name) for name in measured))
    group = groups[0]
    if len(groups) > 1:
        group = st.pills(
            "Runs of", groups, default=groups[0], required=True, key="of", bind="query-params"
        )
    listed = {names.run(name) for name in measured if names.group(name) == group}
    chosen = everything[everything["figure"].isin(shown or wanted) & everything["run"].isin(listed)]
    # The value comes early: on a telephone the first columns are all that is seen.
    columns = {
        **parts.FIGURE_COLUMNS,
        "run": st.column_config.TextColumn("Run", width="medium"),
        "seeds": st.column_config.NumberColumn("Seeds", help="Of the evaluation"),
        "reference": st.column_config.TextColumn(
            "Reference", help="Which photos; train: all but the test split"
        ),
        "images_seen": st.column_config.NumberColumn("Photos seen", format="localized"),
    }
    table = chosen[list(columns)]
    st.dataframe(
        table,
        hide_index=True,
        column_config=columns,
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
        "Floor",
        "IS",
        "KID",
        "Precision",
        "Recall",
        "Density",
        "Coverage",
        "GAN-test",
        "GAN-train",
        "Same classifier on photos",
        "Diversity",
        "Neighbour distance",
        "Copies",
    )

elif tab == "Body types" and entry is not None:
    answer = run_summary.told_apart(entry)
    st.header("Can the types be told apart?", icon=":material/category:")
    if answer:
        parts.answer(answer)
    elif not entry.classes:
        st.caption("This run takes no body type, so there is nothing to tell apart.")
    named = run_charts.confusion_shares(store.confusion(entry), "asked for")
    photos = run_charts.confusion_shares(store.photo_confusion(entry), "photo of")
    if not named.empty:
        with st.grid(2, gap="medium", min_column_width=330):
            for title, shares in (("Generated pictures", named), ("Real photos", photos)):
                with st.container():
                    st.markdown(f"**{title}**")
                    if shares.empty:
                        st.caption(
                            "Not kept for this run: it was judged before each photo's name was "
                            "written down. The share over all types stands above."
                        )
                        continue
                    parts.chart(
                        run_charts.heat_map,
                        shares,
                        str(shares.columns[0]),
                        "named",
                        "Share of the row",
                        dark,
                        alt=f"{title}, confusion matrix: " + run_charts.diagonal_in_words(shares),
                    )
        st.caption(
            "Each row is a type that was asked for, or photos of that type which the classifier "
            "had not seen; its squares say in per cent what the classifier named them. Generated "
            "pictures: all classifiers together; photos: the first of them. Where both confuse "
            "two types, it is the classifier that can't tell them apart."
        )
    per_type = run_summary.heat_table(entry)
    if not per_type.empty:
        st.markdown("**Figures of each type**")
        parts.chart(
            run_charts.heat_map,
            per_type,
            "type",
            "figure",
            "From worst to best",
            dark,
            alt="Heat map of figures by body type",
        )
        st.caption(
            "Written: the value. Colour: the better within its column, the more it stands out from "
            "the page; distances are compared at an equal number of pictures a type. What photos "
            "score stands in the column *Same classifier on photos*; in KID and diversity it was "
            "not measured by type."
        )
    origins = store.sources(entry)
    if not origins.empty:
        with st.expander("Held-out photos named right, by the source that they come from"):
            columns = {
                "source": st.column_config.TextColumn("Source"),
                "body_type": st.column_config.TextColumn("Body type"),
                "n_real": st.column_config.NumberColumn("Photos", format="localized"),
                **{
                    name: st.column_config.NumberColumn(METRICS[name].name, format="percent")
                    for name in sources.SHARES
                },
            }
            for table, told in (
                (sources.by_source(origins), "by source"),
                (sources.by_type(origins), "by body type, in the largest source and in the others"),
            ):
                st.dataframe(
                    table.round(2),
                    hide_index=True,
                    column_config=columns,
                    alt=f"Held-out photos named right, {told}",
                )
            st.caption(
                "Photos of one collection look alike, and types are spread unevenly over "
                "collections: part of a type's accuracy is the look of its sources."
            )
    if named.empty and per_type.empty and entry.classes:
        parts.missing(
            "This run has no figures by body type.", f"{parts.EVALUATE} checkpoints/{entry.name}"
        )
    parts.explain("GAN-test", "GAN-train", "Same classifier on photos", "Source", "FD")

elif tab == "Rare types":
    experiment_tabs.rare_types(measured, dark)

elif tab == "Memorised?" and entry is not None:
    st.header("Does it copy its training photos?", icon=":material/content_copy:")
    distances = store.distances(entry)
    answer = run_summary.copied(entry)
    if answer is None:
        parts.missing(
            "This run's pictures were not laid over its training photos.",
            f"{parts.EVALUATE} checkpoints/{entry.name}",
        )
    else:
        parts.answer(answer)
    if not distances.empty:
        st.markdown("**Distance to the nearest training photo**")
        parts.chart(
            run_charts.distance_curves,
            run_charts.cumulative(distances),
            alt="Cumulative distances to the nearest training photo, generated and held-out",
        )
        st.caption(
            "For each picture the nearest training photo was found in the classifier's features. "
            "Exact copies would make the generated line start far to the left of the line of "
            "held-out photos, which nobody can have copied. A mirrored or blurred copy would not "
            "show here: the answer above rests on pixels."
        )
    parts.explain("Copies", "Nearest neighbour", "Held-out")

elif tab == "Settings":
    experiment_tabs.settings()

elif tab == "Experiments":
    experiment_tabs.every_figure()

elif tab == "How measured":
    st.markdown(model_card.MEASURED)
    counts = model_card.counts_table(
        [
            (names.run(one.name), store.metrics(one), model_card.photos_by_split(one))
            for one in measured.values()
        ]
    )
    if not counts.empty:
        st.markdown("**Counts, references, and the ends of each ruler**")
        st.dataframe(
            counts,
            hide_index=True,
            alt="For each figure: its value, what photos and noise score in the pictures' place, "
            "the network that read the pictures, counts and reference",
        )
    parts.explain(*parts.TERMS)

elif tab == "Cards":
    st.header("Model card", icon=":material/badge:")
    if entry is None:
        st.caption("There is no run to describe.")
    else:
        st.markdown(model_card.model_card(entry, run_summary.training_time(entry)))
        with st.expander("All settings", icon=":material/settings:"):
            st.json(model_card.settings(entry), expanded=2)
    st.header("Data card", icon=":material/dataset:")
    if entry is not None:
        st.markdown(model_card.data_card(entry))
        if entry.counts:
            st.dataframe(
                model_card.class_table(entry),
                hide_index=True,
                alt="Photos of each body type and split",
            )

parts.copy_link(top, {"show": tab, **({"results-run": entry.name} if entry is not None else {})})
parts.problems(entries)
parts.footer(entry)
