"""Figures of the generators that a run kept on the way: how its pictures change as it learns."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from torch_fidelity.feature_extractor_base import FeatureExtractorBase

from gan.checkpoint import load_generator
from gan.data.prepared import Photos
from gan.metrics import fidelity
from gan.metrics.choice import COUNT, SEED, check_kept
from gan.metrics.class_figures import recognition_rows
from gan.metrics.classifier import predict
from gan.metrics.extractors import extract, real_features
from gan.metrics.features import Row
from gan.metrics.glossary import CLASSIFIER
from gan.metrics.inception import gives_is
from gan.metrics.judge import Judge
from gan.runs import Run
from gan.sampling import generate_set


def follow(
    run: Run,
    photos: Photos,
    judge: Judge | None,
    extractors: Sequence[FeatureExtractorBase],
    again: bool = False,
) -> pd.DataFrame:
    """Judge every kept generator by 2,000 pictures; add to along.csv what it lacks.

    FD, KID, precision, recall, density, coverage and, where it is defined, IS by each extractor;
    FD and GAN-test by the judge's first network. All are against the train and validation photos
    (GAN-test: the train photos, from which the judge learned), so the test split stays shut. FD is
    larger at 2,000 pictures than at the 10,000 of metrics.csv; its floor at the same counts and
    class shares stands beside it.

    Args:
        run: Its folder.
        photos: What it was trained on.
        judge: The judge of these photos; None leaves out what it measures.
        extractors: The networks beside the judge.
        again: Also measure what along.csv holds already.

    Returns:
        The rows of along.csv, with the columns of metrics.csv.

    Raises:
        UserError: The run kept no generator.
    """
    check_kept(run)
    development = photos.indices("development")
    labels = photos.labels[development]
    known = [(e, real_features(e, photos)[development]) for e in extractors]
    own = judge.features(photos, 0)[development] if judge else None
    for iteration, path in run.kept():
        generator = load_generator(run, path)
        seen = iteration * generator.config.loop.batch
        if not again and _done(run, seen, judge, extractors):
            continue
        pictures, asked = generate_set(generator, COUNT, SEED)
        shares = None
        if generator.classes:
            shares = np.bincount(asked, minlength=len(photos.classes)) / len(asked)
        desc = f"generator of iteration {iteration:,}"
        rows: list[Row] = []
        for extractor, real in known:
            name = extractor.get_name()
            made = extract(extractor, pictures, f"{desc}, {name}")
            rows += fidelity.rows(made, real, name)
            rows += fidelity.neighbourhood_rows(made.pooled, real.pooled, name)
            rows.append(fidelity.own_floor(real.pooled, labels, COUNT, shares, name))
        if judge and own:
            read = predict(judge.networks[0], pictures, desc)
            rows.append(fidelity.distance_row(read.pooled, own.pooled, CLASSIFIER))
            rows.append(fidelity.own_floor(own.pooled, labels, COUNT, shares, CLASSIFIER))
            if generator.classes:
                rows += recognition_rows(
                    read.named,
                    asked,
                    photos.classes,
                    "n_fake",
                    metric="gan_test",
                    reference="train",
                    n_real=len(judge.reference_labels),
                )
            rows = judge.signed(rows)
        # A table of its own: its figures are of fewer pictures than those of metrics.csv.
        run.add_metrics([{"images_seen": seen, "seed": 0} | row for row in rows], along=True)
    return run.read_along()


def _done(
    run: Run, seen: int, judge: Judge | None, extractors: Sequence[FeatureExtractorBase]
) -> bool:
    rows = run.read_along()
    rows = rows[rows["images_seen"] == seen]
    judged = judge is None or judge.digest() in set(rows["judge"])
    by_extractor = rows.groupby("extractor")["metric"].agg(set)
    return judged and all(
        one.get_name() in by_extractor
        and (not gives_is(one) or "is" in by_extractor[one.get_name()])
        for one in extractors
    )
