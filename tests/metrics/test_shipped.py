"""A shipped figure is recomputed from what ships: GAN-test needs weights and judges, no photo."""

import math
from pathlib import Path

import pytest

from gan.checkpoint import load_generator
from gan.metrics.classifier import accuracy, predict
from gan.metrics.judge import read
from gan.runs import Run, find_judges, latest
from gan.sampling import generate_set

CHECKPOINTS = Path(__file__).resolve().parents[2] / "checkpoints"
COUNT = 400  # pictures, of the 10,000 that the figure rests on


@pytest.mark.parametrize("name", ["report-cgan", "cgan-64"])
def test_gan_test_comes_out_as_shipped(name: str) -> None:
    run = Run(CHECKPOINTS / name)
    generator = load_generator(run)
    content_hash = run.read_config()["dataset"]["content_hash"]
    judge = read(find_judges(CHECKPOINTS, content_hash, generator.size)[0])
    pictures, labels = generate_set(generator, COUNT)
    share = accuracy(predict(judge.networks[0], pictures).named, labels)
    table = latest(run.read_metrics())
    rows = table[(table["metric"] == "gan_test") & (table["body_type"] == "all")]
    shipped = float(rows.loc[rows["seed"] == 0, "value"].item())
    # Four standard deviations of a share of so few pictures.
    assert abs(share - shipped) < 4 * math.sqrt(shipped * (1 - shipped) / COUNT)
