"""Figures over seeds: oscillation, verdicts, costs, and the file that holds them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gan.config import CGANConfig, DCGANConfig
from gan.errors import UserError
from gan.experiments import results
from gan.experiments.findings import digits, spread
from gan.experiments.rows import costs, oscillation
from gan.metrics.glossary import CLASSIFIER, INCEPTION, LITE2
from gan.runs import Run


def test_a_smooth_loss_does_not_oscillate() -> None:
    assert oscillation(pd.Series(np.full(200, 3.0))) == pytest.approx(0)
    # A straight line runs ahead of its average by a constant: no oscillation either.
    assert oscillation(pd.Series(np.arange(2000.0))) < 0.2


def test_oscillation_grows_with_the_waves() -> None:
    noise = np.random.RandomState(0).standard_normal(5000)
    one, two = (oscillation(pd.Series(5 + size * noise)) for size in (1.0, 2.0))
    assert two == pytest.approx(2 * one)
    # x - EMA of white noise of variance 1: (1-a)^2 + a^2 sum_{k>0} (1-a)^2k = 2 w^2 / (1 + w).
    assert one == pytest.approx(np.sqrt(2 * 0.9**2 / 1.9), rel=0.03)


def test_spread_in_words() -> None:
    assert spread([2.0]) == "2"
    assert spread([1.0, float("nan"), 3.0]) == "2 (1 to 3)"
    assert spread([]) == "not measured"
    assert [digits(number) for number in (0.1234, 999.4, 999.6, 12345)] == [
        "0.123", "999", "1,000", "12,345",
    ]  # fmt: skip


def test_costs_are_those_of_the_layers() -> None:
    """Counted by hand for width 4 at 64 pixels, where stages have 32, 16, 8 and 4 channels."""
    network = DCGANConfig(width=4, latent=8, kernel=6)
    k, first = 36, 16
    generator = 8 * 32 * first + k * (32 * 16 + 16 * 8 + 8 * 4 + 4 * 3) + 3
    discriminator = k * (3 * 4 + 4 * 8 + 8 * 16 + 16 * 32) + 4 + 32 * 16 + 1
    norms = 2 * (32 + 16 + 8 + 4) + 2 * (8 + 16 + 32)
    # A transposed convolution multiplies once for each input place; a plain one for each output.
    multiply_adds = 8 * 32 * first + k * (32 * 16 * 16 + 16 * 8 * 64 + 8 * 4 * 256 + 4 * 3 * 1024)
    multiply_adds += k * (3 * 4 * 1024 + 4 * 8 * 256 + 8 * 16 * 64 + 16 * 32 * 16) + 32 * 16
    assert costs(network, 0) == (generator + discriminator + norms, multiply_adds)


def test_costs_of_the_conditional_pair() -> None:
    small, large = (costs(CGANConfig(width=4, latent=8, dense_layers=n), 8) for n in (2, 3))
    assert large[0] - small[0] == 512 * 512 + 512
    assert large[1] - small[1] == 512 * 512


def test_what_is_written_is_read(tmp_path: Path) -> None:
    row = dict.fromkeys(results.COLUMNS, "") | {"setting": "k4", "seed": 1, "value": 1909604}
    results.write(tmp_path, [row])
    table = results.read(tmp_path)
    assert table["value"].item() == 1909604
    assert table["n_real"].isna().all()
    assert table["extractor"].item() == ""


HEAD = ",".join(results.COLUMNS) + "\n"


def test_a_torn_line_is_dropped_and_the_rest_kept(tmp_path: Path) -> None:
    whole = HEAD + "k4,0,equal-time,fd,efficientnet-lite2,all,12.5,1,2\n"
    (tmp_path / results.FILE).write_text(whole + "k6,0,equ", encoding="utf-8")
    table = results.read(tmp_path)
    assert table["setting"].tolist() == ["k4"]
    assert table["value"].tolist() == [12.5]


@pytest.mark.parametrize(
    "content",
    [
        None,
        "",
        "setting,seed\nk4,0\n",
        b"\x00\xff",
        HEAD + "k4,0,v,fd,e,all,many,1,2\n",
        "\n",
        '"\n',
    ],
)
def test_a_file_that_is_no_results_is_one_line(tmp_path: Path, content: str | bytes | None) -> None:
    if content is not None:
        data = content if isinstance(content, bytes) else content.encode()
        (tmp_path / results.FILE).write_bytes(data)
    with pytest.raises(UserError, match=r"results\.csv"):
        results.read(tmp_path)


def test_what_inception_measured_goes_into_the_views_of_its_generator(tmp_path: Path) -> None:
    rows = [
        {"setting": setting, "seed": seed, "view": view, "metric": metric, "value": value}
        | {"extractor": LITE2 if metric == "fd" else "", "body_type": "all"}
        for setting in ("cut-1/2", "full")
        for seed in (0, 10)
        for view, seen in (("early", 64), ("late", 128), ("late too", 128))
        for metric, value in (("fd", 9.0), ("seconds", seen / 3), ("pictures_per_s", 3.0))
    ]
    folder = tmp_path / "study"
    results.write(folder, rows)
    run = Run(folder / "cut-1of2-seed0")
    config = {"settings": {}, "dataset": {}, "environment": {}}
    run.write_config(config | {"progress": {"images_seen": 128, "seconds": 43.0}})
    about = {"body_type": "all", "reference": "train", "seed": 0, "n_fake": 50}
    later = about | {"images_seen": 128}
    run.add_metrics(
        [
            later | {"metric": "fid", "extractor": INCEPTION, "value": 7.0},
            later | {"metric": "fid", "extractor": INCEPTION, "value": 8.0, "reference": "half"},
            later | {"metric": "fd", "extractor": CLASSIFIER, "value": 5.0},
            about | {"metric": "fid", "extractor": INCEPTION, "value": 6.0, "images_seen": 192},
        ]
    )
    for _ in range(2):  # the second time changes nothing
        results.take_up(run)
        table = results.read(folder)
        new = table[table["extractor"] == INCEPTION]
        assert new["view"].tolist() == ["late", "late too"]
        assert set(new["setting"]) == {"cut-1/2"}
        assert new["seed"].tolist() == [0, 0]
        assert new["value"].tolist() == [7.0, 7.0]
        assert new["n_fake"].tolist() == [50, 50]
        assert len(table) == len(rows) + 2

    # The network of the same training may lie elsewhere; that of another training is not meant.
    results.write(folder, rows)
    measured = results.records(run.read_metrics())
    run.metrics_path.unlink()
    for seconds, added in ((44.0, 0), (43.0, 2)):
        other = Run(tmp_path / f"ships-{added}")
        other.write_config(config | {"progress": {"images_seen": 128, "seconds": seconds}})
        other.add_metrics(measured)
        results.take_up(other)
        assert len(results.read(folder)) == len(rows) + added
    # They are in the run's own folder too: the next gathering of results reads those.
    assert INCEPTION in set(run.read_metrics()["extractor"])
