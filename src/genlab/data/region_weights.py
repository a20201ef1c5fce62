"""What the error at each pixel of a training picture counts: more in the regions that its data know.

Paper: https://arxiv.org/abs/2210.15257 (Feng et al. 2022, section 3.1)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from genlab.errors import listed


class RegionWeights(NamedTuple):
    """A weight for each pixel of each of n pictures, one of a few values."""

    region: Tensor
    """(n, 1, height, width) uint8: a place in `values`."""
    values: Tensor
    """(1 + regions,) float32, the first of them for what is in no region."""

    def to(self, device: torch.device) -> RegionWeights:
        return RegionWeights(self.region.to(device), self.values.to(device))


def pixel_weights(regions: Mapping[str, NDArray[np.bool_]], weights: Mapping[str, float], name: str) -> RegionWeights:
    """The given weight in each of the regions, 1 elsewhere; where regions overlap, the largest.

    Args:
        regions: (n, height, width) whether each pixel is in it, by name.
        weights: for some of the regions.
        name: of the data.

    Raises:
        ValueError: there is no region of that name.
    """
    if unknown := [region for region in weights if region not in regions]:
        raise ValueError(f"dataset.region_weights.{unknown[0]}: the regions of {name} are {listed(regions) or 'none'}")
    rising = sorted(weights, key=lambda region: weights[region])
    of_pixel = np.zeros(regions[rising[0]].shape, np.uint8)
    for place, region in enumerate(rising, 1):
        of_pixel[regions[region]] = place
    values = torch.tensor([1.0, *(weights[region] for region in rising)])
    return RegionWeights(torch.from_numpy(of_pixel[:, None]), values)
