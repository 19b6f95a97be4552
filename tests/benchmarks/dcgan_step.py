"""The DCGAN training step beside two other projects' loops over the same networks."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
import tyro
from measure import (
    NEVER,
    Contestant,
    Figure,
    clock,
    our_loop,
    ratios,
    save,
    take_turns,
    use_threads,
)
from peers import examples, pytorch_gan
from torch.utils.flop_counter import FlopCounterMode

from gan.config import AdversarialConfig, DataConfig, DCGANConfig, LoopConfig, RunConfig

SIDE = 1536  # of the square matrices whose product sets the bound


def main(
    peers: Path | None = None,
    rounds: int = 5,
    threads: int = 0,
    size: int = 64,
    width: int = 64,
    batch: int = 128,
) -> None:
    """Pictures a second of three loops, step by step in turn, and of the processor's best.

    Args:
        peers: Folder with clones of the other projects, see peers.py; without it, ours alone.
        rounds: Steps of each that count.
        threads: Cores; 0 takes every one.
        size: Pixels a side.
        width: Base channels.
        batch: Pictures a step.
    """
    use_threads(threads)
    network = DCGANConfig(width=width)
    pace = LoopConfig(
        pictures=NEVER, batch=batch, sample_every=NEVER, threads=torch.get_num_threads()
    )
    config = RunConfig(DataConfig("noise", size), network, AdversarialConfig(), pace)  # type: ignore[arg-type]
    with tempfile.TemporaryDirectory() as folder:
        contestants = {"ours": Contestant(our_loop, config, Path(folder))}
        if peers:
            setting = peers.absolute(), network, size, batch
            contestants["pytorch/examples"] = Contestant(examples, *setting)
            contestants["PyTorch-GAN"] = Contestant(pytorch_gan, *setting)
        contestants["ours"].step()
        _, [work] = contestants["ours"].watch(operations)
        steps = {name: one.step for name, one in contestants.items()}
        seconds = take_turns(steps | {"matrix": multiply}, rounds)
        memory = {name: one.memory for name, one in contestants.items()}
        for one in contestants.values():
            one.stop()

    rates = [2 * 3 * SIDE**3 / s for s in seconds.pop("matrix")]
    shown = f"{size} px, width {width}, batch {batch}"
    figures = [
        Figure(f"rate, {shown}", name, [batch / s for s in found], "pictures/s")
        for name, found in seconds.items()
    ]
    for name, found in seconds.items():
        if name != "ours":
            figures.append(Figure("speed-up", name, ratios(found, seconds["ours"]), "times"))
    shares = [work / s / r for s, r in zip(seconds["ours"], rates, strict=True)]
    figures += [
        Figure("multiply-adds", "ours", [work / 2e9 / batch], "G a picture"),
        Figure("matrix product", "torch", [r / 1e9 for r in rates], "GFLOP/s"),
        Figure("share of the bound", "matrix product", shares, ""),
    ]
    figures += [Figure("peak memory", name, [peak], "MB") for name, peak in memory.items()]
    save("dcgan_step", figures)


@contextmanager
def operations() -> Iterator[list[int]]:
    """A list that then holds the floating-point operations of what was done."""
    found: list[int] = []
    with FlopCounterMode(display=False) as counter:
        yield found
    found.append(counter.get_total_flops())


def multiply() -> float:
    """Seconds of three products of square matrices."""
    one = torch.randn(SIDE, SIDE)
    start = clock()
    for _ in range(3):
        one @ one
    return clock() - start


if __name__ == "__main__":
    tyro.cli(main)
