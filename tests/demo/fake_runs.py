"""A checkpoints folder as the app finds it: tiny runs with made-up figures."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import safetensors.torch
import torch
from PIL import Image

from gan import graph
from gan.checkpoint import save_generator
from gan.config import (
    AdversarialConfig,
    CGANConfig,
    DataConfig,
    DCGANConfig,
    LoopConfig,
    RunConfig,
    to_json,
)
from gan.experiments import results
from gan.latents import DIRECTIONS
from gan.metrics.classifier import WIDTHS, CarClassifier
from gan.metrics.glossary import INCEPTION
from gan.models import build_generator
from gan.pictures import grid
from gan.runs import LOSS_COLUMNS, METRIC_COLUMNS, SOURCE_KINDS, Run

TYPES = ("Convertible", "Coupe", "Hatchback", "Pickup", "SUV", "Sedan", "Van", "Wagon")
COUNTS = dict(zip(TYPES, (600, 1500, 900, 450, 2600, 2900, 400, 317), strict=True))
CONTENT_HASH = "feedbeef" * 8
ITERATIONS = (100, 200, 300, 400)


def make_run(
    root: Path,
    name: str,
    *,
    conditional: bool,
    kernel: int = 4,
    seed: int = 0,
    types: tuple[str, ...] = TYPES,
    weights: bool = True,
    metrics: bool = True,
) -> Run:
    """One finished run: settings, tiny generator, losses, metrics, grids, confusion, distances."""
    run = Run(root / name)
    run.path.mkdir(parents=True)
    network = (
        CGANConfig(width=4, latent=8, kernel=kernel, dense=8)
        if conditional
        else DCGANConfig(width=4, latent=8, kernel=kernel)
    )
    config = RunConfig(DataConfig(size=64), network, AdversarialConfig(), LoopConfig(seed=seed))
    settings = to_json(config)
    counts = {name: COUNTS.get(name, 100) for name in types}
    run.write_config(
        {
            "settings": settings,
            "dataset": {
                "name": "fake",
                "content_hash": CONTENT_HASH,
                "classes": list(types),
                "counts": {"train": counts, "test": {key: n // 9 for key, n in counts.items()}},
                "size": 64,
            },
            "progress": {
                "iteration": 400,
                "images_seen": 51200,
                "seconds": 321.0,
                "finished": True,
            },
            "environment": {"python": "3", "torch": "2", "device": "cpu", "git_revision": "abc"},
        }
    )
    random = np.random.RandomState(seed * 10 + kernel + conditional)
    if weights:
        torch_state = torch.random.get_rng_state()
        torch.manual_seed(seed)
        generator = build_generator(network, 64, len(types) if conditional else 0)
        torch.random.set_rng_state(torch_state)
        save_generator(run.generator_path, generator.eval(), settings)
        graph.write_generator(run, config, len(types) if conditional else 0)
        directions = pd.DataFrame(np.eye(8, len(DIRECTIONS)), columns=list(DIRECTIONS))
        directions.assign(generator=run.short_hash()).to_csv(run.directions_path, index=False)
    iterations = np.arange(0, 401, 2)
    falling = np.exp(-iterations / 150)
    losses = pd.DataFrame(
        {
            "iteration": iterations,
            "images_seen": iterations * 128,
            "seconds": iterations * 0.8,
            "loss_g": 3 - 2 * falling + kernel / 8 * random.standard_normal(len(iterations)) * 0.5,
            "loss_d": 0.4 + falling + 0.1 * random.standard_normal(len(iterations)),
            "d_real": 0.8,
            "d_fake": 0.2,
        },
        columns=list(LOSS_COLUMNS),
    )
    run.write_losses(losses)
    run.samples_path.mkdir()
    for iteration in ITERATIONS:
        count = len(types) * 5 if conditional else 25
        base = random.randint(0, 256, (count, 8, 8, 3)).astype(np.uint8)
        pictures = base.repeat(8, axis=1).repeat(8, axis=2)
        Image.fromarray(grid(pictures, 5)).save(run.sample_path(iteration), speed=9)
    if metrics:
        add_metrics(run, types if conditional else (), random)
    return run


def add_metrics(run: Run, types: tuple[str, ...], random: np.random.RandomState) -> None:
    """Evaluate without evaluating."""
    rows = []

    def add(metric: str, extractor: str, body_type: str, value: float, seed: int = 0) -> None:
        rows.append(
            dict.fromkeys(METRIC_COLUMNS)
            | {
                "images_seen": 51200,
                "metric": metric,
                "extractor": extractor,
                "body_type": body_type,
                "value": value,
                "n_real": 1063,
                "n_fake": 10000,
                "reference": "test",
                "seed": seed,
            }
        )

    add("fd", "efficientnet-lite2", "all", 80 + 10 * random.rand())
    add("fd_floor", "efficientnet-lite2", "all", 6.5)
    add("fd_noise", "efficientnet-lite2", "all", 900.0)
    add("copies", "", "all", 0.0)
    add("copies_floor", "", "all", 0.01)
    add("is", "efficientnet-lite2", "all", 2.5 + random.rand())
    for seed in range(3 if types else 0):
        add("gan_test", "car-classifier", "all", 0.55 + 0.02 * seed, seed)
        add("gan_train", "car-classifier", "all", 0.40 + 0.02 * seed, seed)
        add("classifier", "car-classifier", "all", 0.70 + 0.01 * seed, seed)
        for place, name in enumerate(types):
            add("gan_test", "car-classifier", name, 0.3 + 0.06 * place + 0.01 * seed, seed)
    if types:
        add("classifier_mean", "car-classifier", "all", 0.65)
        add("gan_train_mean", "car-classifier", "all", 0.35)
    for name in types:
        add("fd", "efficientnet-lite2", name, 90 + 30 * random.rand())
        add("diversity", "car-classifier", name, 0.6 + 0.3 * random.rand())
    run.add_metrics(rows)
    if types:
        pd.DataFrame(
            [
                (seed, asked, named, 60 if asked == named else 5)
                for seed in range(3)
                for asked in types
                for named in types
            ],
            columns=["seed", "asked", "named", "count"],
        ).to_csv(run.confusion_path, index=False)
        pd.DataFrame(
            [(source, name, 40, 0.7, 0.4) for source in ("one", "two") for name in types],
            columns=list(SOURCE_KINDS),
        ).to_csv(run.sources_path, index=False)
    pd.DataFrame(
        [("generated", 5 + 2 * random.rand()) for _ in range(200)]
        + [("held-out", 5 + 2 * random.rand()) for _ in range(200)],
        columns=["kind", "distance"],
    ).to_csv(run.distances_path, index=False)
    matches = {"picture": [0, 1], "photo": [5, 9], "similarity": [0.9, 0.8], "rank": [0.03, 0.5]}
    pd.DataFrame(matches).to_csv(run.copies_path, index=False)


def add_inception(run: Run) -> None:
    """What Inception would measure of the run, as evaluation writes it."""
    shared = {"images_seen": 51200, "extractor": INCEPTION, "body_type": "all", "seed": 0}
    shared |= {"n_fake": 10000, "n_real": 9667, "reference": "train"}
    offset = run.read_config()["settings"]["network"]["kernel"]
    values = {"fid": 120.0 + offset, "fid_floor": 4.5, "is": 2.5 + offset / 10}
    run.add_metrics([shared | {"metric": key, "value": value} for key, value in values.items()])
    run.add_metrics([shared | {"metric": "is_floor", "value": 6.5, "reference": "half"}])
    results.take_up(run)


def make_judge(root: Path) -> Path:
    """A classifier that knows nothing, in the files of one that does."""
    folder = root / "judge-fake-64"
    folder.mkdir()
    torch_state = torch.random.get_rng_state()
    torch.manual_seed(0)
    network = CarClassifier(len(TYPES), 64)
    reference = torch.rand(30, WIDTHS[-1])
    torch.random.set_rng_state(torch_state)
    safetensors.torch.save_file(network.state_dict(), folder / "seed0.safetensors")
    safetensors.torch.save_file(
        {
            "features": reference.half(),
            "labels": torch.zeros(30, dtype=torch.int16),
            "held_out": torch.linspace(1, 9, 50),
        },
        folder / "reference.safetensors",
    )
    about = {
        "dataset": {"name": "fake", "content_hash": CONTENT_HASH},
        "classes": TYPES,
        "size": 64,
        "seeds": [0],
        "pictures_seen": 100,
        "accuracy": [0.71],
    }
    (folder / "judge.json").write_text(json.dumps(about), encoding="utf-8")
    graph.write_judge(folder, len(TYPES), 64)
    return folder


def make_experiments(root: Path) -> None:
    """results.csv of the three experiments."""
    random = np.random.RandomState(0)

    def write(name: str, rows: list[tuple[object, ...]]) -> None:
        columns = [
            "setting",
            "seed",
            "view",
            "metric",
            "extractor",
            "body_type",
            "value",
            "n_real",
            "n_fake",
        ]
        (root / name).mkdir(exist_ok=True)
        pd.DataFrame(rows, columns=columns).to_csv(root / name / "results.csv", index=False)

    lite = "efficientnet-lite2"
    rows: list[tuple[object, ...]] = []
    for view in ("equal-pictures", "equal-time", "equal-parameters"):
        for kernel, mean in ((4, 90.0), (6, 80.0), (8, 81.0)):
            for seed in range(3):
                key = (f"k{kernel}", seed, view)
                rows.append((*key, "fd", lite, "all", mean + random.rand() * 3, 1063, 5000))
                rows.append((*key, "kid", lite, "all", mean / 1000, 1063, 5000))
                rows.append((*key, "pictures_per_s", "", "all", 800 / kernel, "", ""))
                rows.append((*key, "parameters", "", "all", 1e6 * kernel, "", ""))
                rows.append((*key, "seconds", "", "all", 51200 / 800 * kernel, "", ""))
                rows.append((*key, "loss_g_oscillation", "", "all", kernel / 10, "", ""))
    for kernel in (4, 6, 8):
        for point in (10_000, 20_000):
            key = (f"k{kernel}", 0, f"curve-{point}")
            rows.append((*key, "fd", lite, "all", 200 - point / 1000, 1063, 500))
            rows.append((*key, "seconds", "", "all", point * kernel / 1000, "", ""))
    write("kernel-size", rows)
    rows = []
    for share, loss in ((1, 0.0), (2, 0.05), (16, 0.2)):
        for balanced in (False, True)[:share]:
            setting = "full" if share == 1 else f"cut-1/{share}" + "-balanced" * balanced
            for seed in range(3):
                for name in ("Pickup", "Van", "cut"):
                    value = 0.6 - loss + balanced * 0.02 + random.rand() / 50
                    for metric in ("gan_test", "copying", "copying_rank"):
                        key = (setting, seed, "equal-pictures", metric, "car-classifier", name)
                        rows.append((*key, value, 0, 500))
    write("rare-types", rows)
    write(
        "ablations",
        [
            (setting, seed, "short", "fd", lite, "all", value + seed, 1063, 5000)
            for setting, value in (("base", 80), ("relu", 90), ("mse", 75))
            for seed in range(3)
        ],
    )


def make_root(root: Path) -> Path:
    """All that ships, in small."""
    make_run(root, "cgan", conditional=True)
    make_run(root, "report-cgan", conditional=True, seed=1)
    make_run(root, "report-dcgan-k4", conditional=False)
    for kernel in (4, 6, 8):
        for seed in (0, 1):
            make_run(
                root,
                f"kernel-size/k{kernel}-seed{seed}",
                conditional=False,
                kernel=kernel,
                seed=seed,
            )
    make_judge(root)
    make_experiments(root)
    return root


def break_settings(run: Run) -> None:
    """A settings file of some other version."""
    values = json.loads(run.config_path.read_text(encoding="utf-8"))
    values["settings"]["network"]["kind"] = "diffusion"
    run.write_config(values)


if __name__ == "__main__":
    import sys

    make_root(Path(sys.argv[1]))
