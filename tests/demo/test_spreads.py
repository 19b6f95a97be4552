"""Names, means and ranges."""

import math

import pandas as pd
import pytest

from gan.demo import spreads
from gan.metrics import published


def rows(*values: tuple[str, str, str, str, float, float]) -> pd.DataFrame:
    columns = ["metric", "extractor", "body_type", "reference", "value", "seed"]
    table = pd.DataFrame(values, columns=columns)
    return table.assign(low=math.nan, high=math.nan, n_real=10, n_fake=20, images_seen=1)


@pytest.mark.parametrize(
    ("metric", "extractor", "expected"),
    [
        ("fid", "inception-v3-compat", "FID"),
        ("is", "inception-v3-compat", "IS"),
        ("fd", "efficientnet-lite2", "FD (EfficientNet-Lite2)"),
        ("is", "efficientnet-lite2", "IS (EfficientNet-Lite2)"),
        ("fd", "car-classifier", "FD (car classifier)"),
        ("gan_test", "car-classifier", "GAN-test"),
        ("parameters", "", "Parameters, both networks"),
    ],
)
def test_only_inception_is_called_fid_or_is(metric: str, extractor: str, expected: str) -> None:
    assert spreads.title(metric, extractor) == expected


def test_mean_and_range_are_over_seeds() -> None:
    table = rows(
        *[("gan_test", "c", "all", "train", value, i) for i, value in enumerate((1, 2, 6))]
    )
    found = spreads.pick(table, "gan_test")
    assert found == spreads.Spread(3.0, 1.0, 6.0, 3, 10.0, 20.0)
    assert spreads.pick(table, "fid") is None
    assert spreads.pick(table.assign(value=math.nan), "gan_test") is None


def test_a_single_value_keeps_its_own_interval() -> None:
    table = rows(("kid", "c", "all", "train", 0.5, 0)).assign(low=0.4, high=0.7)
    found = spreads.pick(table, "kid")
    assert found is not None
    assert (found.low, found.high) == (0.4, 0.7)


def test_the_test_split_is_preferred_as_reference() -> None:
    table = rows(("fd", "c", "all", "train", 1, 0), ("fd", "c", "all", "test", 2, 0))
    found = spreads.pick(table, "fd")
    assert found is not None
    assert found.value == 2


def test_the_mean_over_types_is_taken_within_a_seed() -> None:
    table = rows(
        ("diversity", "car-classifier", "Van", "train", 0.2, 0),
        ("diversity", "car-classifier", "SUV", "train", 0.4, 0),
        ("diversity", "car-classifier", "Van", "train", 0.6, 1),
        ("diversity", "car-classifier", "SUV", "train", 0.8, 1),
    )
    found = spreads.pick_any(table, "diversity", "car-classifier")
    assert found is not None
    assert (found.value, found.low, found.high, found.seeds) == pytest.approx((0.5, 0.3, 0.7, 2))


def test_the_published_table_is_the_reports() -> None:
    table = published.trainings().set_index(["variant", "kernel"])
    assert table.loc[("unconditional", 6), "fid"] == 148.915
    assert table.loc[("conditional", 4), "is"] == 1.0
    assert len(table) == 4
