"""A field that moves each class's generated pictures towards its photos and apart from each other.

Drifting (Deng et al. 2026, "Generative Modeling via Drifting"), in statistics of frozen features:
every generated picture is drawn to photos of its class that are near it and pushed away from
generated pictures that are near it. Where both are spread alike the two cancel, so, unlike a
diversity bonus, the field never needs to be weaned off.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan.models.layers import CELLS, cells, pool

TEMPERATURES = (0.03, 0.1, 0.3)  # of the kernel exp(-distance / t), distance 1 between photos


def statistics(pictures: Tensor, features: list[Tensor]) -> dict[str, Tensor]:
    """What is compared: name to float32 [N, places, numbers].

    `pictures` are [N, 3, H, W] in [-1, 1], `features` the frozen network's maps of them. Each
    map gives its cells one by one ("local"), all at once ("whole") and its deviation over the
    picture ("spread"); the pixels give colours, roughness and, as "lattice", the weave that
    upsampling leaves.
    """
    found: dict[str, Tensor] = {}
    for i, maps in enumerate(features):
        maps = maps.float()
        placed = cells(maps)
        found[f"local{i}"] = placed.flatten(2).transpose(1, 2)
        found[f"whole{i}"] = placed.flatten(1)[:, None]
        if maps.shape[-1] > 2:
            found[f"spread{i}"] = _deviation(maps)[:, None]
    x = pictures.float()
    fine = pool(x, 16)
    coarse = pool(fine, 8)
    found["colour"] = coarse.flatten(1)[:, None]
    found["colour-local"] = cells(coarse).flatten(2).transpose(1, 2)
    found["colour-cells"] = F.pixel_unshuffle(fine, 4).flatten(2).transpose(1, 2)
    found["exposure"] = torch.cat([x.mean((2, 3)), _deviation(x)], 1)[:, None]
    found["roughness"] = _roughness(x).flatten(2).transpose(1, 2)
    found["lattice"] = _lattice(x).flatten(2).transpose(1, 2)
    return found


def field(
    fake: Tensor,
    present: Tensor,
    real: Tensor,
    other: Tensor,
    scale: Tensor,
    contrast: float | Tensor,
    past: Tensor | None = None,
) -> Tensor:
    """Where each generated picture should move: [G, places, n, d], of unit mean square.

    Args:
        fake: Statistics of each group's (class's) generated pictures, [G, places, n, d].
        present: Which of them exist, bool [G, n]: groups may differ in size.
        real: Of photos of the same class, [G, places, r, d].
        other: Of photos of another class, [G, places, o, d]; these repel.
        scale: Typical distance between two photos of a class, [1, places, 1, 1].
        contrast: The share of `other` in the repelling weight, in [0, 1): one, or one a group [G].
        past: Of pictures of the group drawn in earlier steps, [G, places, c, d]; these repel too.

    Source: Deng et al. 2026, algorithm 2: softmax-normalised kernels, cross-weighted so that
    attraction and repulsion balance; the sum over TEMPERATURES is theirs too.
    """
    past = fake[:, :, :0] if past is None else past
    n, r, o, c = fake.shape[2], real.shape[2], other.shape[2], past.shape[2]
    everyone = torch.cat([real, fake, past, other], 2)
    contrast = torch.as_tensor(contrast, device=fake.device) if o else fake.new_zeros(())
    contrast = contrast.expand(len(fake))
    distance = _distance(fake, everyone) / scale
    # The two sides carry the same total weight whatever their counts; nobody repels itself.
    crowd = (present.sum(1) - 1 + c).clamp_min(1)
    share = (1 - contrast) * r / crowd
    weight = distance.new_zeros(len(fake), n, r + n + c + o)
    weight[..., :r] = 1
    weight[..., r : r + n] = (share[:, None] * present)[:, None]
    weight[..., r : r + n].masked_fill_(torch.eye(n, dtype=torch.bool, device=fake.device), 0)
    weight[..., r + n : r + n + c] = share[:, None, None]
    weight[..., r + n + c :] = (contrast * r / max(1, o))[:, None, None]
    log_weight = weight.log()[:, None]
    total = torch.zeros_like(fake)
    for temperature in TEMPERATURES:
        nearness = (log_weight - distance / temperature).softmax(-1)
        attract, repel = nearness[..., :r], nearness[..., r:]
        pull = attract * repel.sum(-1, keepdim=True)
        push = repel * attract.sum(-1, keepdim=True)
        move = (pull @ real - push @ everyone[..., r:, :]) * present[:, None, :, None]
        mean_square = move.square().sum((1, 2, 3)).sum() / (present.sum() * fake.shape[1])
        total += move / (mean_square.sqrt() + 1e-6)
    return total


class Bank(nn.Module):
    """Statistics of recent photos of each class, and the units that they are measured in.

    A ring a class: each batch of photos replaces the oldest. It is part of the training state.
    """

    def __init__(
        self, examples: dict[str, Tensor], y: Tensor, classes: int, size: int, crowd: int = 0
    ) -> None:
        """Room for `size` photos a class, filled from `examples` (all classes must be there).

        `crowd` is how many generated pictures of each class are remembered beside them.
        """
        super().__init__()
        self.names, self.classes, self.size, self.crowd = tuple(examples), classes, size, crowd
        self.next: Tensor
        self.drawn: Tensor
        self.register_buffer("next", torch.zeros(classes, dtype=torch.int64))
        if crowd:
            self.register_buffer("drawn", torch.zeros(classes, dtype=torch.int64))
        for name, values in examples.items():
            deviation = values.float().std(0).clamp_min(1e-3)
            rows = [values[y == c] for c in range(classes)]
            ring = torch.stack([part[torch.arange(size) % len(part)] for part in rows])
            self.register_buffer(f"unit-{name}", 1 / deviation)
            self.register_buffer(f"ring-{name}", ring.to(torch.bfloat16))
            if crowd:
                past = ring[:, :1].expand(-1, crowd, -1, -1)
                self.register_buffer(f"past-{name}", torch.zeros_like(past, dtype=torch.bfloat16))
            spread = [_mean_distance(part[:64].float() / deviation) for part in rows]
            scale = torch.stack(spread).mean(0).clamp_min(1e-3)
            self.register_buffer(f"scale-{name}", scale[None, :, None, None])

    @torch.no_grad()
    def add(self, found: dict[str, Tensor], y: Tensor) -> None:
        """Let a batch's statistics [N, places, numbers] replace the oldest of their classes."""
        self._replace("ring", self.next, self.size, found, y)

    @torch.no_grad()
    def remember(self, found: dict[str, Tensor], y: Tensor) -> None:
        """Keep a generated batch's statistics, as `add` keeps those of photos."""
        if self.crowd:
            self._replace("past", self.drawn, self.crowd, found, y)

    def _replace(
        self, kind: str, count: Tensor, size: int, found: dict[str, Tensor], y: Tensor
    ) -> None:
        for c in range(self.classes):
            mine = torch.nonzero(y == c).flatten()[-size:]
            places = (count[c] + torch.arange(len(mine), device=y.device)) % size
            for name, values in found.items():
                self.get_buffer(f"{kind}-{name}")[c, places] = values[mine].to(torch.bfloat16)
            count[c] += len(mine)

    @torch.autocast("cpu", enabled=False)
    @torch.autocast("cuda", enabled=False)
    def loss(
        self,
        found: dict[str, Tensor],
        y: Tensor,
        photos: Tensor,
        turn: int,
        contrast: float | Tensor,
    ) -> Tensor:
        """A scalar whose gradient moves the generated pictures' statistics along the field.

        `found` are their statistics and `y` [N] their classes; `photos` [r] are the places in
        each ring to compare with; the class `turn` further on is the one that repels, `contrast`
        (one, or one a class) its share of the repelling weight, 0 for none.
        """
        slots, present = _by_class(y, self.classes)
        # All classes remember the same number, so that one array holds them.
        kept = min(self.crowd, int(self.drawn.min())) if self.crowd else 0
        repels = bool(torch.as_tensor(contrast).any())
        total = torch.zeros((), device=y.device)
        for name, values in found.items():
            unit, scale = self.get_buffer(f"unit-{name}"), self.get_buffer(f"scale-{name}")
            fake = (values[slots] * unit).transpose(1, 2)
            real = (self.get_buffer(f"ring-{name}")[:, photos].float() * unit).transpose(1, 2)
            other = real.roll(turn, 0) if repels else real[:, :, :0]
            past = None
            if kept:
                past = (self.get_buffer(f"past-{name}")[:, :kept].float() * unit).transpose(1, 2)
            with torch.no_grad():
                move = field(fake, present, real, other, scale, contrast, past)
            places, numbers = fake.shape[1], fake.shape[3]
            total = total - (move * fake).sum() / (len(y) * places * numbers**0.5)
        return total / len(found)


def shift(pictures: Tensor, offsets: Tensor) -> Tensor:
    """Move pictures [N, 3, H, W] by `offsets` [N, 2] (rows, columns; int64, from -k to k).

    What leaves on one side is filled by reflection on the other. Without it, G hides artefacts
    that are aligned to the frozen network's strides.
    """
    reach = int(offsets.abs().max()) if len(offsets) else 0
    height, width = pictures.shape[2:]
    padded = F.pad(pictures, (reach,) * 4, mode="reflect").permute(0, 2, 3, 1)
    device = pictures.device
    rows = offsets[:, :1] + reach + torch.arange(height, device=device)
    columns = offsets[:, 1:] + reach + torch.arange(width, device=device)
    which = torch.arange(len(pictures), device=device)[:, None, None]
    return padded[which, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def _by_class(y: Tensor, classes: int) -> tuple[Tensor, Tensor]:
    """Places in the batch by class, int64 [classes, most], and which of them are real entries."""
    counts = torch.bincount(y, minlength=classes)
    present = torch.arange(int(counts.max()), device=y.device) < counts[:, None]
    slots = torch.zeros_like(present, dtype=torch.int64)
    slots[present] = y.argsort(stable=True)
    return slots, present


def _deviation(maps: Tensor) -> Tensor:
    """Standard deviation over each map: [N, C, H, W] to [N, C], smooth at 0."""
    mean = maps.mean((2, 3), keepdim=True)
    return ((maps - mean).square().mean((2, 3)) + 1e-4).sqrt()


def _roughness(x: Tensor) -> Tensor:
    """Differences of the brightness by cell: first, second, and across both axes; [N, 7, 4, 4].

    The last is largest for a checkerboard of single pixels, which the others see less of.
    """
    grey = x.mean(1, keepdim=True)
    found = []
    for axis in (2, 3):
        length = grey.shape[axis]
        for step in (1, 2):
            ahead, behind = (
                grey.narrow(axis, step, length - step),
                grey.narrow(axis, 0, length - step),
            )
            found.append(pool((ahead - behind).abs(), CELLS))
        middle = grey.narrow(axis, 1, length - 2)
        ends = grey.narrow(axis, 2, length - 2) + grey.narrow(axis, 0, length - 2)
        found.append(pool((ends - 2 * middle).abs(), CELLS))
    across = grey[..., 1:, 1:] - grey[..., 1:, :-1] - grey[..., :-1, 1:] + grey[..., :-1, :-1]
    found.append(pool(across.abs(), CELLS))
    return torch.cat(found, 1)


def _lattice(x: Tensor) -> Tensor:
    """How far each of the 16 phases of a 4x4 lattice is from their mean, by cell: [N, 48, 4, 4].

    Near 0 in photos, whatever they show. Transposed convolutions and depth to space leave a weave
    that is the same all over the picture: too weak to be rough, and plain to the eye. What changes
    slowly is taken out before: the window (1, 2, 2, 2, 1) / 8 lets no period of 2 or 4 through.
    """
    slow = F.avg_pool2d(F.avg_pool2d(F.pad(x, (2, 2, 2, 2), mode="reflect"), 4, 1), 2, 1)
    phases = pool(F.pixel_unshuffle(x - slow, 4), CELLS).unflatten(1, (3, 16))
    return (phases - phases.mean(2, keepdim=True)).flatten(1, 2)


def _distance(a: Tensor, b: Tensor) -> Tensor:
    """Euclidean distances [..., n, m] between rows of [..., n, d] and [..., m, d].

    By a matrix product, with a floor in place of the square root's infinite slope at 0.
    """
    squares = a.square().sum(-1)[..., :, None] + b.square().sum(-1)[..., None, :]
    return ((squares - 2 * a @ b.transpose(-1, -2)).clamp_min(0) + 1e-6 * a.shape[-1]).sqrt()


def _mean_distance(values: Tensor) -> Tensor:
    """Mean distance between two different rows, place by place: [N, places, d] to [places]."""
    rows = values.transpose(0, 1)
    distances = _distance(rows, rows)
    itself = torch.eye(len(values), dtype=torch.bool, device=values.device)
    count = len(values) * max(1, len(values) - 1)
    return distances.masked_fill(itself, 0).sum((1, 2)) / count
