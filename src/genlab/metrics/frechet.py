"""The Frechet distance between Gaussians fitted to features (FID of Heusel et al. 2017, eq. 6).

Paper: https://arxiv.org/abs/1706.08500
"""

from __future__ import annotations

import warnings
from typing import NamedTuple

import torch
from torch import Tensor

from genlab.metrics.evaluation import Evaluation
from genlab.metrics.extractors.extractor import Extractor
from genlab.metrics.intervals import interval_about, normal_interval, resampling_weights
from genlab.metrics.least import Counts
from genlab.metrics.moments import Moments, moments, require_finite
from genlab.metrics.score import Score
from genlab.notice import Notice

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
    """The Frechet distance from one Gaussian, which is taken apart once.

    Args:
        reference: the Gaussian.
        factor: L (d, d) with L L^T its covariance, if it is known.
    """

    def __init__(self, reference: Moments, factor: Tensor | None = None) -> None:
        self.reference = reference
        self.factor = _factor(reference.covariance) if factor is None else factor

    def __call__(self, of: Moments) -> float:
        require_finite(of.covariance)
        eigenvalues = torch.linalg.eigvalsh(self.factor.T @ of.covariance @ self.factor).clamp(min=0)
        return self.combine(of.mean, of.covariance.trace(), eigenvalues.sqrt().sum())

    def combine(self, mean: Tensor, trace: Tensor, trace_of_root: Tensor) -> float:
        """The distance of a Gaussian with this mean and trace of its covariance, from tr((S S_ref)^(1/2))."""
        offset = (mean - self.reference.mean).square().sum()
        distance = offset + trace + self.reference.covariance.trace() - 2 * trace_of_root
        return distance.clamp(min=0).item()  # which keeps not-a-number: max(0.0, nan) is the best distance of all


_OUTER_PRODUCTS = 4_000_000
"""Numbers in a block of outer products: 32 MB."""


class Estimate(NamedTuple):
    """A distance and its 95 % interval."""

    value: float
    low: float
    high: float
    interval: str


def estimate_distance(features: Tensor, distance: DistanceTo, seed: int = 0) -> Estimate:
    """The distance of `features` (n, d) with the interval over other draws of n such items.

    The reference is taken as given: every model is measured against the same one. The interval says nothing of the
    bias in n, which all models measured at one n share.
    """
    n, dim = features.shape
    if dim <= _BOOTSTRAP_DIM:
        return _bootstrapped(features, distance, seed)
    return _linearised(features, distance) if n > dim else _linearised_by_items(features, distance)


def _bootstrapped(features: Tensor, distance: DistanceTo, seed: int) -> Estimate:
    own, factor, reference = moments(features), distance.factor, distance.reference
    value = distance(own)
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


def _linearised(features: Tensor, distance: DistanceTo) -> Estimate:
    """The infinitesimal jackknife: the spread of the distance's first-order change under reweighting of items.

    d F/d m = 2 (m - m_ref), d F/d S = I - L M^(-1/2) L^T with M = L^T S L; on the null space of M no item has a
    component, and the inverse is left out there.
    """
    own, factor = moments(features), distance.factor
    require_finite(own.covariance)
    values, vectors = torch.linalg.eigh(factor.T @ own.covariance @ factor)
    values = values.clamp(min=0)
    value = distance.combine(own.mean, own.covariance.trace(), values.sqrt().sum())
    rank = values > values.max() * len(values) * torch.finfo(values.dtype).eps
    project = (factor @ vectors[:, rank]) * values[rank].pow(-0.25)
    # Filled in place: small results kept between large blocks would keep the blocks' memory from being used again.
    influence = torch.empty(len(features), dtype=torch.float64)
    for rows in torch.arange(len(features)).split(_ROWS):
        centred = features[rows].double() - own.mean
        influence[rows] = _influence(centred, own.mean - distance.reference.mean, (centred @ project).square().sum(1))
    return _about(value, influence)


def _linearised_by_items(features: Tensor, distance: DistanceTo) -> Estimate:
    """The same for n <= d: M's eigenvalues are those of K = X L L^T X^T / (n - 1), (n, n), with X the centred items.

    With K = U diag(k) U^T, what M^(-1/2) makes of item i is (n - 1) sum_j k_j^(1/2) U_ij^2.
    """
    n, items = len(features), features.double()
    if n < 2:
        raise ValueError(f"a covariance needs at least 2 items; there are {n}")
    require_finite(items)
    mean = items.mean(0)
    centred = items - mean
    scaled = centred @ distance.factor
    values, vectors = torch.linalg.eigh(scaled @ scaled.T / (n - 1))
    roots = values.clamp(min=0).sqrt()
    value = distance.combine(mean, centred.square().sum() / (n - 1), roots.sum())
    return _about(value, _influence(centred, mean - distance.reference.mean, (n - 1) * vectors.square() @ roots))


def _influence(centred: Tensor, offset: Tensor, of_root: Tensor) -> Tensor:
    """(block,): how the distance changes with the weight of each item, up to a constant."""
    return 2 * centred @ offset + centred.square().sum(1) - of_root


def _about(value: float, influence: Tensor) -> Estimate:
    low, high = normal_interval(value, (influence.var() / len(influence)).sqrt().item())
    return Estimate(value, max(0.0, low), high, "infinitesimal jackknife")


def distance_to(evaluation: Evaluation, extractor: Extractor) -> DistanceTo:
    """The distance from an evaluation's reference, taken apart once and kept with it."""

    def make() -> DistanceTo:
        reference = evaluation.reference(extractor)
        kept = reference.kept("factor", lambda: {"factor": _factor(reference.moments.covariance)})
        return DistanceTo(reference.moments, kept["factor"])

    return evaluation.once(f"distance to {extractor.name}", make)


def estimate_of(evaluation: Evaluation, extractor: Extractor) -> Estimate:
    """The distance of an evaluation's samples from its reference, computed once."""

    def make() -> Estimate:
        distance = distance_to(evaluation, extractor)
        # Only now the samples: both sets of features are never held at once.
        return estimate_distance(evaluation.activations(extractor).features, distance, evaluation.seed)

    return evaluation.once(f"frechet {extractor.name}", make)


class FrechetDistance:
    """Distance of samples from the reference split: 0 is best, no upper bound. Named `fid_<extractor>`.

    Biased upwards by about trace(S) / n and more with few samples, so values at different n are not comparable.
    """

    needs = frozenset({"samples"})
    names: tuple[str, ...] = ("fid_{extractor}",)
    least = Counts(samples=2, real=2)  # a covariance

    def __init__(self, extractor: Extractor) -> None:
        self.extractor = extractor

    def scores(self, evaluation: Evaluation) -> dict[str, Score]:
        estimate = estimate_of(evaluation, self.extractor)
        reference = evaluation.reference(self.extractor)
        n, dim = evaluation.activations(self.extractor).features.shape
        measured = {**self.extractor.provenance(), **reference.provenance, "n": n}
        made = evaluation.samples_made() | self.extractor.remarks() | {"interval": estimate.interval}
        if warning := few_items_warning(n, dim):
            warnings.warn(warning, Notice, stacklevel=2)
            made["warning"] = warning
        values = estimate.value, estimate.low, estimate.high
        return {f"fid_{self.extractor.name}": Score(*values, n, "squared feature distance", "lower", measured, made)}


def few_items_warning(n: int, dim: int) -> str | None:
    """What to say of a covariance of `dim` features from `n` items, if anything."""
    if n >= dim:
        return None
    return f"{n} samples for {dim} features: the covariance is singular and the distance biased upwards"
