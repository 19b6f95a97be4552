"""Two processes without a GPU (gloo) beside one, with the same batches: losses and overhead.

Rounding alone makes two trainings part, faster from step to step. So one process is also set
beside itself with other threads, which adds in another order: no difference can be expected to
be smaller than that.
"""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import tyro
from decoding import run
from measure import ROOT, Figure, clock_name, random_photos, save, use_threads

from gan.data.prepared import Origin, Writer
from gan.runs import LOSS_COLUMNS, Run

LOSSES = LOSS_COLUMNS[3:]
SHOWN = (1, 5, 10, 20)  # steps after which the difference is told
RECIPES = {
    "DCGAN": ["train_gan.py", "--width", "16"],
    "cgan": ["train_cgan.py", "--width", "16", "--bank", "48", "--join", "0", "--ramp", "0"],
    "report-cgan": ["train_cgan.py", "--recipe", "report", "--width", "16", "--dropout", "0"],
}


def main(steps: int = 20, batch: int = 64, threads: int = 0) -> None:
    """Train each network both ways and compare every row of losses.csv.

    Args:
        steps: Training steps, and rows that are compared.
        batch: Pictures a step, over both processes together.
        threads: Cores of both together; 0 takes every one.
    """
    use_threads(threads)
    cores = torch.get_num_threads()
    figures = []
    with tempfile.TemporaryDirectory() as temporary:
        photos = prepared(Path(temporary) / "photos")
        for name, (script, *flags) in RECIPES.items():
            command = [str(ROOT / "train" / script), *flags, "--data", str(photos)]
            command += ["--pictures", str(steps * batch), "--batch", str(batch)]
            command += ["--log-every", "1", "--sample-every", "100000"]
            tables = {}
            for processes, threads in ((1, cores), (2, max(1, cores // 2)), (1, cores + 1)):
                out = Path(temporary) / f"{name}-{processes}-{threads}"
                each = [*command, "--out", str(out), "--threads", str(threads)]
                if processes > 1:
                    # One machine, a free port of its own choosing.
                    module = ["-m", "torch.distributed.run", "--standalone"]
                    each = [*module, f"--nproc-per-node={processes}", *each]
                run(each, {"PYTHONPATH": str(ROOT)})
                tables[processes, threads == cores + 1] = Run(out).read_losses()
            figures += compared(name, tables[1, False], tables[2, False], tables[1, True])
    save("two_processes", figures)


def compared(
    name: str, alone: pd.DataFrame, together: pd.DataFrame, rounded: pd.DataFrame
) -> list[Figure]:
    """How far the losses part with a second process, and by rounding alone; and what it costs."""
    figures = []
    for what, table in (("two processes", together), ("other threads", rounded)):
        apart = (alone[list(LOSSES)] - table[list(LOSSES)]).abs().max(axis=1)
        for step in SHOWN:
            # The largest so far, of any loss.
            difference = float(apart[:step].max())
            figures.append(Figure(f"{name}, losses apart in {step} steps", what, [difference], ""))
    if clock_name() != "cpu":  # sharing one core, a second process can't help
        for whose, table in (("one process", alone), ("two processes", together)):
            seconds = np.diff(table["seconds"])[2:].tolist()
            figures.append(Figure(f"{name}, step", whose, seconds, "s"))
    return figures


def prepared(folder: Path) -> Path:
    """A prepared set of noise."""
    folder.mkdir()
    photos = random_photos(600, 64, folder)
    writer = Writer(folder, 64)
    for picture in photos.pictures:
        writer.add(picture)
    rows = [
        Origin(f"{i}.png", photos.classes[label], bool(test))
        for i, (label, test) in enumerate(zip(photos.labels, photos.test, strict=True))
    ]
    writer.finish(rows, [], {"name": "noise", "source": {}, "key": "noise"})
    return folder


if __name__ == "__main__":
    tyro.cli(main)
