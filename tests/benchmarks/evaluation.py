"""The Fréchet distance of generated pictures beside pytorch-fid, same pictures, same network."""

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import tyro
from measure import Figure, clock, save, use_threads
from PIL import Image
from pytorch_fid.fid_score import calculate_activation_statistics, calculate_frechet_distance
from torch import Tensor, nn

from gan.checkpoint import load_generator
from gan.data import photos as sets
from gan.data.prepared import Photos
from gan.metrics.extractors import LITE2, create, extract, real_features
from gan.metrics.measures import frechet_distance
from gan.runs import find_run
from gan.sampling import generate_set


class AsInception(nn.Module):
    """Our extractor as pytorch-fid calls its own: pictures [N, 3, H, W] in [0, 1] to [map]."""

    def __init__(self, extractor: nn.Module) -> None:
        super().__init__()
        self.extractor = extractor

    def forward(self, pictures: Tensor) -> list[Tensor]:
        pooled, _ = self.extractor((pictures * 255).round())
        return [pooled[:, :, None, None]]


def main(
    data: str = "cars8.rar", run: str = "cgan-64", count: int = 3_000, threads: int = 0
) -> None:
    """Judge a shipped run twice each way; generating the pictures isn't counted.

    Args:
        data: The photos that the run was trained on.
        run: A conditional run's folder or name.
        count: Generated pictures, and photos at most.
        threads: Cores; 0 takes every one.
    """
    use_threads(threads)
    extractor = create(LITE2)
    photos = sets.load(data, 64)
    pictures, _ = generate_set(load_generator(find_run(run)), count)
    extract(extractor, pictures[:64], "warming up")
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        few = first(photos, count, root)
        reals, fakes = root / "real", root / "fake"
        write(few.pictures[few.indices("train")], reals)
        write(pictures, fakes)
        seconds: dict[str, float] = {}
        distances = []
        for turn in ("first", "second"):  # the second finds the photos' features kept
            start = clock()
            made = extract(extractor, pictures, "generated")
            real = real_features(extractor, few)
            distances.append(frechet_distance(made.pooled, real.pooled))
            seconds[f"ours, {turn} run"] = clock() - start
        start = clock()
        kept = statistics(extractor, reals)
        with_photos = clock() - start
        start = clock()
        distances.append(calculate_frechet_distance(*statistics(extractor, fakes), *kept))
        seconds["pytorch-fid --save-stats"] = clock() - start
        # Given two folders, it reads both, every time.
        seconds["pytorch-fid"] = seconds["pytorch-fid --save-stats"] + with_photos

    figures = [Figure("pictures", "generated", [count], "")]
    figures += [Figure("judging", name, [s], "s") for name, s in seconds.items()]
    pairs = [("first", "pytorch-fid"), ("second", "pytorch-fid")]
    for turn, theirs in [*pairs, ("second", "pytorch-fid --save-stats")]:
        times = seconds[theirs] / seconds[f"ours, {turn} run"]
        figures.append(Figure(f"speed-up, {turn} run", theirs, [times], "times"))
    for name, value in zip(("ours, first run", "ours", "pytorch-fid"), distances, strict=True):
        figures.append(Figure("Fréchet distance", name, [float(value)], ""))
    apart = abs(distances[1] / distances[2] - 1)
    save("evaluation", [*figures, Figure("relative difference", "pytorch-fid", [apart], "")])


def first(photos: Photos, count: int, folder: Path) -> Photos:
    """The set with at most `count` training photos, evenly chosen, and an empty cache."""
    train = photos.indices("train")
    chosen = train[np.linspace(0, len(train) - 1, min(count, len(train))).astype(int)]
    return replace(
        photos,
        pictures=photos.pictures[chosen],
        labels=photos.labels[chosen],
        test=photos.test[chosen],
        validation=photos.validation[chosen],
        folder=folder,
    )


def write(pictures: np.ndarray, folder: Path) -> None:
    """PNG files of pictures uint8 [N, H, W, 3]."""
    folder.mkdir()
    for i, picture in enumerate(pictures):
        Image.fromarray(picture).save(folder / f"{i:05d}.png")


def statistics(extractor: nn.Module, folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Mean and covariance by pytorch-fid's own loop over the files of a folder."""
    workers = 0 if torch.get_num_threads() == 1 else torch.get_num_threads()
    files = sorted(folder.glob("*.png"))
    mean, covariance = calculate_activation_statistics(
        files, AsInception(extractor), dims=1280, num_workers=workers
    )
    return mean, covariance


if __name__ == "__main__":
    tyro.cli(main)
