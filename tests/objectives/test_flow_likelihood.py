"""The likelihood of a perfect model is that of its data, which is known."""

import math

import pytest
import torch

from genlab.objectives.flow_likelihood import FlowLikelihood
from genlab.processes.edm import EDM
from genlab.processes.gaussian import Gaussian
from genlab.processes.linear import Linear
from genlab.processes.linear_path import LinearPath
from genlab.processes.vp import VP
from oracles import MixtureData, NormalData

X = torch.randn(8, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
SCHEDULES = [VP(), LinearPath(), EDM()]


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda s: type(s).__name__)
def test_of_normal_data(schedule):
    process = Gaussian(schedule, data_std=0.5)
    exact = ((X / 0.5) ** 2 / 2 + math.log(0.5 * math.sqrt(2 * math.pi))).sum(1)
    coarse, fine = (FlowLikelihood(n).nll(process, NormalData(process, 0.0, 0.5), X) - exact for n in (40, 80))
    assert float(fine.abs().max()) < 0.05
    assert float(coarse.abs().max() / fine.abs().max()) > 2.5  # of second order


def test_of_a_mixture():
    process = Gaussian(VP())
    means, weights, std = torch.tensor([[-1.0, -1.0], [1.0, 1.0]]).double(), torch.tensor([0.3, 0.7]).double(), 0.4
    logs = -((X[:, None] - means) ** 2).sum(-1) / (2 * std**2) - math.log(2 * math.pi * std**2)
    exact = -(logs + weights.log()).logsumexp(1)
    assert torch.allclose(
        FlowLikelihood(80).nll(process, MixtureData(process, means, weights, std), X), exact, atol=0.1
    )


def test_random_directions_estimate_the_divergence():
    process = Gaussian(VP(), data_std=0.5)
    exact = FlowLikelihood(30).nll(process, NormalData(process, 0.3, 0.5), X)
    several = FlowLikelihood(30, probes=400)
    estimate = several.nll(process, NormalData(process, 0.3, 0.5), X, torch.Generator().manual_seed(1))
    assert float((estimate - exact).abs().max()) < 0.6
    assert float((estimate - exact).mean().abs()) < 0.2


def test_discrete_time_is_refused():
    process = Gaussian(Linear())
    with pytest.raises(ValueError, match="needs a schedule of continuous time"):
        FlowLikelihood().nll(process, NormalData(process, 0.0, 1.0), X)
