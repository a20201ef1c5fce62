"""How probable a model finds data that it has not seen."""

from __future__ import annotations

import math

import torch

from genlab.finite import finite
from genlab.metrics.evaluation import Evaluation
from genlab.metrics.intervals import Measured, mean_with_interval
from genlab.metrics.score import Score
from genlab.protocols import Counted


class NegativeLogLikelihood:
    """Minus the log-likelihood of the split's pictures, exact or an upper bound as the family says: lower is better.

    `nats` per picture, and `bits_per_dim` = nats / (dimensions ln 2) where the model gives probabilities to integers:
    greys of a pixel, or codes. Densities and Bernoulli likelihoods of greys are on scales of their own, and have none.
    """

    needs = frozenset({"likelihood"})
    names: tuple[str, ...] = ("nats", "bits_per_dim")

    def scores(self, evaluation: Evaluation) -> dict[str, Score]:
        images, labels = evaluation.real()
        values = []
        for start in range(0, len(images), evaluation.batch_size):
            rows = slice(start, start + evaluation.batch_size)
            condition = None if labels is None else labels[rows].to(evaluation.device)
            x = evaluation.data.modality.to_model(images[rows].to(evaluation.device))
            values.append(evaluation.module.nll(x, condition).cpu())
            evaluation.tell("likelihoods", min(rows.stop, len(images)), len(images))
        nats = finite(torch.cat(values), "likelihoods")  # of zero, infinite in nats, among them
        module = evaluation.module
        one = evaluation.data.modality.to_model(images[:1])
        dimensions = module.dimensions(one) if isinstance(module, Counted) else None
        kind = type(getattr(module, "likelihood", module)).__name__  # a density, greys, levels: never ranked together
        how = {**evaluation.real_measured(), "likelihood": kind, "dimensions": dimensions}
        made = {**evaluation.real_made(), "interval": "bootstrap"}
        measured = mean_with_interval(nats, evaluation.seed)
        scores = {"nats": Score(*measured, len(nats), "nats per picture", "lower", how, made)}
        if dimensions is not None:
            bits = Measured(*(value / (dimensions * math.log(2)) for value in measured))
            scores["bits_per_dim"] = Score(*bits, len(nats), "bits per dimension", "lower", how, made)
        return scores
