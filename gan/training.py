"""The training loop, from the first picture to the last save."""

import math
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from copy import deepcopy

import torch
from accelerate import Accelerator
from torch import Tensor, nn
from tqdm import tqdm

from gan.checkpoint import LoadedGenerator, State, load_state, save_generator
from gan.config import DriftConfig, RunConfig, from_json, frozen_settings, to_json
from gan.data.batches import Batches, seed_from
from gan.data.prepared import Photos
from gan.errors import UserError
from gan.losses import build_objective
from gan.memory import keep_memory
from gan.models import build_discriminator, build_generator, projected
from gan.precision import autocast
from gan.processes import own_part, share_batch_norm
from gan.record import Record, write_run, write_samples
from gan.runs import Run


def train(
    config: RunConfig,
    photos: Photos,
    run: Run,
    resume: bool = False,
    trunk: LoadedGenerator | None = None,
) -> bool:
    """Train until the budget is spent; return False if --minutes ended it before.

    The same code runs on one CPU, one GPU, or under `accelerate launch` on many: each process
    takes its part of every batch, and gradients are averaged. Everything random is drawn from
    (seed, iteration), so a run that was interrupted and resumed gives the same weights, bit for
    bit, as one that was not (same hardware and versions). A run that grows from another starts
    with the weights of that one's generator, the `trunk`; resumed, it has no need of it.

    Raises:
        UserError: The folder holds another run, can't be resumed, or a loss is not finite.
        KeyboardInterrupt: A signal asked for the end; everything was saved before.
    """
    keep_memory()
    # Told so, it lets several processes without a GPU work together (gloo).
    accelerator = Accelerator(cpu=not torch.cuda.is_available())
    device, loop = accelerator.device, config.loop
    if loop.batch % accelerator.num_processes:
        raise UserError(f"--batch {loop.batch} does not divide by {accelerator.num_processes}")
    if loop.threads:
        torch.set_num_threads(loop.threads)
    classes = photos.classes if config.conditional else ()
    state = build_state(config, len(classes), device, trunk)
    objective = state.objective
    batches = Batches(photos, loop.batch, loop.seed, device, loop.balanced, loop.mirror)
    iterations = total_iterations(config, len(photos.indices("train")))
    identity = {"settings": frozen_settings(config), "data": photos.content_hash}
    part = loop.batch // accelerator.num_processes
    share = slice(accelerator.process_index * part, (accelerator.process_index + 1) * part)
    precision = autocast(device) if loop.precision == "auto" else nullcontext()
    main = accelerator.is_main_process

    torch.manual_seed(seed_from(loop.seed, 0, 2**31))
    with precision:
        objective.prepare(batches)

    with run.lock() if main else nullcontext(), stop_on_signal() as stop:
        restarts: list[int] = []
        if resume:
            load_state(run, state, identity)
            restarts = check_budget(config, run, state.iteration, len(photos.indices("train")))
        elif main and run.config_path.exists():
            raise UserError(
                f"{run.path} holds a run already: go on with --resume, or name another --out"
            )
        rows = Record(run, state.iteration)
        accelerator.wait_for_everyone()  # all have read before the first one writes
        start, started, saved = state.iteration, time.monotonic() - state.seconds, time.monotonic()
        bar = tqdm(
            total=iterations * loop.batch,
            initial=start * loop.batch,
            unit=" pictures",
            unit_scale=True,
            disable=not main,
            mininterval=0.1 if sys.stderr.isatty() else 30,  # a log wants few lines
            smoothing=0.05,
        )

        def save() -> None:
            rows.check()
            state.seconds = time.monotonic() - started
            if main:
                write_run(run, config, photos, classes, state, rows, identity, iterations, restarts)

        if state.iteration == 0:
            save()  # a run is visible, and resumable, from its first moment
            if main:
                write_samples(run, config, classes, state)
        while state.iteration < iterations:
            seen = state.iteration * loop.batch
            torch.manual_seed(
                seed_from(loop.seed, 0, state.iteration)
            )  # latents, dropout, augmentation
            real, y = batches.get(state.iteration, share)
            z = own_part(torch.randn(loop.batch, config.network.latent)).to(device)
            set_learning_rates(state, config, iterations)

            # One generated batch serves both networks.
            guidance: tuple[Tensor, ...] = ()
            if config.guided:
                guidance = (objective.draw_guidance(y),)
            with precision:
                fake = state.generator(z, y if classes else None, *guidance)
            for step in objective.order:
                if step == "generator":
                    with precision:
                        loss_g = objective.generator_loss(state.discriminator, real, fake, y, seen)
                    update(accelerator, state.optimizer_g, loss_g, objective.shares)
                else:
                    with precision:
                        loss_d, d_real, d_fake = objective.discriminator_loss(
                            state.discriminator, real, fake.detach(), y, seen
                        )
                    update(accelerator, state.optimizer_d, loss_d)
            state.iteration += 1
            seen += loop.batch
            update_average(state.average, state.generator, loop.batch, seen)

            figures = torch.stack([x.detach().float() for x in (loss_g, loss_d, d_real, d_fake)])
            rows.add(state.iteration, seen, accelerator.reduce(figures, "mean"))
            bar.update(loop.batch)
            if state.iteration % loop.log_every == 0:
                shown = rows.log(time.monotonic() - started)
                bar.set_postfix_str(f"G {shown['loss_g']:.2f} D {shown['loss_d']:.2f}")
            if main and state.iteration % loop.sample_every == 0:
                write_samples(run, config, classes, state)
            if main and due(seen, loop.batch, loop.keep_every, state.iteration == iterations):
                save_generator(run.kept_path(state.iteration), state.average, to_json(config))
            elapsed = time.monotonic() - started
            out_of_time = bool(loop.minutes) and elapsed > loop.minutes * 60
            if agreed(accelerator, stop.asked or out_of_time):
                break
            if time.monotonic() - saved > loop.save_minutes * 60:
                save()
                saved = time.monotonic()
        bar.close()
        save()
        if main:
            write_samples(run, config, classes, state)
    accelerator.wait_for_everyone()  # one that leaves first takes the others down
    accelerator.end_training()
    if stop.asked:
        raise KeyboardInterrupt
    return state.iteration >= iterations


def build_state(
    config: RunConfig, classes: int, device: torch.device, trunk: LoadedGenerator | None = None
) -> State:
    """Networks, average, objective and optimisers as they are before the first picture."""
    torch.manual_seed(config.loop.seed)
    size, rates = config.data.size, config.objective
    generator = build_generator(config.network, size, classes)
    discriminator = build_discriminator(config.network, size, classes)
    objective = build_objective(config, classes).to(device)
    if trunk is not None:
        generator.load_state_dict(trunk.network.state_dict(), strict=False)  # see gan/growing.py
    if torch.distributed.is_initialized():
        if device.type == "cuda":
            generator = nn.SyncBatchNorm.convert_sync_batchnorm(generator)
            discriminator = nn.SyncBatchNorm.convert_sync_batchnorm(discriminator)
        else:
            share_batch_norm(generator)
            share_batch_norm(discriminator)
    # Convolutions run 1.4 to 1.5 times as fast on CPUs in this layout, and on GPUs too.
    generator = generator.to(device).to(memory_format=torch.channels_last)
    discriminator = discriminator.to(device).to(memory_format=torch.channels_last)
    average = deepcopy(generator).eval().requires_grad_(False)
    betas = (rates.beta1, rates.beta2)

    def adam(network: nn.Module, rate: float) -> torch.optim.Optimizer:
        slow = network.trunk_parameters() if isinstance(network, projected.Generator) else []
        known = {id(p) for p in slow}
        groups = [{"params": [p for p in network.parameters() if id(p) not in known], "part": 1.0}]
        if slow:
            assert isinstance(rates, DriftConfig)
            groups.append({"params": slow, "part": rates.trunk_rate})
        return torch.optim.Adam(groups, rate, betas, fused=True)

    return State(
        generator,
        average,
        discriminator,
        objective,
        adam(generator, rates.lr_g),
        adam(discriminator, rates.lr_d),
    )


def total_iterations(config: RunConfig, train_pictures: int) -> int:
    """How many steps the budget pays for."""
    pictures = config.loop.pictures or config.loop.epochs * train_pictures
    return max(1, math.ceil(pictures / config.loop.batch))


def due(seen: int, batch: int, every: int, end: bool) -> bool:
    """Whether the last `batch` of `seen` pictures reached a multiple of `every`, or the `end`.

    0 is never.
    """
    return every > 0 and (end or seen // every > (seen - batch) // every)


def check_budget(config: RunConfig, run: Run, iteration: int, train_pictures: int) -> list[int]:
    """At how many pictures the run, finished, was given more, so that its rates rose again.

    A finished run may go on with a larger budget (warm restart, Loshchilov & Hutter 2017). In
    between, once the learning rates have begun to fall towards an end, that end stands.

    Raises:
        UserError: The resumed run could not equal an uninterrupted one.
    """
    saved = run.read_config()
    old = from_json(saved["settings"])
    restarts = list(saved["progress"].get("restarts", []))
    before, now = (total_iterations(each, train_pictures) for each in (old, config))
    if before == now or iteration <= config.loop.decay_from * min(before, now):
        return restarts
    if before <= iteration < now:
        return [*restarts, iteration * config.loop.batch]
    raise UserError(
        f"{run.path} is past the point where its learning rates began to fall, or would be:"
        f" go on with its own budget of {old.loop.pictures or old.loop.epochs}"
        f" {'pictures' if old.loop.pictures else 'epochs'}; once finished, it takes a larger one"
    )


def set_learning_rates(state: State, config: RunConfig, iterations: int) -> None:
    """Up over `warmup` pictures, then constant; down to zero from `decay_from` of the budget."""
    start, warmup = config.loop.decay_from, config.loop.warmup
    progress = state.iteration / iterations
    factor = 1.0 if progress < start else (1 - progress) / (1 - start)
    if warmup:
        factor *= min(1.0, 0.05 + state.iteration * config.loop.batch / warmup)
    for optimizer, rate in (
        (state.optimizer_g, config.objective.lr_g),
        (state.optimizer_d, config.objective.lr_d),
    ):
        for group in optimizer.param_groups:
            group["lr"] = rate * factor * group["part"]


def update(
    accelerator: Accelerator, optimizer: torch.optim.Optimizer, loss: Tensor, shared: bool = False
) -> None:
    """One step of `optimizer` down the gradient of `loss`, averaged over all processes.

    `shared`: another loss will go back through the same operations.
    """
    if not loss.requires_grad:
        return  # this network has no part in the step
    optimizer.zero_grad(set_to_none=True)
    parameters = [p for g in optimizer.param_groups for p in g["params"]]
    # The other network's weight gradients would be thrown away: they aren't computed.
    loss.backward(inputs=parameters, retain_graph=shared)
    if accelerator.num_processes > 1:
        gradients = [p.grad for p in parameters if p.grad is not None]
        # One message for all: DistributedDataParallel can't follow two networks that freeze
        # each other and share a graph.
        flat = accelerator.reduce(torch.cat([g.flatten() for g in gradients]), "mean")
        for gradient, mean in zip(
            gradients, flat.split([g.numel() for g in gradients]), strict=True
        ):
            gradient.copy_(mean.view_as(gradient))
    optimizer.step()


@torch.no_grad()
def update_average(average: nn.Module, generator: nn.Module, batch: int, seen: int) -> None:
    """Move the averaged generator towards the trained one (Karras et al. 2018).

    The half-life is 10,000 pictures, and never more than 5 % of the pictures seen: a long memory
    from the first step on would keep the initial noise in a short run. BatchNorm's statistics are
    averaged like the weights that they belong to.
    """
    keep = 0.5 ** (batch / min(10_000, 0.05 * seen))
    ours, theirs = list(average.state_dict().values()), list(generator.state_dict().values())
    moving = [i for i, value in enumerate(ours) if value.is_floating_point()]
    torch._foreach_lerp_([ours[i] for i in moving], [theirs[i] for i in moving], 1 - keep)
    for mine, new in zip(ours, theirs, strict=True):
        if not mine.is_floating_point():
            mine.copy_(new)


class Stop:
    """Whether somebody asked the training to end."""

    asked = False


@contextmanager
def stop_on_signal() -> Iterator[Stop]:
    """Turn the first Ctrl-C or SIGTERM into a request that the loop reads between two steps.

    Weights in the middle of a step are no state to resume from. A second signal ends at once.
    """
    stop = Stop()
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def ask(number: int, _frame: object) -> None:
        stop.asked = True
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
    """Whether any process wants to stop: all must leave the loop at the same step."""
    if accelerator.num_processes == 1:
        return stop
    wish = torch.tensor(float(stop), device=accelerator.device)
    return bool(accelerator.reduce(wish, "sum").item() > 0)
