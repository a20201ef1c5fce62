"""The kernel distance of features (KID, Binkowski et al. 2018): unlike FID, unbiased at any number of samples.

Paper: https://arxiv.org/abs/1801.01401
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from genlab.metrics.evaluation import Evaluation
from genlab.metrics.extractors.extractor import Extractor
from genlab.metrics.intervals import Measured, normal_interval
from genlab.metrics.least import Counts
from genlab.metrics.moments import require_finite
from genlab.metrics.score import Score
from genlab.ranges import PositiveInt

_ROWS = 1024


def kernel(x: Tensor, y: Tensor) -> Tensor:
    """(x.y / d + 1)^3 for all pairs of x (n, d) and y (m, d): (n, m)."""
    return (x @ y.T / x.shape[1] + 1) ** 3


class WithinSet(NamedTuple):
    """The kernel between the items of one set, an item with itself left out."""

    to_others: Tensor
    """(n,) float64: each item's mean over the others."""

    square: float
    """Mean of the squared kernel over all pairs."""


def within(features: Tensor) -> WithinSet:
    """Of `features` (n, d), n >= 2, in blocks of rows."""
    n, rows, square = len(features), [], 0.0
    for start in range(0, n, _ROWS):
        block = kernel(features[start : start + _ROWS], features).double()
        own = torch.arange(start, start + len(block))
        block[own - start, own] = 0
        rows.append(block.sum(1) / (n - 1))
        square += block.square().sum().item()
    return WithinSet(torch.cat(rows), square / (n * (n - 1)))


def kid(features: Tensor, reference: Tensor, mean_within_reference: float | None = None) -> Measured:
    """The squared maximum mean discrepancy under `kernel`, estimated without bias from all pairs.

    The interval is of other draws of the samples, with the reference as given. Its variance has both terms of
    Hoeffding's decomposition: 4 var(h) / n with h(x) = mean_x' k(x, x') - mean_y k(x, y), and, for a perfect model,
    where h vanishes, 2 / n^2 times what is left of the kernel's own.

    Args:
        features: (n, d) of the samples.
        reference: (m, d) of real data.
        mean_within_reference: mean of `within(reference).to_others`, if it is known.
    """
    require_finite(features)
    n, own = len(features), within(features)
    across = torch.cat([kernel(block, reference).double().mean(1) for block in features.split(_ROWS)])
    if mean_within_reference is None:
        mean_within_reference = within(reference).to_others.mean().item()
    mean = own.to_others.mean()
    value = (mean + mean_within_reference - 2 * across.mean()).item()
    degenerate = (own.square - 2 * own.to_others.square().mean() + mean**2).clamp(min=0)
    first = ((own.to_others - across).var() - degenerate / n).clamp(min=0)  # less the noise of means over n items
    variance = 4 * first / n + 2 * degenerate / n**2
    return Measured(value, *normal_interval(value, variance.sqrt().item()))


def kid_of_subsets(features: Tensor, reference: Tensor, subsets: int, subset_size: int) -> float:
    """The same averaged over random subsets, as torch-fidelity does, with its seed: for comparison with its figures."""
    from torch_fidelity.metric_kid import kid_features_to_metric

    require_finite(features)
    results = kid_features_to_metric(
        features, reference, kid_subsets=subsets, kid_subset_size=subset_size, verbose=False
    )  # fmt: skip
    return float(results["kernel_inception_distance_mean"])


class KID:
    """Kernel distance of samples from the reference split: 0 is best, slightly negative values are noise around it.

    Named `kid_<extractor>`.

    Args:
        extractor: whose features are compared.
        subsets: None takes all pairs at once; a number takes the mean over so many random subsets, as published
            figures do (100). Both estimate the same number, the former with less noise and, mostly, in less time.
        subset_size: items in a subset, or as many as there are.
    """

    needs = frozenset({"samples"})
    names: tuple[str, ...] = ("kid_{extractor}",)
    least = Counts(samples=2, real=2)  # a pair

    def __init__(
        self, extractor: Extractor, subsets: PositiveInt | None = None, subset_size: PositiveInt = 1000
    ) -> None:  # fmt: skip
        self.extractor = extractor
        self.subsets = subsets
        self.subset_size = subset_size

    def scores(self, evaluation: Evaluation) -> dict[str, Score]:
        reference = evaluation.reference(self.extractor)
        real, features = reference.features, evaluation.activations(self.extractor).features
        kept = reference.kept("kid", lambda: {"mean": within(real).to_others.mean()})
        measured = kid(features, real, kept["mean"].item())
        how = {**self.extractor.provenance(), **reference.provenance}
        if self.subsets is not None:
            size = min(self.subset_size, len(features), len(real))
            value = kid_of_subsets(features, real, self.subsets, size)
            measured = Measured(value, measured.low - measured.value + value, measured.high - measured.value + value)
            how |= {"subsets": self.subsets, "subset_size": size}
        made = evaluation.samples_made() | self.extractor.remarks() | {"interval": "U-statistic"}
        score = Score(*measured, len(features), "squared kernel distance", "lower", how, made)
        return {f"kid_{self.extractor.name}": score}
