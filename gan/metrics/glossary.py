"""The one table of what is measured: each metric's name, digits, direction and meaning.

Nothing here needs torch, so pages and tables that only show figures can read it.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

INCEPTION = "inception-v3-compat"  # the network of the FID and IS papers, torch-fidelity's name
LITE2 = "efficientnet-lite2"
DINOV2 = "dinov2-vit-s-14"
CLASSIFIER = "car-classifier"
FLOOR, NOISE = "_floor", "_noise"  # what a key ends with that is another figure's ruler


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
        "trained here, from scratch, on the train photos; unrelated to the discriminator",
    ),
    DINOV2: Extractor(
        "DINOv2", 224, "trained without labels (Oquab et al. 2023); unrelated to the discriminator"
    ),
}


@dataclass(frozen=True)
class Metric:
    """What one key of the column `metric` means."""

    name: str
    form: str  # of a value in a text table
    better: Literal["lower", "higher", ""]  # "": neither
    about: Literal["pictures", "photos", "training"]  # what the value describes
    meaning: str
    scale: Literal["", "share", "millions"] = ""  # how the app writes a value
    by_class: bool = False  # measured for each body type too
    home: str = ""  # the extractor that the bare name means; another is named in brackets
    ruler: bool = False  # has a floor (photos in the pictures' place) and noise as the other end
    headline: tuple[str, ...] = ()  # the extractors whose value sums a run up

    @property
    def sign(self) -> int:
        """1 where a higher value is better, -1 where a lower one is, 0 where neither."""
        return {"higher": 1, "lower": -1, "": 0}[self.better]

    def show(self, value: float) -> str:
        """A value with as many digits as it deserves; a share in per cent."""
        if value is None or math.isnan(value):
            return "not measured"
        if self.scale == "share":
            return f"{100 * value:.1f} %"
        if self.scale == "millions":
            return f"{value / 1e6:,.1f} M"
        if self.form == "{:.4f}":
            return self.form.format(value)
        return f"{value:,.1f}" if abs(value) >= 10 else f"{value:.2f}"


# In the order in which a reader wants them.
_MEASURED: dict[str, Metric] = {
    "fid": Metric(
        "FID",
        "{:.2f}",
        "lower",
        "pictures",
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
        "pictures",
        "The formula of FID on the features of another network, which is named in brackets. Its "
        "values can't be compared with FID.",
        ruler=True,
        headline=(LITE2, CLASSIFIER),
    ),
    "is": Metric(
        "IS",
        "{:.2f}",
        "higher",
        "pictures",
        "Inception score: high where each picture is named with confidence and the set is varied. "
        "It never looks at real photos.",
        home=INCEPTION,
        ruler=True,
        headline=(INCEPTION, LITE2),
    ),
    "kid": Metric(
        "KID",
        "{:.4f}",
        "lower",
        "pictures",
        "Kernel Inception distance: like FID, but without its bias on small sets.",
        by_class=True,
        home=INCEPTION,
        ruler=True,
    ),
    "precision": Metric(
        "Precision",
        "{:.3f}",
        "higher",
        "pictures",
        "The share of generated pictures that lie among real ones (realism). A few odd photos "
        "with wide neighbourhoods can raise it: see density.",
        scale="share",
        ruler=True,
    ),
    "recall": Metric(
        "Recall",
        "{:.3f}",
        "higher",
        "pictures",
        "The share of real pictures that lie among generated ones (variety).",
        scale="share",
        ruler=True,
    ),
    "density": Metric(
        "Density",
        "{:.3f}",
        "higher",
        "pictures",
        "How many real neighbourhoods hold a generated picture, on average, over how many would "
        "if it were a photo: 1 is as photos (Naeem et al. 2020).",
        ruler=True,
    ),
    "coverage": Metric(
        "Coverage",
        "{:.3f}",
        "higher",
        "pictures",
        "The share of photos with a generated picture in their neighbourhood (Naeem et al. 2020).",
        scale="share",
        ruler=True,
    ),
    "classifier": Metric(
        "Same classifier on photos",
        "{:.3f}",
        "higher",
        "photos",
        "The same classifier trained and tested on real photos: what GAN-test and GAN-train are "
        "compared with. It is a ceiling only if more training would not raise it.",
        scale="share",
        by_class=True,
        home=CLASSIFIER,
    ),
    "gan_test": Metric(
        "GAN-test",
        "{:.3f}",
        "higher",
        "pictures",
        "A classifier trained on real photos names generated pictures: the share that it names as "
        "asked.",
        scale="share",
        by_class=True,
        home=CLASSIFIER,
        headline=(CLASSIFIER,),
    ),
    "gan_train": Metric(
        "GAN-train",
        "{:.3f}",
        "higher",
        "pictures",
        "A classifier trained on generated pictures names real held-out photos: the share that it "
        "gets right.",
        scale="share",
        by_class=True,
        home=CLASSIFIER,
        headline=(CLASSIFIER,),
    ),
    "classifier_mean": Metric(
        "Same classifier on photos, mean of the types",
        "{:.3f}",
        "higher",
        "photos",
        "The same classifier on photos: the mean over body types, so that each counts alike.",
        scale="share",
        home=CLASSIFIER,
    ),
    "gan_train_mean": Metric(
        "GAN-train, mean of the types",
        "{:.3f}",
        "higher",
        "pictures",
        "GAN-train as the mean over body types, so that each counts alike. Its interval is over "
        "photos and seeds (bootstrap).",
        scale="share",
        home=CLASSIFIER,
    ),
    "gan_train_ratio": Metric(
        "GAN-train over the same classifier on photos",
        "{:.3f}",
        "higher",
        "pictures",
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
        "pictures",
        "Accuracy on held-out photos of a classifier that saw photos and generated pictures, less "
        "that of one that saw photos alone, after as many steps: above 0 they help.",
        by_class=True,
        home=CLASSIFIER,
    ),
    "diversity": Metric(
        "Diversity",
        "{:.2f}",
        "higher",
        "pictures",
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
        "pictures",
        "Diversity as the experiments measure it: on the first photos of a type in the order of "
        "their files, as many as there are pictures.",
        by_class=True,
        home=CLASSIFIER,
    ),
    "neighbour_distance": Metric(
        "Neighbour distance",
        "{:.2f}",
        "",
        "pictures",
        "Median distance from a generated picture to the nearest train photo, in the classifier's "
        "features. Its floor is that of held-out photos, which nobody can have copied.",
        home=CLASSIFIER,
        ruler=True,
    ),
    "learned_distance": Metric(
        "Distance to the photos learned from",
        "{:.2f}",
        "",
        "pictures",
        "Median distance from a picture of a type to the nearest photo of that type that the run "
        "learned from, in the classifier's features.",
        by_class=True,
        home=CLASSIFIER,
    ),
    "copying": Metric(
        "Distance to the photos learned from, over that to unseen ones",
        "{:.2f}",
        "",
        "pictures",
        "1 is no nearer than to as many photos that the training never saw.",
        by_class=True,
        home=CLASSIFIER,
    ),
    "copying_rank": Metric(
        "Share of sets of unseen photos that lie as near",
        "{:.3f}",
        "",
        "pictures",
        "Above 0.05 the photos learned from lie no nearer than chance explains.",
        by_class=True,
        home=CLASSIFIER,
    ),
    "copies": Metric(
        "Copies",
        "{:.4f}",
        "lower",
        "pictures",
        "The share of pictures that match a train photo, mirrored or not, better than all but one "
        "in a hundred held-out photos do, pixel by pixel at 32 px.",
        scale="share",
        ruler=True,
    ),
    "loss_g": Metric(
        "Generator's loss",
        "{:.2f}",
        "",
        "training",
        "Mean loss of the generator over the last tenth of the training.",
    ),
    "loss_d": Metric(
        "Discriminator's loss",
        "{:.2f}",
        "",
        "training",
        "Mean loss of the discriminator over the last tenth of the training.",
    ),
    "loss_g_oscillation": Metric(
        "Oscillation of the generator's loss",
        "{:.2f}",
        "lower",
        "training",
        "Standard deviation of the generator's loss around its smoothed curve.",
    ),
    "pictures_per_s": Metric(
        "Training speed (pictures/s)", "{:.0f}", "higher", "training", "Photos seen in a second."
    ),
    "seconds": Metric("Training time (s)", "{:.0f}", "lower", "training", "Seconds of training."),
    "parameters": Metric(
        "Parameters, both networks",
        "{:.0f}",
        "lower",
        "training",
        "Numbers that both networks learn.",
        scale="millions",
    ),
    "multiply_adds": Metric(
        "Multiply-adds a picture",
        "{:.0f}",
        "lower",
        "training",
        "Multiply-adds of one picture through both networks.",
        scale="millions",
    ),
}


def _with_rulers() -> Iterator[tuple[str, Metric]]:
    for key, metric in _MEASURED.items():
        yield key, metric
        if metric.ruler:
            alike = replace(metric, about="photos", ruler=False, by_class=False, headline=())
            yield (
                key + FLOOR,
                replace(
                    alike,
                    name=f"{metric.name} floor",
                    meaning=f"{metric.name} of real photos in the generated pictures' place: no "
                    "generator can be expected to do better at that count.",
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
# (key, extractor) of the figures that sum a run up, in order.
HEADLINE = [(key, network) for key, metric in METRICS.items() for network in metric.headline]


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


def distance(extractor: str) -> str:
    """The key of the Fréchet distance: FID is the name of Inception's alone."""
    return "fid" if extractor == INCEPTION else "fd"
