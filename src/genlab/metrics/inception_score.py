"""The Inception Score (Salimans et al. 2016, sec. 4) over any classifier.

Paper: https://arxiv.org/abs/1606.03498
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from genlab.metrics.evaluation import Evaluation
from genlab.metrics.extractors.extractor import Extractor
from genlab.metrics.intervals import Measured, interval_about, resampling_weights
from genlab.metrics.score import Score
from genlab.ranges import PositiveInt


def inception_score(logits: Tensor, splits: int = 10, shuffle_seed: int = 2020, seed: int = 0) -> Measured:
    """exp of the mean KL(p(y|x) || p(y)) in each of `splits` parts, averaged over the parts.

    Args:
        logits: (n, classes), n >= splits.
        shuffle_seed: order in which items go to the splits: numpy's RandomState, as torch-fidelity does, so that
            both give the same number. No global random state is touched.
        seed: seed of the bootstrap within each split.
    """
    n = len(logits)
    if n < splits:
        raise ValueError(f"the Inception Score over {splits} splits needs at least {splits} samples; there are {n}")
    logits = logits[torch.from_numpy(np.random.RandomState(shuffle_seed).permutation(n))].double()
    if not torch.isfinite(logits).all():
        raise ValueError("the logits hold infinities or not-a-numbers: the extractor's weights are broken")
    bounds = [i * n // splits for i in range(splits + 1)]
    values, replicates = [], []
    for i in range(splits):
        log_p = logits[bounds[i] : bounds[i + 1]].log_softmax(1)
        weights = resampling_weights(len(log_p), seed + i)
        values.append(_exp_mutual_information(torch.ones(1, len(log_p), dtype=torch.float64), log_p))
        replicates.append(_exp_mutual_information(weights, log_p))
    value = torch.cat(values).mean().item()
    low, high = interval_about(value, torch.stack(replicates).mean(0))
    return Measured(value, max(1.0, low), high)


def _exp_mutual_information(weights: Tensor, log_p: Tensor) -> Tensor:
    """(resamples,): exp(mean_x sum_y p log p - sum_y q log q) with q the mean of p, items weighted (resamples, n)."""
    p, n = log_p.exp(), log_p.shape[0]
    marginal = weights @ p / n
    return (weights @ (p * log_p).sum(1) / n - torch.xlogy(marginal, marginal).sum(1)).exp()


class InceptionScore:
    """Sharpness and variety of samples in the eyes of a classifier: from 1 (worst) to its number of classes.

    Named `inception_score` with InceptionV3, `inception_score_<extractor>` with any other classifier. It never looks
    at real data: a model that gives one perfect picture of each class has the best score.
    """

    needs = frozenset({"samples"})
    names: tuple[str, ...] = ("inception_score", "inception_score_{extractor}")

    def __init__(self, extractor: Extractor, splits: PositiveInt = 10) -> None:
        self.extractor = extractor
        self.splits = splits

    def scores(self, evaluation: Evaluation) -> dict[str, Score]:
        logits = evaluation.activations(self.extractor).logits
        if logits is None:
            raise ValueError(
                f"the Inception Score needs a classifier; the extractor {self.extractor.name} has no classes"
            )
        splits = min(self.splits, max(1, len(logits) // 10))
        value, low, high = inception_score(logits, splits, seed=evaluation.seed)
        measured = {**self.extractor.provenance(), "splits": splits, "n": len(logits)}
        made = evaluation.samples_made() | self.extractor.remarks() | {"interval": "bootstrap"}
        name = "inception_score" if self.extractor.name == "inception" else f"inception_score_{self.extractor.name}"
        return {name: Score(value, low, high, len(logits), "exp(nats)", "higher", measured, made)}
