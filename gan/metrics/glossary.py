"""The table of all metrics: the name, number format, direction and meaning of each.

It needs no torch, so that pages and tables that only show figures can import it.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

INCEPTION = "inception-v3-compat"  # the network of the FID and IS papers, torch-fidelity's name
LITE2 = "efficientnet-lite2"
DINOV2 = "dinov2-vit-s-14"
CLASSIFIER = "car-classifier"
# Endings of the keys of a metric's values on photos and on noise in the pictures' place.
FLOOR, NOISE = "_floor", "_noise"


@dataclass(frozen=True)
class Extractor:
    """A network that turns pictures into the features that a metric compares."""

    name: str
    size: int  # pixels a side that it reads, whatever the picture's size; 0: the picture's own
    meaning: str


EXTRACTORS = {
    INCEPTION: Extractor("Inception V3", 299, "trained on ImageNet; the network of FID and IS"),
    LITE2: Extractor(
        "EfficientNet-Lite2",
        128,
        "trained on ImageNet; a relative of the network that our discriminator reads, so it may "
        "flatter our recipe",
    ),
    CLASSIFIER: Extractor(
        "car classifier",
        0,
        "trained here, from scratch, on the train photos; unrelated to the discriminator, but "
        "the guidance of calibrated runs was chosen by it",
    ),
    DINOV2: Extractor(
        "DINOv2", 224, "trained without labels (Oquab et al. 2023); unrelated to the discriminator"
    ),
}


@dataclass(frozen=True)
class Metric:
    """What one key of the column `metric` means."""

    name: str
    form: str  # format of a value in a text table
    better: Literal["lower", "higher", ""]  # "" where neither is better
    meaning: str
    subject: Literal["pictures", "photos", "training"] = "pictures"  # what the value describes
    scale: Literal["", "share", "millions"] = ""  # how the app writes a value
    by_class: bool = False  # whether it is measured for each body type too
    home: str = ""  # the extractor that the name alone means; another is added in brackets
    ruler: bool = False  # whether there are values of photos (FLOOR) and noise (NOISE) beside it
    on_photos: str = ""  # key of what photos score in the pictures' place, where it isn't a FLOOR
    headline: tuple[str, ...] = ()  # the extractors whose values sum a run up in the app

    @property
    def sign(self) -> int:
        """1 where a higher value is better, -1 where a lower one is, 0 where neither."""
        return {"higher": 1, "lower": -1, "": 0}[self.better]

    def show(self, value: float) -> str:
        """A value as the app shows it; a share is in per cent."""
        if value is None or math.isnan(value):
            return "not measured"
        if self.scale == "share":
            return f"{100 * value:.1f} %"
        if self.scale == "millions":
            return f"{value / 1e6:,.1f} M"
        if self.form == "{:.4f}":
            return self.form.format(value)
        return f"{value:,.1f}" if abs(value) >= 10 else f"{value:.2f}"


# In the order in which tables show them.
_MEASURED: dict[str, Metric] = {
    "fid": Metric(
        "FID",
        "{:.2f}",
        "lower",
        "Fréchet Inception distance: how far the statistics of generated pictures are from those "
        "of photos, read by the Inception V3 network.",
        home=INCEPTION,
        ruler=True,
        headline=(INCEPTION,),
    ),
    "fd": Metric(
        "FD",
        "{:.2f}",
        "lower",
        "The formula of FID on the features of another network, which is named in brackets. Its "
        "values can't be compared with FID.",
        ruler=True,
        headline=(LITE2, CLASSIFIER),
    ),
    "is": Metric(
        "IS",
        "{:.2f}",
        "higher",
        "Inception score: high where each picture is named with confidence and the set is varied. "
        "It never looks at real photos. On EfficientNet-Lite2 it doesn't rank networks rightly: "
        "blurs score nearly as high as photos.",
        home=INCEPTION,
        ruler=True,
        headline=(INCEPTION,),
    ),
    "kid": Metric(
        "KID",
        "{:.4f}",
        "lower",
        "Kernel Inception distance: like FID, but without its bias on small sets.",
        by_class=True,
        home=INCEPTION,
        ruler=True,
    ),
    "precision": Metric(
        "Precision",
        "{:.3f}",
        "higher",
        "The share of generated pictures that lie among real ones (realism). A few odd photos "
        "with wide neighbourhoods can raise it: see density.",
        scale="share",
        ruler=True,
    ),
    "recall": Metric(
        "Recall",
        "{:.3f}",
        "higher",
        "The share of real pictures that lie among generated ones (variety).",
        scale="share",
        ruler=True,
    ),
    "density": Metric(
        "Density",
        "{:.3f}",
        "higher",
        "How many real neighbourhoods hold a generated picture, on average, over how many would "
        "if it were a photo: 1 is as photos (Naeem et al. 2020).",
        ruler=True,
    ),
    "coverage": Metric(
        "Coverage",
        "{:.3f}",
        "higher",
        "The share of photos with a generated picture in their neighbourhood (Naeem et al. 2020).",
        scale="share",
        ruler=True,
    ),
    "classifier": Metric(
        "Same classifier on photos",
        "{:.3f}",
        "higher",
        "The same classifier trained and tested on real photos: what GAN-test and GAN-train are "
        "compared with. It is a ceiling only if more training would not raise it.",
        subject="photos",
        scale="share",
        by_class=True,
        home=CLASSIFIER,
    ),
    "gan_test": Metric(
        "GAN-test",
        "{:.3f}",
        "higher",
        "A classifier trained on real photos names generated pictures: the share that it names as "
        "asked.",
        scale="share",
        by_class=True,
        home=CLASSIFIER,
        headline=(CLASSIFIER,),
        on_photos="classifier_mean",  # as many pictures of each type are drawn
    ),
    "gan_train": Metric(
        "GAN-train",
        "{:.3f}",
        "higher",
        "A classifier trained on generated pictures names real held-out photos: the share that it "
        "gets right.",
        scale="share",
        by_class=True,
        home=CLASSIFIER,
        on_photos="classifier",
    ),
    "classifier_mean": Metric(
        "Same classifier on photos, mean of the types",
        "{:.3f}",
        "higher",
        "The same classifier on photos: the mean over body types, so that each counts alike.",
        subject="photos",
        scale="share",
        home=CLASSIFIER,
    ),
    "gan_train_mean": Metric(
        "GAN-train, mean of the types",
        "{:.3f}",
        "higher",
        "GAN-train as the mean over body types, so that each counts alike. Its interval is over "
        "photos and seeds (bootstrap).",
        scale="share",
        home=CLASSIFIER,
        headline=(CLASSIFIER,),
        on_photos="classifier_mean",
    ),
    "gan_train_ratio": Metric(
        "GAN-train over the same classifier on photos",
        "{:.3f}",
        "higher",
        "GAN-train over what photos teach the same classifier, seed by seed: 1 is as good a "
        "teacher as photos. Its interval is over photos and seeds (bootstrap).",
        scale="share",
        by_class=True,
        home=CLASSIFIER,
    ),
    "added_gain": Metric(
        "Gain from generated pictures added to photos",
        "{:+.3f}",
        "higher",
        "Accuracy on held-out photos of a classifier that saw photos and generated pictures, less "
        "that of one that saw photos alone, after as many steps: above 0 they help.",
        by_class=True,
        home=CLASSIFIER,
    ),
    "diversity": Metric(
        "Diversity",
        "{:.2f}",
        "higher",
        "How different pictures of one type are from each other, generated over real: 1 is as "
        "varied as real photos. Noise scores high too: see its value.",
        by_class=True,
        home=CLASSIFIER,
        ruler=True,
        headline=(CLASSIFIER,),
    ),
    "diversity_first": Metric(
        "Diversity (first photos)",
        "{:.2f}",
        "higher",
        "Diversity as the experiments measure it: on the first photos of a type in the order of "
        "their files, as many as there are pictures.",
        by_class=True,
        home=CLASSIFIER,
    ),
    "neighbour_distance": Metric(
        "Neighbour distance",
        "{:.2f}",
        "",
        "Median distance from a generated picture to the nearest train photo, in the classifier's "
        "features. Its floor is that of held-out photos, which nobody can have copied.",
        home=CLASSIFIER,
        ruler=True,
    ),
    "learned_distance": Metric(
        "Distance to the photos learned from",
        "{:.2f}",
        "",
        "Median distance from a picture of a type to the nearest photo of that type that the run "
        "learned from, in the classifier's features.",
        by_class=True,
        home=CLASSIFIER,
    ),
    "copying": Metric(
        "Distance to the photos learned from, over that to unseen ones",
        "{:.2f}",
        "",
        "1 is no nearer than to as many photos that the training never saw.",
        by_class=True,
        home=CLASSIFIER,
    ),
    "copying_rank": Metric(
        "Share of sets of unseen photos that lie as near",
        "{:.3f}",
        "",
        "Above 0.05 the photos learned from lie no nearer than chance explains.",
        by_class=True,
        home=CLASSIFIER,
    ),
    "copies": Metric(
        "Copies",
        "{:.4f}",
        "lower",
        "The share of pictures that match a train photo, mirrored or not, better than all but one "
        "in a hundred held-out photos do, pixel by pixel at 32 px.",
        scale="share",
        ruler=True,
    ),
    "detector_auc": Metric(
        "Detector",
        "{:.4f}",
        "lower",
        "A small network trained from scratch tells generated pictures from photos: the "
        "probability that it ranks a held-out picture above a held-out photo. 0.5 is guessing, 1 "
        "is without a mistake.",
    ),
    "detector_auc_16": Metric(
        "Detector, 16 px",
        "{:.4f}",
        "lower",
        "The detector's figure where a smaller network sees pictures and photos reduced to 16 px, "
        "so that only large shapes and colours are left to give pictures away.",
    ),
    "checkerboard": Metric(
        "Checkerboard",
        "{:.2f}",
        "",
        "The energy of a checkerboard of single pixels in generated pictures, over that in "
        "photos: 1 is as photos.",
    ),
    "weave_2": Metric(
        "Weave, 2 pixels",
        "{:.2f}",
        "lower",
        "The energy of a pattern that repeats every 2 pixels over the whole picture, over that in "
        "photos.",
    ),
    "weave_4": Metric(
        "Weave, 4 pixels",
        "{:.2f}",
        "lower",
        "The energy of a pattern that repeats every 4 pixels over the whole picture, over that in "
        "photos.",
    ),
    "loss_g": Metric(
        "Generator's loss",
        "{:.2f}",
        "",
        "Mean loss of the generator over the last tenth of the training.",
        subject="training",
    ),
    "loss_d": Metric(
        "Discriminator's loss",
        "{:.2f}",
        "",
        "Mean loss of the discriminator over the last tenth of the training.",
        subject="training",
    ),
    "loss_g_rise": Metric(
        "Rise of the generator's loss",
        "{:.2f}",
        "",
        "Mean loss of the generator over the last tenth of the training, less that over the tenth "
        "before its middle.",
        subject="training",
    ),
    "loss_g_oscillation": Metric(
        "Oscillation of the generator's loss",
        "{:.2f}",
        "lower",
        "Standard deviation of the generator's loss around its smoothed curve.",
        subject="training",
    ),
    "pictures_per_s": Metric(
        "Training speed (pictures/s)",
        "{:.0f}",
        "higher",
        "Photos seen in a second.",
        subject="training",
    ),
    "seconds": Metric(
        "Training time (s)", "{:.0f}", "lower", "Seconds of training.", subject="training"
    ),
    "step_seconds": Metric(
        "Time of a training step (s)",
        "{:.3f}",
        "lower",
        "Median time of a training step. Other programs on the machine change it less than the "
        "whole time.",
        subject="training",
    ),
    "parameters": Metric(
        "Parameters, both networks",
        "{:.0f}",
        "lower",
        "Numbers that both networks learn.",
        subject="training",
        scale="millions",
    ),
    "multiply_adds": Metric(
        "Multiply-adds a picture",
        "{:.0f}",
        "lower",
        "Multiply-adds of one picture through both networks.",
        subject="training",
        scale="millions",
    ),
}


def _with_rulers() -> Iterator[tuple[str, Metric]]:
    for key, metric in _MEASURED.items():
        yield key, metric
        if metric.ruler:
            alike = replace(metric, subject="photos", ruler=False, by_class=False, headline=())
            yield (
                key + FLOOR,
                replace(
                    alike,
                    name=f"{metric.name} floor",
                    meaning=f"{metric.name} of real photos in the generated pictures' place, at "
                    "the same counts.",
                ),
            )
            yield (
                key + NOISE,
                replace(
                    alike,
                    name=f"{metric.name} of noise",
                    meaning=f"{metric.name} of photos with random phases, which keep "
                    "colours and texture and show nothing: the ruler's other end.",
                ),
            )


METRICS: dict[str, Metric] = dict(_with_rulers())
BY_CLASS = tuple(key for key, metric in METRICS.items() if metric.by_class)
Figure = tuple[str, str]  # key and extractor
# The figures that sum a run up in the app.
HEADLINE: list[Figure] = [
    (key, name) for key, metric in METRICS.items() for name in metric.headline
]
# Figures of Lite2 that stand in for Inception's, whose weights can't be had everywhere.
STAND_INS: dict[Figure, Figure] = {
    ("fd", LITE2): ("fid", INCEPTION),
    ("is", LITE2): ("is", INCEPTION),
}


def without_stand_ins(counts: Mapping[Figure, int]) -> list[Figure]:
    """The figures without Lite2's FD or IS where at least as many runs have Inception's.

    `counts` says how many runs have each figure.
    """
    return [
        figure
        for figure, count in counts.items()
        if figure not in STAND_INS or counts.get(STAND_INS[figure], 0) < count
    ]


def title(key: str, extractor: str) -> str:
    """A metric's name; an extractor other than the one that the bare name means is in brackets.

    Raises:
        KeyError: The metric is not in METRICS.
    """
    metric = METRICS[key]
    if extractor in ("", metric.home):
        return metric.name
    known = EXTRACTORS.get(extractor)
    return f"{metric.name} ({known.name if known else extractor})"


def on_photos(key: str) -> str:
    """The key of what photos score in the place of the pictures that `key` is about."""
    return METRICS[key].on_photos or key + FLOOR


def distance(extractor: str) -> str:
    """The key of the Fréchet distance, which is called FID on Inception's features only."""
    return "fid" if extractor == INCEPTION else "fd"
