"""Noise keeps a photo's colours and texture, and nothing that can be seen."""

import numpy as np

from gan.metrics.noise import scramble


def test_noise_keeps_the_spectrum_and_loses_the_picture() -> None:
    pictures = np.random.RandomState(1).randint(60, 180, (8, 64, 64, 3)).astype(np.uint8)
    for i, picture in enumerate(pictures):
        picture[20:40, 4 * i : 4 * i + 30] = (90, 120, 150)
    noise = scramble(pictures, seed=0)
    assert np.allclose(noise.mean((1, 2)), pictures.mean((1, 2)), atol=2)
    before, after = (np.abs(np.fft.fft2(x[0, :, :, 0] - x.mean())) for x in (pictures, noise))
    assert np.corrcoef(before.flat, after.flat)[0, 1] > 0.95
    alike = [np.corrcoef(a.flat, b.flat)[0, 1] for a, b in zip(pictures, noise, strict=True)]
    assert np.mean(alike) < 0.3
    assert np.array_equal(scramble(pictures), noise)
    assert not np.array_equal(scramble(pictures, 1), noise)
