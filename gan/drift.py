"""Drifting: a field that moves generated pictures towards photos and away from each other.

Source: Deng et al. 2026, "Generative Modeling via Drifting". Each generated picture is attracted by
photos of its class that are near it, and repelled by generated pictures that are near it. "Near" is
measured in statistics of frozen features. If pictures and photos have the same distribution these
forces cancel, so that, unlike a diversity bonus, the field needs no schedule that ends it. Photos
of another class may repel too (`contrast`): with them the field vanishes only where pictures are
more typical of their class than photos are.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan.models.layers import CELLS, cells, pool

TEMPERATURES = (0.03, 0.1, 0.3)  # t of the kernel exp(-distance / t); photos are 1 apart on average


def statistics(pictures: Tensor, features: list[Tensor]) -> dict[str, Tensor]:
    """The statistics of pictures that the field compares: name to float32 [N, places, numbers].

    `pictures` are [N, 3, H, W] in [-1, 1], `features` the frozen network's maps of them. Each
    map gives its 4x4 cells one by one ("local"), all cells as one vector ("whole") and each
    channel's standard deviation over the picture ("spread"). The pixels give colours, roughness,
    and "lattice", which shows the weave that upsampling leaves.
    """
    stats: dict[str, Tensor] = {}
    for i, maps in enumerate(features):
        maps = maps.float()
        means = cells(maps)
        stats[f"local{i}"] = means.flatten(2).transpose(1, 2)
        stats[f"whole{i}"] = means.flatten(1)[:, None]
        if maps.shape[-1] > 2:
            stats[f"spread{i}"] = _deviation(maps)[:, None]
    x = pictures.float()
    fine = pool(x, 16)
    coarse = pool(fine, 8)
    stats["colour"] = coarse.flatten(1)[:, None]
    stats["colour-local"] = cells(coarse).flatten(2).transpose(1, 2)
    stats["colour-cells"] = F.pixel_unshuffle(fine, 4).flatten(2).transpose(1, 2)
    stats["exposure"] = torch.cat([x.mean((2, 3)), _deviation(x)], 1)[:, None]
    stats["roughness"] = _roughness(x).flatten(2).transpose(1, 2)
    stats["lattice"] = _lattice(x).flatten(2).transpose(1, 2)
    return stats


def close_statistics(features: list[Tensor]) -> dict[str, Tensor]:
    """Each channel's mean and deviation over a crop: name to float32 [N, 1, numbers].

    `features` are maps [N, C, h, w] of crops, in the order of the frozen network's blocks. All
    crops of a step lie at one place and those of the bank at others, so nothing is compared place
    by place, and the forces cancel on average alone.
    """
    stats: dict[str, Tensor] = {}
    for i, maps in enumerate(features):
        stats[f"close-mean{i}"] = maps.float().mean((2, 3))[:, None]
        stats[f"close-spread{i}"] = _deviation(maps.float())[:, None]
    return stats


def log_weights(
    present: Tensor,
    stored: Tensor,
    real: int,
    other: int,
    contrast: float | Tensor,
) -> Tensor:
    """Logarithms of the weights of what acts on generated pictures: [G, n, real + n + c + other].

    What attracts and what repels have the same total weight, whatever their numbers; a picture
    doesn't repel itself.

    Args:
        present: Which generated pictures of each group (class) exist, bool [G, n]: groups may
            differ in size.
        stored: Which pictures of the group from earlier steps exist, bool [G, c]; these repel too.
        real: The number of photos of the same class, which attract.
        other: The number of photos of another class, which repel.
        contrast: The share of `other` in the weight of what repels, in [0, 1): one number, or [G].
    """
    (groups, n), c = present.shape, stored.shape[1]
    if not other:
        contrast = torch.zeros((), device=present.device)
    contrast = torch.as_tensor(contrast, device=present.device).expand(groups)
    repelling = (present.sum(1) - 1 + stored.sum(1)).clamp_min(1)
    each = (1 - contrast) * real / repelling
    weight = torch.zeros(groups, n, real + n + c + other, device=present.device)
    weight[..., :real] = 1
    weight[..., real : real + n] = (each[:, None] * present)[:, None]
    itself = torch.eye(n, dtype=torch.bool, device=present.device)
    weight[..., real : real + n].masked_fill_(itself, 0)
    weight[..., real + n : real + n + c] = (each[:, None] * stored)[:, None]
    weight[..., real + n + c :] = (contrast * real / max(1, other))[:, None, None]
    return weight.log()


def field(
    fake: Tensor, present: Tensor, sources: Tensor, real: int, scale: Tensor, weights: Tensor
) -> Tensor:
    """The direction in which each generated picture should move: [G, places, n, d].

    It is a sum over TEMPERATURES, at each of which its mean square length is 1.

    Args:
        fake: Statistics of the generated pictures of each group (class), [G, places, n, d].
        present: Which of them exist, bool [G, n].
        sources: Statistics of what acts on them, [G, places, s, d]: `real` photos of the same
            class, `fake`, pictures from earlier steps, photos of another class.
        real: The number of those photos, which attract; all else repels.
        scale: Mean distance between two photos of a class, [1, places, 1, 1].
        weights: As `log_weights` gives them, [G, n, s].

    Source: Deng et al. 2026, algorithm 2: softmax-normalised kernels, cross-weighted so that
    attraction and repulsion balance, and a sum over temperatures.
    """
    distance = _distance(fake, sources) / scale
    # All temperatures at once, [G, places, temperatures, n, s]: a GPU waits for fewer kernels.
    sharp = torch.stack([distance / temperature for temperature in TEMPERATURES], 2)
    nearness = (weights[:, None, None] - sharp).softmax(-1)
    attract, repel = nearness[..., :real], nearness[..., real:]
    pull = attract * repel.sum(-1, keepdim=True)
    push = repel * attract.sum(-1, keepdim=True)
    move = torch.cat([pull, -push], -1).flatten(2, 3) @ sources
    move = move.unflatten(2, (len(TEMPERATURES), -1)) * present[:, None, None, :, None]
    mean_square = move.square().sum((0, 1, 3, 4)) / (present.sum() * fake.shape[1])
    return (move / (mean_square.sqrt() + 1e-6)[:, None, None]).sum(2)


class Bank(nn.Module):
    """The statistics of recent photos and generated pictures of each class, and their scales.

    Each class has a ring buffer for photos, and one for generated pictures if `crowd` isn't 0; the
    newest replaces the oldest. The bank is part of the training state.
    """

    def __init__(
        self,
        examples: dict[str, Tensor],
        y: Tensor,
        classes: int,
        size: int,
        crowd: int = 0,
        most: int = 0,
    ) -> None:
        """A bank of `size` photos a class, filled from `examples`, in which each class must occur.

        `crowd` is the number of generated pictures of each class that are stored too. `most` is the
        largest number of pictures of a class in a batch; if 0, each batch is counted, for which a
        GPU has to finish all that it was given before.
        """
        super().__init__()
        self.most = most
        self.names, self.classes, self.size, self.crowd = tuple(examples), classes, size, crowd
        self.next: Tensor
        self.drawn: Tensor
        self.register_buffer("next", torch.zeros(classes, dtype=torch.int64, device=y.device))
        if crowd:
            self.register_buffer("drawn", torch.zeros(classes, dtype=torch.int64, device=y.device))
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
    def add(self, stats: dict[str, Tensor], y: Tensor) -> None:
        """Store the statistics of photos [N, places, numbers] in place of the oldest ones."""
        self._replace("ring", self.next, self.size, stats, y)

    @torch.no_grad()
    def remember(self, stats: dict[str, Tensor], y: Tensor) -> None:
        """Store the statistics of generated pictures, as `add` stores those of photos."""
        if self.crowd:
            self._replace("past", self.drawn, self.crowd, stats, y)

    def _replace(
        self, kind: str, count: Tensor, size: int, stats: dict[str, Tensor], y: Tensor
    ) -> None:
        numbers, before, order, first = _by_class(y, self.classes)
        # Where a class has more pictures than its ring has places, several fall on one place: all
        # write the values of the last of them, so that the result doesn't depend on their order.
        last = before + (numbers[y] - 1 - before) // size * size
        source, places = order[first[y] + last], (count[y] + before) % size
        for name, values in stats.items():
            self.get_buffer(f"{kind}-{name}")[y, places] = values[source].to(torch.bfloat16)
        count += numbers

    @torch.autocast("cpu", enabled=False)
    @torch.autocast("cuda", enabled=False)
    def loss(
        self,
        stats: dict[str, Tensor],
        y: Tensor,
        photos: Tensor,
        turn: int,
        contrast: float | Tensor,
    ) -> Tensor:
        """A scalar whose gradient moves the statistics of generated pictures along the field.

        Args:
            stats: The statistics of the generated pictures, as `statistics` gives them.
            y: Their classes, int64 [N].
            photos: Indices into each ring of the photos that attract, int64 [r].
            turn: Class k is repelled by photos of class k - `turn`, counted in a circle.
            contrast: Share of those photos in what repels; one number, or one a class, on the CPU.
        """
        numbers, before, _, _ = _by_class(y, self.classes)
        most = self.most or int(numbers.max())
        present = torch.arange(most, device=y.device) < numbers[:, None]
        slots = torch.zeros_like(present, dtype=torch.int64)
        slots[y, before] = torch.arange(len(y), device=y.device)
        drawn = self.drawn if self.crowd else torch.zeros_like(self.next)
        stored = torch.arange(self.crowd, device=y.device) < drawn[:, None]
        contrast = torch.as_tensor(contrast)
        repels = bool(contrast.any())
        contrast = contrast.to(y.device, non_blocking=True)
        count = len(photos)
        weights = log_weights(present, stored, count, count if repels else 0, contrast)
        total = torch.zeros((), device=y.device)
        for name, values in stats.items():
            unit, scale = self.get_buffer(f"unit-{name}"), self.get_buffer(f"scale-{name}")
            fake = (values[slots] * unit).transpose(1, 2)
            with torch.no_grad():
                real = (self.get_buffer(f"ring-{name}")[:, photos].float() * unit).transpose(1, 2)
                sources = [real, fake]
                if self.crowd:
                    past = self.get_buffer(f"past-{name}").float() * unit
                    sources.append(past.transpose(1, 2))
                if repels:
                    sources.append(real.roll(turn, 0))
                move = field(fake, present, torch.cat(sources, 2), count, scale, weights)
            places, length = fake.shape[1], fake.shape[3]
            total = total - (move * fake).sum() / (len(y) * places * length**0.5)
        return total / len(stats)


def shift(pictures: Tensor, offsets: Tensor) -> Tensor:
    """Move pictures [N, 3, H, W] by `offsets` [N, 2] (rows, columns; int64 on the CPU, -k to k).

    The free margin is filled by reflection. Without random shifts, G learns artefacts that are
    aligned to the frozen network's strides, which that network can't see.
    """
    reach = int(offsets.abs().max()) if len(offsets) else 0
    height, width = pictures.shape[2:]
    padded = F.pad(pictures, (reach,) * 4, mode="reflect").permute(0, 2, 3, 1)
    device = pictures.device
    offsets = offsets.to(device, non_blocking=True)
    rows = offsets[:, :1] + reach + torch.arange(height, device=device)
    columns = offsets[:, 1:] + reach + torch.arange(width, device=device)
    which = torch.arange(len(pictures), device=device)[:, None, None]
    return padded[which, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)


def _by_class(y: Tensor, classes: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """How the pictures of a batch with classes `y` (int64 [N]) are sorted by class, all int64.

    Returns:
        The number of pictures of each class, [classes]; of each picture, how many of its class come
        before it, [N]; the pictures' indices, class by class, [N]; where each class begins there.
    """
    of_class = F.one_hot(y, classes)
    numbers = of_class.sum(0)
    before = (of_class.cumsum(0) - 1).gather(1, y[:, None]).squeeze(1)
    return numbers, before, y.argsort(stable=True), numbers.cumsum(0) - numbers


def _deviation(maps: Tensor) -> Tensor:
    """Standard deviation over each map: [N, C, H, W] to [N, C], smooth at 0."""
    mean = maps.mean((2, 3), keepdim=True)
    return ((maps - mean).square().mean((2, 3)) + 1e-4).sqrt()


def _roughness(x: Tensor) -> Tensor:
    """Mean absolute differences of the brightness in each cell: [N, 7, 4, 4].

    Between neighbours one and two pixels apart and of second order, along each axis; and across
    both axes, which is largest for a checkerboard of single pixels.
    """
    grey = x.mean(1, keepdim=True)
    means = []
    for axis in (2, 3):
        length = grey.shape[axis]
        for step in (1, 2):
            ahead, behind = (
                grey.narrow(axis, step, length - step),
                grey.narrow(axis, 0, length - step),
            )
            means.append(pool((ahead - behind).abs(), CELLS))
        middle = grey.narrow(axis, 1, length - 2)
        ends = grey.narrow(axis, 2, length - 2) + grey.narrow(axis, 0, length - 2)
        means.append(pool((ends - 2 * middle).abs(), CELLS))
    across = grey[..., 1:, 1:] - grey[..., 1:, :-1] - grey[..., :-1, 1:] + grey[..., :-1, :-1]
    means.append(pool(across.abs(), CELLS))
    return torch.cat(means, 1)


def _lattice(x: Tensor) -> Tensor:
    """The mean of each pixel of a repeated 4x4 block, less that of all 16, by cell: [N, 48, 4, 4].

    It is near 0 in photos. Transposed convolutions and depth-to-space leave a weave that repeats
    every 2 or 4 pixels all over the picture: too weak for `_roughness`, but easy to see. Slow
    changes are subtracted first, by a window (1, 2, 2, 2, 1) / 8 that removes periods 2 and 4.
    """
    x = x.contiguous()
    slow = F.pad(x, (2, 2, 2, 2), mode="reflect")
    for axis in (2, 3):  # in sums of slices: pooling with overlap is several times as slow
        at = [slow.narrow(axis, i, slow.shape[axis] - 4) for i in range(5)]
        slow = (at[0] + at[4]) / 8 + (at[1] + at[2] + at[3]) / 4
    phases = pool(F.pixel_unshuffle(x - slow, 4), CELLS).unflatten(1, (3, 16))
    return (phases - phases.mean(2, keepdim=True)).flatten(1, 2)


def _distance(a: Tensor, b: Tensor) -> Tensor:
    """Euclidean distances [..., n, m] between rows of [..., n, d] and [..., m, d].

    Computed by a matrix product. A small constant keeps the square root's slope finite at 0.
    """
    squares = a.square().sum(-1)[..., :, None] + b.square().sum(-1)[..., None, :]
    return ((squares - 2 * a @ b.transpose(-1, -2)).clamp_min(0) + 1e-6 * a.shape[-1]).sqrt()


def _mean_distance(values: Tensor) -> Tensor:
    """Mean distance between two different rows, for each place: [N, places, d] to [places]."""
    rows = values.transpose(0, 1)
    distances = _distance(rows, rows)
    itself = torch.eye(len(values), dtype=torch.bool, device=values.device)
    count = len(values) * max(1, len(values) - 1)
    return distances.masked_fill(itself, 0).sum((1, 2)) / count
