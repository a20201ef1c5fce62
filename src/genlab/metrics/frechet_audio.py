"""The Frechet audio distance, on a named classifier's features (Kilgour et al. 2019).

Paper: https://arxiv.org/abs/1812.08466
"""

from __future__ import annotations

from dataclasses import replace

from genlab.metrics.evaluation import Evaluation
from genlab.metrics.frechet import FrechetDistance
from genlab.metrics.score import Score


class FrechetAudioDistance(FrechetDistance):
    """Distance of samples from the reference split: 0 is best, no upper bound. Named `fad_<extractor>`.

    The paper's features are VGGish's; these are the extractor's, and the name says whose. As biased as FrechetDistance.
    """

    modality = frozenset({"audio"})
    names: tuple[str, ...] = ("fad_{extractor}",)

    def scores(self, evaluation: Evaluation) -> dict[str, Score]:
        (score,) = super().scores(evaluation).values()
        heard = {"rate": evaluation.data.modality.rate, "bits": 16}  # type: ignore[attr-defined]
        return {f"fad_{self.extractor.name}": replace(score, measured=score.measured | heard)}
