"""A perceptual distance of reconstructions on whatever extractor there is."""

from __future__ import annotations

from torch.nn import functional as F

from genlab.metrics.evaluation import Evaluation
from genlab.metrics.extractors.extractor import Extractor
from genlab.metrics.intervals import mean_with_interval
from genlab.metrics.score import Score


class FeatureDistance:
    """Mean over pictures of 1 - cos between the features of a picture and of its reconstruction: 0 to 2, lower is
    closer. Named `feature_distance_<extractor>`: it is not LPIPS, which has been fitted to people's judgement.
    """

    needs = frozenset({"reconstructions"})
    names: tuple[str, ...] = ("feature_distance_{extractor}",)

    def __init__(self, extractor: Extractor) -> None:
        self.extractor = extractor

    def scores(self, evaluation: Evaluation) -> dict[str, Score]:
        self.extractor.prepare(evaluation.data, evaluation.device)
        real, reconstructed = (self.extractor.features(part).double() for part in evaluation.reconstructions())
        distances = 1 - F.cosine_similarity(real, reconstructed)
        how = {**evaluation.real_measured(), **self.extractor.provenance()}
        made = evaluation.real_made() | self.extractor.remarks() | {"interval": "bootstrap"}
        measured = mean_with_interval(distances, evaluation.seed)
        name = f"feature_distance_{self.extractor.name}"
        return {name: Score(*measured, len(distances), "1 - cos", "lower", how, made)}
