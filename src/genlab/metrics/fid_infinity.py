"""The Frechet distance at infinitely many samples.

Paper: https://arxiv.org/abs/1911.07023
"""

from __future__ import annotations

import torch
from torch import Tensor

from genlab.metrics.evaluation import Evaluation
from genlab.metrics.extractors.extractor import Extractor
from genlab.metrics.frechet import DistanceTo, Estimate, distance_to, estimate_distance, estimate_of
from genlab.metrics.intervals import Measured, Z
from genlab.metrics.least import Counts
from genlab.metrics.score import Score
from genlab.metrics.subset_distances import subset_distances
from genlab.randomness import fold_in
from genlab.ranges import PositiveInt


def fid_infinity(
    features: Tensor, distance: DistanceTo, points: int, seed: int = 0, at_n: Estimate | None = None
) -> Measured:
    """The distance extrapolated to n = infinity (Chong and Forsyth 2020).

    The bias of the distance is nearly proportional to 1/n: the intercept of a straight line through distances of
    random subsets of n/2, ..., n items against 1/size. The interval joins the intercept's own error with that of the
    distance at n (`at_n`, if it is known). What is left is the bias of the reference.
    """
    n = len(features)
    generator = torch.Generator().manual_seed(fold_in(seed, "subsets"))
    sizes = torch.linspace(n / 2, n, points).round().long().tolist()
    subsets = [torch.randperm(n, generator=generator)[:size] for size in sizes]
    x, y = 1 / torch.tensor(sizes, dtype=torch.float64), subset_distances(features, subsets, distance)
    centred = x - x.mean()
    slope = (centred * y).sum() / centred.square().sum()
    value = (y.mean() - slope * x.mean()).item()
    residual = (y - y.mean() - slope * centred).square().sum() / (points - 2)
    intercept_error = (residual * (1 / points + x.mean() ** 2 / centred.square().sum())).sqrt().item()
    at_n = at_n or estimate_distance(features, distance, seed)
    below, above = at_n.value - at_n.low, at_n.high - at_n.value
    own = Z * intercept_error
    return Measured(value, value - (below**2 + own**2) ** 0.5, value + (above**2 + own**2) ** 0.5)


class FIDInfinity:
    """FID without its bias in the number of samples, `fid_infinity_<extractor>`: comparable between different n,
    with a wider interval. May be slightly negative for a perfect model.

    Args:
        extractor: whose features are compared.
        points: subsets through which the line goes, 3 or more.
    """

    needs = frozenset({"samples"})
    names: tuple[str, ...] = ("fid_infinity_{extractor}",)
    least = Counts(samples=3, real=2)  # subsets of two sizes, a covariance of each

    def __init__(self, extractor: Extractor, points: PositiveInt = 8) -> None:
        if points < 3:
            raise ValueError(f"points={points} of FID-infinity: at least 3 are needed for a line with an error")
        self.extractor = extractor
        self.points = points

    def scores(self, evaluation: Evaluation) -> dict[str, Score]:
        reference = evaluation.reference(self.extractor)
        at_n = estimate_of(evaluation, self.extractor)
        features = evaluation.activations(self.extractor).features
        measured = fid_infinity(features, distance_to(evaluation, self.extractor), self.points, evaluation.seed, at_n)
        how = {**self.extractor.provenance(), **reference.provenance, "points": self.points}
        made = evaluation.samples_made() | self.extractor.remarks() | {"interval": "regression and sampling"}
        score = Score(*measured, len(features), "squared feature distance", "lower", how, made)
        return {f"fid_infinity_{self.extractor.name}": score}
