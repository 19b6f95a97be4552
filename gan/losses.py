"""What the two networks are asked to do: each objective's loss for G and for D."""

from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan.config import AdversarialConfig, DriftConfig
from gan.data.batches import Batches
from gan.drift import Bank, shift, statistics
from gan.models.projected import Discriminator
from gan.processes import gather, own_part, world


class Objective(Protocol):
    """The losses of one recipe; D's answers come back beside its loss, for the record.

    `seen` counts the real pictures before this step.
    """

    shares: bool  # D's loss goes back through operations of G's: they must be kept

    def prepare(self, discriminator: nn.Module, batches: Batches) -> None:
        """Whatever D must know of the photos before the first step."""
        ...

    def draw_guidance(self, y: Tensor, classes: int) -> Tensor:
        """How strongly each class is guided in the coming step: float [N] for the classes `y`."""
        ...

    def generator_loss(
        self, discriminator: nn.Module, real: Tensor, fake: Tensor, y: Tensor, seen: int
    ) -> Tensor:
        """G's loss (scalar) on its own pictures `fake` [N, 3, H, W] of classes `y` [N]."""
        ...

    def discriminator_loss(
        self, discriminator: nn.Module, real: Tensor, fake: Tensor, y: Tensor, seen: int
    ) -> tuple[Tensor, Tensor, Tensor]:
        """D's loss (scalar) and its mean logits on real and on fake pictures (scalars)."""
        ...


class Adversarial:
    """The report's losses: binary cross-entropy (Goodfellow et al. 2014, the non-saturating
    form) or least squares (Mao et al. 2017), with one-sided label smoothing (Salimans et al.
    2016)."""

    def __init__(self, config: AdversarialConfig) -> None:
        self.mse = config.loss == "mse"
        # Where G steps first, D is still as it was when it judged these very pictures.
        self.shares = config.first == "generator"
        self.real_target = config.real_target
        self.on_fake: Tensor | None = None

    def prepare(self, discriminator: nn.Module, batches: Batches) -> None:
        """Nothing."""

    def draw_guidance(self, y: Tensor, classes: int) -> Tensor:
        """All of it: these losses know no less."""
        return torch.ones(len(y), device=y.device)

    def generator_loss(
        self, discriminator: nn.Module, real: Tensor, fake: Tensor, y: Tensor, seen: int
    ) -> Tensor:
        on_fake = discriminator(fake, y)
        self.on_fake = on_fake if self.shares else None
        return self.distance(on_fake, 1.0)

    def discriminator_loss(
        self, discriminator: nn.Module, real: Tensor, fake: Tensor, y: Tensor, seen: int
    ) -> tuple[Tensor, Tensor, Tensor]:
        # Two passes, not one joint batch: BatchNorm must not mix real and generated statistics.
        on_real = discriminator(real, y)
        on_fake = discriminator(fake, y) if self.on_fake is None else self.on_fake
        self.on_fake = None
        loss = self.distance(on_real, self.real_target) + self.distance(on_fake, 0.0)
        return loss, on_real.float().mean(), on_fake.float().mean()

    def distance(self, logits: Tensor, target: float) -> Tensor:
        """Mean loss of logits [N] against a target in [0, 1]."""
        logits = logits.float()
        wanted = torch.full_like(logits, target)
        if self.mse:
            return F.mse_loss(logits, wanted)
        return F.binary_cross_entropy_with_logits(logits, wanted)


class Drift:
    """Drifting in frozen features (see gan/drift.py), sharpened by D's heads (hinge loss,
    Lim & Ye 2017). G steps first; D then reuses the feature maps of both batches."""

    shares = False
    BALANCE_EVERY = 32  # steps between two measurements of the two pulls on the pictures

    def __init__(self, config: DriftConfig) -> None:
        self.config = config
        self.kept: tuple[list[Tensor], list[Tensor]] = [], []
        self.guided = torch.ones(())  # the guidance of this step: one for all, or one a class

    @torch.no_grad()
    def prepare(self, discriminator: nn.Module, batches: Batches) -> None:
        """Fill D's bank with photos of every class, and learn its features' units from them."""
        assert isinstance(discriminator, Discriminator)
        classes, size = discriminator.classes, discriminator.bank_size
        pictures, y = batches.sample(size)
        maps: list[list[Tensor]] = []
        found: list[dict[str, Tensor]] = []
        for part in pictures.split(128):
            part = shift(part, self._offsets(len(part)).to(part.device))
            maps.append(discriminator.features(part))
            found.append(statistics(part, maps[-1][:-1]))
        examples = {name: torch.cat([one[name] for one in found]) for name in found[0]}
        bank = Bank(examples, y, classes, size, self.config.crowd)
        discriminator.furnish([torch.cat(level) for level in zip(*maps, strict=True)], bank)

    def draw_guidance(self, y: Tensor, classes: int) -> Tensor:
        """Uniform in [0, 1], one a class (cf. Deng et al. 2026, who draw it and give it to G).

        It scales both what repels photos of other classes and the class head's pull.
        """
        self.guided = torch.rand(classes)
        return self.guided.to(y.device)[y]

    def generator_loss(
        self, discriminator: nn.Module, real: Tensor, fake: Tensor, y: Tensor, seen: int
    ) -> Tensor:
        assert isinstance(discriminator, Discriminator)
        assert discriminator.bank is not None
        bank, config = discriminator.bank, self.config
        everyone = gather(y)  # the drift is between all pictures of a batch, whoever drew them
        fake = self._shift(fake)
        fake_maps = discriminator.features(fake)
        with torch.no_grad():
            real = self._shift(real)
            real_maps = discriminator.features(real)
            bank.add(_gather(statistics(real, real_maps[:-1])), everyone)
        self.kept = real_maps, [maps.detach() for maps in fake_maps]
        photos = torch.randperm(bank.size)[: config.references].to(y.device)
        turn = int(torch.randint(1, discriminator.classes, ()))
        found = _gather(statistics(fake, fake_maps[:-1]))
        guided = self.guided.to(y.device)
        drift = bank.loss(found, everyone, photos, turn, config.contrast * guided)
        bank.remember({name: values.detach() for name, values in found.items()}, everyone)
        if not self._joined(seen):
            return drift
        pull = -discriminator(fake_maps, y, self._ramp(seen)).mean()
        opinion = discriminator.name_class(fake_maps).float()
        wanted = guided.expand(discriminator.classes)[y]
        named = (wanted * F.cross_entropy(opinion, y, reduction="none")).mean()
        if discriminator.steps % self.BALANCE_EVERY == 0:
            self._measure(discriminator, drift, (pull, named), fake)
        discriminator.steps.add_(1)
        of_pull, of_name = discriminator.balance
        naming = config.classify * _doubt(opinion, y, wanted) * of_name * named
        sharpen = config.adversarial * of_pull * pull + naming
        return drift + self._ramp(seen) * sharpen

    def discriminator_loss(
        self, discriminator: nn.Module, real: Tensor, fake: Tensor, y: Tensor, seen: int
    ) -> tuple[Tensor, Tensor, Tensor]:
        assert isinstance(discriminator, Discriminator)
        real_maps, fake_maps = self.kept
        named = F.cross_entropy(discriminator.name_class(real_maps).float(), y)
        if not self._joined(seen):
            nothing = torch.zeros((), device=y.device)
            return named, nothing, nothing
        on_real, on_fake = (
            discriminator(maps, y, self._ramp(seen)) for maps in (real_maps, fake_maps)
        )
        loss = F.relu(1 - on_real).mean() + F.relu(1 + on_fake).mean()
        return loss + named, on_real.mean(), on_fake.mean()

    def _joined(self, seen: int) -> bool:
        return seen >= self.config.join

    def _ramp(self, seen: int) -> float:
        """How far the heads have come in, from 0 to 1."""
        config = self.config
        return min(1.0, (seen - config.join) / config.ramp) if config.ramp else 1.0

    def _shift(self, pictures: Tensor) -> Tensor:
        offsets = own_part(self._offsets(len(pictures) * world()[1]))
        return shift(pictures, offsets.to(pictures.device))

    def _offsets(self, count: int) -> Tensor:
        reach = self.config.shift
        return torch.randint(-reach, reach + 1, (count, 2))

    def _measure(
        self,
        discriminator: Discriminator,
        drift: Tensor,
        others: tuple[Tensor, Tensor],
        fake: Tensor,
    ) -> None:
        """Follow the ratios of the gradients at the pictures, so that no pull drowns another."""
        sizes = torch.stack(
            [
                torch.autograd.grad(one, fake, retain_graph=True)[0].norm()
                for one in (drift, *others)
            ]
        )
        sizes = gather(sizes[None]).norm(dim=0)
        ratios = sizes[0] / sizes[1:].clamp_min(1e-8)
        discriminator.balance.lerp_(ratios, 1.0 if discriminator.steps == 0 else 0.3)


def _gather(found: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: gather(values) for name, values in found.items()}


@torch.no_grad()
def _doubt(opinion: Tensor, y: Tensor, wanted: Tensor) -> Tensor:
    """How far the class head is from naming the classes asked for, from 0 to 1.

    A picture counts by its guidance, `wanted` (float [N] in [0, 1]).

    The balance undoes that a cross-entropy's gradient fades as it is satisfied; this restores it.
    Held up, the pull makes every picture ever more typical of its class.
    """
    right = opinion.softmax(1).gather(1, y[:, None]).squeeze(1)
    wanted = gather(wanted)
    return 1 - (gather(right) * wanted).sum() / wanted.sum().clamp_min(1e-6)


def build_objective(config: AdversarialConfig | DriftConfig) -> Objective:
    """The losses that the settings name."""
    return Drift(config) if isinstance(config, DriftConfig) else Adversarial(config)
