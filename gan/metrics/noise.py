"""Noise with the colours and texture of photos but no shapes: the bad end of each ruler."""

import numpy as np


def scramble(pictures: np.ndarray, seed: int = 0) -> np.ndarray:
    """Pictures uint8 [N,S,S,3] with the phases of their spectrum replaced by random ones.

    The amplitudes of each channel stay, and all channels get the same phases, so mean colour and
    texture stay while shapes go. Uniform noise would be too easy to tell from photos.
    """
    size = pictures.shape[1]
    stream = np.random.RandomState(seed)
    result = np.empty_like(pictures)
    for i, picture in enumerate(pictures):
        # Phases of white noise have the symmetry that makes the result real.
        phase = np.exp(1j * np.angle(np.fft.fft2(stream.standard_normal((size, size)))))
        phase[0, 0] = 1
        spectrum = np.fft.fft2(picture.astype(np.float64), axes=(0, 1))
        drawn = np.fft.ifft2(spectrum * phase[:, :, None], axes=(0, 1)).real
        result[i] = drawn.round().clip(0, 255)
    return result
