"""The kernel distance of features (KID, Binkowski et al. 2018): unlike FID, unbiased at any number of samples."""

from __future__ import annotations

import torch
from torch import Tensor

from genlab.config.ranges import PositiveInt
from genlab.metrics.evaluation import Evaluation
from genlab.metrics.extractors.extractor import Extractor
from genlab.metrics.intervals import Measured, normal_interval
from genlab.metrics.moments import require_finite
from genlab.metrics.score import Score

_PARTNERS = 2048
"""Kernel means for the interval are taken over at most so many items."""


def kid(features: Tensor, reference: Tensor, subsets: int, subset_size: int) -> Measured:
    """The squared maximum mean discrepancy under k(x, y) = (x.y / d + 1)^3.

    The value is torch-fidelity's own: the mean of the unbiased estimate over random subsets, drawn from its seed.
    The interval is of other draws of the samples, with the reference as given.
    """
    from torch_fidelity.metric_kid import kid_features_to_metric

    require_finite(features)
    found = kid_features_to_metric(
        features, reference, kid_subsets=subsets, kid_subset_size=subset_size, verbose=False
    )  # fmt: skip
    value, spread = found["kernel_inception_distance_mean"], found["kernel_inception_distance_std"]
    error = (_sampling_variance(features, reference) + spread**2 / subsets) ** 0.5
    return Measured(value, *normal_interval(value, error))


def _kernel(x: Tensor, y: Tensor) -> Tensor:
    return (x @ y.T / x.shape[1] + 1) ** 3


def _sampling_variance(features: Tensor, reference: Tensor) -> float:
    """The variance of the estimate over draws of the samples: both terms of Hoeffding's decomposition.

    h(x) = mean_x' k(x, x') - mean_y k(x, y); the second term counts when h vanishes, that is for a perfect model.
    """
    n = len(features)
    order = torch.randperm(n, generator=torch.Generator().manual_seed(0))
    # Twice the items at hand, once as partners, would put each one beside itself: partners are the first of the order.
    shuffled, partners = features[order], features[order[:_PARTNERS]]
    references = reference[torch.randperm(len(reference), generator=torch.Generator().manual_seed(0))[:_PARTNERS]]
    first, squares, columns = [], 0.0, torch.zeros(len(partners), dtype=torch.float64)
    rows = []
    for start in range(0, n, 4096):
        block = shuffled[start : start + 4096]
        own = _kernel(block, partners).double()
        beside = torch.arange(start, start + len(block))
        itself = beside[beside < len(partners)]
        own[itself - start, itself] = 0
        count = len(partners) - (beside < len(partners)).double()
        row = own.sum(1) / count
        rows.append(row)
        first.append(row - _kernel(block, references).double().mean(1))
        squares += own.square().sum().item()
        columns += own.sum(0)
    pairs = n * len(partners) - len(partners)
    row_means, column_means = torch.cat(rows), columns / (n - 1)
    grand = row_means.mean()
    second = squares / pairs - row_means.square().mean() - column_means.square().mean() + grand**2
    return (4 * torch.cat(first).var() / n + 2 * second.clamp(min=0) / n**2).item()


class KID:
    """Kernel distance of samples from the reference split: 0 is best, slightly negative values are noise around it.

    Named `kid_<extractor>`.

    Args:
        extractor: whose features are compared.
        subsets: how many random subsets the value is a mean over.
        subset_size: items in each, or as many as there are.
    """

    needs = frozenset({"samples"})

    def __init__(self, extractor: Extractor, subsets: PositiveInt = 100, subset_size: PositiveInt = 1000) -> None:
        self.extractor = extractor
        self.subsets = subsets
        self.subset_size = subset_size

    def scores(self, evaluation: Evaluation) -> dict[str, Score]:
        reference = evaluation.reference(self.extractor)
        features = evaluation.activations(self.extractor).features
        size = min(self.subset_size, len(features), len(reference.features))
        value, low, high = kid(features, reference.features, self.subsets, size)
        provenance = {**evaluation.sampled_provenance(self.extractor), **reference.provenance}
        provenance |= {"subsets": self.subsets, "subset_size": size, "interval": "U-statistic"}
        score = Score(value, low, high, len(features), "squared kernel distance", "lower", provenance)
        return {f"kid_{self.extractor.name}": score}
