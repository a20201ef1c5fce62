"""How much samples of one class differ from each other."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from genlab.metrics.evaluation import Evaluation
from genlab.metrics.extractors.extractor import Extractor
from genlab.metrics.intervals import mean_pair_error, normal_interval
from genlab.metrics.least import Counts
from genlab.metrics.score import Score


def mean_pairwise_distance(items: Tensor) -> tuple[float, float]:
    """(mean Euclidean distance over all pairs of `items` (n, d), its standard error), n >= 2."""
    sums = torch.cat([torch.cdist(block, items).sum(1) for block in items.split(2048)])
    to_others = sums.double() / (len(items) - 1)
    return to_others.mean().item(), mean_pair_error(to_others)


def variability(items: Tensor, labels: Tensor, classes: Sequence[int]) -> tuple[float, float]:
    """(mean over classes of the mean pairwise distance within the class, its standard error); items (n, d)."""
    distances = []
    for label in classes:
        of_class = items[labels == label]
        if len(of_class) < 2:
            raise ValueError(
                f"intra-class variability needs 2 pictures of every class; class {label} has {len(of_class)}: "
                "raise metrics.n_samples"
            )
        distances.append(mean_pairwise_distance(of_class))
    means, errors = torch.tensor(distances, dtype=torch.float64).T
    return means.mean().item(), errors.square().sum().sqrt().item() / len(classes)


class IntraClassVariability:
    """Mean distance between samples of one class over that between real pictures of one class: 1 is as varied as
    real data, 0 is one picture a class. Higher is more varied, though noise is varied too. A model of one class
    (`dataset.classes=3`) needs no label: all that it draws is of that class.

    Named `intra_class_variability_<extractor>` for distances between features, and `intra_class_variability_pixels`
    for those between pixels.
    """

    needs = frozenset({"samples", "pixels", "class of each sample", "labels"})
    modality = frozenset({"image"})
    names: tuple[str, ...] = ("intra_class_variability_{extractor}", "intra_class_variability_pixels")
    least = Counts(samples_of_class=2, real_of_class=2)

    def __init__(self, extractor: Extractor) -> None:
        self.extractor = extractor

    def scores(self, evaluation: Evaluation) -> dict[str, Score]:
        reference, classes = evaluation.reference(self.extractor), evaluation.labels()
        images, labels = evaluation.data.items(evaluation.split)
        assert labels is not None, "data with classes have labels"
        if classes is None:
            classes = labels[:1].expand(evaluation.n_samples)  # the data's one class
        features, pixels = evaluation.activations(self.extractor).features, evaluation.pixels()
        of_pixels = reference.provenance
        of_features = of_pixels | self.extractor.provenance()
        return {
            f"intra_class_variability_{self.extractor.name}": self._score(
                evaluation, (features, classes), (reference.features, labels), of_features
            ),
            "intra_class_variability_pixels": self._score(
                evaluation, (pixels.flatten(1).float(), classes), (images.cpu().flatten(1).float(), labels), of_pixels
            ),
        }

    def _score(
        self, evaluation: Evaluation, samples: tuple[Tensor, Tensor], real: tuple[Tensor, Tensor], measured: dict
    ) -> Score:  # fmt: skip
        classes = real[1].unique().tolist()
        mean, error = variability(*samples, classes)
        of_real, _ = variability(real[0], real[1].cpu(), classes)
        low, high = normal_interval(mean / of_real, error / of_real)
        made = evaluation.samples_made() | {"real_variability": of_real, "interval": "U-statistic"}
        return Score(
            mean / of_real, max(0.0, low), high, len(samples[0]), "ratio to real data", "higher", measured, made
        )
