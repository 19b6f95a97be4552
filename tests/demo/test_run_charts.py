"""Charts as specifications: what is encoded, what can be done with them, colours that pass."""

import numpy as np
import pandas as pd
import pytest

from gan.demo import experiment_charts, run_charts
from gan.demo.curves import loss_lines


def losses() -> pd.DataFrame:
    iterations = np.arange(10)
    return pd.DataFrame(
        {"iteration": iterations, "images_seen": iterations, "loss_g": 1.0, "loss_d": 2.0}
    )


def luminance(colour: str) -> float:
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


def contrast(one: str, other: str) -> float:
    low, high = sorted([luminance(one), luminance(other)])
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("page", ["#FFFFFF", "#10151C"])
@pytest.mark.parametrize(
    "colour", [*run_charts.KERNEL_COLOURS.values(), *run_charts.PAIR_COLOURS, run_charts.NEUTRAL]
)
def test_marks_pass_contrast_on_both_pages(colour: str, page: str) -> None:
    assert contrast(colour, page) >= 3


def test_the_loss_chart_zooms_and_answers_to_its_legend() -> None:
    lines = loss_lines(losses(), "a", 0.5)
    chart = run_charts.loss_curves(lines, ["a"], ["#1F7FBF"], rule=5).to_dict()
    parameters = {one["name"]: one for one in chart["params"]}
    assert parameters["zoom"]["bind"] == "scales"
    assert parameters["zoom"]["select"]["encodings"] == ["x"]
    assert parameters["by_run"]["bind"] == "legend"
    assert parameters["by_network"]["bind"] == "legend"
    assert len(chart["layer"]) == 4


def test_a_kernel_keeps_its_colour_when_another_is_missing() -> None:
    table = pd.DataFrame(
        {
            "name": ["Kernel 8"],
            "value": [1.0],
            "low": [0.5],
            "high": [2.0],
            "seeds": [3],
            "seed": [0],
        }
    )
    chart = experiment_charts.kernel_spread(table, table, "fd", "FD").to_dict()
    scale = chart["layer"][0]["encoding"]["color"]["scale"]
    assert scale == {"domain": ["Kernel 8"], "range": [run_charts.KERNEL_COLOURS["Kernel 8"]]}


def test_confusion_rows_are_shares_of_what_was_asked() -> None:
    table = pd.DataFrame(
        {
            "seed": [0, 0, 1],
            "asked": ["SUV", "SUV", "Van"],
            "named": ["SUV", "Van", "Van"],
            "count": [3, 1, 5],
        }
    )
    shares = run_charts.confusion_shares(table, "asked").set_index(["asked", "named"])["value"]
    assert shares.to_dict() == {
        ("SUV", "SUV"): 0.75,
        ("SUV", "Van"): 0.25,
        ("Van", "SUV"): 0.0,
        ("Van", "Van"): 1.0,
    }
    assert run_charts.confusion_shares(table.head(0), "asked").empty


def test_the_cumulative_curve_rises_to_one() -> None:
    distances = pd.DataFrame({"kind": "generated", "distance": [3.0, 1.0, 2.0]})
    curve = run_charts.cumulative(distances)
    assert curve["distance"].is_monotonic_increasing
    assert curve["share"].iloc[-1] == 1
    assert (curve["distance"].iloc[0], curve["distance"].iloc[-1]) == (1, 3)
