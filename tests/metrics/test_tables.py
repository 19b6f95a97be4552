"""The documents' tables say what the CSVs say."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from gan.config import to_json
from gan.document import read_part
from gan.metrics.glossary import CLASSIFIER, INCEPTION, LITE2
from gan.metrics.tables import Column, along, headline, markdown, of_runs, over_trainings
from gan.runs import METRIC_COLUMNS, Run
from tests.conftest import tiny_config

REPOSITORY = Path(__file__).resolve().parents[2]


def table(*rows: tuple[str, str, str, float, int]) -> pd.DataFrame:
    keys = ("metric", "extractor", "body_type", "value", "seed")
    about = {"images_seen": 70, "reference": "", "n_real": 29}
    filled = [dict(zip(keys, row, strict=True)) | about for row in rows]
    return pd.DataFrame(filled, columns=list(METRIC_COLUMNS)).fillna({"reference": ""})


def columns(size: int = 64, **rows: pd.DataFrame) -> list[Column]:
    return [Column(name, size, own) for name, own in rows.items()]


def test_mean_and_range_over_seeds() -> None:
    runs = columns(
        ours=table(("gan_test", "car", "all", 0.5, 0), ("gan_test", "car", "all", 0.7, 1)),
        theirs=table(("fd", "lite", "all", 3.0, 0), ("fd", "lite", "all", 3.001, 1)),
    )
    lines = markdown(runs).splitlines()
    assert lines[0] == "| figure | ours | theirs | photos, 64 px | noise, 64 px |"
    assert "| `gan_test` (car) | 0.600 (0.500 to 0.700) | - | - | - |" in lines
    assert "| `fd` (lite) | - | 3.00 | - | - |" in lines  # one digit more would tell them apart


def test_photos_and_noise_stand_once_for_each_size() -> None:
    small = table(
        ("fd", LITE2, "all", 9.0, 0),
        ("fd_floor", LITE2, "all", 1.0, 0),
        ("fd_noise", LITE2, "all", 80.0, 0),
    )
    large = small.assign(value=small["value"] * 2)
    runs = columns(one=small, other=small) + columns(size=128, large=large)
    head, _, *lines = markdown(runs).splitlines()
    assert head.endswith("| photos, 64 px | photos, 128 px | noise, 64 px | noise, 128 px |")
    assert lines == [
        "| `fd` (efficientnet-lite2) | 9.00 | 9.00 | 18.00 | 1.00 | 2.00 | 80.00 | 160.00 |"
    ]
    other = small.assign(value=[9.0, 1.5, 80.0])  # photos in the class shares of other pictures
    assert "| 9.00 | 9.00 | 1.00 or 1.50 |" in markdown(columns(one=small, other=other))


def test_a_range_over_trainings_is_not_one_over_judges() -> None:
    """Each training counts once, with its mean over judges; what one lacks has no range."""
    one = table(("fd", "lite", "all", 3.0, 0), ("fd", "lite", "all", 5.0, 1))
    other = table(("fd", "lite", "all", 6.0, 0), ("is", "lite", "all", 2.0, 0))
    together = over_trainings([one, pd.concat([table(("fd", "lite", "van", 9.0, 0)), other])])
    assert markdown([Column("ours, 2 trainings", 64, together)]).splitlines()[2:] == [
        "| `fd` (lite) | 5.00 (4.00 to 6.00) | - | - |"
    ]


def test_types_are_those_of_all_trainings_of_a_run() -> None:
    rows = [("classifier", "", "wagon", 0.5, 0), ("gan_test", "", "wagon", 0.25, 0)]
    one, other = table(*rows), table(rows[0], ("gan_test", "", "wagon", 0.75, 0))
    both = Column("ours, 2 trainings", 64, over_trainings([one, other]))
    head, _, wagon = markdown([Column("ours", 64, one), both]).splitlines()[-3:]
    assert head.endswith("| same classifier on photos | gan_test, ours, 2 trainings |")
    assert wagon == "| wagon | 29 | 0.500 | 0.500 (0.250 to 0.750) |"
    assert headline([Column("ours", 64, one), both]).splitlines()[0] == (
        "| figure | ours, 2 trainings | photos, 64 px |"
    )


def test_figures_of_the_generator_that_was_judged_last_count() -> None:
    """One chosen from before the end was judged after the last one."""
    end = table(("fd", "lite", "all", 9.0, 0))
    chosen = table(("fd", "lite", "all", 3.0, 0)).assign(images_seen=55)
    both = pd.concat([end, chosen], ignore_index=True)
    assert "| `fd` (lite) | 3.00 | - | - |" in markdown(columns(ours=both)).splitlines()


def test_classes_stand_beside_their_ceiling() -> None:
    rows = [("classifier", "", "wagon", 0.5, 0), ("gan_test", "", "wagon", 0.25, 0)]
    rows.append(("diversity", "", "wagon", 0.8, 0))
    assert markdown(columns(ours=table(*rows))).endswith("| wagon | 29 | 0.500 | 0.250 | 0.80 |")


def test_each_judge_has_its_own_ceiling() -> None:
    rows = [("classifier", "", "wagon", 0.5, 0), ("gan_test", "", "wagon", 0.25, 0)]
    one, two = table(*rows).assign(judge="a"), table(*rows).assign(judge="b")
    two.loc[two["metric"] == "classifier", "value"] = 0.6
    head, _, wagon = markdown(columns(x=one, y=one, z=two)).splitlines()[-3:]
    assert head == (
        "| body type | held-out photos | same classifier on photos, x and y | gan_test, x | "
        "gan_test, y | same classifier on photos, z | gan_test, z |"
    )
    assert wagon == "| wagon | 29 | 0.500 | 0.250 | 0.250 | 0.600 | 0.250 |"


def test_the_short_table_sets_runs_beside_photos() -> None:
    floor = table(("fd", CLASSIFIER, "all", 3.0, 0), ("fd_floor", CLASSIFIER, "all", 0.5, 0))
    none = table(("fd", CLASSIFIER, "all", 9.0, 0), ("gan_test", CLASSIFIER, "all", 0.25, 0))
    lines = headline(columns(ours=floor, theirs=none)).splitlines()
    assert lines[0] == "| figure | ours | theirs | photos, 64 px |"
    assert "| FD (car classifier), lower is better | 3.00 | 9.00 | 0.50 |" in lines
    assert "| GAN-test, higher is better | - | 0.250 | - |" in lines


def test_fid_takes_the_place_of_its_stand_in_beside_what_the_report_published() -> None:
    inception = [("fid", INCEPTION, "all", 90.0, 0), ("fid_floor", INCEPTION, "all", 4.0, 0)]
    inception.append(("is", INCEPTION, "all", 2.5, 0))
    lite2 = ("fd", LITE2, "all", 800.0, 0)
    full = Column("cgan", 64, table(*inception, lite2))
    lines = headline([full, Column("report-cgan", 64, table(lite2))]).splitlines()
    assert "| FID, lower is better | 90.00 | - | 4.00 |" in lines
    assert "| FD (EfficientNet-Lite2), lower is better | 800.00 | 800.00 | - |" in lines
    lines = headline([full, replace(full, name="report-cgan")]).splitlines()
    fid = lines.index("| FID, lower is better | 90.00 | 90.00 | 4.00 |")
    assert lines[fid + 1].startswith("| FID, as the report published it | - | 109.3")
    assert "| IS, as the report published it | - | 1.00 | - |" in lines
    assert not any("Lite2" in line for line in lines)


def test_photos_stand_beside_a_figure_against_the_same_reference() -> None:
    figure = [("recall", LITE2, "all", 0.3, 0), ("recall", LITE2, "all", 0.4, 0)]
    rows = table(*figure, ("recall_floor", LITE2, "all", 0.9, 0))
    rows["reference"] = ["train", "half", "half"]
    line = "| Recall (EfficientNet-Lite2), higher is better | 0.400 | 0.900 |"
    assert line in headline(columns(ours=rows)).splitlines()


@pytest.mark.parametrize("metric", ["kid", "fd", "fid"])
def test_half_against_half_takes_the_place_of_all_photos_where_photos_have_it(metric: str) -> None:
    network = INCEPTION if metric == "fid" else LITE2
    rows = table((metric, network, "all", 0.1, 0), (metric, network, "all", 0.2, 0))
    rows["reference"] = ["train", "half"]
    before = markdown(columns(ours=rows))
    assert "train photos" in before
    floor = table((f"{metric}_floor", network, "all", 0.01, 0)).assign(reference="half")
    text = markdown(columns(ours=pd.concat([rows, floor], ignore_index=True)))
    assert ("train photos" in text) == (metric == "fid")  # FID is set beside published ones
    assert "half of the photos" in text


@pytest.mark.parametrize(
    ("document", "part", "write"),
    [("README.md", "headline", headline), ("checkpoints/README.md", "results", markdown)],
)
def test_documents_hold_the_shipped_figures(
    document: str, part: str, write: Callable[[list[Column]], str]
) -> None:
    written = read_part(REPOSITORY / document, part)
    names = [name.strip() for name in written.splitlines()[0].strip("|").split("|")[1:]]
    runs = dict.fromkeys(name.split(",")[0] for name in names)
    folders = [REPOSITORY / "checkpoints" / name for name in runs]
    assert written == write(of_runs([Run(folder) for folder in folders if folder.is_dir()]))


def test_document_holds_the_figures_along_the_training() -> None:
    folders = sorted(path.parent for path in (REPOSITORY / "checkpoints").glob("*/along.csv"))
    assert read_part(REPOSITORY / "checkpoints" / "README.md", "along") == along(
        [Run(folder) for folder in folders]
    )


def test_along_the_training_all_trainings_of_a_run_share_a_line(tmp_path: Path) -> None:
    one, other = Run(tmp_path / "ours"), Run(tmp_path / "trainings-of-ours" / "seed1")
    for run, value in ((one, 4.0), (other, 6.0)):
        rows = table(("fd", LITE2, "all", value, 0), ("gan_test", CLASSIFIER, "all", 0.5, 0))
        rows.loc[len(rows)] = rows.iloc[0].replace({"fd": "fd_floor", value: 1.0})
        run.path.mkdir(parents=True)
        empty: dict[str, object] = {"dataset": {}, "progress": {}, "environment": {}}
        run.write_config({"settings": to_json(tiny_config("projected"))} | empty)
        run.add_metrics(rows.to_dict("records"), along=True)
    losses = "iteration,images_seen,seconds,loss_g,loss_d,d_real,d_fake\n"
    one.losses_path.write_text(losses + "6,60,50,0,0,0,0\n8,80,99,0,0,0,0\n", encoding="utf-8")
    other.losses_path.write_text(losses + "7,70,70,0,0,0,0\n", encoding="utf-8")
    line, photos = along([one]).splitlines()[2:]
    assert line == ("| ours, 2 trainings | 70 | 60 (50 to 70) | 5.00 (4.00 to 6.00) | 0.500 |")
    assert photos == "| photos, beside ours | - | - | 1.00 | - |"
