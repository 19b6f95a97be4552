"""Every picture comes up as often as it should, and a batch depends on nothing but its number."""

from pathlib import Path

import numpy as np
import pytest
import torch

from gan.data.batches import Batches
from gan.data.prepared import Photos

CPU = torch.device("cpu")


def test_epoch_shows_every_training_picture_once(tiny_photos: Photos) -> None:
    batches = Batches(tiny_photos, 8, 0, CPU)
    first, second = (
        np.concatenate([batches.indices(i) for i in range(start, start + 4)]) for start in (0, 4)
    )
    assert sorted(first) == sorted(second) == list(range(32))
    assert list(first) != list(second)


def test_batch_does_not_depend_on_the_ones_before(tiny_photos: Photos) -> None:
    ahead, straight = Batches(tiny_photos, 12, 3, CPU), Batches(tiny_photos, 12, 3, CPU)
    for i in range(7):
        expected = straight.indices(i)
    assert (ahead.indices(6) == expected).all()
    assert not (Batches(tiny_photos, 12, 4, CPU).indices(6) == expected).all()


@pytest.mark.parametrize("batch", [5, 8])
def test_balanced_batches_share_out_evenly(tiny_photos: Photos, batch: int) -> None:
    uneven = Photos(
        **{
            **tiny_photos.__dict__,
            "labels": (np.arange(40) >= 30).astype(np.int64),
            "test": np.zeros(40, bool),
        }
    )
    batches = Batches(uneven, batch, 0, CPU, balanced=True)
    drawn = np.concatenate([batches.indices(i) for i in range(16)])
    counts = np.bincount(uneven.labels[drawn])
    assert abs(counts[0] - counts[1]) <= 1
    # Ten pictures of the rare class fill half of the draws, each about as often as the others.
    times = np.bincount(drawn, minlength=40)[30:]
    assert times.max() - times.min() <= 1


def test_pictures_are_scaled_and_mirrored(tiny_photos: Photos) -> None:
    plain, _ = Batches(tiny_photos, 32, 0, CPU).get(0)
    mirrored, labels = Batches(tiny_photos, 32, 0, CPU, mirror=True).get(0)
    order = Batches(tiny_photos, 32, 0, CPU).indices(0)
    assert (labels.numpy() == tiny_photos.labels[order]).all()
    expected = torch.from_numpy(tiny_photos.pictures[order]).permute(0, 3, 1, 2) / 127.5 - 1
    assert torch.allclose(plain, expected, atol=1e-6)
    assert plain.is_contiguous(memory_format=torch.channels_last)
    flipped = [torch.equal(m, p.flip(2)) for m, p in zip(mirrored, plain, strict=True)]
    same = [torch.equal(m, p) for m, p in zip(mirrored, plain, strict=True)]
    assert all(f != s for f, s in zip(flipped, same, strict=True))
    assert 5 < sum(flipped) < 27


def test_shares_make_up_the_batch(tiny_photos: Photos) -> None:
    batches = Batches(tiny_photos, 8, 0, CPU, mirror=True)
    whole, labels = batches.get(5)
    parts = [batches.get(5, slice(i, i + 4)) for i in (0, 4)]
    assert torch.equal(torch.cat([x for x, _ in parts]), whole)
    assert torch.equal(torch.cat([y for _, y in parts]), labels)


@pytest.mark.skipif(not Path("/proc/self/smaps").exists(), reason="only Linux tells")
def test_mapped_file_is_read_without_reading_ahead(tiny_photos: Photos, tmp_path: Path) -> None:
    np.save(tmp_path / "pictures.npy", tiny_photos.pictures)
    mapped = np.load(tmp_path / "pictures.npy", mmap_mode="r")
    Batches(Photos(**{**tiny_photos.__dict__, "pictures": mapped}), 8, 0, CPU)
    _, _, mapping = (
        Path("/proc/self/smaps").read_text(encoding="utf-8").partition(f"{tmp_path}/pictures.npy")
    )
    flags = mapping.partition("VmFlags:")[2].partition("\n")[0].split()
    assert "rr" in flags  # random read
