"""Chooses the best of the generators that a run kept on the way, without the test split."""

import shutil

import numpy as np
import pandas as pd

from gan import atomic
from gan.checkpoint import load_generator
from gan.data.prepared import Photos
from gan.errors import UserError
from gan.metrics.classifier import predict
from gan.metrics.judge import Judge
from gan.metrics.measures import frechet_distance
from gan.runs import Run
from gan.sampling import generate_set

COUNT = 2000  # pictures drawn by each generator
SEED = 1  # of these pictures; those of the published figures have seed 0


def check_kept(run: Run) -> None:
    """Refuse a run that has nothing to choose from.

    Raises:
        UserError: The run kept no generators.
    """
    if not run.kept():
        raise UserError(f"{run.path} kept no generators on the way: train with --keep-every")


def choose(run: Run, photos: Photos, judge: Judge) -> pd.DataFrame:
    """Make the kept generator with the lowest FD the run's generator.

    The FD is in the features of the judge's first network, between 2,000 pictures and the train
    and validation photos. For a conditional generator it is the mean of the FDs within each class
    (intra-FID, Miyato & Koyama 2018), as a pooled FD would not notice wagons drawn as sedans. The
    choice makes later figures by the judge's first network too good; those by the others are
    not affected. Writes choice.csv, and notes the choice in config.json. A training that is
    resumed goes on from its own last state.

    Returns:
        The rows of choice.csv, one a generator: iteration, images_seen, fd, n_fake, n_real.

    Raises:
        UserError: The run kept no generator.
    """
    check_kept(run)
    development = photos.indices("development")
    real = judge.features(photos, 0).pooled[development]
    real_labels = photos.labels[development]
    rows = []
    for iteration, path in run.kept():
        generator = load_generator(run, path)
        pictures, labels = generate_set(generator, COUNT, SEED)
        made = predict(judge.networks[0], pictures, f"generator of iteration {iteration:,}").pooled
        if generator.classes:
            sides = [
                (made[labels == k], real[real_labels == k])
                for k, count in enumerate(np.bincount(real_labels))
                if count > 1
            ]
        else:
            sides = [(made, real)]
        fd = float(np.mean([frechet_distance(*both) for both in sides]))
        seen = iteration * generator.config.loop.batch
        rows.append((iteration, seen, fd, COUNT, len(development)))
    table = pd.DataFrame(rows, columns=["iteration", "images_seen", "fd", "n_fake", "n_real"])
    best = table.iloc[int(table["fd"].argmin())]
    atomic.write_text(run.choice_path, table.to_csv(index=False))
    with atomic.replacing(run.generator_path) as path:
        shutil.copyfile(run.kept_path(int(best["iteration"])), path)
    values = run.read_config()
    seen = int(best["images_seen"])
    values["progress"]["chosen"] = {"images_seen": seen, "among": len(table)}
    run.write_config(values)
    return table
