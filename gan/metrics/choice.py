"""Which of the generators that a run kept is its best, by a score on development photos."""

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

COUNT = 2000  # pictures a generator
SEED = 1  # of these pictures: the figures that are published afterwards are of others (seed 0)


def check_kept(run: Run) -> None:
    """Refuse a run that has nothing to choose among.

    Raises:
        UserError: The run kept no generators.
    """
    if not run.kept():
        raise UserError(f"{run.path} kept no generators to choose among: train with --keep-every")


def choose(run: Run, photos: Photos, judge: Judge) -> pd.DataFrame:
    """Let the kept generator with the lowest FD in the judge's features be the run's generator.

    Of one that takes a class it is the mean of the FDs within each (the intra-FID of Miyato &
    Koyama 2018): an FD of all together does not mind wagons that are sedans. The judge (the
    network of its first seed) learned from photos alone and from no ImageNet; the FD is against
    the train and validation photos, so the test split has no part in the choice. That network's
    own figures of the chosen generator are flattered; those of other seeds are not. Writes
    choice.csv, and to config.json which was taken; a training that goes on starts from its own
    last state.

    Returns:
        The rows of choice.csv, one a generator: iteration, images_seen, fd, n_fake, n_real.

    Raises:
        UserError: The run kept none.
    """
    check_kept(run)
    known = photos.indices("development")
    real = judge.features(photos, 0).pooled[known]
    real_labels = photos.labels[known]
    rows = []
    for iteration, path in run.kept():
        generator = load_generator(run, path)
        pictures, labels = generate_set(generator, COUNT, SEED)
        made = predict(judge.networks[0], pictures, f"generator of iteration {iteration:,}").pooled
        if generator.classes:
            kinds = [
                (made[labels == k], real[real_labels == k])
                for k, many in enumerate(np.bincount(real_labels))
                if many > 1
            ]
        else:
            kinds = [(made, real)]
        fd = float(np.mean([frechet_distance(*both) for both in kinds]))
        seen = iteration * generator.config.loop.batch
        rows.append((iteration, seen, fd, COUNT, len(known)))
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
