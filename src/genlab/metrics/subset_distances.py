"""The Frechet distances of many subsets of one set of items."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from genlab.metrics.frechet import DistanceTo
from genlab.metrics.moments import moments


def subset_distances(features: Tensor, subsets: Sequence[Tensor], distance: DistanceTo) -> Tensor:
    """(subsets,) float64: the distance of features[rows] for each `rows` of `subsets`; features (n, d).

    The eigenvalues that a distance needs are those of L^T S L (d, d) and, but for zeros, of the centred inner products
    of the items times L. Up to d items the latter are fewer: one product serves all subsets.
    """
    if len(features) > features.shape[1]:
        return torch.tensor([distance(moments(features[rows])) for rows in subsets], dtype=torch.float64)
    items = features.double()
    scaled = items @ distance.factor
    inner = scaled @ scaled.T
    return torch.tensor([_distance(items[rows], inner[rows][:, rows], distance) for rows in subsets]).double()


def _distance(items: Tensor, inner: Tensor, distance: DistanceTo) -> float:
    """Of `items` (m, d) with the inner products (m, m) of items times L."""
    m, mean = len(items), items.mean(0)
    centred = inner - inner.mean(0) - inner.mean(1, keepdim=True) + inner.mean()
    roots = torch.linalg.eigvalsh(centred / (m - 1)).clamp(min=0).sqrt().sum()
    return distance.combine(mean, (items - mean).square().sum() / (m - 1), roots)
