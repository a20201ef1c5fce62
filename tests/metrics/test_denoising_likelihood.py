"""Bits of diffusion models, through the suite: of a model of normal pixels, whose likelihood is known."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from genlab.codecs.identity import Identity
from genlab.codecs.rescale import Rescale
from genlab.conditioning.unconditional import Unconditional
from genlab.denoisers.denoiser import Denoiser
from genlab.denoisers.learned_variance import LearnedVariance
from genlab.denoisers.x0 import X0
from genlab.metrics.capabilities import capabilities
from genlab.metrics.denoising_likelihood import FlowBits, VariationalBits
from genlab.metrics.suite import Suite
from genlab.modalities.pixels import to_model
from genlab.objectives.flow_likelihood import FlowLikelihood
from genlab.objectives.variational_bound import PixelDecoder
from genlab.processes.gaussian import Gaussian
from genlab.processes.linear import Linear
from genlab.processes.schedule import Schedule
from genlab.processes.vp import VP

STD = 0.7


class NormalPixels(torch.nn.Module):
    """E[x_0 | x_t] of pixels N(0, STD**2), each by itself, and on request a share of the variance."""

    def __init__(self, schedule: Any, v: float | None = None) -> None:
        super().__init__()
        self.schedule, self.v = schedule, v

    def forward(self, x: Tensor, level: Tensor, condition: Tensor | None = None) -> Tensor:
        t = (level.double() + 1) / 1000 if isinstance(self.schedule, Linear) else level.double() / 999
        alpha, sigma = self.schedule(t)
        gain = alpha * STD**2 / (alpha**2 * STD**2 + sigma**2)
        x0 = gain.to(x.dtype).reshape(-1, 1, 1, 1) * x
        return x0 if self.v is None else torch.cat([x0, torch.full_like(x, self.v)], 1)


class Model:
    """What of family diffusion these metrics read."""

    num_classes = None
    clip = None

    def __init__(self, schedule: Schedule, v: float | None = None, codec: Any = None) -> None:
        output: Any = X0() if v is None else LearnedVariance(X0())
        self.denoiser = Denoiser(NormalPixels(schedule, v), Gaussian(schedule, data_std=STD), output)
        self.conditioner, self.codec = Unconditional(), codec or Identity()


def scored(model: Model, data: Any, cache_dir: str, draws: int | None = None) -> dict[str, Any]:
    bits = {"bound": VariationalBits(PixelDecoder(), draws), "flow": FlowBits(FlowLikelihood(30, probes=8))}
    return Suite(bits, 60, 25, 0, "test", cache_dir).evaluate(model, data)


def known(data: Any) -> float:
    """Bits of the digits' greys under N(0, STD**2)."""
    x = to_model(data.items("test")[0][:60])
    nats = float((x**2).mean()) / (2 * STD**2) + math.log(STD * math.sqrt(2 * math.pi))
    return nats / math.log(2) - math.log2(2 / 255)


def test_the_bound_is_the_sum_of_its_terms_and_a_little_above_what_is_known(data: Any, cache_dir: str) -> None:
    scores = scored(Model(Linear()), data, cache_dir)
    terms = [scores[f"bound_L_{name}"].value for name in ("T", "t", "0")]
    assert set(scores) == {"bound_bits", "bound_L_T", "bound_L_t", "bound_L_0"}
    assert scores["bound_bits"].value == pytest.approx(sum(terms), abs=1e-6)
    x = to_model(data.items("test")[0][:60])
    greys = PixelDecoder()(x, torch.zeros(()), torch.tensor(STD))  # the tails belong to black and white
    assert float(greys.mean()) / (64 * math.log(2)) < scores["bound_bits"].value < known(data) + 0.3
    assert terms[0] < 0.001  # nothing is left of the picture
    said = scores["bound_bits"].provenance
    assert (said["likelihood"], said["reference"], said["seed"]) == ("variational bound", "digits/test", 0)


def test_steps_that_are_drawn_estimate_the_bound_of_all(data: Any, cache_dir: str) -> None:
    every = scored(Model(Linear()), data, cache_dir)["bound_bits"]
    some = scored(Model(Linear()), data, cache_dir, draws=50)["bound_bits"]
    assert some.value == pytest.approx(every.value, abs=0.1)


def test_a_learned_variance_counts(data: Any, cache_dir: str) -> None:
    """That of data as wide as these lies near the upper end."""
    lower, upper = (scored(Model(Linear(), v), data, cache_dir, 50)["bound_bits"].value for v in (-1.0, 1.0))
    assert lower != upper


def test_the_flow_is_what_is_known(data: Any, cache_dir: str) -> None:
    scores = scored(Model(VP()), data, cache_dir)
    assert set(scores) == {"flow_bits"}
    assert scores["flow_bits"].value == pytest.approx(known(data), abs=0.1)
    assert scores["flow_bits"].unit == "bits per dimension"


def test_models_of_codes_have_no_bits_of_pixels(data: Any) -> None:
    assert {"bound"} == capabilities(Model(Linear()), data) & {"bound", "flow"}
    assert {"flow"} == capabilities(Model(VP()), data) & {"bound", "flow"}
    assert not capabilities(Model(VP(), codec=Rescale(0, 1)), data) & {"bound", "flow"}
