import pytest
import torch

from genlab.conditioning.condition import Condition
from genlab.conditions import ConditionTensors
from genlab.denoisers.consistency import Consistency
from genlab.denoisers.denoiser import Denoiser
from genlab.denoisers.edm import EDM
from genlab.denoisers.eps import Eps
from genlab.denoisers.noise import Noise
from genlab.denoisers.v import V
from genlab.denoisers.velocity import Velocity
from genlab.denoisers.x0 import X0
from genlab.processes.gaussian import Gaussian
from genlab.processes.linear import Linear
from genlab.processes.schedule import Scales

PARAMETERIZATIONS = {"eps": Eps(), "x0": X0(), "v": V(), "noise": Noise(), "velocity": Velocity(), "edm": EDM()}
TIMES = torch.tensor([0.001, 0.25, 0.6, 1.0]).double()


class Answer(torch.nn.Module):
    """A network that knows the right output, and remembers what it was asked."""

    def __init__(self, output: torch.Tensor) -> None:
        super().__init__()
        self.output = output

    def forward(self, x, level, condition=None):
        self.x, self.level, self.condition = x, level, condition
        return self.output


@pytest.fixture
def pair():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(2, 4, 1, 4, 4, generator=generator, dtype=torch.float64).unbind()


@pytest.mark.parametrize("name", PARAMETERIZATIONS)
def test_a_network_that_hits_its_target_gives_back_the_data_and_the_noise(name, pair):
    x0, eps = pair
    process, parameterization = Gaussian(Linear()), PARAMETERIZATIONS[name]
    scales = process.scales(x0, TIMES)
    target = parameterization(scales).target(x0, eps, scales)
    denoiser = Denoiser(Answer(target), process, parameterization)
    prediction = denoiser(process.corrupt(x0, TIMES, eps), TIMES)
    assert torch.allclose(prediction.x0, x0, atol=1e-10)
    assert torch.allclose(prediction.eps, eps, atol=1e-10)
    assert torch.allclose(prediction.score, -eps / scales.sigma, atol=1e-8)
    assert torch.allclose(prediction.velocity, eps - x0, atol=1e-10)


def test_the_targets_are_those_of_the_papers(pair):
    x0, eps = pair
    scales = Gaussian(Linear()).scales(x0, TIMES)
    alpha, sigma = scales
    expected = {"eps": eps, "x0": x0, "v": alpha * eps - sigma * x0, "noise": sigma * eps}
    expected["velocity"] = eps - x0
    for name in expected:
        parameterization = PARAMETERIZATIONS[name]
        assert torch.allclose(parameterization(scales).target(x0, eps, scales), expected[name], atol=1e-10), name


def test_a_scalar_time_and_a_batch_of_it_agree(pair):
    x_t = pair[0]
    for parameterization in PARAMETERIZATIONS.values():
        denoiser = Denoiser(Answer(pair[1]), Gaussian(Linear()), parameterization)
        scalar = denoiser(x_t, TIMES[2])
        level = denoiser.network.level
        batch = denoiser(x_t, TIMES[2].expand(4))
        assert torch.equal(level, denoiser.network.level)
        assert torch.allclose(scalar.x0, batch.x0, atol=1e-12)


def test_the_network_is_told_the_step_number_and_the_given_condition(pair):
    denoiser = Denoiser(Answer(pair[1]), Gaussian(Linear()), Eps())
    label = torch.tensor([3, 1, 4, 1])
    denoiser(pair[0], TIMES, Condition(ConditionTensors(label)))
    assert torch.equal(denoiser.network.level, torch.tensor([0, 249, 599, 999.0]).double())
    assert denoiser.network.condition.label is label


def test_the_estimate_is_clipped_and_the_noise_follows(pair):
    from genlab.denoisers.clipped import Clipped

    denoiser = Denoiser(Answer(pair[1]), Gaussian(Linear()), X0())
    clipped = Clipped(denoiser, -0.5, 0.5)(pair[0], TIMES)
    assert clipped.x0.abs().max() == 0.5
    alpha, sigma = clipped.scales
    assert torch.allclose(alpha * clipped.x0 + sigma * clipped.eps, pair[0], atol=1e-10)


def test_edm_has_the_papers_coefficients():
    """Karras et al. 2022, table 1, at sigma = 1.3 with sigma_data = 0.5."""
    c = EDM(0.5)(Scales(torch.tensor(1.0).double(), torch.tensor(1.3).double()))
    assert float(c.c_skip) == pytest.approx(0.25 / (1.69 + 0.25))
    assert float(c.c_out) == pytest.approx(1.3 * 0.5 / (1.69 + 0.25) ** 0.5)
    assert float(c.c_in) == pytest.approx(1 / (1.69 + 0.25) ** 0.5)


@pytest.mark.parametrize("scales", [(1.0, 0.01), (1.0, 40.0), (0.6, 0.8), (0.3, 0.7)])
def test_edm_has_input_and_target_of_unit_variance(scales):
    generator = torch.Generator().manual_seed(0)
    x0, eps = torch.randn(2, 100_000, generator=generator, dtype=torch.float64).unbind()
    scales = Scales(*torch.tensor(scales, dtype=torch.float64))
    c = EDM(0.5)(scales)
    assert float((c.c_in * (scales.alpha * x0 / 2 + scales.sigma * eps)).std()) == pytest.approx(1, rel=0.01)
    assert float(c.target(x0 / 2, eps, scales).std()) == pytest.approx(1, rel=0.01)


def test_a_consistency_model_is_the_identity_at_its_lowest_level():
    c = Consistency(0.5, 0.002)(Scales(torch.tensor(1.0).double(), torch.tensor(0.002).double()))
    assert float(c.c_skip) == 1
    assert float(c.c_out) == pytest.approx(0, abs=1e-9)
