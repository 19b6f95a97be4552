"""Two processes without a GPU (gloo) beside one, with the same batches: losses and overhead."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import tyro
from decoding import run
from measure import ROOT, Figure, clock_name, random_photos, save, use_threads

from gan.data.prepared import Row, Writer
from gan.runs import LOSS_COLUMNS, Run

LOSSES = LOSS_COLUMNS[3:]
RECIPES = {
    "DCGAN": ["train_gan.py", "--width", "16"],
    "cgan": ["train_cgan.py", "--width", "16", "--bank", "48", "--join", "0", "--ramp", "0"],
    "report-cgan": ["train_cgan.py", "--recipe", "report", "--width", "16"],
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
            tables: list[pd.DataFrame] = []
            for processes in (1, 2):
                out = Path(temporary) / f"{name}-{processes}"
                each = [*command, "--out", str(out), "--threads", str(max(1, cores // processes))]
                if processes > 1:
                    # One machine, a free port of its own choosing.
                    module = ["-m", "torch.distributed.run", "--standalone"]
                    each = [*module, f"--nproc-per-node={processes}", *each]
                run(each, {"PYTHONPATH": str(ROOT)})
                tables.append(Run(out).read_losses())
            figures += compared(name, tables, steps)
    save("two_processes", figures)


def compared(name: str, tables: list[pd.DataFrame], steps: int) -> list[Figure]:
    """Largest difference of each loss, and what the second process cost."""
    alone, together = tables
    assert len(alone) == len(together) == steps
    apart = (alone[list(LOSSES)] - together[list(LOSSES)]).abs()
    figures = [
        Figure(f"{name}, largest difference of {column}", "one process", apart[column].tolist(), "")
        for column in LOSSES
    ]
    # The largest is the claim; the median would hide it.
    figures = [Figure(f.what, f.against, [max(f.values)], f.unit) for f in figures]
    if clock_name() == "wall":  # sharing its core with others, a second process can't help
        waits = [np.diff(table["seconds"])[2:].tolist() for table in tables]
        figures += [
            Figure(f"{name}, step", whose, seconds, "s")
            for whose, seconds in zip(("one process", "two processes"), waits, strict=True)
        ]
    return figures


def prepared(folder: Path) -> Path:
    """A prepared set of noise."""
    folder.mkdir()
    photos = random_photos(600, 64, folder)
    writer = Writer(folder, 64)
    for picture in photos.pictures:
        writer.add(picture)
    rows = [
        Row(f"{i}.png", photos.classes[label], bool(test))
        for i, (label, test) in enumerate(zip(photos.labels, photos.test, strict=True))
    ]
    writer.finish(rows, [], {"name": "noise", "source": {}, "key": "noise"})
    return folder


if __name__ == "__main__":
    tyro.cli(main)
