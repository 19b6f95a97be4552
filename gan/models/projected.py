"""Our conditional networks: conditional BatchNorm in G, and small heads on frozen features in D.

D reads pictures through a frozen ImageNet network (Sauer et al. 2021, "Projected GANs"), which
recognises parts and textures from the first step on. A discriminator trained from scratch on
little compute teaches texture only.
"""

from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan.config import ProjectedConfig
from gan.models.frozen import efficientnet_lite
from gan.models.heads import Head, LayoutHead, Mixtures
from gan.models.layers import CELLS, cells, channels, class_code
from gan.models.strided import Double

# Blocks of EfficientNet-Lite0 whose outputs are read.
TAPS = (2, 4, 10, 15)
STRIDES = (4, 8, 16, 32)
TAP_CHANNELS = (24, 40, 112, 320)
CLASS_TAP = 2  # index of the map that the class head reads
CLOSE = 64  # pixels a side of the crop that is read at full size, or enlarged to twice that


def close_taps(size: int, config: ProjectedConfig) -> tuple[int, ...]:
    """Blocks whose outputs for a crop of pictures of `size` pixels are read too; () for no crop.

    RunConfig refuses `close` below 128 px.
    """
    if config.close:
        return TAPS[:3]
    return TAPS[:2] if size > max(128, config.view) else ()


def tap_channels(size: int, config: ProjectedConfig) -> tuple[int, ...]:
    """Channels of the maps that FrozenFeatures returns for pictures of `size` pixels."""
    return TAP_CHANNELS + TAP_CHANNELS[: len(close_taps(size, config))]


class ConditionalNorm(nn.Module):
    """BatchNorm whose scale and shift are linear functions of a code (de Vries et al. 2017)."""

    def __init__(self, features: int, code: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(features, affine=False)
        self.affine = nn.Linear(code, 2 * features)
        nn.init.normal_(self.affine.weight, 0, 0.4 / code**0.5)
        nn.init.zeros_(self.affine.bias)

    def forward(self, x: Tensor, code: Tensor) -> Tensor:
        scale, shift = self.affine(code).to(x.dtype)[:, :, None, None].chunk(2, 1)
        return self.norm(x) * (1 + scale) + shift


class Generator(nn.Module):
    """Latents [N, latent] and classes to pictures [N, 3, size, size] in [-1, 1].

    A grown generator consists of a trunk, the network for size / 2**grown pixels, and one
    GrownStage for each doubling.
    """

    def __init__(self, config: ProjectedConfig, size: int, classes: int) -> None:
        super().__init__()
        self.classes = classes
        self.embedding = nn.Parameter(torch.empty(classes, config.class_code).normal_())
        code = config.latent + config.class_code
        if config.mapping:
            self.mapping = Mapping(code)
            code *= 2
        widths = channels(config.width, size >> config.grown)
        self.dense = nn.Linear(code, widths[0] * 16)
        self.upsample = nn.ModuleList(
            Double(wide, narrow, 4, bias=False) for wide, narrow in pairwise(widths)
        )
        self.norms = nn.ModuleList(ConditionalNorm(width, code) for width in widths)
        self.blocks = nn.ModuleList(
            nn.ModuleList(Block(width, code) for _ in range(config.depth)) for width in widths[1:]
        )
        # Two 3x3 convolutions at half size, then depth-to-space: a third of the cost of full size.
        self.widen = nn.Conv2d(widths[-1], 2 * widths[-1], 3, padding=1)
        self.paint = nn.Conv2d(2 * widths[-1], 12, 3, padding=1)
        with torch.no_grad():  # the four sub-pixels start equal, to avoid a checkerboard
            self.paint.weight.copy_(self.paint.weight[::4].repeat_interleave(4, 0))
            self.paint.bias.zero_()  # type: ignore[union-attr]
        self.grown = nn.ModuleList(
            GrownStage(2 * widths[-1] >> stage, code, config.depth) for stage in range(config.grown)
        )
        if config.guided:
            # Added to each class's embedding in proportion to 1 - guidance; it starts at zero.
            self.relaxed = nn.Parameter(torch.zeros(classes, config.class_code))

    def forward(self, z: Tensor, y: Tensor, guidance: Tensor | None = None) -> Tensor:
        """Pictures of latents z and classes y (labels or weights).

        `guidance` (float [N], in training in [0, 1]; None is 1) goes from unguided to typical
        pictures. It has an effect only if the settings say `guided`.
        """
        classes = class_code(y, self.classes)
        embedded = classes @ self.embedding
        if guidance is not None and hasattr(self, "relaxed"):
            embedded = embedded + (1 - guidance)[:, None] * (classes @ self.relaxed)
        code = torch.cat([z, embedded], 1)
        if hasattr(self, "mapping"):
            code = torch.cat([code, self.mapping(code)], 1)
        x = self.dense(code).unflatten(1, (-1, 4, 4)).contiguous(memory_format=torch.channels_last)
        x = F.relu(self.norms[0](x, code))
        for upsample, norm, blocks in zip(self.upsample, self.norms[1:], self.blocks, strict=True):
            x = F.relu(norm(upsample(x), code))
            for block in blocks.children():
                x = block(x, code)
        x = F.relu(self.widen(x))
        picture = F.pixel_shuffle(self.paint(x), 2).float()
        for stage in self.grown:
            x, picture = stage(x, picture, code)
        return picture.tanh()

    def trunk_parameters(self) -> list[nn.Parameter]:
        """The parameters that a grown generator took from the run that it grew from."""
        if not self.grown:
            return []
        new = (f"grown.{len(self.grown) - 1}.", "relaxed")
        return [p for name, p in self.named_parameters() if not name.startswith(new)]


class Mapping(nn.Module):
    """Codes [N, code] to a nonlinear function of them, [N, code].

    At first its mean square is about that of the codes. Without it each layer's scale and shift are
    affine in latent and class: half-way between two codes they are the means of theirs (cf. Karras
    et al. 2019, StyleGAN, which maps the latent alone, and whose layers don't read it unmapped).
    """

    def __init__(self, code: int) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for gain in (2, 2, 2, 1):  # He's for a ReLU; none follows the last one
            layer = nn.Linear(code, code)
            nn.init.normal_(layer.weight, 0, (gain / code) ** 0.5)
            nn.init.zeros_(layer.bias)
            layers += [layer, nn.LeakyReLU(0.2)]
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, code: Tensor) -> Tensor:
        return self.layers(code)


class Block(nn.Module):
    """A residual block of two 3x3 convolutions (He et al. 2016); at first it changes nothing.

    It takes and returns features [N, width, s, s]; `code` is [N, code], of latent and class.
    """

    def __init__(self, width: int, code: int) -> None:
        super().__init__()
        self.look = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.norm = ConditionalNorm(width, code)
        self.change = nn.Conv2d(width, width, 3, padding=1)
        nn.init.zeros_(self.change.weight)
        nn.init.zeros_(self.change.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor, code: Tensor) -> Tensor:
        return x + self.change(F.relu(self.norm(self.look(x), code)))


class GrownStage(nn.Module):
    """Doubles a generator's picture: bilinear enlargement plus a residual that starts at zero.

    At first the grown generator draws the pictures of its trunk, enlarged (cf. Karras et al. 2018,
    who fade new layers in; Huang et al. 2024, bilinear resampling and residuals that start at
    zero).
    """

    def __init__(self, inputs: int, code: int, depth: int) -> None:
        super().__init__()
        width = inputs // 2
        self.upsample = Double(inputs, width, 4, bias=False)
        self.norm = ConditionalNorm(width, code)
        self.blocks = nn.ModuleList(Block(width, code) for _ in range(depth))
        self.look = nn.Conv2d(width, width, 3, padding=1)
        self.paint = nn.Conv2d(width, 12, 3, padding=1)
        nn.init.zeros_(self.paint.weight)
        nn.init.zeros_(self.paint.bias)  # type: ignore[arg-type]

    def forward(self, x: Tensor, picture: Tensor, code: Tensor) -> tuple[Tensor, Tensor]:
        """Features [N, inputs, s, s] and the picture before tanh [N, 3, 2s, 2s], both doubled."""
        x = F.relu(self.norm(self.upsample(x), code))
        for block in self.blocks:
            x = block(x, code)
        x = F.leaky_relu(self.look(x), 0.2)
        larger = F.interpolate(picture, scale_factor=2, mode="bilinear")
        return x, larger + F.pixel_shuffle(self.paint(x), 2).float()


class FrozenFeatures(nn.Module):
    """Feature maps of pictures by a frozen ImageNet network (EfficientNet-Lite0).

    Its state holds each channel's mean and standard deviation over photos, which `fit` measures,
    and not the network's weights.

    Pictures are enlarged to `view` pixels, and those of 256 px reduced to 128 (unless `view` is
    256), since at full size they would cost four times as much. Reducing hides fine patterns, so
    the first blocks also read a random crop of CLOSE pixels a side at full size. With `close` the
    crop is enlarged to twice its size, and also read at 128 px: the network was trained on larger
    pictures, so it may tell finer detail of enlarged ones.
    """

    def __init__(self, size: int, config: ProjectedConfig) -> None:
        super().__init__()
        self.network = efficientnet_lite(0)
        self.size, self.close = size, config.close
        self.view = max(min(size, 128), config.view)
        self.close_taps = close_taps(size, config)
        for i, width in enumerate(tap_channels(size, config)):
            self.register_buffer(f"mean{i}", torch.zeros(1, width, 1, 1))
            self.register_buffer(f"deviation{i}", torch.ones(1, width, 1, 1))

    def forward(self, pictures: Tensor, corner: tuple[int, int] = (0, 0)) -> list[Tensor]:
        """Maps of strides 4, 8, 16 and 32 of pictures [N, 3, size, size] in [-1, 1].

        Maps of the crop whose first pixel is `corner` (row, column) follow, where one is read: of
        strides 4 and 8, and with `close`, of the enlarged crop, 4, 8 and 16. Gradients flow to the
        pictures.
        """
        if self.size < self.view:
            return self.network.tap(F.interpolate(pictures, self.view, mode="bilinear"), TAPS)
        seen = pictures
        if self.size > self.view:
            seen = F.avg_pool2d(pictures, self.size // self.view)
        whole = self.network.tap(seen, TAPS)
        if not self.close_taps:
            return whole
        (top, left), side = corner, CLOSE
        part = pictures[:, :, top : top + side, left : left + side]
        if self.close:
            part = F.interpolate(part, 2 * side, mode="bilinear")
        return whole + self.network.tap(part, self.close_taps)

    def draw_corner(self) -> tuple[int, int]:
        """A random place, on even pixels, for the crop."""
        if not self.close_taps:
            return 0, 0
        row, column = (2 * torch.randint(0, (self.size - CLOSE) // 2 + 1, (2,))).tolist()
        return row, column

    @torch.no_grad()
    def fit(self, maps: list[Tensor]) -> None:
        """Measure the mean and standard deviation of each channel on maps of photos."""
        for i, each in enumerate(maps):
            deviation, mean = torch.std_mean(each.float(), (0, 2, 3), keepdim=True)
            self.get_buffer(f"mean{i}").copy_(mean)
            self.get_buffer(f"deviation{i}").copy_(deviation.clamp_min(1e-3))

    def standard(self, i: int, maps: Tensor) -> Tensor:
        """The `i`-th map, standardised: each channel has mean 0 and deviation 1 over photos."""
        mean, deviation = self.get_buffer(f"mean{i}"), self.get_buffer(f"deviation{i}")
        return (maps - mean.to(maps.dtype)) / deviation.to(maps.dtype)


class Discriminator(nn.Module):
    """Feature maps of pictures, the pictures and their classes to logits [N, heads].

    Above 0 is "real". There is one head for each of the frozen network's maps, and one that reads
    the pixels, for colours and checkerboards that the frozen network doesn't see. With `layouts`
    there are four more, which see where in the picture things are. Its input is feature maps, not
    pictures, because the drift needs the same maps: computing them twice would cost half as much
    as the step.
    """

    def __init__(self, config: ProjectedConfig, size: int, classes: int) -> None:
        super().__init__()
        self.classes = classes
        self.heads = nn.ModuleList(
            Head(inputs, config.head_width, classes)
            for inputs in (*tap_channels(size, config), 2 * config.pixel_width)
        )
        self.pixels = nn.Sequential(
            nn.Conv2d(3, config.pixel_width, 4, 2, 1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(config.pixel_width, 2 * config.pixel_width, 4, 2, 1),
            nn.LeakyReLU(0.2),
        )
        self.layouts = nn.ModuleList()
        if config.layouts:
            self.mixtures = Mixtures(TAP_CHANNELS)
            side = max(min(size, 128), config.view)
            self.layouts.extend(LayoutHead(side // stride, classes) for stride in STRIDES)
        # A linear classifier on 4x4 cells of the map of stride 16. A mean over the picture would
        # lose the outline, by which body types differ. It is trained on photos only (cf. AC-GAN,
        # Odena et al. 2017), so that it doesn't learn to recognise a class by G's artefacts.
        self.class_head = nn.Linear(TAP_CHANNELS[CLASS_TAP] * CELLS**2, classes)

    def forward(self, maps: list[Tensor], y: Tensor, ramp: float = 1.0) -> Tensor:
        """Logits of pictures: `maps` are the standardised maps, and last the pictures."""
        code = class_code(y, self.classes)
        *maps, pictures = maps
        maps.append(self.pixels(pictures))
        logits = [head(each, code, ramp) for head, each in zip(self.heads, maps, strict=True)]
        if self.layouts:
            mixed = self.mixtures(maps[: len(TAPS)])
            logits += [
                head(each, code, ramp) for head, each in zip(self.layouts, mixed, strict=True)
            ]
        return torch.stack(logits, 1)

    def class_logits(self, maps: Tensor) -> Tensor:
        """Class logits [N, classes] of the standardised map of stride 16."""
        return self.class_head(cells(maps.float()).flatten(1))
