"""The losses of the generator (G) and the discriminator (D), one objective for each recipe."""

from collections.abc import Callable
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan.config import AdversarialConfig, DriftConfig, ProjectedConfig, RunConfig
from gan.data.batches import Batches
from gan.drift import Bank, close_statistics, shift, statistics
from gan.models.projected import CLASS_TAP, TAPS, FrozenFeatures
from gan.processes import gather, own_part, rank_and_size

# Of logits against targets from 0 (generated) to 1 (real), by AdversarialConfig.loss.
LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "bce": F.binary_cross_entropy_with_logits,
    "mse": F.mse_loss,
}


class Objective(nn.Module):
    """The losses of one recipe, with their own state.

    Statistics of photos and counters are in its state dict, so that a resumed run goes on with
    them. In all methods `real` and `fake` are pictures [N, 3, H, W] in [-1, 1], `y` their classes
    (int64 [N]), and `seen` is the number of photos shown before this step.
    """

    order: tuple[str, str] = ("generator", "discriminator")  # in which the networks are updated
    retain_graph = False  # whether D's loss needs the graph of G's loss again

    def prepare(self, batches: Batches) -> None:
        """Measure what the losses need of the photos, before the first step."""

    def draw_guidance(self, y: Tensor) -> Tensor:
        """The guidance of each picture in the coming step: float [N] in [0, 1]."""
        raise NotImplementedError

    def generator_loss(
        self, discriminator: nn.Module, real: Tensor, fake: Tensor, y: Tensor, seen: int
    ) -> Tensor:
        """G's loss (scalar) on its pictures `fake`."""
        raise NotImplementedError

    def discriminator_loss(
        self, discriminator: nn.Module, real: Tensor, fake: Tensor, y: Tensor, seen: int
    ) -> tuple[Tensor, Tensor, Tensor]:
        """D's loss (scalar) and its mean logits on real and on fake pictures (scalars)."""
        raise NotImplementedError


class Adversarial(Objective):
    """The report's losses: binary cross-entropy (Goodfellow et al. 2014, the non-saturating
    form) or least squares (Mao et al. 2017), with one-sided label smoothing (Salimans et al.
    2016)."""

    def __init__(self, config: AdversarialConfig) -> None:
        super().__init__()
        self.loss = LOSSES[config.loss]
        # If G is updated first, D is unchanged since G's loss: its logits on `fake` serve again.
        self.retain_graph = config.first == "generator"
        self.order = self.order if self.retain_graph else ("discriminator", "generator")
        self.real_target = config.real_target
        self.on_fake: Tensor | None = None  # D's logits of G's loss

    def generator_loss(
        self, discriminator: nn.Module, real: Tensor, fake: Tensor, y: Tensor, seen: int
    ) -> Tensor:
        on_fake = discriminator(fake, y)
        self.on_fake = on_fake if self.retain_graph else None
        return self.distance(on_fake, 1.0)

    def discriminator_loss(
        self, discriminator: nn.Module, real: Tensor, fake: Tensor, y: Tensor, seen: int
    ) -> tuple[Tensor, Tensor, Tensor]:
        # Two passes: in a joint batch BatchNorm would mix the statistics of photos and pictures.
        on_real = discriminator(real, y)
        on_fake = discriminator(fake, y) if self.on_fake is None else self.on_fake
        self.on_fake = None
        loss = self.distance(on_real, self.real_target) + self.distance(on_fake, 0.0)
        return loss, on_real.float().mean(), on_fake.float().mean()

    def distance(self, logits: Tensor, target: float) -> Tensor:
        """Mean loss of logits [N] against a target in [0, 1]."""
        logits = logits.float()
        return self.loss(logits, torch.full_like(logits, target))


class Drift(Objective):
    """Drifting in frozen features (see gan/drift.py) with a hinge loss (Lim & Ye 2017) on D's heads
    and a class loss. G is updated first; D then uses the feature maps of both batches again."""

    BALANCE_EVERY = 32  # steps between two measurements of the gradients
    bank: Bank  # made by `prepare`
    balance: Tensor

    def __init__(
        self, config: DriftConfig, network: ProjectedConfig, size: int, classes: int
    ) -> None:
        super().__init__()
        self.config, self.classes, self.bank_size = config, classes, network.bank
        self.features = FrozenFeatures(size, network)
        # Weights of the heads' and the class head's loss: they make the gradients of both at the
        # pictures as large as the drift's.
        self.register_buffer("balance", torch.ones(2))
        # Of this step: what G's loss leaves for D's, maps and pictures of photos and of `fake`.
        self.maps: tuple[list[Tensor], list[Tensor]] = [], []
        self.guidance = torch.ones(())  # of this step: one for all classes, or one for each

    @torch.no_grad()
    def prepare(self, batches: Batches) -> None:
        """Fill the bank with photos of every class, and measure the features' mean and scale."""
        pictures, y = batches.sample(self.bank_size)
        kind = y.device.type
        if kind in ("cpu", "cuda") and torch.is_autocast_enabled(kind):
            # Once, and not in every step: autocast keeps no copies of weights that are frozen.
            self.features.network.to(torch.get_autocast_dtype(kind))
        maps: list[list[Tensor]] = []
        parts: list[dict[str, Tensor]] = []
        for part in pictures.split(128):
            part = shift(part, self._offsets(len(part)))
            maps.append(self.features(part, self.features.draw_corner()))
            parts.append(self._statistics(part, maps[-1]))
        self.features.fit([torch.cat(level) for level in zip(*maps, strict=True)])
        examples = {name: torch.cat([part[name] for part in parts]) for name in parts[0]}
        crowd, most = self.config.crowd, batches.most_of_class
        self.bank = Bank(examples, y, self.classes, self.bank_size, crowd, most)

    def draw_guidance(self, y: Tensor) -> Tensor:
        """Uniform in [0, 1], one number for each class (cf. Deng et al. 2026: G takes it too).

        It scales the repulsion by photos of another class, and the class loss.
        """
        self.guidance = torch.rand(self.classes)
        return self.guidance.to(y.device, non_blocking=True)[y]

    def generator_loss(
        self, discriminator: nn.Module, real: Tensor, fake: Tensor, y: Tensor, seen: int
    ) -> Tensor:
        config = self.config
        all_y = gather(y)  # the drift is between the pictures of all processes
        fake = self._shift(fake)
        corner = self.features.draw_corner()
        fake_maps = self.features(fake, corner)
        with torch.no_grad():
            real = self._shift(real)
            real_maps = self.features(real, corner)
            if config.drift:
                self.bank.add(_gather(self._statistics(real, real_maps)), all_y)
        self.maps = [*real_maps, real], [each.detach() for each in (*fake_maps, fake)]
        if not config.drift:
            return self._adversarial(discriminator, fake_maps, fake, y, seen)
        photos = torch.randperm(self.bank.size)[: config.references]
        photos = photos.to(y.device, non_blocking=True)
        turn = int(torch.randint(1, self.classes, ()))
        stats = _gather(self._statistics(fake, fake_maps))
        drift = self.bank.loss(stats, all_y, photos, turn, config.contrast * self.guidance)
        self.bank.remember({name: values.detach() for name, values in stats.items()}, all_y)
        if not self._joined(seen):
            return drift
        adversarial = self._adversarial(discriminator, fake_maps, fake, y, seen)
        logits = self._class_logits(discriminator, fake_maps)
        guidance = self.guidance.to(y.device, non_blocking=True)
        weight = guidance.expand(self.classes)[y]
        naming = (weight * F.cross_entropy(logits, y, reduction="none")).mean()
        step = (seen - config.join) // len(all_y)  # 0 where the heads' loss sets in
        if step % self.BALANCE_EVERY == 0:
            self._measure(drift, (adversarial, naming), fake, 1.0 if step == 0 else 0.3)
        adversarial = config.adversarial * self.balance[0] * adversarial
        naming = config.classify * _class_error(logits, y, weight) * self.balance[1] * naming
        return drift + self._ramp(seen) * (adversarial + naming)

    def discriminator_loss(
        self, discriminator: nn.Module, real: Tensor, fake: Tensor, y: Tensor, seen: int
    ) -> tuple[Tensor, Tensor, Tensor]:
        real_maps, fake_maps = self.maps
        naming = F.cross_entropy(self._class_logits(discriminator, real_maps), y)
        if not self._joined(seen):
            zero = torch.zeros((), device=y.device)
            return naming, zero, zero
        on_real, on_fake = (
            discriminator(self._standard(maps), y, self._ramp(seen))
            for maps in (real_maps, fake_maps)
        )
        hinge = F.relu(1 - on_real).mean() + F.relu(1 + on_fake).mean()
        return hinge + naming, on_real.mean(), on_fake.mean()

    def _statistics(self, pictures: Tensor, maps: list[Tensor]) -> dict[str, Tensor]:
        """What the drift compares, of pictures and the frozen network's maps of them."""
        found = statistics(pictures, maps[: len(TAPS)])
        return found | close_statistics(maps[len(TAPS) :]) if self.features.close else found

    def _standard(self, maps: list[Tensor]) -> list[Tensor]:
        """Standardised maps, then the pictures, which come last, as they are."""
        *maps, pictures = maps
        return [*(self.features.standard(i, each) for i, each in enumerate(maps)), pictures]

    def _class_logits(self, discriminator: Any, maps: list[Tensor]) -> Tensor:
        """The class head's logits, float32 [N, classes]."""
        standard = self.features.standard(CLASS_TAP, maps[CLASS_TAP])
        return discriminator.class_logits(standard).float()

    def _adversarial(
        self, discriminator: nn.Module, maps: list[Tensor], fake: Tensor, y: Tensor, seen: int
    ) -> Tensor:
        """The heads' loss of G on its pictures and their feature maps."""
        return -discriminator(self._standard([*maps, fake]), y, self._ramp(seen)).mean()

    def _joined(self, seen: int) -> bool:
        """Whether the heads' loss has set in."""
        return seen >= self.config.join or not self.config.drift

    def _ramp(self, seen: int) -> float:
        """The weight of the heads' loss and of their class term, rising from 0 to 1."""
        config = self.config
        ramp = (seen - config.join) / config.ramp if config.ramp else float(seen >= config.join)
        return min(1.0, max(0.0, ramp))

    def _shift(self, pictures: Tensor) -> Tensor:
        offsets = own_part(self._offsets(len(pictures) * rank_and_size()[1]))
        return shift(pictures, offsets)

    def _offsets(self, count: int) -> Tensor:
        reach = self.config.shift
        return torch.randint(-reach, reach + 1, (count, 2))

    def _measure(
        self, drift: Tensor, others: tuple[Tensor, Tensor], fake: Tensor, share: float
    ) -> None:
        """Move `balance` by `share` to the drift's gradient at the pictures over each other one."""
        sizes = torch.stack(
            [
                torch.autograd.grad(loss, fake, retain_graph=True)[0].norm()
                for loss in (drift, *others)
            ]
        )
        sizes = gather(sizes[None]).norm(dim=0)
        ratios = sizes[0] / sizes[1:].clamp_min(1e-8)
        self.balance.lerp_(ratios, share)


def _gather(stats: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: gather(values) for name, values in stats.items()}


@torch.no_grad()
def _class_error(logits: Tensor, y: Tensor, weight: Tensor) -> Tensor:
    """1 minus the mean probability that the class head gives to the classes asked for.

    The mean is weighted by each picture's guidance, `weight` (float [N] in [0, 1]).

    The gradient of a cross-entropy fades as pictures are named rightly, but `balance` keeps it at
    a fixed size; this factor lets it fade again. At a fixed size it would make every picture ever
    more typical of its class.
    """
    right = logits.softmax(1).gather(1, y[:, None]).squeeze(1)
    weight = gather(weight)
    return 1 - (gather(right) * weight).sum() / weight.sum().clamp_min(1e-6)


def build_objective(config: RunConfig, classes: int) -> Objective:
    """The objective that the settings name, for photos of so many classes."""
    if isinstance(config.objective, DriftConfig) and isinstance(config.network, ProjectedConfig):
        return Drift(config.objective, config.network, config.data.size, classes)
    assert isinstance(config.objective, AdversarialConfig)
    return Adversarial(config.objective)
