"""The Frechet distance within each class."""

from __future__ import annotations

import warnings

from genlab.metrics.evaluation import Evaluation
from genlab.metrics.extractors.extractor import Extractor
from genlab.metrics.frechet import DistanceTo, estimate_distance, few_items_warning
from genlab.metrics.least import Counts
from genlab.metrics.moments import moments
from genlab.metrics.score import Score
from genlab.notice import Notice


class IntraClassFID:
    """Mean over classes of the Frechet distance between a class's samples and its real pictures (Miyato and Koyama
    2018): 0 is best. It sees what FID does not, a class drawn as another. Named `intra_fid_<extractor>`.

    Biased upwards as FID is, by the number of samples in a class.
    """

    needs = frozenset({"samples", "classes", "labels"})
    names: tuple[str, ...] = ("intra_fid_{extractor}",)
    least = Counts(samples_of_class=2, real_of_every_class=2)

    def __init__(self, extractor: Extractor) -> None:
        self.extractor = extractor

    def scores(self, evaluation: Evaluation) -> dict[str, Score]:
        features, sample_labels = evaluation.activations(self.extractor).features, evaluation.labels()
        reference = evaluation.reference(self.extractor)
        assert sample_labels is not None, "samples of a class that was asked for have labels"
        assert reference.labels is not None, "data with classes have labels"
        real, real_features, estimates = reference.labels.cpu(), reference.features, []
        for label in range(evaluation.data.num_classes or 0):
            counts = [int((labels == label).sum()) for labels in (sample_labels, real)]
            if min(counts) < 2:
                raise ValueError(
                    f"intra-class FID needs 2 samples and 2 real pictures of every class; class {label} has "
                    f"{counts[0]} and {counts[1]}: raise metrics.n_samples"
                )
            of_class = DistanceTo(moments(real_features[real == label]))
            estimates.append(estimate_distance(features[sample_labels == label], of_class, evaluation.seed + label))
        count = len(estimates)
        value = sum(e.value for e in estimates) / count
        below = sum((e.value - e.low) ** 2 for e in estimates) ** 0.5 / count  # classes are drawn independently
        above = sum((e.high - e.value) ** 2 for e in estimates) ** 0.5 / count
        measured = {**self.extractor.provenance(), **reference.provenance, "n": len(features)}
        made = evaluation.samples_made() | self.extractor.remarks() | {"interval": estimates[0].interval}
        made["per_class"] = [round(e.value, 6) for e in estimates]
        if warning := few_items_warning(len(features) // count, features.shape[1]):
            made["warning"] = f"in each class, {warning}"
            warnings.warn(made["warning"], Notice, stacklevel=2)
        low, high = max(0.0, value - below), value + above
        score = Score(value, low, high, len(features), "squared feature distance", "lower", measured, made)
        return {f"intra_fid_{self.extractor.name}": score}
