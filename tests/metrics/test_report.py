"""The README's table says what the CSVs say."""

from pathlib import Path

import pandas as pd

from gan.document import read_part
from gan.metrics.report import markdown
from gan.runs import METRIC_COLUMNS, Run

REPOSITORY = Path(__file__).resolve().parents[2]


def table(*rows: tuple[str, str, str, float, int]) -> pd.DataFrame:
    keys = ("metric", "extractor", "body_type", "value", "seed")
    about = {"images_seen": 70, "reference": "", "n_real": 29}
    filled = [dict(zip(keys, row, strict=True)) | about for row in rows]
    return pd.DataFrame(filled, columns=list(METRIC_COLUMNS)).fillna({"reference": ""})


def test_mean_and_range_over_seeds() -> None:
    runs = {
        "ours": table(("gan_test", "car", "all", 0.5, 0), ("gan_test", "car", "all", 0.7, 1)),
        "theirs": table(("fd", "lite", "all", 3.0, 0)),
    }
    lines = markdown(runs).splitlines()
    assert lines[0] == "| figure | ours | theirs |"
    assert "| `gan_test` (car) | 0.600 (0.500 to 0.700) | - |" in lines
    assert "| `fd` (lite) | - | 3.00 |" in lines


def test_figures_of_the_generator_that_was_judged_last_count() -> None:
    """One chosen from before the end was judged after the last one."""
    end = table(("fd", "lite", "all", 9.0, 0))
    chosen = table(("fd", "lite", "all", 3.0, 0)).assign(images_seen=55)
    both = pd.concat([end, chosen], ignore_index=True)
    assert "| `fd` (lite) | 3.00 |" in markdown({"ours": both}).splitlines()


def test_classes_stand_beside_their_ceiling() -> None:
    rows = [("classifier", "", "wagon", 0.5, 0), ("gan_test", "", "wagon", 0.25, 0)]
    rows.append(("diversity", "", "wagon", 0.8, 0))
    assert markdown({"ours": table(*rows)}).endswith("| wagon | 29 | 0.500 | 0.250 | 0.80 |")


def test_readme_holds_the_shipped_figures() -> None:
    written = read_part(REPOSITORY / "README.md", "results")
    names = written.splitlines()[0].strip("|").split("|")[1:]
    runs = [Run(REPOSITORY / "checkpoints" / name.strip()) for name in names]
    assert written == markdown({run.name: run.read_metrics() for run in runs})
