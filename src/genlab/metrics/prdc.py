"""Precision and recall (Kynkaanniemi et al. 2019), density and coverage (Naeem et al. 2020), in one pass.

Papers: https://arxiv.org/abs/1904.06991, https://arxiv.org/abs/2002.09797
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from genlab.metrics.evaluation import Evaluation
from genlab.metrics.extractors.extractor import Extractor
from genlab.metrics.intervals import (
    Measured,
    interval_about,
    mean_with_interval,
    resampling_weights,
    share_with_interval,
)
from genlab.metrics.least import Counts
from genlab.metrics.moments import require_finite
from genlab.metrics.score import Score
from genlab.ranges import PositiveInt

_ROWS = 2048


class PRDC(NamedTuple):
    """The four numbers with their intervals over other draws of the samples, the reference as given."""

    precision: Measured
    recall: Measured
    density: Measured
    coverage: Measured


def prdc(
    samples: Tensor, real: Tensor, neighbours: int = 3, density_neighbours: int = 5, seed: int = 0,
    radii_real: Tensor | None = None,
) -> PRDC:  # fmt: skip
    """Measures on features (n, d) by balls that reach to the k-th nearest neighbour within the same set.

    Args:
        neighbours: k of precision and recall (torch-fidelity's default).
        density_neighbours: k of density and coverage (their authors' default).
        radii_real: (2, m) `radii` of the real features for the two k, if they are known.
    """
    for features, name in ((samples, "samples"), (real, "real pictures")):
        require_finite(features)
        if len(features) <= max(neighbours, density_neighbours):
            raise ValueError(
                f"precision, recall, density and coverage need more than {max(neighbours, density_neighbours)} {name}; "
                f"there are {len(features)}"
            )
    radius_real = radii(real, (neighbours, density_neighbours)) if radii_real is None else radii_real
    radius_sample = radii(samples, (neighbours,))[0]
    weights = resampling_weights(len(samples), seed)
    present = (weights > 0).float().T.contiguous()  # (n, resamples)
    precise = torch.zeros(len(samples), dtype=torch.bool)
    in_balls = torch.zeros(len(samples), dtype=torch.float64)
    recalled, recalled_resampled, covered, covered_resampled = [], [], [], []
    for start in range(0, len(real), _ROWS):
        rows = slice(start, start + _ROWS)
        distance = torch.cdist(real[rows], samples)
        precise |= (distance <= radius_real[0][rows, None]).any(0)
        in_real = distance <= radius_real[1][rows, None]
        in_balls += in_real.sum(0)
        covered.append(in_real.any(1))
        covered_resampled.append(in_real.float() @ present > 0)
        in_sample = distance <= radius_sample
        recalled.append(in_sample.any(1))
        recalled_resampled.append(in_sample.float() @ present > 0)
    return PRDC(
        precision=share_with_interval(precise),
        recall=_share(recalled, recalled_resampled),
        density=mean_with_interval(in_balls / density_neighbours, seed),
        coverage=_share(covered, covered_resampled),
    )


def radii(features: Tensor, ranks: tuple[int, ...]) -> Tensor:
    """(len(ranks), n): for each k of `ranks` the distance of every item to its k-th nearest other item."""
    nearest = torch.cat(
        [
            torch.cdist(features[start : start + _ROWS], features).topk(max(ranks) + 1, largest=False).values
            for start in range(0, len(features), _ROWS)
        ]
    )
    return nearest.T[list(ranks)]  # the nearest of all, at rank 0, is the item itself


def _share(hits: list[Tensor], resampled: list[Tensor]) -> Measured:
    share = torch.cat(hits).double().mean().item()
    low, high = interval_about(share, torch.cat(resampled).double().mean(0))
    return Measured(share, max(0.0, low), min(1.0, high))


class PrecisionRecall:
    """Precision (samples that lie where real data lie), recall (real data that lie where samples lie), density and
    coverage (the same, robust to outliers). All from 0 to 1, density also above; higher is better.

    Named `precision_<extractor>`, `recall_...`, `density_...`, `coverage_...`. All depend on the numbers of samples
    and of real pictures: comparable only at equal ones.
    """

    needs = frozenset({"samples"})
    names: tuple[str, ...] = (
        "precision_{extractor}",
        "recall_{extractor}",
        "density_{extractor}",
        "coverage_{extractor}",
    )

    def __init__(
        self, extractor: Extractor, neighbours: PositiveInt = 3, density_neighbours: PositiveInt = 5
    ) -> None:  # fmt: skip
        self.extractor = extractor
        self.neighbours = neighbours
        self.density_neighbours = density_neighbours
        neighbourhood = max(neighbours, density_neighbours) + 1
        self.least = Counts(samples=neighbourhood, real=neighbourhood)

    def scores(self, evaluation: Evaluation) -> dict[str, Score]:
        reference = evaluation.reference(self.extractor)
        features = evaluation.activations(self.extractor).features
        ranks = (self.neighbours, self.density_neighbours)
        kept = reference.kept(f"radii-{ranks[0]}-{ranks[1]}", lambda: {"radii": radii(reference.features, ranks)})
        numbers = prdc(features, reference.features, *ranks, evaluation.seed, kept["radii"])
        how = {**self.extractor.provenance(), **reference.provenance, "n": len(features)}
        made = evaluation.samples_made() | self.extractor.remarks() | {"interval": "bootstrap"}
        rank_of = {"precision": self.neighbours, "recall": self.neighbours}
        return {
            f"{name}_{self.extractor.name}": Score(
                *measured, len(features), "share" if name != "density" else "balls per sample", "higher",
                {**how, "neighbours": rank_of.get(name, self.density_neighbours)}, made,
            )
            for name, measured in zip(numbers._fields, numbers, strict=True)
        }  # fmt: skip
