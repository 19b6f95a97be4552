"""Shipped figures are recomputed from what ships: GAN-test needs weights and judges, no photo."""

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gan.checkpoint import load_generator
from gan.metrics.classifier import predict
from gan.metrics.judge import read
from gan.runs import Run, find_judges, latest
from gan.sampling import generate_set

CHECKPOINTS = Path(__file__).resolve().parents[2] / "checkpoints"
COUNT = 400  # pictures, of the 10,000 that the figures rest on


@pytest.mark.parametrize("name", ["report-cgan", "cgan-64"])
def test_a_judge_names_pictures_as_shipped(name: str) -> None:
    run = Run(CHECKPOINTS / name)
    generator = load_generator(run)
    content_hash = run.read_config()["dataset"]["content_hash"]
    judge = read(find_judges(CHECKPOINTS, content_hash, generator.size)[0])
    pictures, labels = generate_set(generator, COUNT)
    named = predict(judge.networks[0], pictures).named
    classes = list(judge.classes)
    table = pd.read_csv(run.confusion_path).query("seed == 0")
    table = table.pivot_table("count", "asked", "named", fill_value=0)
    shipped = table.reindex(index=classes, columns=classes, fill_value=0).to_numpy()
    shares = shipped / shipped.sum(1, keepdims=True)

    # How often each type is named at all says more of networks that draw noise than GAN-test does.
    for k, each in enumerate(classes):
        assert_share((named == k).mean(), shares[labels, k].mean(), each)
    right = np.diag(shares)[labels].mean()
    assert_share((named == labels).mean(), right, "right")
    metrics = latest(run.read_metrics())
    rows = metrics[(metrics["metric"] == "gan_test") & (metrics["body_type"] == "all")]
    gan_test = float(rows.loc[rows["seed"] == 0, "value"].item())
    assert gan_test == pytest.approx(np.trace(shipped) / shipped.sum(), abs=1e-4)


def assert_share(found: float, expected: float, what: str) -> None:
    """Within four standard deviations of a share of so few pictures, and one picture."""
    deviation = math.sqrt(expected * (1 - expected) / COUNT)
    assert abs(found - expected) < 4 * deviation + 1 / COUNT, what
