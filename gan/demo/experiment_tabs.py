"""The results page's tabs on the experiments: each is drawn from what its module says."""

import pandas as pd
import streamlit as st

from gan.demo import experiment_charts, names, parts, run_summary, spreads, store
from gan.demo.catalogue import Entry, type_name
from gan.experiments.experiment import Drawing, Experiment, every_experiment
from gan.experiments.findings import WORDS, Finding
from gan.experiments.permutation import LEVEL
from gan.experiments.studies.ablations import Ablations
from gan.experiments.studies.rare_types import RareTypes
from gan.experiments.studies.recipe_pieces import RecipePieces

COMPARISON = ("Range of seeds", "Permutation test", "Holm's method")  # words of every verdict


def rare_types(measured: dict[str, Entry], dark: bool) -> None:
    """What becomes of types with few photos: by experiment, and within one run."""
    experiment(RareTypes, ":material/bar_chart:")
    for entry in measured.values():
        table = run_summary.per_class(entry).dropna()
        if len(table) < 2:
            continue
        st.markdown(f"**Within one run: {parts.plain(names.run(entry.name))}**")
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
    parts.explain("GAN-test", "KID", "Diversity (first photos)", "Copies", *COMPARISON)


def settings() -> None:
    """What each setting of the report's list does, and what each piece of our recipe is worth."""
    experiment(Ablations, ":material/tune:")
    experiment(RecipePieces, ":material/extension:")
    parts.explain("FD", "GAN-test", "Diversity (first photos)", *COMPARISON)


def every_figure() -> None:
    """Each experiment with all of its figures and its file."""
    for kind in every_experiment():
        table = experiment(kind, ":material/science:")
        if table.empty:
            continue
        with st.expander("Every figure, averaged over training seeds"):
            _figures(kind, table)
        st.download_button(
            "Download as CSV",
            table.to_csv(index=False).encode(),
            f"{kind.name}.csv",
            "text/csv",
            on_click="ignore",
            icon=":material/download:",
            key=f"download-{kind.name}",
        )
    parts.explain("FID", "FD", "IS", "KID", "Precision", "Recall", "GAN-test", *COMPARISON)


def experiment(kind: type[Experiment], icon: str) -> pd.DataFrame:
    """An experiment's question, its answer, its charts and all findings; returns its figures."""
    st.header(kind.title, icon=icon)
    st.markdown(f"**{kind.question}** {kind.about}")
    table, problem = store.experiment(kind.name)
    if problem:
        st.warning(problem, icon=":material/report:")
    if table.empty:
        parts.missing("This experiment has not been run.", kind.command())
        return table
    answer, tables = _findings(kind.name, store.experiment_stamp(kind.name))
    if answer:
        parts.answer(answer)
    with st.grid(2, gap="medium", min_column_width=300):
        for drawing in kind.drawings(table):
            with st.container():
                _chart(drawing)
    with st.expander("All findings"):
        for heading, findings in tables.items():
            st.markdown(f"**{heading}**")
            rows = [
                (parts.plain(one.claim), WORDS[one.holds].lower(), parts.plain(one.evidence))
                for one in findings
            ]
            st.table(
                pd.DataFrame(rows, columns=["Claim", "Verdict", "Evidence"]),
                border="horizontal",
                hide_index=True,
                alt=f"{heading}: each claim with its verdict and its figures",
            )
        st.caption(
            "A comparison holds where an exact permutation test over training seeds says so "
            f"(p at most {LEVEL}, corrected for the number of comparisons in its table by "
            "Holm's method). Intervals are those of the same test."
        )
    return table


@st.cache_resource(max_entries=16, show_spinner=False)
def _findings(name: str, changed: store.Stamp) -> tuple[Finding | None, dict[str, list[Finding]]]:
    kind = next(kind for kind in every_experiment() if kind.name == name)
    table, _ = store.experiment(name)
    return kind.answer(table), kind.findings(table)


def _chart(drawing: Drawing) -> None:
    spread = spreads.over_seeds(drawing.rows, ["setting", "group"])
    name = spreads.title(drawing.metric, drawing.extractor)
    better = spreads.METRICS[drawing.metric].better
    parts.chart(
        experiment_charts.settings_spread,
        spread,
        name,
        drawing.metric,
        alt=f"{name} by setting: "
        + "; ".join(
            f"{row['setting']}{'' if row['group'] == 'all' else ', drawn ' + row['group']} "
            f"{spreads.show(row['value'], drawing.metric)}"
            for _, row in spread.iterrows()
        ),
    )
    note = f"{drawing.note}. " if drawing.note else ""
    direction = f"{better.capitalize()} is better. " if better else ""
    st.caption(note + direction + spreads.counts_in_words(spread))


def _figures(kind: type[Experiment], table: pd.DataFrame) -> None:
    keys = ["setting", "view", "metric", "extractor", "body_type"]
    spread = spreads.over_seeds(table, keys)
    spread["body_type"] = spread["body_type"].map(type_name)
    spread["setting"] = spread["setting"].map(kind.called)
    spread["view"] = spread["view"].map(names.view)
    pairs = zip(spread["metric"], spread["extractor"], strict=True)
    spread.insert(0, "figure", [spreads.title(metric, extractor) for metric, extractor in pairs])
    st.dataframe(
        spread.drop(columns=["metric", "extractor"]),
        hide_index=True,
        placeholder="",
        column_config={
            "setting": st.column_config.TextColumn("Setting"),
            "view": st.column_config.TextColumn("View"),
            "body_type": st.column_config.TextColumn("Body type"),
            "seeds": st.column_config.NumberColumn("Seeds", help="Trainings"),
            **parts.FIGURE_COLUMNS,
        },
        alt=f"Figures of the experiment {kind.title}, averaged over training seeds",
    )
