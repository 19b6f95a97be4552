"""The field points where it should, whatever the sizes of the classes."""

import torch
import torch.nn.functional as F
from torch import Tensor

from gan.drift import Bank, field, log_weights, shift, statistics

ONE = torch.ones(1, 1, 1, 1)


def cloud(count: int, center: float, spread: float, seed: int = 0) -> Tensor:
    """`count` points around (center, center): [1, 1, count, 2]."""
    noise = torch.randn(count, 2, generator=torch.Generator().manual_seed(seed))
    return (center + spread * noise)[None, None]


def moved(
    fake: Tensor,
    real: Tensor,
    other: Tensor | None = None,
    contrast: float | Tensor = 0.0,
    past: Tensor | None = None,
    present: Tensor | None = None,
    stored: Tensor | None = None,
) -> Tensor:
    """The field at `fake`, [G, 1, n, 2]; what isn't given isn't there, what is given is whole."""
    other, past = (real[:, :, :0] if each is None else each for each in (other, past))
    present = torch.ones(fake.shape[0:3:2], dtype=torch.bool) if present is None else present
    stored = torch.ones(past.shape[0:3:2], dtype=torch.bool) if stored is None else stored
    count = real.shape[2]
    weights = log_weights(present, stored, count, other.shape[2], contrast)
    return field(fake, present, torch.cat([real, fake, past, other], 2), count, ONE, weights)


def move(fake: Tensor, real: Tensor, other: Tensor | None = None, contrast: float = 0.0) -> Tensor:
    return moved(fake, real, other, contrast)[0, 0]


def test_pictures_are_drawn_to_the_photos() -> None:
    fake, real = cloud(8, 0.0, 0.1), cloud(32, 1.0, 0.1, seed=1)
    assert (move(fake, real) @ torch.ones(2) > 0).all()


def test_pictures_that_huddle_are_pushed_apart() -> None:
    fake, real = cloud(16, 0.0, 0.01), cloud(64, 0.0, 1.0, seed=1)
    moved = fake[0, 0] + 0.002 * move(fake, real)
    assert moved.var(0).sum() > 1.2 * fake[0, 0].var(0).sum()


def test_pictures_spread_too_wide_are_drawn_in() -> None:
    fake, real = cloud(16, 0.0, 3.0), cloud(64, 0.0, 0.5, seed=1)
    outward = (move(fake, real) * fake[0, 0]).sum(-1)
    assert outward.mean() < 0


def test_photos_of_another_class_repel() -> None:
    fake, real = cloud(8, 0.0, 0.1), cloud(64, 0.0, 0.5, seed=1)
    other = cloud(64, 0.0, 0.1, seed=2) + torch.tensor([0.4, 0.0])
    plain, contrasted = move(fake, real), move(fake, real, other, contrast=0.6)
    assert contrasted[:, 0].mean() < plain[:, 0].mean() - 0.05


def test_absent_pictures_change_nothing() -> None:
    fake, real = cloud(6, 0.0, 0.5), cloud(32, 0.5, 0.5, seed=1)
    padded = torch.cat([fake, 9 * torch.ones(1, 1, 3, 2)], 2)
    present = torch.arange(9)[None] < 6
    found = moved(padded, real, present=present)[0, 0]
    assert torch.allclose(found[:6], move(fake, real), atol=1e-5)
    assert not found[6:].any()
    past = cloud(5, 0.2, 0.1, seed=3)
    some = moved(fake, real, past=past, stored=torch.arange(5)[None] < 2)
    assert torch.allclose(some, moved(fake, real, past=past[:, :, :2]), atol=1e-5)


def test_contrast_of_each_class_is_its_own() -> None:
    fake, real, other = cloud(8, 0.0, 0.1), cloud(64, 0.0, 0.5, seed=1), cloud(64, 0.4, 0.1, seed=2)
    two = [each.repeat(2, 1, 1, 1) for each in (fake, real, other)]
    assert torch.allclose(moved(*two, torch.tensor([0.6, 0.6])), moved(*two, 0.6))
    first, second = (moved(*two, torch.tensor(each)) for each in ([0.1, 0.6], [0.6, 0.1]))
    assert torch.allclose(first.flip(0), second)
    assert not torch.allclose(first[0], first[1], atol=0.1)


def test_pictures_of_earlier_steps_repel_like_those_of_the_batch() -> None:
    crowd, real = cloud(16, 0.0, 0.1), cloud(64, 0.0, 1.0, seed=1)
    together = move(crowd, real)
    some = moved(crowd[:, :, :4], real, past=crowd[:, :, 4:])[0, 0]
    assert torch.cosine_similarity(some, together[:4]).min() > 0.99
    alone = move(crowd[:, :, :4], real)
    assert torch.cosine_similarity(some, alone).min() < 0.99


def test_bank_remembers_the_newest_generated_pictures_of_each_class() -> None:
    examples = {"x": torch.randn(8, 1, 2)}
    bank = Bank(examples, torch.arange(8) % 2, classes=2, size=4, crowd=3)
    y = torch.tensor([0, 0, 1])
    for step in range(3):
        bank.remember({"x": torch.full((3, 1, 2), float(step))}, y)
    assert bank.drawn.tolist() == [6, 3]
    past = bank.get_buffer("past-x")[..., 0, 0]
    assert sorted(past[0].tolist()) == [1, 2, 2]
    assert sorted(past[1].tolist()) == [0, 1, 2]


def test_picture_without_company_stays_finite() -> None:
    assert torch.isfinite(moved(cloud(1, 0.0, 1.0), cloud(8, 1.0, 1.0))).all()


def test_gradient_moves_features_along_the_field() -> None:
    """A few plain gradient steps bring two classes' points to their own photos."""
    torch.manual_seed(0)
    y = torch.arange(16) % 2
    photos = torch.where((torch.arange(64) % 2 == 0)[:, None, None], -1.0, 1.0)
    photos = photos + 0.8 * torch.randn(64, 1, 2)
    bank = Bank({"x": photos}, torch.arange(64) % 2, 2, 32)
    points = torch.zeros(16, 1, 2).normal_(0, 0.1).requires_grad_()
    optimizer = torch.optim.SGD([points], 0.5)
    for _ in range(300):
        optimizer.zero_grad()
        bank.loss({"x": points}, y, torch.randperm(32)[:16], 1, 0.0).backward()
        optimizer.step()
    means = torch.stack([points.detach()[y == c].mean((0, 1)) for c in (0, 1)])
    assert torch.allclose(means, torch.tensor([[-1.0, -1.0], [1.0, 1.0]]), atol=0.6)
    assert (points.detach()[y == 0].std(0) > 0.3).all()


def test_a_bank_that_knows_the_largest_class_of_a_batch_computes_the_same() -> None:
    y, photos = torch.tensor([0, 1, 0, 0, 1]), torch.randn(8, 1, 2)
    slopes = []
    for most in (0, 3, 5):
        bank = Bank({"x": photos}, torch.arange(8) % 2, 2, 4, crowd=3, most=most)
        points = torch.linspace(-1, 1, 10).view(5, 1, 2).requires_grad_()
        bank.loss({"x": points}, y, torch.arange(4), 1, 0.5).backward()
        slopes.append(points.grad)
    assert torch.allclose(slopes[0], slopes[1])
    assert torch.allclose(slopes[0], slopes[2], atol=1e-6)


def test_bank_replaces_the_oldest_of_a_class() -> None:
    bank = Bank({"x": torch.zeros(4, 1, 1)}, torch.tensor([0, 0, 1, 1]), 2, 3)
    bank.add({"x": torch.tensor([1.0, 2.0, 3.0])[:, None, None]}, torch.tensor([0, 1, 0]))
    assert bank.get_buffer("ring-x").flatten(1).tolist() == [[1, 3, 0], [2, 0, 0]]
    bank.add({"x": torch.tensor([4.0, 5.0])[:, None, None]}, torch.tensor([0, 0]))
    assert bank.get_buffer("ring-x")[0].flatten().tolist() == [5, 3, 4]
    # More of a class than there are places: the newest stay.
    bank.add({"x": torch.arange(6.0, 13.0)[:, None, None]}, torch.tensor([0, 0, 1, 0, 0, 0, 0]))
    assert bank.get_buffer("ring-x").flatten(1).tolist() == [[12, 10, 11], [2, 8, 0]]


def test_shift_moves_each_picture_by_its_own_offset() -> None:
    pictures = torch.randn(3, 2, 8, 8)
    offsets = torch.tensor([[0, 0], [2, 0], [-1, 3]])
    moved = shift(pictures, offsets)
    assert torch.equal(moved[0], pictures[0])
    assert torch.equal(moved[1, :, :-2], pictures[1, :, 2:])
    assert torch.equal(moved[2, :, 1:, :-3], pictures[2, :, :-1, 3:])


def test_lattice_subtracts_the_window_1_2_2_2_1() -> None:
    """Means over 4 and then 2 neighbours along each axis are the same window."""
    x = torch.randn(2, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    slow = F.avg_pool2d(F.avg_pool2d(F.pad(x, (2, 2, 2, 2), mode="reflect"), 4, 1), 2, 1)
    phases = F.avg_pool2d(F.pixel_unshuffle(x - slow, 4), 4).unflatten(1, (3, 16))
    expected = (phases - phases.mean(2, keepdim=True)).flatten(1, 2)
    found = statistics(x, [])["lattice"].transpose(1, 2).unflatten(2, (4, 4))
    assert torch.allclose(found, expected, atol=1e-6)


def test_lattice_sees_a_weave_and_no_picture() -> None:
    torch.manual_seed(0)
    smooth = F.interpolate(torch.randn(2, 3, 4, 4), 64, mode="bicubic")
    rows, columns = torch.meshgrid(torch.arange(64), torch.arange(64), indexing="ij")
    for weave in ((rows + columns) % 2, rows % 4 // 2, (rows % 4 == 0) & (columns % 4 == 0)):
        before, after = (
            statistics(x, [])["lattice"].square().mean() for x in (smooth, smooth + 0.1 * weave)
        )
        assert after > 4 * before


def test_statistics_of_any_size() -> None:
    for size in (64, 128):
        pictures = torch.randn(2, 3, size, size)
        maps = [torch.randn(2, 4, size // s, size // s) for s in (4, 32)]
        found = statistics(pictures, maps)
        assert found["whole0"].shape == (2, 1, 64)
        assert found["colour"].shape == (2, 1, 192)
        assert found["roughness"].shape == (2, 16, 7)
        assert torch.allclose(found["exposure"][:, 0, :3], pictures.mean((2, 3)), atol=1e-5)
        assert all(torch.isfinite(values).all() for values in found.values())
