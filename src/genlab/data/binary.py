"""Grey pictures as black and white ones, on which a Bernoulli likelihood is a probability.

Paper: https://doi.org/10.1145/1390156.1390266
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

Binarize = Literal["stochastic", "threshold"]

_SEED = 20_080_705  # of no meaning, but fixed: published likelihoods are of one fixed draw too
_AT_ONCE = 5_000
"""Pictures in a block: bounds the memory that the random numbers take."""


def binarized(pixels: NDArray[np.uint8], how: Binarize) -> NDArray[np.uint8]:
    """(n, channel, height, width) uint8 -> the same with 0 and 255 only.

    "threshold" makes white what is 128 or more. "stochastic" makes a pixel white with probability value / 255
    (Salakhutdinov and Murray 2008, "On the quantitative analysis of deep belief networks"), once and for all: the same
    picture at the same place is the same in every run and epoch.
    """
    if how == "threshold":
        return np.where(pixels >= 128, np.uint8(255), np.uint8(0))
    white_below = np.rint(np.arange(256) * (2**16 / 255)).astype(np.uint32)  # of a random 16-bit number
    bits = np.random.Philox(key=_SEED)  # numpy promises that these bits stay the same
    made = np.empty_like(pixels)
    for start in range(0, len(pixels), _AT_ONCE):
        block = pixels[start : start + _AT_ONCE]
        drawn = bits.random_raw(-(-block.size // 4)).astype("<u8").view("<u2")[: block.size].reshape(block.shape)
        made[start : start + _AT_ONCE] = np.where(drawn < white_below[block], np.uint8(255), np.uint8(0))
    return made
