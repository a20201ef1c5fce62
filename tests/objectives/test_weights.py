import pytest
import torch

from genlab.denoisers.denoiser import Denoiser
from genlab.denoisers.edm import EDM as EDMOutput  # noqa: N811  (a class whose name is an acronym)
from genlab.denoisers.eps import Eps
from genlab.denoisers.v import V
from genlab.denoisers.velocity import Velocity
from genlab.denoisers.x0 import X0
from genlab.objectives.denoising import Denoising
from genlab.objectives.times import LogitNormal, LogNormal, Stratified
from genlab.objectives.weights import EDM, P2, Likelihood, MinSNR, Sigmoid, Unit
from genlab.processes import edm
from genlab.processes.cosine import Cosine
from genlab.processes.gaussian import Gaussian
from genlab.processes.linear import Linear
from genlab.processes.linear_path import LinearPath
from genlab.processes.schedule import Scales
from genlab.processes.ve import VE
from genlab.processes.vp import VP
from genlab.randomness import randn, randn_like
from oracles import NormalData

SCALES = Scales(torch.tensor([0.99, 0.7, 0.2]).double(), torch.tensor([0.1, 0.7, 0.98]).double())
SNR = (SCALES.alpha / SCALES.sigma) ** 2


@pytest.mark.parametrize("output", [Eps(), X0(), V(), Velocity(), EDMOutput()], ids=lambda o: type(o).__name__)
@pytest.mark.parametrize("weight", [MinSNR(), P2(), EDM(), Sigmoid(), Likelihood(VP())], ids=lambda w: type(w).__name__)
def test_the_weighted_error_does_not_depend_on_the_parameterization(weight, output):
    """w(F) c_out**-2 is the weight of x0's error, whatever the network predicts."""
    c = output(SCALES)
    assert torch.allclose(weight(SCALES, c) / c.c_out**2, weight(SCALES, X0()(SCALES)))


def test_the_weights_of_the_papers():
    of_eps, of_x0 = Eps()(SCALES), X0()(SCALES)
    assert torch.allclose(MinSNR(5.0)(SCALES, of_eps), SNR.clamp(max=5) / SNR)
    assert torch.allclose(P2(1.0, 1.0)(SCALES, of_eps), 1 / (1 + SNR))
    assert torch.allclose(Sigmoid(-3.0)(SCALES, of_eps), torch.sigmoid(-3 - SNR.log()))
    assert torch.allclose(
        EDM(0.5)(Scales(torch.ones(3), SCALES.sigma), of_x0), (SCALES.sigma**2 + 0.25) / (SCALES.sigma / 2) ** 2
    )


def test_edms_loss_is_its_papers_weighted_error_of_the_denoiser():
    """Karras et al. 2022, eq. 2 and table 1: E lambda(sigma) |D(y + n; sigma) - y|**2."""

    class Third(torch.nn.Module):
        def forward(self, x, level, condition=None):
            return x / 3 + level[:, None] / 1000

    denoiser = Denoiser(Third(), Gaussian(edm.EDM()), EDMOutput(0.5))
    x0 = torch.randn(128, 6, dtype=torch.float64)
    objective = Denoising(LogNormal(), EDM(0.5))
    loss = objective(denoiser, x0, generator=torch.Generator().manual_seed(1))["loss"]
    generator = torch.Generator().manual_seed(1)
    sigma = (-1.2 + 1.2 * randn((128,), generator)).exp()
    noised = x0 + sigma[:, None] * randn_like(x0, generator)
    weight = (sigma**2 + 0.25) / (sigma * 0.5) ** 2
    expected = (weight[:, None] * (denoiser(noised, sigma).x0 - x0) ** 2).mean()
    assert float(loss) == pytest.approx(float(expected), rel=1e-5)
    unit = Denoising(LogNormal(), Unit())(denoiser, x0, generator=torch.Generator().manual_seed(1))["loss"]
    assert float(unit) == pytest.approx(float(expected), rel=1e-5)


def test_stratified_times_have_one_in_each_part():
    t = Stratified()(1000, LinearPath(), torch.Generator().manual_seed(0))
    within = t.sort().values * 1000 - torch.arange(1000)
    assert within.min() > -1e-3
    assert within.max() < 1 + 1e-3
    assert (t.diff() > 0).float().mean() == pytest.approx(0.5, abs=0.1)


def test_logit_normal_and_log_normal_times_have_their_moments():
    generator = torch.Generator().manual_seed(0)
    logit = LogitNormal(0.5, 0.8)(50_000, LinearPath(), generator).logit()
    assert (float(logit.mean()), float(logit.std())) == pytest.approx((0.5, 0.8), abs=0.02)
    log = LogNormal(-1.2, 1.2)(50_000, edm.EDM(), generator).log()
    assert (float(log.mean()), float(log.std())) == pytest.approx((-1.2, 1.2), abs=0.03)


def test_log_normal_times_of_discrete_steps_are_steps():
    t = LogNormal()(1000, Linear(), torch.Generator().manual_seed(0))
    assert torch.allclose((t * 1000).round() / 1000, t)
    assert t.min() > 0


def test_the_likelihoods_weight_is_the_derivative_of_the_log_snr():
    """-d(log snr)/dt |eps error|**2 / 2: g(t)**2 / sigma(t)**2 for the VP-SDE, g**2 = beta; constant for the VE-SDE."""
    t = torch.linspace(0.03, 0.99, 50)
    beta = 0.1 + t * 19.9
    scales = VP()(t)
    rate = 2 * Likelihood(VP())(scales, Eps()(scales))
    assert torch.allclose(rate, beta / scales.sigma**2 * (1 - 1e-3), rtol=2e-3)
    scales = VE(0.01, 50.0)(VE(0.01, 50.0).at(t))
    rate = 2 * Likelihood(VE(0.01, 50.0))(scales, Eps()(scales))
    assert torch.allclose(rate, torch.full((50,), 2 * float(torch.tensor(5000.0).log())), rtol=1e-3)


@pytest.mark.parametrize(
    "schedule", [VP(), Cosine(), LinearPath(), edm.EDM(0.05, 50.0)], ids=lambda s: type(s).__name__
)
def test_the_loss_of_a_perfect_model_is_what_the_data_tell_about_themselves(schedule):
    """1/2 integral of the error over the snr is the mutual information of x_0 and x_t (Guo et al. 2005), known here."""
    process, std = Gaussian(schedule), 0.7

    class Perfect(torch.nn.Module):
        def forward(self, x, level, condition=None):
            return x

    class Known(Denoiser):
        def outputs(self, x_t, t, c, condition=None):
            return NormalData(process, 0.0, std)(x_t, t).x0, None

    u = torch.tensor([0.02, 0.95])  # away from the ends, which may tell infinitely much
    ends = schedule(schedule.at(u.double()))
    known = 0.5 * (1 + (ends.alpha / ends.sigma) ** 2 * std**2).log()

    def within(n, schedule, generator=None, device=None):
        return schedule.at((u[0] + (u[1] - u[0]) * (torch.arange(n) + 0.5) / n).double())

    torch.manual_seed(0)
    loss = Denoising(within, Likelihood(schedule))(
        Known(Perfect(), process, X0()), std * torch.randn(200_000, 1).double()
    )
    assert float(loss["loss"] * (u[1] - u[0])) == pytest.approx(float(known[0] - known[1]), rel=0.02)
