"""Which frequencies each layer of StyleGAN 3 may hold: they grow from layer to layer.

Paper: https://arxiv.org/abs/2106.12423 (Karras et al. 2021, section 3.2 and appendix C)
"""

from __future__ import annotations

import math
from typing import NamedTuple

_CRITICAL = 2
"""So many last layers hold all that their maps can; the others leave room for a filter to fall off."""
_FIRST_CUTOFF, _FIRST_STOPBAND, _LAST_STOPBAND = 2 / 16, 2**2.1 / 16, 2**0.3
"""The first two are over the rate of the lowest map, the third over the last cutoff."""


class Band(NamedTuple):
    """What a map holds; all in cycles, or samples, a pixel of the picture."""

    cutoff: float
    """Frequencies below it are the signal."""
    half_width: float
    """Of a filter's way from all to nothing: half of it below the cutoff, half above."""
    rate: float
    """Samples, of which two are needed for a cycle: 1 is the picture's own, 1/2 half its sides."""


def bands(levels: int, layers: int) -> list[Band]:
    """Of each layer's output; the first is the lowest map's, too.

    Cutoff f_c and stopband f_t, beyond which nothing is let through, grow geometrically; the last two layers hold all
    that the picture can. Each layer has the lowest rate that holds f_t, and at most the picture's:
    f_c[i] = f_c[0] (f_c[N] / f_c[0])^min(i / (N - 2), 1), f_c[N] = 1/2, f_t[N] = 2^0.3 f_c[N], and
    s[i] = 2^ceil(log2 min(2 f_t[i], 1)). The paper begins with f_c[0] = 2 cycles, and f_t[0] = 2^2.1, in a map of 16.

    Args:
        levels: how often the sides are doubled.
        layers: N, 2 or more.
    """
    lowest = 2.0**-levels
    cutoffs = _geometric(_FIRST_CUTOFF * lowest, 0.5, layers)
    stopbands = _geometric(_FIRST_STOPBAND * lowest, 0.5 * _LAST_STOPBAND, layers)
    found = []
    for cutoff, stopband in zip(cutoffs, stopbands, strict=True):
        rate = 2.0 ** math.ceil(math.log2(min(2 * stopband, 1)))
        found.append(Band(cutoff, max(stopband, rate / 2) - cutoff, rate))
    return found


def _geometric(first: float, last: float, layers: int) -> list[float]:
    return [first * (last / first) ** min(i / max(layers - _CRITICAL, 1), 1) for i in range(layers)]
