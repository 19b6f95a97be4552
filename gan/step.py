"""One training step of generator and discriminator, and the state that it changes."""

from collections.abc import Mapping
from contextlib import nullcontext
from copy import deepcopy

import torch
from accelerate import Accelerator
from torch import Tensor, nn

from gan.checkpoint import State
from gan.config import DriftConfig, RunConfig
from gan.data.batches import Batches, seed_from
from gan.hardware import autocast
from gan.losses import build_objective
from gan.models import build_discriminator, build_generator, projected
from gan.processes import own_part, synchronize_batch_norm
from gan.schedule import rate_factor


class Step:
    """Updates both networks with one batch, each time it is called."""

    def __init__(
        self,
        config: RunConfig,
        state: State,
        batches: Batches,
        accelerator: Accelerator,
        iterations: int,
    ) -> None:
        """`iterations` is the number of steps of the whole run, which learning rates depend on."""
        self.config, self.state, self.batches = config, state, batches
        self.accelerator, self.iterations = accelerator, iterations
        part = config.loop.batch // accelerator.num_processes
        first = accelerator.process_index * part
        self.own = slice(first, first + part)  # this process's part of every batch
        auto = config.loop.precision == "auto"
        self.precision = autocast(accelerator.device) if auto else nullcontext()

    def prepare(self) -> None:
        """Let the objective measure what it needs of the photos, before the first step."""
        torch.manual_seed(seed_from(self.config.loop.seed, 0, 2**31))
        with self.precision:
            self.state.objective.prepare(self.batches)

    def __call__(self) -> Tensor:
        """Take the next step.

        Returns:
            G's loss, D's loss, D's mean logits on real and on generated pictures: float [4],
            means over all processes.
        """
        config, state, objective = self.config, self.state, self.state.objective
        loop, seen = config.loop, state.iteration * config.loop.batch
        # Latents, dropout and augmentation are functions of the iteration, so that a resumed run
        # draws the same.
        torch.manual_seed(seed_from(loop.seed, 0, state.iteration))
        real, y = self.batches.get(state.iteration, self.own)
        z = own_part(torch.randn(loop.batch, config.network.latent))
        z = z.to(self.accelerator.device, non_blocking=True)
        set_learning_rates(state, config, self.iterations)

        # Both networks learn from the same generated batch.
        conditions = [y] if config.conditional else []
        if config.guided:
            conditions.append(objective.draw_guidance(y))
        with self.precision:
            fake = state.generator(z, *conditions)
        for network in objective.order:
            if network == "generator":
                with self.precision:
                    loss_g = objective.generator_loss(state.discriminator, real, fake, y, seen)
                update(self.accelerator, state.optimizer_g, loss_g, objective.retain_graph)
            else:
                with self.precision:
                    loss_d, d_real, d_fake = objective.discriminator_loss(
                        state.discriminator, real, fake.detach(), y, seen
                    )
                update(self.accelerator, state.optimizer_d, loss_d)
        state.iteration += 1
        seen += loop.batch
        update_average(state.average, state.generator, loop.batch, half_life(config, seen))
        figures = torch.stack([x.detach().float() for x in (loss_g, loss_d, d_real, d_fake)])
        return self.accelerator.reduce(figures, "mean")


def build_state(
    config: RunConfig,
    classes: int,
    device: torch.device,
    weights: Mapping[str, Tensor] | None = None,
) -> State:
    """Networks, averaged generator, objective and optimisers before the first step.

    `weights` are G's first ones, or those of the layers that it takes from the run it grows from.
    """
    torch.manual_seed(config.loop.seed)
    size, rates = config.data.size, config.objective
    generator = build_generator(config.network, size, classes)
    discriminator = build_discriminator(config.network, size, classes)
    objective = build_objective(config, classes).to(device)
    if weights is not None:
        generator.load_state_dict(weights, strict=False)  # see gan/growing.py
    if torch.distributed.is_initialized():
        if device.type == "cuda":
            generator = nn.SyncBatchNorm.convert_sync_batchnorm(generator)
            discriminator = nn.SyncBatchNorm.convert_sync_batchnorm(discriminator)
        else:
            synchronize_batch_norm(generator)
            synchronize_batch_norm(discriminator)
    # On CPUs convolutions are 1.4 to 1.5 times as fast in this memory layout; GPUs like it too.
    generator = generator.to(device).to(memory_format=torch.channels_last)
    discriminator = discriminator.to(device).to(memory_format=torch.channels_last)
    average = deepcopy(generator).eval().requires_grad_(False)
    betas = (rates.beta1, rates.beta2)

    def adam(network: nn.Module, rate: float) -> torch.optim.Optimizer:
        trunk = network.trunk_parameters() if isinstance(network, projected.Generator) else []
        ids = {id(p) for p in trunk}
        groups = [{"params": [p for p in network.parameters() if id(p) not in ids], "factor": 1.0}]
        if trunk:
            assert isinstance(rates, DriftConfig)
            groups.append({"params": trunk, "factor": rates.trunk_rate})
        return torch.optim.Adam(groups, rate, betas, fused=True)

    return State(
        generator,
        average,
        discriminator,
        objective,
        adam(generator, rates.lr_g),
        adam(discriminator, rates.lr_d),
    )


def set_learning_rates(state: State, config: RunConfig, iterations: int) -> None:
    """Set the learning rates of both optimisers for the state's iteration."""
    factor = rate_factor(config, state.iteration, iterations)
    for optimizer, rate in (
        (state.optimizer_g, config.objective.lr_g),
        (state.optimizer_d, config.objective.lr_d),
    ):
        for group in optimizer.param_groups:
            group["lr"] = rate * factor * group["factor"]


def update(
    accelerator: Accelerator,
    optimizer: torch.optim.Optimizer,
    loss: Tensor,
    retain_graph: bool = False,
) -> None:
    """One step of `optimizer` with the gradient of `loss`, averaged over all processes.

    `retain_graph` keeps the graph for the loss of the other network.
    """
    if not loss.requires_grad:
        return  # the loss doesn't depend on this network yet
    optimizer.zero_grad(set_to_none=True)
    parameters = [p for g in optimizer.param_groups for p in g["params"]]
    # `inputs`: the gradients of the other network's weights aren't needed.
    loss.backward(inputs=parameters, retain_graph=retain_graph)
    if accelerator.num_processes > 1:
        gradients = [p.grad for p in parameters if p.grad is not None]
        # One message for all gradients. DistributedDataParallel can't be used: two networks share
        # a graph here, and each loss updates one of them.
        flat = accelerator.reduce(torch.cat([g.flatten() for g in gradients]), "mean")
        for gradient, mean in zip(
            gradients, flat.split([g.numel() for g in gradients]), strict=True
        ):
            gradient.copy_(mean.view_as(gradient))
    optimizer.step()


def half_life(config: RunConfig, seen: int) -> float:
    """The half-life of weights in the averaged generator, in photos, after `seen` photos.

    With more than 5 % of them a short run would still contain its random first weights.
    """
    return min(config.loop.half_life, 0.05 * seen)


@torch.no_grad()
def update_average(average: nn.Module, generator: nn.Module, batch: int, half_life: float) -> None:
    """Move the averaged generator towards the trained one (EMA, Karras et al. 2018).

    `half_life` is in photos. BatchNorm's statistics are averaged too.
    """
    keep = 0.5 ** (batch / half_life)
    ours, theirs = list(average.state_dict().values()), list(generator.state_dict().values())
    moving = [i for i, value in enumerate(ours) if value.is_floating_point()]
    torch._foreach_lerp_([ours[i] for i in moving], [theirs[i] for i in moving], 1 - keep)
    for mine, new in zip(ours, theirs, strict=True):
        if not mine.is_floating_point():
            mine.copy_(new)
