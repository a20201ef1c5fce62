"""How well a model translates between two domains: whether results look like the other one, and what comes back.

Paper: https://arxiv.org/abs/1703.10593 (Zhu et al. 2017)
"""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from torch import Tensor

from genlab.metrics.evaluation import Evaluation
from genlab.metrics.extractors.extractor import Extractor
from genlab.metrics.frechet import DistanceTo, estimate_distance, few_items_warning
from genlab.metrics.intervals import mean_with_interval
from genlab.metrics.least import Counts
from genlab.metrics.moments import moments
from genlab.metrics.psnr import psnr
from genlab.metrics.reference import Reference
from genlab.metrics.score import Score
from genlab.protocols import Direction

DIRECTIONS: tuple[Direction, Direction] = ("a_to_b", "b_to_a")


class Translated(NamedTuple):
    """The pictures of a split in one direction, uint8 (n, channel, height, width) each."""

    source: Tensor
    result: Tensor
    cycled: Tensor
    """What comes back from the results."""
    origin: Any
    """The data of the domain that is translated from."""
    target: Any
    """And to."""


def translated(evaluation: Evaluation, direction: Direction) -> Translated:
    """The first n_samples pictures of a domain, translated once for all metrics."""
    return evaluation.once(f"translated {direction}", lambda: _translated(evaluation, direction))


def _translated(evaluation: Evaluation, direction: Direction) -> Translated:
    data: Any = evaluation.data
    there, back = direction, DIRECTIONS[direction == "a_to_b"]
    source, target = data.domains if direction == "a_to_b" else data.domains[::-1]
    stored, modality = source.items(evaluation.split)[0][: evaluation.n_samples], data.modality
    results, cycled = [], []
    for part in stored.split(evaluation.batch_size):
        result = evaluation.module.translate(modality.to_model(part.to(evaluation.device)), there)
        results.append(modality.to_stored(result, "translations").cpu())
        cycled.append(modality.to_stored(evaluation.module.translate(result, back), "translations").cpu())
        evaluation.tell(f"translations {direction}", sum(map(len, results)), len(stored))
    return Translated(stored, torch.cat(results), torch.cat(cycled), source, target)


def features_of_results(evaluation: Evaluation, extractor: Extractor, direction: Direction) -> Tensor:
    """(n, d): what the extractor sees in the translations, looked at once for all metrics."""
    return evaluation.once(
        f"{extractor.name} of translated {direction}",
        lambda: extractor.features(translated(evaluation, direction).result),
    )


def reference_of(evaluation: Evaluation, extractor: Extractor, data: Any) -> Reference:
    """What the extractor sees in the real pictures of one domain, which is kept."""
    extractor.prepare(evaluation.data, evaluation.device)
    return Reference(extractor, data, evaluation.split, evaluation.plan.cache_dir)


class TranslationDistance:
    """The Frechet distance of translations from real pictures of the other domain, each way: 0 is best. Named
    `fid_<extractor>_a_to_b` and `fid_<extractor>_b_to_a`.

    What a model would have that gives back its input stands in the provenance as "copy": one that is not below it has
    translated nothing. Biased upwards with few pictures, as every such distance.
    """

    needs = frozenset({"translations"})
    modality = frozenset({"image"})
    names: tuple[str, ...] = tuple(f"fid_{{extractor}}_{direction}" for direction in DIRECTIONS)
    least = Counts(real=2)  # a covariance

    def __init__(self, extractor: Extractor) -> None:
        self.extractor = extractor

    def scores(self, evaluation: Evaluation) -> dict[str, Score]:
        return {f"fid_{self.extractor.name}_{way}": self._score(evaluation, way) for way in DIRECTIONS}

    def _score(self, evaluation: Evaluation, direction: Direction) -> Score:
        there = translated(evaluation, direction)
        source, reference = (reference_of(evaluation, self.extractor, each) for each in (there.origin, there.target))
        distance = DistanceTo(reference.moments)
        features = features_of_results(evaluation, self.extractor, direction)
        estimate, (n, dim) = estimate_distance(features, distance, evaluation.seed), features.shape
        copy = distance(moments(source.features[:n]))
        measured = {**self.extractor.provenance(), **reference.provenance, "n": n, "copy": round(copy, 4)}
        made = evaluation.real_made() | self.extractor.remarks() | {"interval": estimate.interval}
        if warning := few_items_warning(n, dim):
            made["warning"] = warning
        values = estimate.value, estimate.low, estimate.high
        return Score(*values, n, "squared feature distance", "lower", measured, made)


class CyclePSNR:
    """PSNR between pictures and what comes back after both generators, of each domain: `cycle_psnr_a`, `cycle_psnr_b`,
    in dB, higher is closer. A model that copies has the highest there is.
    """

    needs = frozenset({"translations"})
    modality = frozenset({"image"})
    names: tuple[str, ...] = ("cycle_psnr_a", "cycle_psnr_b")

    def scores(self, evaluation: Evaluation) -> dict[str, Score]:
        scores = {}
        for name, direction in zip(self.names, DIRECTIONS, strict=True):
            there = translated(evaluation, direction)
            values = psnr(there.source, there.cycled)
            measured = {"reference_n": len(values), "aggregation": "mean of pictures", "data_range": 255}
            made = evaluation.real_made() | {"interval": "bootstrap"}
            scores[name] = Score(
                *mean_with_interval(values, evaluation.seed), len(values), "dB", "higher", measured, made
            )
        return scores
