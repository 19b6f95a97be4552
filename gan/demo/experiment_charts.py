"""Charts of the experiments: a figure by kernel size, by setting, by how many photos there were."""

from textwrap import wrap

import altair as alt
import pandas as pd

from gan.demo import spreads
from gan.demo.experiments import NAMES
from gan.demo.run_charts import (
    HEIGHT,
    KERNEL_COLOURS,
    KERNEL_SHAPES,
    NARROW,
    PAIR_COLOURS,
    Chart,
    ink,
    legend,
)


def kernel_spread(table: pd.DataFrame, runs: pd.DataFrame, metric: str, name: str) -> Chart:
    """Mean and range over seeds for each kernel, every single run as a hollow mark.

    Args:
        table: name, value, low, high (what `spreads.over_seeds` returns, with the kernel's name).
        runs: name, value, seed: one row a run.
        metric: Decides the number format.
        name: The metric's name for the axis.
    """
    names, colours, shapes = _kernels(table)
    y = alt.Y("name:N", title=None, sort=names, axis=alt.Axis(labelLimit=120))
    colour = alt.Color("name:N", scale=alt.Scale(domain=names, range=colours), legend=None)
    shape = alt.Shape("name:N", scale=alt.Scale(domain=names, range=shapes), legend=None)
    scale = alt.Scale(zero=False, nice=True, padding=12)
    form = ".4f" if metric == "kid" else ",.2f"
    base = alt.Chart(table).encode(y=y, color=colour)
    interval = base.mark_rule(strokeWidth=3).encode(
        x=alt.X("low:Q", title=name, scale=scale, axis=alt.Axis(tickCount=5)), x2="high:Q"
    )
    mean = base.mark_point(size=150, filled=True, opacity=1).encode(
        x=alt.X("value:Q", scale=scale),
        shape=shape,
        tooltip=[
            alt.Tooltip("name:N", title="Setting"),
            alt.Tooltip("value:Q", title="Mean", format=form),
            alt.Tooltip("low:Q", title="Lowest", format=form),
            alt.Tooltip("high:Q", title="Highest", format=form),
            alt.Tooltip("seeds:Q", title="Seeds"),
        ],
    )
    single = (
        alt.Chart(runs)
        .mark_point(size=55, filled=False, strokeWidth=1.5)
        .encode(
            y=y,
            x=alt.X("value:Q", scale=scale),
            color=colour,
            shape=shape,
            tooltip=[
                alt.Tooltip("name:N", title="Setting"),
                alt.Tooltip("seed:Q", title="Seed"),
                alt.Tooltip("value:Q", title=name, format=form),
            ],
        )
    )
    return alt.layer(interval, single, mean).properties(height=46 * len(names) + 44)


def kernel_curves(table: pd.DataFrame, means: pd.DataFrame, against: str, name: str) -> Chart:
    """A figure along the training: a line of means for each kernel, every training as a mark.

    Args:
        table: name, seed, pictures, seconds, value, as `kernel_verdicts.along` gives them.
        means: name, pictures, seconds, value of the lines.
        against: The column of the horizontal axis: pictures or seconds.
        name: The figure's name for the axis.
    """
    names, colours, shapes = _kernels(table)
    title = "Photos seen" if against == "pictures" else "Seconds of training"
    colour = alt.Color(
        "name:N", title=None, scale=alt.Scale(domain=names, range=colours), legend=legend(3)
    )
    x = alt.X(f"{against}:Q", title=title, axis=alt.Axis(format="~s", tickCount=5))
    y = alt.Y("value:Q", title=name, scale=alt.Scale(zero=False), axis=alt.Axis(tickCount=5))
    line = alt.Chart(means).mark_line(strokeWidth=2).encode(x=x, y=y, color=colour)
    single = (
        alt.Chart(table)
        .mark_point(size=45, filled=False, strokeWidth=1.5)
        .encode(
            x=x,
            y=y,
            color=colour,
            shape=alt.Shape("name:N", scale=alt.Scale(domain=names, range=shapes), legend=None),
            tooltip=[
                alt.Tooltip("name:N", title="Kernel"),
                alt.Tooltip("seed:Q", title="Seed"),
                alt.Tooltip("pictures:Q", title="Photos seen", format=","),
                alt.Tooltip("seconds:Q", title="Seconds", format=",.0f"),
                alt.Tooltip("value:Q", title=name, format=",.2f"),
            ],
        )
    )
    return alt.layer(line, single).properties(height=HEIGHT)


def by_count(table: pd.DataFrame, name: str, dark: bool) -> Chart:
    """A class's figure against how many photos it has: mean, range and the type's name.

    Args:
        table: body_type, photos, value, low, high.
        name: The figure's name for the axis.
        dark: Whether the page is dark.
    """
    share = alt.Axis(format=".0%", tickCount=5)
    base = alt.Chart(table).encode(
        x=alt.X(
            "photos:Q",
            title="Photos of the type in the training split",
            scale=alt.Scale(type="log", padding=50, nice=False),
            axis=alt.Axis(format=",", tickCount=4, grid=False),
        )
    )
    interval = base.mark_rule(strokeWidth=3, color=PAIR_COLOURS[0]).encode(
        y=alt.Y("low:Q", title=name, scale=alt.Scale(domain=[0, 1]), axis=share), y2="high:Q"
    )
    mean = base.mark_circle(size=110, color=PAIR_COLOURS[0], opacity=1).encode(
        y="value:Q",
        tooltip=[
            alt.Tooltip("body_type:N", title="Body type"),
            alt.Tooltip("photos:Q", title="Photos", format=","),
            alt.Tooltip("value:Q", title=name, format=".1%"),
            alt.Tooltip("low:Q", title="Lowest", format=".1%"),
            alt.Tooltip("high:Q", title="Highest", format=".1%"),
        ],
    )
    # Neighbours on the axis carry their names on opposite sides.
    ranked = table.sort_values("photos").reset_index(drop=True)
    left = alt.Chart(ranked[ranked.index % 2 == 0]).mark_text(
        dx=-10, align="right", fontSize=12, color=ink(dark)
    )
    right = alt.Chart(ranked[ranked.index % 2 == 1]).mark_text(
        dx=10, align="left", fontSize=12, color=ink(dark)
    )
    names = [side.encode(x="photos:Q", y="value:Q", text="body_type:N") for side in (left, right)]
    return alt.layer(interval, mean, *names).properties(height=HEIGHT)


def settings_spread(table: pd.DataFrame, name: str, metric: str) -> Chart:
    """Mean and range over seeds for each setting of an experiment.

    Args:
        table: setting, group (named where there are several), value, low, high, seeds.
        name: The metric's name for the axis.
        metric: Decides the number format.
    """
    form = ".1%" if metric in spreads.SHARES else ",.2f"
    # In two lines, so that a telephone has room for the marks.
    table = table.assign(setting=["\n".join(wrap(one, NARROW)) for one in table["setting"]])
    order = list(dict.fromkeys(table["setting"]))
    groups = list(dict.fromkeys(table["group"]))
    # Every name is shown: where one has more lines than the others, Vega would drop neighbours.
    axis_of_names = alt.Axis(
        labelLimit=180, labelOverlap=False, labelExpr=r"split(datum.label, '\n')"
    )
    base = alt.Chart(table).encode(
        y=alt.Y("setting:N", title=None, sort=order, axis=axis_of_names),
        yOffset=alt.YOffset("group:N", sort=groups),
        color=alt.Color(
            "group:N",
            title="Photos in batches",
            sort=groups,
            legend=alt.Legend(orient="top", columns=3) if len(groups) > 1 else None,
        ),
    )
    scale = alt.Scale(zero=False, padding=12)
    axis = (
        alt.Axis(tickCount=5, format=".0%") if metric in spreads.SHARES else alt.Axis(tickCount=5)
    )
    interval = base.mark_rule(strokeWidth=3).encode(
        x=alt.X("low:Q", title=wrap(name, NARROW), scale=scale, axis=axis), x2="high:Q"
    )
    mean = base.mark_point(size=90, filled=True, opacity=1).encode(
        x=alt.X("value:Q", scale=scale),
        shape=alt.Shape("group:N", sort=groups, legend=None),
        tooltip=[
            alt.Tooltip("setting:N", title="Setting"),
            alt.Tooltip("group:N", title="Photos in batches"),
            alt.Tooltip("value:Q", title="Mean", format=form),
            alt.Tooltip("low:Q", title="Lowest", format=form),
            alt.Tooltip("high:Q", title="Highest", format=form),
            alt.Tooltip("seeds:Q", title="Seeds"),
        ],
    )
    rows = len(order) * max(1, len(groups))
    return alt.layer(interval, mean).properties(height=max(24 * rows, 44 * len(order)) + 60)


def _kernels(table: pd.DataFrame) -> tuple[list[str], list[str], list[str]]:
    """The kernels that a table names, and the colour and the shape of each."""
    names = [name for name in NAMES if name in set(table["name"])]
    return names, [KERNEL_COLOURS[one] for one in names], [KERNEL_SHAPES[one] for one in names]
