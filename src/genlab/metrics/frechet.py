"""The Frechet distance between Gaussians fitted to features (FID of Heusel et al. 2017, eq. 6)."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import torch
from torch import Tensor

from genlab.metrics.evaluation import Evaluation
from genlab.metrics.extractors.extractor import Extractor
from genlab.metrics.intervals import interval_about, normal_interval, resampling_weights
from genlab.metrics.moments import Moments, moments, require_finite
from genlab.metrics.score import Score

_ROWS = 1024
_BOOTSTRAP_DIM = 256
"""Up to here each resample's distance is computed exactly; above, its spread comes from the gradient."""


def frechet_distance(a: Moments, b: Moments) -> float:
    """|m_a - m_b|^2 + tr(S_a) + tr(S_b) - 2 tr((S_a S_b)^(1/2)), squared distance in feature units.

    With S_b = L L^T the eigenvalues of S_a S_b are those of the symmetric L^T S_a L: real, so no imaginary residue
    is left to drop. Rounding below zero is cut off.
    """
    return DistanceTo(b)(a)


def _factor(covariance: Tensor) -> Tensor:
    """L with L L^T = covariance: Cholesky's, or of the eigenvectors where it is singular."""
    require_finite(covariance)
    lower, failed = torch.linalg.cholesky_ex(covariance)
    if not failed:
        return lower
    values, vectors = torch.linalg.eigh(covariance)
    return vectors * values.clamp(min=0).sqrt()


class DistanceTo:
    """The Frechet distance from one Gaussian, which is taken apart once."""

    def __init__(self, reference: Moments) -> None:
        self.reference = reference
        self.factor = _factor(reference.covariance)

    def __call__(self, of: Moments) -> float:
        require_finite(of.covariance)
        eigenvalues = torch.linalg.eigvalsh(self.factor.T @ of.covariance @ self.factor).clamp(min=0)
        return _combine(of, self.reference, eigenvalues.sqrt().sum())


def _combine(a: Moments, b: Moments, trace_of_root: Tensor) -> float:
    offset = (a.mean - b.mean).square().sum()
    return max(0.0, (offset + a.covariance.trace() + b.covariance.trace() - 2 * trace_of_root).item())


_OUTER_PRODUCTS = 4_000_000
"""Numbers in a block of outer products: 32 MB."""


class Estimate(NamedTuple):
    """A distance and its 95 % interval."""

    value: float
    low: float
    high: float
    interval: str


def estimate_distance(features: Tensor, reference: Moments, seed: int = 0) -> Estimate:
    """The distance of `features` (n, d) from `reference`, with the interval over other draws of n such items.

    The reference is taken as given: every model is measured against the same one. The interval says nothing of the
    bias in n, which all models measured at one n share.
    """
    if features.shape[1] <= _BOOTSTRAP_DIM:
        return _bootstrapped(features, reference, seed)
    return _linearised(features, reference)


def _bootstrapped(features: Tensor, reference: Moments, seed: int) -> Estimate:
    own, distance = moments(features), DistanceTo(reference)
    value, factor = distance(own), distance.factor
    shifts, covariances = _resampled(features.double() - own.mean, seed)
    roots = torch.linalg.eigvalsh(factor.T @ covariances @ factor).clamp(min=0).sqrt().sum(1)
    offsets = (own.mean + shifts - reference.mean).square().sum(1)
    traces = covariances.diagonal(dim1=1, dim2=2).sum(1) + reference.covariance.trace()
    low, high = interval_about(value, offsets + traces - 2 * roots)
    return Estimate(value, max(0.0, low), high, "bootstrap")


def _resampled(centred: Tensor, seed: int) -> tuple[Tensor, Tensor]:
    """Means (resamples, d) and covariances (resamples, d, d) of items (n, d) resampled: one product over their outer
    products, in blocks of items."""
    n, dim = centred.shape
    weights = resampling_weights(n, seed)
    shifts = weights @ centred / n
    scatter = torch.zeros(len(weights), dim * dim, dtype=torch.float64)
    rows = max(1, _OUTER_PRODUCTS // dim**2)
    for part, weight in zip(centred.split(rows), weights.split(rows, dim=1), strict=True):
        scatter.addmm_(weight, (part[:, :, None] * part[:, None, :]).flatten(1))
    return shifts, (scatter.view(-1, dim, dim) - n * shifts[:, :, None] * shifts[:, None, :]) / (n - 1)


def _linearised(features: Tensor, reference: Moments) -> Estimate:
    """The infinitesimal jackknife: the spread of the distance's first-order change under reweighting of items.

    d F/d m = 2 (m - m_ref), d F/d S = I - L M^(-1/2) L^T with M = L^T S L; on the null space of M (n <= d) no item
    has a component, and the inverse is left out there.
    """
    own, factor = moments(features), _factor(reference.covariance)
    require_finite(own.covariance)
    values, vectors = torch.linalg.eigh(factor.T @ own.covariance @ factor)
    values = values.clamp(min=0)
    value = _combine(own, reference, values.sqrt().sum())
    rank = values > values.max() * len(values) * torch.finfo(values.dtype).eps
    project = (factor @ vectors[:, rank]) * values[rank].pow(-0.25)
    # Filled in place: small results kept between large blocks would keep the blocks' memory from being used again.
    influence = torch.empty(len(features), dtype=torch.float64)
    for rows in torch.arange(len(features)).split(_ROWS):
        influence[rows] = _influence(features[rows].double() - own.mean, own.mean - reference.mean, project)
    low, high = normal_interval(value, (influence.var() / len(features)).sqrt().item())
    return Estimate(value, max(0.0, low), high, "infinitesimal jackknife")


def _influence(centred: Tensor, offset: Tensor, project: Tensor) -> Tensor:
    """(block,): how the distance changes with the weight of each item, up to a constant."""
    return 2 * centred @ offset + centred.square().sum(1) - (centred @ project).square().sum(1)


def estimate_of(evaluation: Evaluation, extractor: Extractor) -> Estimate:
    """The distance of an evaluation's samples from its reference, computed once."""

    def make() -> Estimate:
        reference = evaluation.reference(extractor).moments
        # Only now the samples: both sets of features are never held at once.
        return estimate_distance(evaluation.activations(extractor).features, reference, evaluation.seed)

    return evaluation.once(f"frechet {extractor.name}", make)


class FrechetDistance:
    """Distance of samples from the reference split: 0 is best, no upper bound. Named `fid_<extractor>`.

    Biased upwards by about trace(S) / n and more with few samples, so values at different n are not comparable.
    """

    needs = frozenset({"samples"})

    def __init__(self, extractor: Extractor) -> None:
        self.extractor = extractor

    def scores(self, evaluation: Evaluation) -> dict[str, Score]:
        estimate = estimate_of(evaluation, self.extractor)
        reference = evaluation.reference(self.extractor)
        n, dim = evaluation.activations(self.extractor).features.shape
        provenance = {**evaluation.sampled_provenance(self.extractor), **reference.provenance}
        provenance |= {"interval": estimate.interval, "biased_in_n": True}
        if warning := few_items_warning(n, dim):
            warnings.warn(warning, stacklevel=2)
            provenance["warning"] = warning
        score = Score(estimate.value, estimate.low, estimate.high, n, "squared feature distance", "lower", provenance)
        return {f"fid_{self.extractor.name}": score}


def few_items_warning(n: int, dim: int) -> str | None:
    """What to say of a covariance of `dim` features from `n` items, if anything."""
    if n >= dim:
        return None
    return f"{n} samples for {dim} features: the covariance is singular and the distance biased upwards"
