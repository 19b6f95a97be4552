"""How long our recipe trains until its types are recognised half as well as real photos."""

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import tyro
from measure import Figure, save, use_threads

from gan.checkpoint import load_generator
from gan.config import DataConfig, DriftConfig, LoopConfig, ProjectedConfig, RunConfig
from gan.data.photos import load
from gan.metrics.classifier import accuracy, predict
from gan.metrics.judge import judge_of
from gan.runs import Run
from gan.sampling import generate_set
from gan.training import train

STEP = 2_000  # pictures between two looks
JUDGED = 2_000  # generated pictures a look
SHARE = 0.5  # of the classifier's accuracy on real photos
CONTENDERS = {"ours": DriftConfig(), "heads after 20,000": DriftConfig(join=20_000, ramp=10_000)}


def main(
    data: str = "cars8.rar", seeds: tuple[int, ...] = (0,), most: int = 40_000, threads: int = 0
) -> None:
    """Train in short stages; the judging between them isn't counted.

    Args:
        data: The photos.
        seeds: Of the trainings.
        most: Pictures after which a training is given up.
        threads: Cores; 0 takes every one.
    """
    use_threads(threads)
    photos = load(data, 64)
    judge = judge_of(photos, 1)
    goal = SHARE * float(np.mean(judge.accuracy))
    loop = LoopConfig(
        batch=64, balanced=True, mirror=True, warmup=2000, threads=torch.get_num_threads()
    )
    figures = []
    for name, objective in CONTENDERS.items():
        config = RunConfig(DataConfig(data), ProjectedConfig(), objective, loop)
        times: list[float] = []
        pictures: list[float] = []
        for seed in seeds:
            with tempfile.TemporaryDirectory() as folder:
                run = Run(Path(folder) / "run")
                for seen in range(STEP, most + 1, STEP):
                    now = replace(loop, seed=seed, pictures=seen)
                    train(replace(config, loop=now), photos, run, resume=seen > STEP)
                    made, labels = generate_set(load_generator(run), JUDGED)
                    found = accuracy(predict(judge.networks[0], made).named, labels)
                    print(f"{name}, seed {seed}, {seen:,} pictures: {found:.3f} of {goal:.3f}")
                    if found >= goal:
                        progress = run.read_config()["progress"]
                        times.append(float(progress["seconds"]))
                        pictures.append(float(progress["images_seen"]))
                        break
        figures += [
            Figure("half the ceiling, time", name, times, "s"),
            Figure("half the ceiling, pictures", name, pictures, ""),
        ]
    save("half_ceiling", figures)


if __name__ == "__main__":
    tyro.cli(main)
