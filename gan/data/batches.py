"""Which pictures make up which batch: a function of the seed and the iteration alone."""

import functools
import mmap

import numpy as np
import torch
from torch import Tensor

from gan.data.prepared import Photos
from gan.pictures import to_float


class Batches:
    """The training split in batches, forever.

    Nothing is remembered between calls: batch 5,000 is the same whether or not 0 to 4,999 were
    drawn, so a resumed run, a second process and a run with another network see the same
    pictures in the same order.
    """

    def __init__(
        self,
        photos: Photos,
        batch: int,
        seed: int,
        device: torch.device,
        balanced: bool = False,
        mirror: bool = False,
    ) -> None:
        """Serve `batch` pictures at a time.

        `balanced` gives every class an equal share; `mirror` flips half of the pictures, drawn
        anew each time: a car seen from the left is as likely as one from the right.
        """
        self.batch, self.seed, self.mirror = batch, seed, mirror
        self.classes = len(photos.classes)
        self.train = train = photos.indices("train")
        self.train_labels = labels = photos.labels[train]
        groups = [train[labels == c] for c in range(self.classes)] if balanced else [train]
        self.groups = groups
        self.device = device
        self.labels = torch.from_numpy(photos.labels).to(device)
        self.pictures: np.ndarray | Tensor = photos.pictures
        if device.type == "cuda":
            free, _ = torch.cuda.mem_get_info(device)
            if photos.pictures.nbytes < free / 4:
                # The whole set beside the networks: a batch then costs no transfer.
                self.pictures = torch.from_numpy(np.asarray(photos.pictures)).to(device)
        if isinstance(self.pictures, np.ndarray):
            _read_here_and_there(self.pictures)
        self._order = functools.lru_cache(maxsize=2 * len(groups))(self._shuffled)

    def indices(self, iteration: int) -> np.ndarray:
        """Which pictures are in batch `iteration`: int64 [batch].

        Each group (the whole split, or each class) is served in one shuffle after another, so a
        picture comes up once before any of its group comes up twice.
        """
        places = np.arange(iteration * self.batch, (iteration + 1) * self.batch)
        group = places % len(self.groups)
        turn = places // len(self.groups)
        chosen = np.empty(self.batch, np.int64)
        for g, members in enumerate(self.groups):
            mine = group == g
            epoch, position = np.divmod(turn[mine], len(members))
            chosen[mine] = [self._order(g, int(e))[p] for e, p in zip(epoch, position, strict=True)]
        return chosen

    def sample(self, count: int) -> tuple[Tensor, Tensor]:
        """`count` photos of every class, whatever the batches: as `get`, one class after another.

        A class with fewer gives them again.
        """
        stream = np.random.RandomState(seed_from(self.seed, 0, 1))
        by_class = [self.train[self.train_labels == c] for c in range(self.classes)]
        chosen = np.concatenate([np.resize(stream.permutation(part), count) for part in by_class])
        return self._read(chosen)

    def get(self, iteration: int, share: slice = slice(None)) -> tuple[Tensor, Tensor]:
        """Batch `iteration`: pictures float32 [n, 3, H, W] in [-1, 1] and labels int64 [n].

        `share` picks this process's part of the batch.
        """
        x, labels = self._read(self.indices(iteration)[share])
        if self.mirror:
            draw = np.random.RandomState(seed_from(self.seed, 1, iteration)).rand(self.batch)[share]
            flip = torch.from_numpy(draw < 0.5).to(self.device)[:, None, None, None]
            x = torch.where(flip, x.flip(3), x)
        return x, labels

    def _read(self, chosen: np.ndarray) -> tuple[Tensor, Tensor]:
        places = torch.from_numpy(chosen).to(self.device)
        if isinstance(self.pictures, Tensor):
            raw = self.pictures[places]
        else:
            raw = torch.from_numpy(self.pictures[chosen]).to(self.device)
        return to_float(raw), self.labels[places]

    def _shuffled(self, group: int, epoch: int) -> np.ndarray:
        return np.random.RandomState(seed_from(self.seed, 2 + group, epoch)).permutation(
            self.groups[group]
        )


def seed_from(*values: int) -> int:
    """One 32-bit seed of several numbers; near ones give unrelated streams."""
    return int(np.random.SeedSequence(values).generate_state(1)[0])


def _read_here_and_there(pictures: np.ndarray) -> None:
    """Tell the system that a mapped file won't be read in order.

    Else it reads far ahead of each picture: of a million, a batch of 128 took 0.3 to 1 s, now 5 ms.
    """
    if isinstance(pictures.base, mmap.mmap) and hasattr(mmap, "MADV_RANDOM"):
        pictures.base.madvise(mmap.MADV_RANDOM)
