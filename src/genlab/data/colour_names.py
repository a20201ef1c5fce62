"""The colours of a picture in words: a fact that a caption can add without a person who looks.

The eleven basic colour terms of English, https://en.wikipedia.org/wiki/Basic_Color_Terms.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_REFERENCES = {
    "red": ((210, 30, 40), (255, 80, 80), (150, 20, 30)), "orange": ((250, 140, 20), (255, 170, 60)),
    "yellow": ((255, 210, 50), (255, 235, 130)), "green": ((60, 160, 60), (130, 200, 70), (20, 110, 80)),
    "blue": ((30, 100, 210), (100, 180, 250), (30, 50, 120), (20, 20, 240)),
    "purple": ((130, 60, 190), (170, 130, 220)),
    "pink": ((245, 130, 180), (255, 190, 210)), "brown": ((130, 80, 50), (90, 55, 40), (180, 125, 80)),
    "grey": ((130, 130, 130), (180, 185, 190), (85, 90, 95)), "black": ((20, 20, 25), (45, 45, 50)),
    "white": ((255, 255, 255), (235, 235, 240)),
}  # fmt: skip
"""Name -> typical colours, sRGB."""
_NAMES = [name for name, colours in _REFERENCES.items() for _ in colours]
_COLOURS = np.array([colour for colours in _REFERENCES.values() for colour in colours])


def colour_names(pixels: NDArray[np.uint8], share: float = 0.15) -> list[str]:
    """The names of the colours of what stands on the ground, the largest first.

    Args:
        pixels: (3, height, width), something on white; the ground is the white that is connected with the border.
        share: of what is not ground, that a colour must have.
    """
    shown = pixels.reshape(3, -1)[:, ~_ground(pixels).ravel()].T
    if not len(shown):
        return []
    nearest = np.square(_lab(shown)[:, None] - _lab(_COLOURS)).sum(-1).argmin(1)
    counts: dict[str, int] = {}
    for i, n in enumerate(np.bincount(nearest, minlength=len(_NAMES)).tolist()):
        counts[_NAMES[i]] = counts.get(_NAMES[i], 0) + n
    large = [name for name, n in counts.items() if n >= share * len(shown)]
    return sorted(large, key=lambda name: -counts[name])


def _ground(pixels: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """(height, width) bool."""
    white: NDArray[np.bool_] = np.asarray((pixels >= 250).all(0))
    ground = np.zeros_like(white)
    ground[[0, -1]], ground[:, [0, -1]] = white[[0, -1]], white[:, [0, -1]]
    while True:
        wider = ground.copy()
        wider[1:] |= ground[:-1]
        wider[:-1] |= ground[1:]
        wider[:, 1:] |= ground[:, :-1]
        wider[:, :-1] |= ground[:, 1:]
        wider &= white
        if (wider == ground).all():
            return ground
        ground = wider


def _lab(colour: NDArray[np.generic]) -> NDArray[np.float64]:
    """sRGB 0 to 255 -> CIELAB with a white of D65, along the last axis."""
    value = np.asarray(colour, np.float64) / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    matrix = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    xyz = linear @ matrix.T / matrix.sum(1)
    root = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz / (3 * (6 / 29) ** 2) + 4 / 29)
    x, y, z = np.moveaxis(root, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], -1)
