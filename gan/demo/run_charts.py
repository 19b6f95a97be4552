"""Charts of runs: tables in, Altair charts out; the app's colours and marks are fixed here."""

from typing import Literal

import altair as alt
import numpy as np
import pandas as pd

from gan.demo.experiments import NAMES

Chart = alt.LayerChart | alt.FacetChart

# One colour for each kernel in every chart, and a second channel for readers who can't tell
# colours apart. All pass 3:1 against both backgrounds (Okabe and Ito's palette, adjusted).
KERNEL_COLOURS = dict(zip(NAMES, ("#1F7FBF", "#D55E00", "#0B8F6B"), strict=True))
KERNEL_SHAPES = dict(zip(NAMES, ("circle", "square", "triangle-up"), strict=True))
PAIR_COLOURS = ["#1F7FBF", "#D55E00"]
NEUTRAL = "#808080"
HEIGHT = 340  # pixels of a chart, its title and legend included
TALL = 440  # of one with two legends
NARROW = 24  # characters of a title or a label that stay on one line


def loss_curves(
    lines: pd.DataFrame, runs: list[str], colours: list[str], rule: float | None = None
) -> Chart:
    """Raw faint, smoothed thick; colour is the run, dash the network.

    The legend switches networks and runs off and on, the x axis zooms and moves by wheel and
    drag, a double click resets it, and hovering reads the values.

    Args:
        lines: What `curves.loss_lines` returns, for one or more runs.
        runs: Names in the order of the legend.
        colours: One a run.
        rule: Photos seen to mark with a vertical line.
    """
    by_run = alt.selection_point(fields=["run"], bind="legend", name="by_run")
    by_network = alt.selection_point(fields=["network"], bind="legend", name="by_network")
    zoom = alt.selection_interval(bind="scales", encodings=["x"], name="zoom")
    hover = alt.selection_point(
        fields=["images_seen"], nearest=True, on="pointermove", empty=False, clear="pointerout"
    )
    x = alt.X(
        "images_seen:Q", title="Photos seen", axis=alt.Axis(grid=False, tickCount=5, format="~s")
    )
    colour = alt.Color(
        "run:N",
        title="Run",
        scale=alt.Scale(domain=runs, range=colours),
        legend=legend(columns=3 if max(map(len, runs)) < NARROW / 2 else 1)
        if len(runs) > 1
        else None,
    )
    dash = alt.StrokeDash(
        "network:N",
        title="Loss of the",
        scale=alt.Scale(domain=["generator", "discriminator"], range=[[1, 0], [5, 3]]),
        legend=legend(orient="bottom"),
    )
    shown = alt.condition(by_run & by_network, alt.value(1.0), alt.value(0.08))
    faint = alt.condition(by_run & by_network, alt.value(0.22), alt.value(0.03))
    base = alt.Chart(lines).encode(x=x, color=colour, strokeDash=dash)
    raw = base.mark_line(strokeWidth=1).encode(
        y=alt.Y("raw:Q", title="Loss", axis=alt.Axis(tickCount=6)), opacity=faint
    )
    smoothed = (
        base.mark_line(strokeWidth=2.5)
        .encode(y="smoothed:Q", opacity=shown)
        .add_params(by_run, by_network, zoom)
    )
    reading = (
        alt.Chart(lines)
        .mark_rule(color=NEUTRAL)
        .encode(
            x="images_seen:Q",
            opacity=alt.condition(hover, alt.value(0.6), alt.value(0)),
            tooltip=[
                alt.Tooltip("run:N", title="Run"),
                alt.Tooltip("network:N", title="Network"),
                alt.Tooltip("iteration:Q", title="Iteration", format=","),
                alt.Tooltip("images_seen:Q", title="Photos seen", format=","),
                alt.Tooltip("smoothed:Q", title="Smoothed", format=".3f"),
                alt.Tooltip("raw:Q", title="Raw", format=".3f"),
            ],
        )
        .add_params(hover)
    )
    layers: list[alt.Chart] = [raw, smoothed, reading]
    if rule is not None:
        layers.append(_marker(rule))
    return alt.layer(*layers).properties(height=TALL, usermeta=_svg())


def metric_lines(table: pd.DataFrame, runs: list[str], rule: float | None) -> Chart:
    """A metric over the training, one line a run. Its name stands above the chart, on the page.

    Args:
        table: images_seen, value, run.
        runs: Names in the order of the legend.
        rule: Photos seen to mark.
    """
    lines = (
        alt.Chart(table)
        .mark_line(point=alt.OverlayMarkDef(size=60, filled=True))
        .encode(
            x=alt.X(
                "images_seen:Q",
                title="Photos seen",
                axis=alt.Axis(grid=False, tickCount=5, format="~s"),
            ),
            y=alt.Y("value:Q", title=None, scale=alt.Scale(zero=False)),
            color=alt.Color(
                "run:N", title="Run", scale=alt.Scale(domain=runs, range=PAIR_COLOURS), legend=None
            ),
            tooltip=[
                "run:N",
                alt.Tooltip("images_seen:Q", title="Photos seen", format=","),
                alt.Tooltip("value:Q"),
            ],
        )
    )
    layers = [lines] if rule is None else [lines, _marker(rule)]
    return alt.layer(*layers).properties(height=180)


def heat_map(table: pd.DataFrame, rows: str, columns: str, title: str, dark: bool) -> Chart:
    """Squares with their values written in; `value` is a share from 0 to 1.

    Args:
        table: The columns `rows` and `columns` (text), `value`, and `text` (what is written in).
        rows: Column for the y axis.
        columns: Column for the x axis.
        title: Of the colours.
        dark: Whether the page is dark: low values fade into the page.
    """
    low, high = ("#16202B", "#5FB0EA") if dark else ("#F2F7FC", "#135E9A")
    order = list(dict.fromkeys(table[rows]))
    across = list(dict.fromkeys(table[columns]))
    # Every name is shown: Vega would drop neighbours.
    axis_of_rows = alt.Axis(labelLimit=140, labelOverlap=False)
    slanted = min(190, 5 * max(map(len, across)))  # pixels that the names below take
    base = alt.Chart(table).encode(
        x=alt.X(
            f"{columns}:N",
            title=columns.capitalize(),
            sort=across,
            axis=alt.Axis(labelAngle=-45, labelLimit=270, labelOverlap=False),
        ),
        y=alt.Y(f"{rows}:N", title=rows.capitalize(), sort=order, axis=axis_of_rows),
    )
    squares = base.mark_rect(stroke=None).encode(
        color=alt.Color(
            "value:Q",
            title=title,
            scale=alt.Scale(domain=[0, 1], range=[low, high]),
            legend=None,
        ),
        tooltip=[
            alt.Tooltip(f"{rows}:N", title=rows.capitalize()),
            alt.Tooltip(f"{columns}:N", title=columns.capitalize()),
            alt.Tooltip("value:Q", title=title, format=".1%"),
        ],
    )
    # Black on light squares, white on deep ones: 4.5:1 at least, on either side of the limit.
    limit, above, below = (0.625, "#000000", "#FFFFFF") if dark else (0.81, "#FFFFFF", "#000000")
    written = base.mark_text(fontSize=12).encode(
        text="text:N",
        color=alt.condition(f"datum.value > {limit}", alt.value(above), alt.value(below)),
    )
    return alt.layer(squares, written).properties(height=30 * len(order) + 50 + slanted)


def distance_curves(table: pd.DataFrame) -> Chart:
    """Cumulative share of pictures within a distance of a training photo, for each kind.

    Args:
        table: kind, distance, share (sorted; what `cumulative` returns).
    """
    kinds = ["generated", "held-out"]
    hover = alt.selection_point(
        fields=["distance"], nearest=True, on="pointermove", empty=False, clear="pointerout"
    )
    base = alt.Chart(table).encode(
        x=alt.X(
            "distance:Q",
            title="Distance to the nearest training photo",
            scale=alt.Scale(zero=False),
            axis=alt.Axis(grid=False, tickCount=6),
        )
    )
    lines = base.mark_line(strokeWidth=2.5).encode(
        y=alt.Y("share:Q", title="Share this close or closer", axis=alt.Axis(format=".0%")),
        color=alt.Color(
            "kind:N",
            title="Pictures",
            scale=alt.Scale(domain=kinds, range=PAIR_COLOURS),
            legend=alt.Legend(orient="top"),
        ),
        strokeDash=alt.StrokeDash(
            "kind:N",
            title="Pictures",
            scale=alt.Scale(domain=kinds, range=[[1, 0], [5, 3]]),
            legend=alt.Legend(orient="top"),
        ),
    )
    reading = (
        base.mark_rule(color=NEUTRAL)
        .encode(
            opacity=alt.condition(hover, alt.value(0.6), alt.value(0)),
            tooltip=[
                alt.Tooltip("kind:N", title="Pictures"),
                alt.Tooltip("distance:Q", title="Distance", format=".2f"),
                alt.Tooltip("share:Q", title="This close or closer", format=".1%"),
            ],
        )
        .add_params(hover)
    )
    return alt.layer(lines, reading).properties(height=HEIGHT)


def distance_marks(held_out: np.ndarray) -> Chart:
    """Where single pictures' distances fall among those of held-out photos.

    The pictures are a table that the page gives by the name `marks`: distance, picture (number)
    and asked, one row a generated picture.

    Args:
        held_out: Distances of held-out photos, float [N].
    """
    bars = (
        alt.Chart(pd.DataFrame({"distance": held_out}))
        .mark_bar(color=NEUTRAL, opacity=0.45)
        .encode(
            x=alt.X(
                "distance:Q",
                bin=alt.Bin(maxbins=40),
                title="Distance to the nearest training photo",
                axis=alt.Axis(labelOverlap="greedy", labelSeparation=24, tickCount=8),
            ),
            y=alt.Y("count():Q", title="Held-out photos", axis=alt.Axis(tickCount=4)),
        )
    )
    ticks = (
        alt.Chart(alt.NamedData("marks"))
        .mark_rule(color=PAIR_COLOURS[1], strokeWidth=2)
        .encode(
            x="distance:Q",
            tooltip=[
                alt.Tooltip("picture:Q", title="Picture"),
                alt.Tooltip("asked:N", title="Asked for"),
                alt.Tooltip("distance:Q", title="Distance", format=".2f"),
            ],
        )
    )
    return alt.layer(bars, ticks).properties(height=200)


def cumulative(distances: pd.DataFrame) -> pd.DataFrame:
    """Empirical cumulative distribution of `distance` for each `kind`, in 300 points each."""
    parts = []
    quantiles = pd.Series(range(300)) / 299
    for kind, group in distances.groupby("kind"):
        values = group["distance"].quantile(quantiles.tolist()).to_numpy()
        parts.append(pd.DataFrame({"kind": kind, "distance": values, "share": quantiles}))
    return pd.concat(parts, ignore_index=True)


def confusion_shares(confusion: pd.DataFrame, rows: str) -> pd.DataFrame:
    """confusion.csv as shares of each row: `rows`, named, value, text; every pair is there.

    `rows` is what the rows are called.
    """
    if confusion.empty:
        return pd.DataFrame(columns=[rows, "named", "value", "text"])
    order = list(dict.fromkeys(confusion["asked"]))
    order += [name for name in dict.fromkeys(confusion["named"]) if name not in order]
    counts = confusion.pivot_table(
        index="asked", columns="named", values="count", aggfunc="sum", fill_value=0
    ).reindex(index=order, columns=order, fill_value=0)
    shares = counts.div(counts.sum(axis=1).replace(0, 1), axis=0)
    table = shares.rename_axis(rows).reset_index().melt(rows, var_name="named")
    return table.assign(text=[f"{100 * value:.0f}" for value in table["value"]])


def diagonal_in_words(shares: pd.DataFrame) -> str:
    """For each type the share that is named so."""
    right = shares[shares.iloc[:, 0] == shares["named"]]
    return "; ".join(f"{row['named']} {row['text']} %" for _, row in right.iterrows())


def _marker(photos: float) -> alt.Chart:
    return (
        alt.Chart(pd.DataFrame({"images_seen": [photos]}))
        .mark_rule(color=NEUTRAL, strokeWidth=2, strokeDash=[4, 3])
        .encode(x="images_seen:Q")
    )


def themed(chart: Chart, dark: bool) -> Chart:
    """The chart with axes and legend in `ink`."""
    colour = ink(dark)
    return chart.configure_axis(labelColor=colour, titleColor=colour).configure_legend(
        labelColor=colour, titleColor=colour
    )


def ink(dark: bool) -> str:
    """A grey for text that passes 4.5:1 on the page; Streamlit's own does not."""
    return "#B8C2CE" if dark else "#4A5360"


def legend(columns: int = 2, orient: Literal["top", "bottom"] = "top") -> alt.Legend:
    """Lines beside names, so that a dash can be told from another."""
    return alt.Legend(
        orient=orient,
        columns=columns,
        labelLimit=220,
        symbolOpacity=1,
        symbolStrokeWidth=3,
        symbolSize=260,
        symbolType="stroke",
    )


def _svg() -> dict[str, dict[str, str]]:
    # Screen readers and browser tests can look into an SVG, not into a canvas.
    return {"embedOptions": {"renderer": "svg"}}
