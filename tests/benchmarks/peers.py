"""Other projects' training loops, cut out of their own files and run over given networks.

None of their code is kept here: `--peers FOLDER` names a folder with clones of
https://github.com/pytorch/examples (as `examples`) and
https://github.com/eriklindernoren/PyTorch-GAN (as `PyTorch-GAN`).
"""

import ast
from argparse import Namespace
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from measure import NEVER, Pause
from torch import Tensor, nn

from gan.config import CGANConfig, DCGANConfig
from gan.models import build_discriminator, build_generator

EXAMPLES = Path("examples/dcgan/main.py")
PYTORCH_GAN = Path("PyTorch-GAN/implementations/dcgan/dcgan.py")
PYTORCH_CGAN = Path("PyTorch-GAN/implementations/cgan/cgan.py")


class Batches:
    """A data loader that hands out the same batch, in memory, whenever the next step is wanted."""

    def __init__(self, size: int, batch: int, pause: Pause, classes: int = 1) -> None:
        self.batch = torch.rand(batch, 3, size, size) * 2 - 1, torch.arange(batch) % classes
        self.pause = pause

    def __len__(self) -> int:
        return NEVER

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        while True:
            yield self.batch
            self.pause()


class Probability(nn.Module):
    """A network's logits as they want them: probabilities (their loss is BCELoss), one a row."""

    def __init__(self, network: nn.Module, column: bool) -> None:
        super().__init__()
        self.network, self.column = network, column

    def forward(self, pictures: Tensor) -> Tensor:
        found: Tensor = self.network(pictures).sigmoid()
        return found[:, None] if self.column else found


class Column(nn.Module):
    """A conditional network's logits [N] as [N, 1]."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, pictures: Tensor, labels: Tensor) -> Tensor:
        found: Tensor = self.network(pictures, labels)
        return found[:, None]


def examples(pause: Pause, peers: Path, network: DCGANConfig, size: int, batch: int) -> None:
    """The loop of pytorch/examples' dcgan over our generator and discriminator."""
    generator = build_generator(network, size, 0).layers
    discriminator = Probability(build_discriminator(network, size, 0), column=False)
    assert isinstance(generator, nn.Module)
    names = {
        "opt": Namespace(niter=1, outf=".", dry_run=False),
        "netG": generator,
        "netD": discriminator,
        "criterion": nn.BCELoss(),
        "device": torch.device("cpu"),
        "real_label": 1,
        "fake_label": 0,
        "nz": network.latent,
        "fixed_noise": torch.randn(1, network.latent, 1, 1),
        "optimizerD": _adam(discriminator),
        "optimizerG": _adam(generator),
        "vutils": Namespace(save_image=_nothing),
    }
    _run(peers / EXAMPLES, names, Batches(size, batch, pause))


def pytorch_gan(pause: Pause, peers: Path, network: DCGANConfig, size: int, batch: int) -> None:
    """The loop of PyTorch-GAN's dcgan over our generator and discriminator."""
    discriminator = Probability(build_discriminator(network, size, 0), column=True)
    names = {
        "opt": Namespace(n_epochs=1, latent_dim=network.latent, sample_interval=NEVER),
        "adversarial_loss": nn.BCELoss(),
        **_pair(build_generator(network, size, 0), discriminator),
    }
    _run(peers / PYTORCH_GAN, names, Batches(size, batch, pause))


def pytorch_cgan(
    pause: Pause, peers: Path, network: CGANConfig, classes: int, size: int, batch: int
) -> None:
    """The loop of PyTorch-GAN's cgan over the report's convolutional pair."""
    discriminator = Column(build_discriminator(network, size, classes))
    names = {
        "opt": Namespace(
            n_epochs=1, latent_dim=network.latent, n_classes=classes, sample_interval=NEVER
        ),
        "adversarial_loss": nn.MSELoss(),
        "FloatTensor": torch.FloatTensor,
        "LongTensor": torch.LongTensor,
        "sample_image": _nothing,
        **_pair(build_generator(network, size, classes), discriminator),
    }
    _run(peers / PYTORCH_CGAN, names, Batches(size, batch, pause, classes))


def _pair(generator: nn.Module, discriminator: nn.Module) -> dict[str, Any]:
    return {
        "Tensor": torch.FloatTensor,
        "generator": generator,
        "discriminator": discriminator,
        "optimizer_G": _adam(generator),
        "optimizer_D": _adam(discriminator),
        "save_image": _nothing,
    }


def _adam(network: nn.Module) -> torch.optim.Optimizer:
    return torch.optim.Adam(network.parameters(), lr=2e-4, betas=(0.5, 0.999))


def _nothing(*_: object, **__: object) -> None:
    """In place of their printing and saving, which we would not count."""


def _run(file: Path, names: dict[str, Any], batches: Batches) -> None:
    """The file's imports and its last top-level loop, with every other name given."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    imports = [line for line in tree.body if isinstance(line, (ast.Import, ast.ImportFrom))]
    loop = [line for line in tree.body if isinstance(line, ast.For)][-1]
    scope: dict[str, Any] = {"__name__": file.stem}
    _execute([line for line in imports if _module(line) != "__future__"], file, scope)
    scope |= names | {"dataloader": batches, "print": _nothing}
    _execute([loop], file, scope)


def _module(line: ast.Import | ast.ImportFrom) -> str:
    return (line.module or "") if isinstance(line, ast.ImportFrom) else ""


def _execute(lines: list[Any], file: Path, scope: dict[str, Any]) -> None:
    exec(compile(ast.Module(lines, []), str(file), "exec"), scope)
