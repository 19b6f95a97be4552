"""The conditional recipe beside PyTorch-GAN's cgan loop, and where its time goes."""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import wraps
from pathlib import Path
from typing import Any

import torch
import tyro
from measure import (
    NEVER,
    Contestant,
    Figure,
    our_loop,
    ratios,
    save,
    take_turns,
    use_threads,
)
from peers import pytorch_cgan
from torch.profiler import ProfilerActivity, profile, record_function

import gan.losses
import gan.step
from gan.config import (
    AdversarialConfig,
    CGANConfig,
    DataConfig,
    DriftConfig,
    LoopConfig,
    ProjectedConfig,
    RunConfig,
)
from gan.data.batches import Batches
from gan.drift import Bank
from gan.models import projected

PROFILED = 3  # steps
OTHER = "the rest"


def main(peers: Path | None = None, rounds: int = 5, threads: int = 0) -> None:
    """Pictures a second of our recipe, of the report's pair, and of their loop over that pair.

    Args:
        peers: Folder with a clone of the other project, see peers.py; without it, ours alone.
        rounds: Steps of each that count.
        threads: Cores; 0 takes every one.
    """
    use_threads(threads)
    pace = LoopConfig(pictures=NEVER, sample_every=NEVER, threads=torch.get_num_threads())
    # The heads are in from the first step on, as in most of a run; filling a small bank takes
    # less long, and a step doesn't depend on its size.
    recipe = RunConfig(
        DataConfig("noise"),
        ProjectedConfig(bank=64),
        DriftConfig(join=0, ramp=0),
        replace(pace, batch=64, balanced=True, mirror=True),
    )
    report = RunConfig(DataConfig("noise"), CGANConfig(), AdversarialConfig(), pace)
    configs = {"ours": recipe, "the report's pair in our loop": report}
    with tempfile.TemporaryDirectory() as folder:
        contestants = {
            name: Contestant(our_loop, config, Path(folder) / name)
            for name, config in configs.items()
        }
        if peers:
            setting = peers.absolute(), CGANConfig(), 8, 64, pace.batch
            contestants["PyTorch-GAN"] = Contestant(pytorch_cgan, *setting)
        seconds = take_turns({name: one.step for name, one in contestants.items()}, rounds)
        profiles = [contestants["ours"].watch(profiled)[1] for _ in range(PROFILED)]
        for one in contestants.values():
            one.stop()

    batch = dict.fromkeys(seconds, pace.batch) | {"ours": recipe.loop.batch}
    rates = {name: [batch[name] / s for s in found] for name, found in seconds.items()}
    figures = [Figure("rate", name, found, "pictures/s") for name, found in rates.items()]
    for name, theirs in rates.items():
        if name != "ours":
            figures.append(Figure("speed-up", name, ratios(rates["ours"], theirs), "times"))
    figures += [
        Figure("part of the step", part, [profile[part] for profile in profiles], "%")
        for part in profiles[0]
    ]
    save("cgan_step", figures)


PARTS: dict[str, list[tuple[Any, str]]] = {
    "generator": [(projected.Generator, "forward")],
    "frozen features": [(projected.FrozenFeatures, "forward")],
    "drift": [(Bank, "loss"), (Bank, "add"), (gan.losses, "statistics")],
    "heads": [(projected.Discriminator, "forward"), (projected.Discriminator, "class_logits")],
    "augmentation": [(gan.losses.Drift, "_shift")],
    "optimisers": [(torch.optim.Adam, "step")],
    "average": [(gan.step, "update_average")],
    "data": [(Batches, "get")],
}


@contextmanager
def labelled() -> Iterator[None]:
    """Make a profile say which part of the recipe every operation belongs to."""
    before = [(owner, name, getattr(owner, name)) for ps in PARTS.values() for owner, name in ps]
    for part, places in PARTS.items():
        for owner, name in places:
            setattr(owner, name, _label(part, getattr(owner, name)))
    try:
        yield
    finally:
        for owner, name, function in before:
            setattr(owner, name, function)


def _label(part: str, function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def labelled(*arguments: Any, **named: Any) -> Any:
        with record_function(f"part: {part}"):
            return function(*arguments, **named)

    return labelled


@contextmanager
def profiled() -> Iterator[dict[str, float]]:
    """A dictionary that then holds the per cent of the time that each part took, largest first.

    An operation of the backward pass belongs to the part whose forward operation has its number.
    """
    found: dict[str, float] = {}
    with labelled(), profile(activities=[ProfilerActivity.CPU]) as profiler:
        yield found
    events = profiler.events() or []
    owner: dict[int, str] = {}
    spent: Counter[str] = Counter(dict.fromkeys((*PARTS, OTHER), 0))
    for event in events:
        part = _part(event)
        if part and event.sequence_nr >= 0 and not event.name.startswith("autograd::"):
            owner[event.sequence_nr] = part
        if event.name.startswith("part: "):
            spent[part or OTHER] += event.time_range.elapsed_us()
    for event in events:
        if event.name.startswith("autograd::engine::evaluate_function") and not _part(event):
            spent[owner.get(event.sequence_nr, OTHER)] += event.time_range.elapsed_us()
    top = [event.time_range for event in events if event.cpu_parent is None]
    total = max(time.end for time in top) - min(time.start for time in top)
    spent[OTHER] += total - sum(spent.values())
    found |= {part: 100 * time / total for part, time in spent.most_common()}


def _part(event: Any) -> str | None:
    """The innermost part that an operation ran in; None outside of all."""
    while event is not None:
        if event.name.startswith("part: "):
            return str(event.name.removeprefix("part: "))
        event = event.cpu_parent
    return None


if __name__ == "__main__":
    tyro.cli(main)
