"""The judge: classifiers trained on the photos of a data set, which evaluate generated pictures.

It is trained once and kept in a folder that ships with the runs. The folder holds weights and
features, and no photo.
"""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.torch
import torch
from safetensors import SafetensorError
from torch import Tensor

from gan import atomic, graph, reading
from gan.data.prepared import Photos, Split
from gan.errors import UserError
from gan.metrics.classifier import (
    BUDGET,
    CarClassifier,
    accuracy,
    predict,
    recalls,
    train_classifier,
)
from gan.metrics.features import Features, Row, cached, digest
from gan.metrics.glossary import CLASSIFIER
from gan.metrics.measures import nearest
from gan.runs import (
    JUDGE_FILE,
    JUDGE_REFERENCE,
    find_judges,
    judge_path,
    judge_weights,
    runs_root,
)


@dataclass(frozen=True)
class Judge:
    """Classifiers of one data set at one size, one for each seed."""

    content_hash: str  # of the photos
    classes: tuple[str, ...]
    budget: int  # pictures seen in training
    networks: tuple[CarClassifier, ...]  # by seed
    kept_validation: bool  # whether validation photos were held out from their training
    accuracy: tuple[float, ...]  # of each network on held-out photos; empty if there are none
    reference: Tensor  # features of the training photos by network 0, float32 [n, d]
    reference_labels: np.ndarray  # int64 [n]
    held_out: np.ndarray  # distances from held-out photos to the nearest in reference, rising

    def features(self, photos: Photos, seed: int) -> Features:
        """The features of all photos by network `seed`; they are cached."""
        return _features(self.networks[seed], photos, seed)

    def digest(self) -> str:
        """A digest of the weights of network 0, which tells judges apart in tables."""
        return digest(self.networks[0])

    def signed(self, rows: list[Row]) -> list[Row]:
        """The rows of metrics.csv, those that the classifiers measured with the judge's digest."""
        own = {"judge": self.digest()}
        return [row | own if row.get("extractor") == CLASSIFIER else row for row in rows]


def judge_of(
    photos: Photos, seeds: int, budget: int = BUDGET, unseen: Split | None = None
) -> Judge:
    """The judge of these photos: read from its folder, or else trained and kept there.

    A judge with more seeds or a larger budget serves too. It must not be trained on photos of
    `unseen`; judges of earlier versions are trained on the validation photos.
    """
    reasons = []
    for folder in find_judges(runs_root(), photos.content_hash, photos.size):
        try:
            judge = read(folder)
        except UserError as error:
            reasons.append(str(error))
            continue
        enough = len(judge.networks) >= seeds and judge.budget >= budget
        clean = judge.kept_validation or unseen != "validation" or not photos.validation.any()
        if enough and clean:
            return judge
        reason = "was trained on the validation photos" if enough else "was trained for less"
        reasons.append(f"{folder} {reason}")
    for reason in reasons:
        print(f"{reason}: training another judge")
    folder = judge_path(photos.name, photos.size, photos.content_hash)
    return _train(photos, folder, seeds, budget)


def read(folder: Path) -> Judge:
    """Read a judge from its folder.

    Raises:
        UserError: The folder is missing, damaged or from another version.
    """
    try:
        about = reading.read_judge(folder / JUDGE_FILE)
        for file in (JUDGE_REFERENCE, *map(judge_weights, about["seeds"])):
            reading.check_plain(folder / file)
        kept = safetensors.torch.load_file(folder / JUDGE_REFERENCE)
        networks = []
        for seed in about["seeds"]:
            network = CarClassifier(len(about["classes"]), about["size"])
            tensors = safetensors.torch.load_file(folder / judge_weights(seed))
            network.load_state_dict(_to_full(tensors))
            network.to(memory_format=torch.channels_last)
            networks.append(network.eval().requires_grad_(False))
        return Judge(
            content_hash=about["dataset"]["content_hash"],
            classes=tuple(about["classes"]),
            budget=about["pictures_seen"],
            kept_validation="validation" in about.get("counts", {}),
            networks=tuple(networks),
            accuracy=tuple(about["accuracy"]),
            reference=kept["features"].float(),
            reference_labels=kept["labels"].long().numpy(),
            held_out=kept["held_out"].numpy(),
        )
    except FileNotFoundError as error:
        raise UserError(f"{folder} holds no complete judge: {error.filename} is missing") from None
    except (OSError, SafetensorError, RuntimeError, ValueError, KeyError, TypeError) as error:
        raise UserError(f"the judge in {folder} is damaged: {error}") from None


def _train(photos: Photos, folder: Path, seeds: int, budget: int) -> Judge:
    train = photos.indices("train")
    # The test split is reserved for published figures.
    held: Split = "validation" if photos.validation.any() else "test"
    held_out = photos.indices(held)
    about: dict[str, Any] = {
        "dataset": {"name": photos.name, "content_hash": photos.content_hash},
        "classes": photos.classes,
        "size": photos.size,
        "seeds": list(range(seeds)),
        "pictures_seen": budget,
        "counts": {"train": photos.counts("train"), held: photos.counts(held)},
        "accuracy": [],
        "recall": [],
    }
    files: dict[str, dict[str, Tensor]] = {}
    for seed in range(seeds):
        network = train_classifier(
            photos.pictures[train],
            photos.labels[train],
            len(photos.classes),
            seed,
            budget,
            f"judge, seed {seed}",
        )
        rounded = _to_half(network.state_dict())
        files[judge_weights(seed)] = rounded
        # The rounded weights are the judge, so that a later evaluation gives the same figures.
        network.load_state_dict(_to_full(rounded))
        features = _features(network, photos, seed)
        if len(held_out):
            named = features.named[held_out]
            about["accuracy"].append(accuracy(named, photos.labels[held_out]))
            about["recall"].append(recalls(named, photos.labels[held_out], photos.classes))
        if seed == 0:
            reference = features.pooled[train].half()
            distances, _ = nearest(features.pooled[held_out], reference.float())
            files[JUDGE_REFERENCE] = {
                "features": reference,
                "labels": torch.from_numpy(photos.labels[train].astype(np.int16)),
                "held_out": torch.from_numpy(np.sort(distances)),
            }
    with atomic.optional("a judge for the next time", "$CAR_GAN_CHECKPOINTS"):
        return _keep(folder, files, about)
    with tempfile.TemporaryDirectory() as elsewhere:
        return _keep(Path(elsewhere), files, about)


def _keep(folder: Path, files: dict[str, dict[str, Tensor]], about: dict[str, Any]) -> Judge:
    # The JSON is removed first and written last: a folder without it holds no judge.
    (folder / JUDGE_FILE).unlink(missing_ok=True)
    for file, tensors in files.items():
        atomic.write_bytes(folder / file, safetensors.torch.save(tensors))
    graph.write_judge(folder, len(about["classes"]), about["size"])
    atomic.write_text(folder / JUDGE_FILE, json.dumps(about, indent=2) + "\n")
    return read(folder)


def _to_half(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A state dict for a file: weights in float16, vectors as they are, all on the CPU.

    Vectors, such as biases and BatchNorm's statistics, can exceed float16's range.
    """
    return {
        name: (value.half() if value.is_floating_point() and value.ndim > 1 else value)
        .cpu()
        .contiguous()
        for name, value in state.items()
    }


def _to_full(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """A state dict of `_to_half` with all floating-point values in float32."""
    return {n: value.float() if value.is_floating_point() else value for n, value in state.items()}


def _features(network: CarClassifier, photos: Photos, seed: int) -> Features:
    return cached(
        photos,
        f"all-{photos.size}-{CLASSIFIER}-{digest(network)}",
        len(photos.labels),
        lambda: predict(network, photos.pictures, f"judge {seed}, photos"),
    )
