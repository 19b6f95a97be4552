"""Batches of photos; which photos are in a batch depends on seed and iteration alone."""

import functools
import mmap

import numpy as np
import torch
from torch import Tensor

from gan.data.prepared import Photos
from gan.pictures import to_float


class Batches:
    """Endless batches of the train split.

    Batch 5,000 is the same whether or not batches 0 to 4,999 were drawn, so a resumed run, another
    process and a run of another network see the same photos in the same order.
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
        """Batches of `batch` photos on `device`.

        `balanced` puts equally many of every class into a batch. `mirror` mirrors each photo with
        probability 1/2, anew each time.
        """
        self.batch, self.seed, self.mirror = batch, seed, mirror
        self.classes = len(photos.classes)
        # The largest number of photos of one class in a batch, or 0 where it varies.
        self.most_of_class = -(-batch // self.classes) if balanced else 0
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
                # Keep the whole set on the GPU, so that batches need no transfer.
                self.pictures = torch.from_numpy(np.asarray(photos.pictures)).to(device)
        if isinstance(self.pictures, np.ndarray):
            _advise_random_access(self.pictures)
        self._order = functools.lru_cache(maxsize=2 * len(groups))(self._shuffled)

    def indices(self, iteration: int) -> np.ndarray:
        """The indices of the photos in batch `iteration`: int64 [batch].

        Each group (the whole split, or each class) is shuffled anew for each pass over it, so each
        photo of a group comes once before any comes twice.
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
        """`count` random photos of every class, one class after another, in the form of `get`.

        Photos of a class with fewer are repeated.
        """
        stream = np.random.RandomState(seed_from(self.seed, 0, 1))
        by_class = [self.train[self.train_labels == c] for c in range(self.classes)]
        chosen = np.concatenate([np.resize(stream.permutation(part), count) for part in by_class])
        return self._read(chosen)

    def get(self, iteration: int, part: slice = slice(None)) -> tuple[Tensor, Tensor]:
        """Batch `iteration`: photos float32 [n, 3, H, W] in [-1, 1] and labels int64 [n].

        `part` selects this process's part of the batch.
        """
        x, labels = self._read(self.indices(iteration)[part])
        if self.mirror:
            draw = np.random.RandomState(seed_from(self.seed, 1, iteration)).rand(self.batch)[part]
            flip = torch.from_numpy(draw < 0.5).to(self.device, non_blocking=True)
            flip = flip[:, None, None, None]
            x = torch.where(flip, x.flip(3), x)
        return x, labels

    def _read(self, chosen: np.ndarray) -> tuple[Tensor, Tensor]:
        # non_blocking: the processor can go on to prepare the next kernels of a GPU.
        places = torch.from_numpy(chosen).to(self.device, non_blocking=True)
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
    """A 32-bit seed made of several numbers; similar numbers give unrelated seeds."""
    return int(np.random.SeedSequence(values).generate_state(1)[0])


def _advise_random_access(pictures: np.ndarray) -> None:
    """Tell the system that a memory-mapped file isn't read in order.

    Otherwise it reads far ahead: a batch of 128 out of a million took 0.3 to 1 s instead of 5 ms.
    """
    if isinstance(pictures.base, mmap.mmap) and hasattr(mmap, "MADV_RANDOM"):
        pictures.base.madvise(mmap.MADV_RANDOM)
