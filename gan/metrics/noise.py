"""Noise that keeps a photo's colours and roughness and no shape: the other end of every ruler."""

import numpy as np


def scramble(pictures: np.ndarray, seed: int = 0) -> np.ndarray:
    """Pictures uint8 [N,S,S,3] with random phases in place of their own: uint8 [N,S,S,3].

    A picture keeps the spectrum of each channel, and its channels move alike, so its mean colour
    and its texture stay; what it shows goes. Uniform noise would be told from photos by anything.
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
