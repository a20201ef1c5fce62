"""The Frechet distance less its bias in the number of samples, by the jackknife."""

from __future__ import annotations

import torch
from torch import Tensor

from genlab.metrics.evaluation import Evaluation
from genlab.metrics.extractors.extractor import Extractor
from genlab.metrics.frechet import DistanceTo, distance_to, estimate_of
from genlab.metrics.intervals import Measured
from genlab.metrics.least import Counts
from genlab.metrics.score import Score
from genlab.metrics.subset_distances import subset_distances
from genlab.randomness import fold_in
from genlab.ranges import PositiveInt


def jackknife(features: Tensor, distance: DistanceTo, at_n: float, groups: int, seed: int = 0) -> Measured:
    """g F(all) - (g - 1) mean_j F(all but group j), for g groups of items (Quenouille 1956): free of bias of order 1/n.

    The interval is of Tukey's pseudo-values g F(all) - (g - 1) F(all but j) under Student's t with g - 1 degrees.

    Args:
        features: (n, d), n >= 2 groups.
        at_n: F(all).
    """
    from scipy.stats import t

    n = len(features)
    if n < 2 * groups:
        raise ValueError(f"the jackknife over {groups} groups needs at least {2 * groups} samples; there are {n}")
    order = torch.randperm(n, generator=torch.Generator().manual_seed(fold_in(seed, "jackknife")))
    parts = order.tensor_split(groups)
    rest = [torch.cat([*parts[:j], *parts[j + 1 :]]) for j in range(groups)]
    pseudo = groups * at_n - (groups - 1) * subset_distances(features, rest, distance)
    half = float(t.ppf(0.975, groups - 1)) * (pseudo.var() / groups).sqrt().item()
    value = pseudo.mean().item()
    return Measured(value, value - half, value + half)


class FIDJackknife:
    """FID less its bias in n, `fid_jackknife_<extractor>`: comparable between different n, slightly negative for a
    perfect model. Its `made` holds the bias that was taken off. Wants more samples than features.

    Args:
        extractor: whose features are compared.
        groups: how many parts of the samples are left out in turn.
    """

    needs = frozenset({"samples"})
    names: tuple[str, ...] = ("fid_jackknife_{extractor}",)

    def __init__(self, extractor: Extractor, groups: PositiveInt = 10) -> None:
        if groups < 3:
            raise ValueError(f"groups={groups} of the jackknife: at least 3 are needed for an interval")
        self.extractor = extractor
        self.groups = groups
        self.least = Counts(samples=2 * groups, real=2)

    def scores(self, evaluation: Evaluation) -> dict[str, Score]:
        at_n = estimate_of(evaluation, self.extractor).value
        features = evaluation.activations(self.extractor).features
        distance = distance_to(evaluation, self.extractor)
        measured = jackknife(features, distance, at_n, self.groups, evaluation.seed)
        reference = evaluation.reference(self.extractor).provenance
        how = {**self.extractor.provenance(), **reference, "groups": self.groups}
        made = evaluation.samples_made() | self.extractor.remarks() | {"bias": at_n - measured.value}
        made["interval"] = "jackknife"
        score = Score(*measured, len(features), "squared feature distance", "lower", how, made)
        return {f"fid_jackknife_{self.extractor.name}": score}
