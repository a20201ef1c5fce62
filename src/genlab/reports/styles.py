"""What the styles of a picture are for: pictures of a style-based model, and films of walks between them.

Figures 3, 4 and 8 of https://arxiv.org/abs/1812.04948 (Karras et al. 2019).
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from torch import Tensor

from genlab.modalities import grids
from genlab.modalities.grids import Pixels
from genlab.modalities.modality import Modality
from genlab.protocols import Conditions, DrawsByStyle
from genlab.randomness import PerImage, fold_in

_BANDS = ("coarse", "middle", "fine")
_NOISES, _MANY = 4, 32
"""Noises that are shown, and over which the deviation is measured."""
_TRUNCATIONS = (0.0, 0.25, 0.5, 0.75, 1.0, 1.25)


class Drawn(NamedTuple):
    """Styles, and what their pictures are drawn with."""

    model: DrawsByStyle
    modality: Modality
    styles: Tensor
    """(n, num_styles, style_size)."""
    seed: int

    def pictures(self, styles: Tensor, noise: int = 0) -> Tensor:
        """Still pictures of styles, uint8, each with its own noise; the same whenever `noise` is the same."""
        streams = PerImage.range(fold_in(self.seed, "noise", noise), 0, len(styles), styles.device)
        x = self.model.from_styles(styles, generator=streams)
        return self.modality.tiles(self.modality.to_stored(x, "pictures").cpu())


def draw(model: Any, modality: Modality, n: int, condition: Conditions, seed: int, device: torch.device) -> Drawn:
    """The styles of the first `n` samples of a seed, 0 to n - 1."""
    styles = model.draw_styles(n, condition, generator=PerImage.range(seed, 0, n, device))
    return Drawn(model, modality, styles, seed)


def mixing(drawn: Drawn) -> Pixels:
    """Each picture with the coarse, the middle, or the fine styles of each other one.

    The first half of the pictures stands on the left, the second above; those of a column give a band of styles.
    """
    half = len(drawn.styles) // 2
    left, above = drawn.styles[:half], drawn.styles[half : 2 * half]
    images = drawn.pictures(torch.cat([left, above]))
    blank = torch.full_like(images[:1], 255)
    tiles, labels = [blank, *images[half:].split(1)], [""]
    for name, band in zip(_BANDS, bands(drawn.styles.shape[1]), strict=True):
        for i in range(half):
            mixed = left[i : i + 1].expand(half, -1, -1).clone()
            mixed[:, band] = above[:, band]
            tiles += [images[i : i + 1], *drawn.pictures(mixed).split(1)]
            labels.append(f"{name} from above")
    return grids.grid(torch.cat(tiles), half + 1, row_labels=labels)


def bands(num_styles: int) -> list[slice]:
    """Three parts of the layers, the lowest first: about as many each, none empty where there are three layers."""
    ends = [round(num_styles * k / len(_BANDS)) for k in range(len(_BANDS) + 1)]
    return [slice(a, b) for a, b in pairwise(ends)]


def variation(drawn: Drawn) -> Pixels:
    """Each picture with other noise, and how much each pixel then differs: white where it does most of all pictures."""
    drawings = torch.stack([drawn.pictures(drawn.styles, noise) for noise in range(_MANY)])
    deviation = drawings.float().std(0).mean(1, keepdim=True)  # (n, 1, height, width)
    shown = (255 * deviation / deviation.max().clamp(min=1)).round().to(torch.uint8).expand(drawings.shape[1:])
    tiles = torch.stack([*drawings[:_NOISES], shown], 1)
    labels = [*(f"noise {i + 1}" for i in range(_NOISES)), f"max {deviation.max():.0f}/255"]
    return grids.grid(tiles.flatten(0, 1), _NOISES + 1, column_labels=labels)


def truncation(drawn: Drawn) -> Pixels:
    """Each picture nearer to the mean style, and farther away from it."""
    network = drawn.model.style_network
    assert network is not None, "the command asks for a model with one"
    columns = [drawn.pictures(torch.lerp(network.mean_style, drawn.styles, value)) for value in _TRUNCATIONS]
    tiles = torch.stack(columns, 1).flatten(0, 1)
    return grids.grid(tiles, len(columns), column_labels=[f"{value:g}" for value in _TRUNCATIONS])


def walk(drawn: Drawn, count: int) -> Iterator[Pixels]:
    """`count` frames in which every picture becomes the next one, the last the first: straight on, in W."""
    following = drawn.styles.roll(-1, 0)
    for share in torch.linspace(0, 1, count).tolist():
        yield grids.grid(drawn.pictures(torch.lerp(drawn.styles, following, share)))
