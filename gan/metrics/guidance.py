"""The effect of guidance: a run's pictures judged from 0 (unguided) over 1 (typical) to 1.5."""

from dataclasses import replace

import numpy as np
import pandas as pd

from gan import atomic
from gan.calibration import Calibration
from gan.checkpoint import LoadedGenerator, load_generator
from gan.data.prepared import Photos
from gan.errors import UserError
from gan.latents import GUIDANCE, MOST_GUIDANCE
from gan.metrics.classifier import accuracy, predict
from gan.metrics.glossary import CLASSIFIER
from gan.metrics.judge import Judge
from gan.metrics.measures import density_coverage, frechet_distance, precision_recall
from gan.runs import Run
from gan.sampling import generate_set

RAW_STEPS = (0.0, 0.2, 0.4, GUIDANCE, 0.8, 1.0)  # at which G learned to draw
STEPS = (0.0, 0.25, 0.5, 0.75, 1.0, MOST_GUIDANCE)


def check_effort(count: int, seeds: int) -> None:
    """Refuse numbers of pictures and of classifiers that can't be meant.

    Raises:
        UserError: `count` is not from 100 to 100,000, or `seeds` not from 1 to 20.
    """
    if not 100 <= count <= 100_000:
        raise UserError(f"--count must be from 100 to 100000, not {count}")
    if not 1 <= seeds <= 20:
        raise UserError(f"--seeds must be from 1 to 20, not {seeds}")


def check_guided(run: Run, calibrated: bool = True) -> LoadedGenerator:
    """The generator of `run`, which takes guidance; if `calibrated` with the run's calibration.

    Raises:
        UserError: It takes none, or can't be read.
    """
    generator = load_generator(run, None if calibrated else run.generator_path)
    if not generator.guided:
        raise UserError(f"{run.name} was trained without guidance: there is nothing to vary")
    return generator


def check_validation(photos: Photos) -> None:
    """Refuse photos by which no calibration can be chosen.

    Raises:
        UserError: There is a type without validation photos.
    """
    if lacking := [name for name, n in photos.counts("validation").items() if not n]:
        raise UserError(f"there are no validation photos of {', '.join(lacking)} to compare with")


def calibrate(
    generator: LoadedGenerator,
    photos: Photos,
    judge: Judge,
    count: int,
    truncation: float,
) -> pd.DataFrame:
    """Find the guidance, from 0 to 1, at which each type is recognised as photos of it are.

    Each type's share of pictures named as asked is measured at RAW_STEPS of the network's own
    guidance and taken to rise with it; guidance is read off where it meets the share of validation
    photos, or at the nearer end. Shares are means over the judge's networks. So figures by these
    networks, GAN-test above all, favour pictures drawn with it: it was chosen to meet them.

    Args:
        generator: A generator that takes guidance; its own calibration is left aside.
        photos: What it was trained on, with validation photos of every type.
        judge: The judge of these photos.
        count: Pictures at each step, uniform over types; those of `sweep` have other latents.
        truncation: Factor of the latents, above 0 and at most 1.

    Returns:
        One row a type: the share named right of its validation photos (`photos`), of its pictures
        at guidance 0.6 (`before`) and, by interpolation, at the one chosen (`after`), and the
        guidance chosen (`guidance`).
    """
    held = photos.indices("validation")
    labels = photos.labels[held]
    kinds = range(len(photos.classes))
    plain = replace(generator, calibration=Calibration(truncation=truncation))
    shares = np.zeros((len(RAW_STEPS), len(kinds)))
    for share, guidance in zip(shares, RAW_STEPS, strict=True):
        pictures, asked = generate_set(plain, count, seed=3, guidance=guidance)
        for seed, network in enumerate(judge.networks):
            named = predict(network, pictures, f"judge {seed}, guidance {guidance}").named
            share += [accuracy(named[asked == kind], asked[asked == kind]) for kind in kinds]
    shares /= len(judge.networks)
    right = np.mean(
        [
            [accuracy(read[labels == kind], labels[labels == kind]) for kind in kinds]
            for read in (judge.features(photos, s).named[held] for s in range(len(judge.networks)))
        ],
        axis=0,
    )
    rising = np.maximum.accumulate(shares)  # sampling noise may bend the curve down
    typical = [float(np.interp(right[k], rising[:, k], RAW_STEPS)) for k in kinds]
    rounded = [round(value, 2) for value in typical]
    return pd.DataFrame(
        {
            "body_type": photos.classes,
            "photos": right,
            "before": shares[RAW_STEPS.index(GUIDANCE)],
            "after": [float(np.interp(rounded[k], RAW_STEPS, rising[:, k])) for k in kinds],
            "guidance": rounded,
        }
    )


def sweep(
    run: Run, generator: LoadedGenerator, photos: Photos, judge: Judge, count: int
) -> pd.DataFrame:
    """Judge `count` pictures at each of STEPS and write guidance.csv.

    The latents are the same at each step, and others than those of the published figures. Pictures
    are drawn with the generator's calibration and compared with the train split, in the features
    of the judge.

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
