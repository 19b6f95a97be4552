"""The recipe's networks: what the class does, what is trained, what is saved."""

import math
from dataclasses import replace
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F

from gan.config import DriftConfig, ProjectedConfig
from gan.losses import Drift, _class_error
from gan.models.heads import MIXED, Head, LayoutHead, Mixtures
from gan.models.projected import Discriminator, FrozenFeatures, Generator, Mapping, tap_channels

SMALL = ProjectedConfig(
    width=4, latent=8, class_code=4, head_width=4, pixel_width=4, bank=4, view=64
)


@pytest.mark.parametrize("size", [64, 128, 256])
def test_generator_draws_every_size(size: int) -> None:
    pictures = Generator(SMALL, size, 3)(torch.randn(2, 8), torch.tensor([0, 2]))
    assert pictures.shape == (2, 3, size, size)
    assert pictures.abs().max() <= 1


def test_residual_blocks_change_nothing_at_first() -> None:
    plain, deep = (Generator(replace(SMALL, depth=depth), 64, 3) for depth in (0, 2))
    missing = deep.load_state_dict(plain.state_dict(), strict=False).missing_keys
    assert {name.split(".")[0] for name in missing} == {"blocks"}
    z, y = torch.randn(4, 8), torch.tensor([0, 1, 2, 0])
    assert torch.equal(plain(z, y), deep(z, y))
    for name, weight in deep.named_parameters():
        if name.endswith("change.weight"):
            torch.nn.init.normal_(weight)
    assert not torch.equal(plain(z, y), deep(z, y))


def test_mapping_keeps_the_size_of_codes_and_is_not_linear() -> None:
    torch.manual_seed(0)
    mapping, codes = Mapping(64), torch.randn(2000, 64)
    mapped = mapping(codes)
    assert mapped.shape == codes.shape
    assert mapped.std().item() == pytest.approx(1, abs=0.3)
    # Of an affine function the second difference is zero.
    bent = (mapped + mapping(-codes)) / 2 - mapping(torch.zeros(1, 64))
    assert bent.std() > 0.1


def test_all_layers_read_the_code_and_what_is_mapped_of_it() -> None:
    config = replace(SMALL, mapping=True, depth=1, guided=True, grown=1)
    generator = Generator(config, 128, 3).eval()
    torch.nn.init.normal_(generator.relaxed)
    z, y, guidance = torch.randn(4, 8), torch.tensor([0, 1, 2, 0]), torch.rand(4)
    mapped, codes = torch.randn(4, 12), []

    def mapping(code: torch.Tensor) -> torch.Tensor:
        codes.append(code)
        return mapped

    generator.mapping.forward = mapping  # type: ignore[method-assign,union-attr,assignment]
    layers = [m for n, m in generator.named_modules() if n == "dense" or n.endswith("affine")]
    # The first layer, norms of four sizes and three blocks, of the grown stage and its block.
    assert len(layers) == 1 + 4 + 3 + 2
    read: list[torch.Tensor] = []
    for layer in layers:
        layer.register_forward_pre_hook(lambda _, given: read.extend(given))
    generator(z, y, guidance)
    assert len(read) == len(layers)
    assert all(torch.equal(one, torch.cat([codes[0], mapped], 1)) for one in read)
    assert torch.equal(codes[0][:, :8], z)
    generator(z, y.flip(0), guidance)
    generator(z, y, 1 - guidance)
    for other in codes[1:]:
        assert not torch.equal(other[:, 8:], codes[0][:, 8:])


def test_generator_mixes_classes() -> None:
    generator = Generator(SMALL, 64, 3).eval()
    z, y = torch.randn(3, 8), torch.tensor([0, 1, 2])
    assert torch.equal(generator(z, y), generator(z, torch.eye(3)))
    same = z[:1].expand(3, -1)
    assert not torch.allclose(generator(same, y)[0], generator(same, y)[1])


def test_sub_pixels_start_equal() -> None:
    """A fresh generator paints 2x2 blocks: no checkerboard to unlearn."""
    picture = Generator(SMALL, 64, 3)(torch.randn(2, 8), torch.tensor([0, 1]))
    blocks = picture.unfold(2, 2, 2).unfold(3, 2, 2).flatten(4)
    assert torch.allclose(blocks, blocks[..., :1].expand_as(blocks), atol=1e-6)


def test_head_without_class_term_is_unconditional() -> None:
    head, x = Head(3, 4, 2), torch.randn(2, 3, 8, 8)
    first, second = torch.eye(2)[[0, 0]], torch.eye(2)[[1, 1]]
    assert torch.equal(head(x, first, 0.0), head(x, second, 0.0))
    assert not torch.equal(head(x, first, 1.0), head(x, second, 1.0))
    with torch.no_grad():
        head.embedding.zero_()
    assert torch.equal(head(x, first, 1.0), head(x, second, 0.0))


def test_head_is_the_mean_of_the_logits_of_all_places() -> None:
    torch.manual_seed(0)
    head = Head(5, 8, 3)
    maps, code = torch.randn(2, 5, 6, 6), torch.eye(3)[:2]
    x = F.leaky_relu(head.look(F.leaky_relu(head.mix(maps), 0.2)), 0.2)
    by_place = head.judge(x)[:, 0] + 0.7 * torch.einsum("nchw,nc->nhw", x, code @ head.embedding)
    assert torch.allclose(head(maps, code, 0.7), by_place.mean((1, 2)), atol=1e-6)


def test_layout_head_tells_where_things_are() -> None:
    """The same parts in other places: `Head`, which takes a mean, sees no difference."""
    torch.manual_seed(0)
    x, code = torch.randn(2, MIXED, 16, 16), torch.eye(3)[:2]
    moved = x.roll(4, 3)
    for ramp in (0.0, 1.0):
        head = LayoutHead(16, 3).eval()
        assert head(x, code, ramp).shape == (2,)
        assert not torch.allclose(head(x, code, ramp), head(moved, code, ramp), atol=1e-3)
    pointwise = Head(MIXED, 4, 3)
    torch.nn.init.zeros_(pointwise.look.weight)
    with torch.no_grad():
        pointwise.look.weight[:, :, 1, 1] = torch.eye(4)  # without a view of neighbours
    assert torch.allclose(pointwise(x, code, 1.0), pointwise(moved, code, 1.0), atol=1e-5)


def test_mixtures_take_in_deeper_maps_and_keep_their_scale() -> None:
    torch.manual_seed(0)
    mixtures = Mixtures((24, 40, 112))
    maps = [torch.randn(2, wide, side, side) for wide, side in ((24, 16), (40, 8), (112, 4))]
    mixed = mixtures(maps)
    assert [each.shape for each in mixed] == [(2, MIXED, side, side) for side in (16, 8, 4)]
    for i in range(3):
        changed = [each + (j == i) for j, each in enumerate(maps)]
        same = [torch.equal(a, b) for a, b in zip(mixed, mixtures(changed), strict=True)]
        assert same == [j > i for j in range(3)]  # of its own map and of all deeper ones
        assert 0.4 < mixed[i].std() < 1.6
    assert not list(mixtures.parameters())
    assert len(mixtures.state_dict()) == 5  # saved: other versions of PyTorch may draw others


@pytest.mark.parametrize(("size", "view"), [(64, 64), (64, 128), (128, 64), (256, 64)])
def test_layouts_add_four_heads(size: int, view: int) -> None:
    config = replace(SMALL, view=view, layouts=True)
    features, x = (
        FrozenFeatures(size, replace(SMALL, view=view)),
        torch.randn(2, 3, size, size, requires_grad=True),
    )
    maps, y = [*features(x), x], torch.tensor([0, 1])
    plain, with_layouts = (
        Discriminator(c, size, 3) for c in (replace(config, layouts=False), config)
    )
    few, many = plain(maps, y), with_layouts(maps, y)
    assert many.shape == (2, few.shape[1] + 4)
    for logits in many.unbind(1)[-4:]:
        (slope,) = torch.autograd.grad(logits.sum(), x, retain_graph=True)
        assert slope.abs().sum() > 0


def test_frozen_network_is_neither_trained_nor_saved() -> None:
    objective, discriminator = Drift(DriftConfig(), SMALL, 64, 3), Discriminator(SMALL, 64, 3)
    assert not list(objective.parameters())
    assert not any("network" in name for name in objective.state_dict())
    x = torch.randn(2, 3, 64, 64, requires_grad=True)
    logits = discriminator([*objective.features(x), x], torch.tensor([0, 1]))
    assert logits.shape == (2, 5)
    logits.sum().backward()
    assert x.grad is not None
    assert x.grad.abs().sum() > 0


@pytest.mark.parametrize(("size", "view", "seen"), [(64, 64, 64), (64, 128, 128), (128, 64, 128)])
def test_frozen_network_sees_small_pictures_enlarged(size: int, view: int, seen: int) -> None:
    maps = FrozenFeatures(size, replace(SMALL, view=view))(torch.full((1, 3, size, size), 0.5))
    assert [each.shape[-1] for each in maps] == [seen // stride for stride in (4, 8, 16, 32)]
    # What it sees of one colour is one colour, whatever the size.
    same = FrozenFeatures(seen, replace(SMALL, view=64))(torch.full((1, 3, seen, seen), 0.5))
    assert all(torch.allclose(a, b, atol=1e-4) for a, b in zip(maps, same, strict=True))


def test_frozen_network_reads_large_pictures_averaged_and_a_part_at_full_size() -> None:
    """A weave of single pixels is gone in the average: only the part at full size shows it."""
    features = FrozenFeatures(256, replace(SMALL, view=64))
    flat = torch.full((1, 3, 256, 256), 0.2)
    rows, columns = torch.meshgrid(torch.arange(256), torch.arange(256), indexing="ij")
    weave = flat + 0.3 * (((rows + columns) % 2) * 2 - 1)
    plain, woven = features(flat, (10, 192)), features(weave, (10, 192))
    assert [each.shape[-1] for each in plain] == [32, 16, 8, 4, 16, 8]
    whole, close = zip(plain[:4], woven[:4], strict=True), zip(plain[4:], woven[4:], strict=True)
    assert all(torch.allclose(a, b, atol=1e-4) for a, b in whole)
    assert not any(torch.allclose(a, b, atol=1e-1) for a, b in close)
    corners = torch.tensor([features.draw_corner() for _ in range(200)])
    assert corners.min() >= 0
    assert 150 < corners.max() <= 192
    assert len(FrozenFeatures(256, replace(SMALL, view=256))(flat)) == 4


@pytest.mark.parametrize("size", [128, 256])
def test_a_close_view_is_of_an_enlarged_crop(size: int) -> None:
    """What the frozen network reads of a crop is what it reads of that crop enlarged, alone."""
    config = replace(SMALL, view=64, close=True)
    features = FrozenFeatures(size, config)
    x = torch.randn(2, 3, size, size).requires_grad_()
    maps = features(x, (10, 64))
    assert [each.shape[-1] for each in maps] == [32, 16, 8, 4, 32, 16, 8]
    crop = FrozenFeatures(64, replace(SMALL, view=128))(x[:, :, 10:74, 64:128])
    assert all(torch.allclose(a, b, atol=1e-4) for a, b in zip(maps[4:], crop, strict=False))
    logits = Discriminator(config, size, 3)([*maps, x], torch.tensor([0, 1]))
    assert logits.shape == (2, 8)
    (slope,) = torch.autograd.grad(sum(each.sum() for each in maps[4:]), x)
    assert slope[:, :, 10:74, 64:128].abs().sum() > 0
    slope[:, :, 10:74, 64:128] = 0
    assert not slope.any()
    compared = Drift(DriftConfig(), config, size, 3)._statistics(x, maps)
    for i, each in enumerate(maps[4:]):
        assert torch.allclose(compared[f"close-mean{i}"][:, 0], each.mean((2, 3)))
        deviation = each.std((2, 3), correction=0)
        assert torch.allclose(compared[f"close-spread{i}"][:, 0], deviation, atol=0.02)
    corners = torch.tensor([features.draw_corner() for _ in range(200)])
    assert 0 <= corners.min() < 30
    assert size - 64 - 30 < corners.max() <= size - 64


def test_the_frozen_network_of_older_runs_has_the_maps_that_it_had() -> None:
    """Their heads and statistics, which a resumed run reads, are of these."""
    for size, view, more in ((64, 64, 0), (64, 128, 0), (128, 64, 0), (256, 64, 2), (256, 256, 0)):
        found = tap_channels(size, replace(SMALL, view=view))  # type: ignore[arg-type]
        assert found == (24, 40, 112, 320, 24, 40)[: 4 + more]


@pytest.mark.parametrize("size", [64, 128])
def test_class_head_tells_where_things_are(size: int) -> None:
    """The same parts in other places are another outline: their means over the picture agree."""
    discriminator = Discriminator(SMALL, size, 3)
    maps = FrozenFeatures(size, replace(SMALL, view=64))(torch.randn(2, 3, size, size))[2]
    moved = maps.roll(size // 32, 3)
    before, after = discriminator.class_logits(maps), discriminator.class_logits(moved)
    assert before.shape == (2, 3)
    assert torch.allclose(maps.mean((2, 3)), moved.mean((2, 3)), atol=1e-5)
    assert not torch.allclose(before, after, atol=1e-2)


def test_heads_come_in_over_the_ramp() -> None:
    objective = Drift(DriftConfig(join=100, ramp=50), SMALL, 64, 3)
    assert [objective._joined(seen) for seen in (99, 100)] == [False, True]
    assert [objective._ramp(seen) for seen in (100, 125, 150, 900)] == [0, 0.5, 1, 1]


def test_without_the_drift_g_learns_from_the_heads_alone() -> None:
    objective = Drift(DriftConfig(drift=False, shift=0), SMALL, 64, 3)
    discriminator, y = Discriminator(SMALL, 64, 3), torch.tensor([0, 2])
    real, fake = torch.randn(2, 2, 3, 64, 64)
    fake.requires_grad_(True)
    # No bank was filled, and the heads speak from the first picture on.
    loss = objective.generator_loss(discriminator, real, fake, y, 0)
    maps = [*objective.features(fake), fake]
    assert torch.allclose(loss, -discriminator(maps, y, 0.0).mean(), atol=1e-5)
    (slope,) = torch.autograd.grad(loss, fake)
    assert slope.abs().sum() > 0
    d_loss, on_real, on_fake = objective.discriminator_loss(discriminator, real, fake, y, 0)
    least = (1 - on_real).clamp_min(0) + (1 + on_fake).clamp_min(0)  # before the class head's loss
    assert d_loss.item() > least.item()
    assert on_real.item() != 0 != on_fake.item()  # the heads read both
    late = DriftConfig().join + DriftConfig().ramp
    with_class = objective.generator_loss(discriminator, real, fake, y, late)
    assert torch.allclose(with_class, -discriminator(maps, y, 1.0).mean(), atol=1e-5)


def test_class_pull_fades_as_pictures_are_named() -> None:
    y = torch.tensor([0, 1, 2, 2])
    full = torch.ones(4)
    assert _class_error(torch.zeros(4, 3), y, full).item() == pytest.approx(2 / 3)
    sure = 30 * torch.eye(3)[y]
    assert _class_error(sure, y, full).item() == pytest.approx(0, abs=1e-6)
    wrong = torch.tensor([0, 1, 2, 0])  # the last one isn't named as asked
    assert _class_error(sure, wrong, full).item() == pytest.approx(1 / 4)
    assert _class_error(sure, wrong, torch.tensor([1, 1, 1, 0.5])).item() == pytest.approx(1 / 7)


@pytest.mark.parametrize(
    ("opinion", "pull"),
    [([0.0, 0.0, 0.0], 2 / 3 * math.log(3)), ([30.0, 0.0, 0.0], 0), ([0.0, 30.0, 0.0], 30)],
)
def test_class_pull_is_the_cross_entropy_times_the_class_error(
    opinion: list[float], pull: float
) -> None:
    photos, y = torch.rand(6, 3, 64, 64) * 2 - 1, torch.zeros(6, dtype=torch.long)
    discriminator = Discriminator(SMALL, 64, 3)
    every = SimpleNamespace(
        sample=lambda each: (photos.repeat(2, 1, 1, 1), torch.arange(12) % 3), most_of_class=0
    )

    def loss(classify: float) -> float:
        torch.manual_seed(0)
        config = DriftConfig(classify=classify, adversarial=0, join=0, ramp=0, references=4)
        objective = Drift(config, SMALL, 64, 3)
        objective.prepare(every)
        with torch.no_grad():
            discriminator.class_head.weight.zero_()
            discriminator.class_head.bias.copy_(torch.tensor(opinion))
            objective.balance.fill_(1.0)
        fake = photos.flip(0).requires_grad_()
        # The pulls are measured where the heads' loss sets in, and not at this step.
        return float(objective.generator_loss(discriminator, photos, fake, y, len(y)).detach())

    assert loss(3.0) - loss(0.0) == pytest.approx(3 * pull, rel=1e-4, abs=1e-4)


def test_the_heads_pull_is_a_set_share_of_the_drifts() -> None:
    photos, y = torch.rand(6, 3, 64, 64) * 2 - 1, torch.zeros(6, dtype=torch.long)
    every = SimpleNamespace(
        sample=lambda each: (photos.repeat(2, 1, 1, 1), torch.arange(12) % 3), most_of_class=0
    )
    discriminator = Discriminator(SMALL, 64, 3)

    def slope(share: float) -> torch.Tensor:
        torch.manual_seed(0)
        config = DriftConfig(adversarial=share, classify=0, join=0, ramp=0, references=4, shift=0)
        objective = Drift(config, SMALL, 64, 3)
        objective.prepare(every)
        fake = photos.flip(0).requires_grad_()
        loss = objective.generator_loss(discriminator, photos, fake, y, 0)
        return torch.autograd.grad(loss, fake)[0]

    drift, both = slope(0), slope(0.5)
    assert (both - drift).norm().item() == pytest.approx(0.5 * drift.norm().item(), rel=1e-3)
