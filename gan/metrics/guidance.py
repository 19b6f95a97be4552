"""The effect of guidance: a run's pictures judged from 0 (varied) to 1.5 (most typical)."""

import pandas as pd

from gan import atomic
from gan.checkpoint import LoadedGenerator, load_generator
from gan.data.prepared import Photos
from gan.errors import UserError
from gan.latents import MOST_GUIDANCE
from gan.metrics.classifier import accuracy, predict
from gan.metrics.glossary import CLASSIFIER
from gan.metrics.judge import Judge
from gan.metrics.measures import density_coverage, frechet_distance, precision_recall
from gan.runs import Run
from gan.sampling import generate_set

STEPS = (0.0, 0.25, 0.5, 0.75, 1.0, MOST_GUIDANCE)


def check_guided(run: Run) -> LoadedGenerator:
    """The generator of `run`, which takes guidance.

    Raises:
        UserError: It takes none, or can't be read.
    """
    generator = load_generator(run)
    if not generator.guided:
        raise UserError(f"{run.name} was trained without guidance: there is nothing to vary")
    return generator


def sweep(
    run: Run, generator: LoadedGenerator, photos: Photos, judge: Judge, count: int
) -> pd.DataFrame:
    """Judge `count` pictures at each of STEPS and write guidance.csv.

    The latents are the same at each step, and others than those of the published figures. Pictures
    are compared with the train split, in the features of the judge, so a default may be chosen by
    this table without using the test split.

    Returns:
        One row a figure: guidance, metric, extractor, value, n_real, n_fake, seed (of the judge).
    """
    train = photos.indices("train")
    rows = []
    for guidance in STEPS:
        pictures, labels = generate_set(generator, count, seed=2, guidance=guidance)
        for seed, network in enumerate(judge.networks):
            made = predict(network, pictures, f"judge {seed}, guidance {guidance}")
            real = judge.features(photos, seed)[train]
            precision, recall = precision_recall(made.pooled, real.pooled)
            density, coverage = density_coverage(made.pooled, real.pooled)
            figures = {
                "gan_test": accuracy(made.named, labels),
                "fd": frechet_distance(made.pooled, real.pooled),
                "precision": precision,
                "recall": recall,
                "density": density,
                "coverage": coverage,
            }
            rows += [
                {
                    "guidance": guidance,
                    "metric": metric,
                    "extractor": CLASSIFIER,
                    "value": value,
                    "n_real": 0 if metric == "gan_test" else len(train),
                    "n_fake": count,
                    "seed": seed,
                }
                for metric, value in figures.items()
            ]
    table = pd.DataFrame(rows)
    atomic.write_text(run.guidance_path, table.to_csv(index=False))
    return table
