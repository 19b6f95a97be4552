"""What the two networks are trained to do: each objective's losses for G and for D."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan.config import AdversarialConfig, DriftConfig, ProjectedConfig, RunConfig
from gan.data.batches import Batches
from gan.drift import Bank, shift, statistics
from gan.models.projected import CLASS_TAP, TAPS, FrozenFeatures
from gan.processes import gather, own_part, world


class Objective(nn.Module):
    """The losses of one recipe and whatever they need to know.

    What an objective learns from photos or counts is in its state dict, so a run that is resumed
    goes on with it. In all methods `real` and `fake` are pictures [N, 3, H, W] in [-1, 1], `y`
    their classes (int64 [N]), and `seen` the number of real pictures shown before this step.
    """

    order: tuple[str, str] = ("generator", "discriminator")  # which network steps first
    shares = False  # whether D's loss goes back through operations of G's, which must be kept

    def prepare(self, batches: Batches) -> None:
        """Learn what must be known of the photos before the first step."""

    def draw_guidance(self, y: Tensor) -> Tensor:
        """How strongly each class is guided in the coming step: float [N] in [0, 1]."""
        return torch.ones(len(y), device=y.device)

    def generator_loss(
        self, discriminator: nn.Module, real: Tensor, fake: Tensor, y: Tensor, seen: int
    ) -> Tensor:
        """G's loss (scalar) on its own pictures `fake`."""
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
        self.mse = config.loss == "mse"
        # Where G steps first, D is still as it was when it judged these very pictures.
        self.shares = config.first == "generator"
        self.order = self.order if self.shares else ("discriminator", "generator")
        self.real_target = config.real_target
        self.on_fake: Tensor | None = None

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


class Drift(Objective):
    """Drifting in frozen features (see gan/drift.py), sharpened by D's heads (hinge loss,
    Lim & Ye 2017). G steps first; D then reuses the feature maps of both batches."""

    BALANCE_EVERY = 32  # steps between two measurements of the two pulls on the pictures
    bank: Bank  # `prepare` makes it
    balance: Tensor
    steps: Tensor

    def __init__(
        self, config: DriftConfig, network: ProjectedConfig, size: int, classes: int
    ) -> None:
        super().__init__()
        self.config, self.classes, self.bank_size = config, classes, network.bank
        self.features = FrozenFeatures(size, network.view)
        # Weights that bring the heads' and the class head's pull on G to the size of the drift's.
        self.register_buffer("balance", torch.ones(2))
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))
        self.kept: tuple[list[Tensor], list[Tensor]] = [], []
        self.guided = torch.ones(())  # the guidance of this step: one for all, or one a class

    @torch.no_grad()
    def prepare(self, batches: Batches) -> None:
        """Fill the bank with photos of every class, and learn the features' units from them."""
        pictures, y = batches.sample(self.bank_size)
        maps: list[list[Tensor]] = []
        found: list[dict[str, Tensor]] = []
        for part in pictures.split(128):
            part = shift(part, self._offsets(len(part)).to(part.device))
            maps.append(self.features(part, self.features.draw_corner()))
            found.append(statistics(part, maps[-1][: len(TAPS)]))
        self.features.fit([torch.cat(level) for level in zip(*maps, strict=True)])
        examples = {name: torch.cat([each[name] for each in found]) for name in found[0]}
        self.bank = Bank(examples, y, self.classes, self.bank_size, self.config.crowd)

    def draw_guidance(self, y: Tensor) -> Tensor:
        """Uniform in [0, 1], one a class (cf. Deng et al. 2026, who draw it and give it to G).

        It scales both what repels photos of other classes and the class head's pull.
        """
        self.guided = torch.rand(self.classes)
        return self.guided.to(y.device)[y]

    def generator_loss(
        self, discriminator: nn.Module, real: Tensor, fake: Tensor, y: Tensor, seen: int
    ) -> Tensor:
        config = self.config
        everyone = gather(y)  # the drift is between all pictures of a batch, whoever drew them
        fake = self._shift(fake)
        corner = self.features.draw_corner()
        fake_maps = self.features(fake, corner)
        with torch.no_grad():
            real = self._shift(real)
            real_maps = self.features(real, corner)
            self.bank.add(_gather(statistics(real, real_maps[: len(TAPS)])), everyone)
        self.kept = [*real_maps, real], [each.detach() for each in (*fake_maps, fake)]
        photos = torch.randperm(self.bank.size)[: config.references].to(y.device)
        turn = int(torch.randint(1, self.classes, ()))
        found = _gather(statistics(fake, fake_maps[: len(TAPS)]))
        guided = self.guided.to(y.device)
        drift = self.bank.loss(found, everyone, photos, turn, config.contrast * guided)
        self.bank.remember({name: values.detach() for name, values in found.items()}, everyone)
        if not self._joined(seen):
            return drift
        pull = -discriminator(self._standard([*fake_maps, fake]), y, self._ramp(seen)).mean()
        opinion = self._name_class(discriminator, fake_maps)
        wanted = guided.expand(self.classes)[y]
        named = (wanted * F.cross_entropy(opinion, y, reduction="none")).mean()
        if self.steps % self.BALANCE_EVERY == 0:
            self._measure(drift, (pull, named), fake)
        self.steps.add_(1)
        of_pull, of_name = self.balance
        naming = config.classify * _doubt(opinion, y, wanted) * of_name * named
        sharpen = config.adversarial * of_pull * pull + naming
        return drift + self._ramp(seen) * sharpen

    def discriminator_loss(
        self, discriminator: nn.Module, real: Tensor, fake: Tensor, y: Tensor, seen: int
    ) -> tuple[Tensor, Tensor, Tensor]:
        of_real, of_fake = self.kept
        named = F.cross_entropy(self._name_class(discriminator, of_real), y)
        if not self._joined(seen):
            nothing = torch.zeros((), device=y.device)
            return named, nothing, nothing
        on_real, on_fake = (
            discriminator(self._standard(each), y, self._ramp(seen)) for each in (of_real, of_fake)
        )
        loss = F.relu(1 - on_real).mean() + F.relu(1 + on_fake).mean()
        return loss + named, on_real.mean(), on_fake.mean()

    def _standard(self, seen: list[Tensor]) -> list[Tensor]:
        """Maps in the units of photos, then the pictures as they are."""
        *maps, pictures = seen
        return [*(self.features.standard(i, each) for i, each in enumerate(maps)), pictures]

    def _name_class(self, discriminator: Any, maps: list[Tensor]) -> Tensor:
        """The class head's logits, float32 [N, classes]."""
        return discriminator.name_class(self.features.standard(CLASS_TAP, maps[CLASS_TAP])).float()

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

    def _measure(self, drift: Tensor, others: tuple[Tensor, Tensor], fake: Tensor) -> None:
        """Follow the ratios of the gradients at the pictures, so that no pull drowns another."""
        sizes = torch.stack(
            [
                torch.autograd.grad(loss, fake, retain_graph=True)[0].norm()
                for loss in (drift, *others)
            ]
        )
        sizes = gather(sizes[None]).norm(dim=0)
        ratios = sizes[0] / sizes[1:].clamp_min(1e-8)
        self.balance.lerp_(ratios, 1.0 if self.steps == 0 else 0.3)


def _gather(found: dict[str, Tensor]) -> dict[str, Tensor]:
    return {name: gather(values) for name, values in found.items()}


@torch.no_grad()
def _doubt(opinion: Tensor, y: Tensor, wanted: Tensor) -> Tensor:
    """How far the class head is from naming the classes asked for, from 0 to 1.

    A picture counts by its guidance, `wanted` (float [N] in [0, 1]).

    `balance` keeps the pull of the class head at a fixed size, although a cross-entropy's own
    gradient fades as it is satisfied; this factor lets it fade again. At a fixed size, the pull
    would make every picture ever more typical of its class.
    """
    right = opinion.softmax(1).gather(1, y[:, None]).squeeze(1)
    wanted = gather(wanted)
    return 1 - (gather(right) * wanted).sum() / wanted.sum().clamp_min(1e-6)


def build_objective(config: RunConfig, classes: int) -> Objective:
    """The losses that the settings name, for photos of so many classes."""
    if isinstance(config.objective, DriftConfig) and isinstance(config.network, ProjectedConfig):
        return Drift(config.objective, config.network, config.data.size, classes)
    assert isinstance(config.objective, AdversarialConfig)
    return Adversarial(config.objective)
