"""How many bits a diffusion model needs for a picture that it has not seen.

Paper: https://arxiv.org/abs/1511.01844
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from genlab.codecs.identity import Identity
from genlab.conditioning.condition import Condition, of_input
from genlab.conditions import Conditions, asks_of, conditions_for
from genlab.denoisers.clipped import Clipped
from genlab.denoisers.denoiser import Denoiser
from genlab.denoisers.estimate import Denoise
from genlab.denoisers.prediction import Prediction
from genlab.finite import finite
from genlab.metrics.evaluation import Evaluation
from genlab.metrics.intervals import mean_with_interval
from genlab.metrics.score import Score
from genlab.objectives.flow_likelihood import FlowLikelihood
from genlab.objectives.variational_bound import Decoder, VariationalBound
from genlab.processes.discrete import Discrete
from genlab.protocols import Denoises
from genlab.randomness import PerImage, Randomness
from genlab.ranges import PositiveInt

_GREY = 2 / 255
"""The distance of two greys of a pixel in [-1, 1]."""


def kind_of_time(module: object) -> str | None:
    """ "steps" or "flow" where the model adds noise to pixels, in steps or in continuous time; None for others."""
    if not isinstance(module, Denoises) or not isinstance(module.denoiser, Denoiser):
        return None
    if not isinstance(module.codec, Identity):
        return None
    return "steps" if isinstance(module.denoiser.process.schedule, Discrete) else "flow"


class VariationalBits:
    """The variational bound of models with discrete steps: `bound_bits` = `bound_L_T` + `bound_L_t` + `bound_L_0`.

    Without guidance; estimates are clipped as they are for sampling, which only lowers the bound.

    Args:
        decoder: what the last step says of a pixel.
        draws: steps that are taken for each picture, right in the mean; null takes all.
    """

    needs = frozenset({"bound"})
    modality = frozenset({"image"})
    names: tuple[str, ...] = ("bound_bits", "bound_L_T", "bound_L_t", "bound_L_0")

    def __init__(self, decoder: Decoder, draws: PositiveInt | None = None) -> None:
        self.bound = VariationalBound(decoder)
        self.draws = draws

    def scores(self, evaluation: Evaluation) -> dict[str, Score]:
        module = evaluation.module
        denoise: Denoise[Prediction] = module.denoiser
        if module.clip is not None:
            denoise = Clipped(denoise, *module.clip)

        def terms(x: Tensor, condition: Condition, streams: Randomness) -> Tensor:
            parts = self.bound.terms(module.denoiser.process, denoise, x, condition, streams, self.draws)
            return torch.stack(list(parts.values()), 1)

        bits = _of_each(evaluation, "bounds", terms)
        columns = {"bound_bits": bits.sum(1), **dict(zip(("bound_L_T", "bound_L_t", "bound_L_0"), bits.T, strict=True))}
        how = {"likelihood": "variational bound", "draws": self.draws, "decoder": repr(self.bound.decoder)}
        return {name: _score(evaluation, values, how) for name, values in columns.items()}


class FlowBits:
    """The likelihood by the probability flow of models in continuous time, `flow_bits`, without guidance or clipping.

    Exact for the density but for the solver's steps; a bound for the greys, which uniform noise makes continuous
    (Theis et al. 2016, section 3.1).

    Args:
        flow: how the equation is solved, and its divergence estimated.
    """

    needs = frozenset({"flow"})
    modality = frozenset({"image"})
    names: tuple[str, ...] = ("flow_bits",)

    def __init__(self, flow: FlowLikelihood) -> None:
        self.flow = flow

    def scores(self, evaluation: Evaluation) -> dict[str, Score]:
        module = evaluation.module

        def nll(x: Tensor, condition: Condition, streams: PerImage) -> Tensor:
            x = x + _GREY * (streams.uniform(x.shape) - 0.5)
            return self.flow.nll(module.denoiser.process, lambda y, t: module.denoiser(y, t, condition), x, streams)

        dimensions = math.prod(evaluation.data.shape)
        bits = _of_each(evaluation, "likelihoods", nll) / (dimensions * math.log(2)) - math.log2(_GREY)
        return {"flow_bits": _score(evaluation, bits, {"likelihood": "probability flow", "flow": repr(self.flow)})}


def _of_each(evaluation: Evaluation, what: str, compute: Callable[[Tensor, Condition, PerImage], Tensor]) -> Tensor:
    """(n, ...): `compute` of each real picture, its condition and its own stream of random numbers."""
    images, labels = evaluation.real()
    all_conditions = None
    if asks_of(evaluation.module) - {"label"}:
        all_conditions = conditions_for(evaluation.module, evaluation.data, evaluation.split, len(images))

    def conditions(start: int, stop: int) -> Conditions:
        if all_conditions is not None:
            return all_conditions.part(start, stop)
        return None if labels is None else labels[start:stop]

    parts = []
    for start in range(0, len(images), evaluation.batch_size):
        stop = min(start + evaluation.batch_size, len(images))
        x = evaluation.data.modality.to_model(images[start:stop].to(evaluation.device))
        condition = of_input(evaluation.module.conditioner, stop - start, conditions(start, stop), evaluation.device)
        streams = PerImage.range(evaluation.seed, start, stop, evaluation.device)
        parts.append(compute(x, condition, streams).double().cpu())
        evaluation.tell(what, stop, len(images))
    return torch.cat(parts)


def _score(evaluation: Evaluation, values: Tensor, how: dict[str, Any]) -> Score:
    measured = mean_with_interval(finite(values, "likelihoods"), evaluation.seed)
    made = {**evaluation.real_made(), "interval": "bootstrap", "seed": evaluation.seed}
    return Score(*measured, len(values), "bits per dimension", "lower", {**evaluation.real_measured(), **how}, made)
