"""The training loop, from the first picture to the last save."""

import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from accelerate import Accelerator
from torch import Tensor
from tqdm import tqdm

from gan.config import RunConfig
from gan.data.batches import Batches
from gan.data.prepared import Photos
from gan.errors import UserError
from gan.hardware import keep_memory
from gan.progress import bar
from gan.record import Record
from gan.runs import Run
from gan.schedule import is_due
from gan.step import Step, build_state
from gan.stopwatch import Stopwatch


def train(
    config: RunConfig,
    photos: Photos,
    run: Run,
    resume: bool = False,
    weights: Mapping[str, Tensor] | None = None,
) -> bool:
    """Train until the budget is used up; return False if --minutes ended the training before.

    The same code runs on one CPU, one GPU, or under `accelerate launch` on many: each process
    takes its part of every batch, and gradients are averaged. All random numbers are functions of
    (seed, iteration), so a run that was interrupted and resumed gives the same weights, bit for
    bit, as one that was not (on the same CPU and versions; a GPU adds in varying order). `weights`
    are G's first ones by name, if they come from another run (gan/growing.py); a resumed run
    doesn't need them.

    Raises:
        UserError: The folder holds another run, can't be resumed, or a loss is not finite.
        KeyboardInterrupt: A signal stopped the training. If it came during the steps, everything
            was saved, and its argument is the signal's number.
    """
    loop = config.loop
    accelerator = set_up(config)
    if resume and run.config_path.exists() and not run.kept_validation():
        photos = photos.without_validation()  # the run began before there was such a split
    record = Record(config, photos, run, writes=accelerator.is_main_process)
    state = build_state(config, len(record.classes), accelerator.device, weights)
    batches = Batches(photos, loop.batch, loop.seed, accelerator.device, loop.balanced, loop.mirror)
    step = Step(config, state, batches, accelerator, record.iterations)
    step.prepare()

    with record.lock(), stop_on_signal() as stop:
        record.begin(state, resume)
        accelerator.wait_for_everyone()  # every process has read before one writes
        stopwatch = Stopwatch(state)
        if state.iteration == 0:
            record.save(state)  # from now on the app lists the run, and it can be resumed
            record.write_samples(state)
        with progress_bar(record, state.iteration * loop.batch) as progress:
            while state.iteration < record.iterations:
                record.add(state, step())
                stopwatch.lap()
                progress.update(loop.batch)
                if state.iteration % loop.log_every == 0:
                    row = record.log(state)
                    losses = f"G {row['loss_g']:.2f} D {row['loss_d']:.2f}"
                    progress.set_postfix_str(losses, refresh=False)  # with the next update
                if state.iteration % loop.sample_every == 0:
                    record.write_samples(state)
                seen, end = state.iteration * loop.batch, state.iteration == record.iterations
                if is_due(seen, loop.batch, loop.keep_every, end):
                    record.keep_generator(state)
                out_of_time = bool(loop.minutes) and state.seconds > loop.minutes * 60
                if agreed(accelerator, bool(stop.asked) or out_of_time):
                    break
                if record.seconds_since_save() > loop.save_minutes * 60:
                    record.save(state)
        record.save(state)
        record.write_samples(state)
    accelerator.wait_for_everyone()  # a process that ends early would make the others fail
    accelerator.end_training()
    if stop.asked:
        raise KeyboardInterrupt(stop.asked)
    return state.iteration >= record.iterations


def set_up(config: RunConfig) -> Accelerator:
    """Find the device and the other processes; set threads and memory as the settings say.

    Raises:
        UserError: The batch can't be shared evenly among the processes.
    """
    keep_memory()
    # cpu=True selects gloo, so that processes without a GPU can train together.
    accelerator = Accelerator(cpu=not torch.cuda.is_available())
    if config.loop.batch % accelerator.num_processes:
        raise UserError(
            f"--batch {config.loop.batch} does not divide by {accelerator.num_processes}"
        )
    if config.loop.threads:
        torch.set_num_threads(config.loop.threads)
    return accelerator


def progress_bar(record: Record, seen: int) -> "tqdm[Any]":
    """A bar of photos seen, shown by the process that writes the run."""
    return bar(
        total=record.iterations * record.config.loop.batch,
        initial=seen,
        unit=" pictures",
        unit_scale=True,
        disable=not record.writes,
        smoothing=0.05,
    )


class Stop:
    """The signal that asked the training to end; 0 for none."""

    asked = 0


@contextmanager
def stop_on_signal() -> Iterator[Stop]:
    """Turn the first Ctrl-C, SIGTERM or SIGHUP into a request that the loop reads between steps.

    A run can't be resumed from the middle of a step. A second signal ends the program at once. A
    SIGHUP that is ignored (nohup) stays ignored.
    """
    stop = Stop()
    names = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has no SIGHUP
    numbers = [getattr(signal, name) for name in names if hasattr(signal, name)]
    before = {number: signal.getsignal(number) for number in numbers}
    if before.get(getattr(signal, "SIGHUP", None)) is signal.SIG_IGN:
        del before[signal.SIGHUP]

    def ask(number: int, _frame: object) -> None:
        stop.asked = number
        signal.signal(number, before[signal.Signals(number)])
        tqdm.write("stopping: saving first (once more ends at once)")

    for number in before:
        signal.signal(number, ask)
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def agreed(accelerator: Accelerator, stop: bool) -> bool:
    """Whether any process wants to stop: then all leave the loop, at the same step."""
    if accelerator.num_processes == 1:
        return stop
    wish = torch.tensor(float(stop), device=accelerator.device)
    return bool(accelerator.reduce(wish, "sum").item() > 0)
