import pytest
import torch
from omegaconf import OmegaConf

from genlab.denoisers.denoiser import Denoiser
from genlab.denoisers.eps import Eps
from genlab.denoisers.v import V
from genlab.objectives.denoising import Denoising, weighted_errors
from genlab.objectives.rules import errors_can_be_averaged
from genlab.objectives.times import Uniform
from genlab.objectives.weights import MinSNR, Unit
from genlab.processes.gaussian import Gaussian
from genlab.processes.linear import Linear
from genlab.randomness import rand, randn_like


class Half(torch.nn.Module):
    def forward(self, x, level, condition=None):
        return x / 2 + level[:, None, None, None] / 1000


def test_with_eps_it_is_the_simple_loss_of_ddpm():
    x0 = torch.randn(64, 1, 4, 4)
    loss = Denoising(Uniform(), Unit())(
        Denoiser(Half(), Gaussian(Linear()), Eps()), x0, generator=torch.Generator().manual_seed(1)
    )["loss"]

    generator = torch.Generator().manual_seed(1)  # the same, written out
    steps = (1000 - (1000 * rand((64,), generator)).floor()).long() - 1
    eps = randn_like(x0, generator)
    alpha_bar = (1 - torch.linspace(1e-4, 0.02, 1000, dtype=torch.float64)).cumprod(0).float()[steps, None, None, None]
    x_t = alpha_bar.sqrt() * x0 + (1 - alpha_bar).sqrt() * eps
    assert float(loss) == pytest.approx(float((Half()(x_t, steps.float()) - eps).square().mean()), rel=1e-5)


class PerPlace(torch.nn.Module):
    """A number for each place, whatever it is given."""

    def __init__(self):
        super().__init__()
        self.output = torch.nn.Parameter(torch.linspace(-1, 1, 16).view(1, 1, 4, 4))

    def forward(self, x, level, condition=None):
        return self.output.expand_as(x)


class Constantly(torch.nn.Module):
    def __init__(self, output):
        super().__init__()
        self.output = output

    def forward(self, x, level, condition=None):
        return self.output


def weighted_loss(weight, parameterization=Eps()):  # noqa: B008
    """The loss of 8 data, and its gradient at each place."""
    network, x0 = PerPlace(), torch.linspace(-1, 1, 128).view(8, 1, 4, 4)
    denoiser = Denoiser(network, Gaussian(Linear()), parameterization)
    given = {} if weight is None else {"weight": weight}
    loss = Denoising(Uniform(), Unit())(denoiser, x0, generator=torch.Generator().manual_seed(2), **given)["loss"]
    loss.backward()
    return loss.detach(), network.output.grad[0, 0]


def test_a_weight_of_one_is_no_weight_bit_for_bit():
    for one, none in zip(weighted_loss(torch.ones(8, 1, 4, 4)), weighted_loss(None), strict=True):
        assert torch.equal(one, none)


def test_a_weight_counts_where_it_is_and_changes_nothing_elsewhere():
    weight = torch.ones(8, 1, 4, 4)
    weight[..., 1:3, :2] = 5
    loss, gradient = weighted_loss(weight)
    plain, of_plain = weighted_loss(None)
    elsewhere = weight[0, 0] == 1
    assert torch.equal(gradient[elsewhere], of_plain[elsewhere])
    assert torch.allclose(gradient, of_plain * weight[0, 0])

    generator = torch.Generator().manual_seed(2)  # the same, written out: the mean, not divided by the weights' sum
    rand((8,), generator)
    eps = randn_like(torch.zeros(8, 1, 4, 4), generator)
    errors = (PerPlace().output.detach() - eps).square()
    assert float(loss) == pytest.approx(float((errors * weight).sum()) / 128, rel=1e-6)
    assert loss > plain


@pytest.mark.parametrize("parameterization", [Eps(), V()])
def test_a_perfect_network_has_no_loss_and_another_has(parameterization):
    """Data that are all 0: the noise can be read off x_t."""
    process = Gaussian(Linear())

    class Perfect(torch.nn.Module):
        def forward(self, x, level, condition=None):
            alpha, sigma = process.scales(x, (level + 1) / 1000)
            return x / sigma if isinstance(parameterization, Eps) else alpha * x / sigma

    x0 = torch.zeros(256, 1, 2, 2)
    objective = Denoising(Uniform(), Unit())
    assert objective(Denoiser(Perfect(), process, parameterization), x0)["loss"] < 1e-9
    assert objective(Denoiser(Half(), process, parameterization), x0)["loss"] > 1e-2


def test_uniform_times_cover_all_steps_evenly():
    t = Uniform()(100_000, Linear(train_timesteps=10), torch.Generator().manual_seed(0))
    steps, counts = (t * 10).round().unique(return_counts=True)
    assert torch.equal(steps, torch.arange(1.0, 11))
    assert (counts - 10_000).abs().max() < 500  # five standard deviations


def test_errors_at_several_scales_are_the_sum_over_averaged_ones():
    """sum over s of (side / s) mean of the squared errors averaged to s x s, times the weight at the time."""
    x0, t = torch.linspace(-1, 1, 128).view(8, 1, 4, 4), torch.linspace(0.1, 0.9, 8)
    denoiser, eps = Denoiser(PerPlace(), Gaussian(Linear()), Eps()), torch.randn(8, 1, 4, 4)
    found = weighted_errors(denoiser, x0, eps, t, MinSNR(), None, halvings=2)
    error = denoiser.network.output - eps
    halved = error.unflatten(2, (2, 2)).unflatten(4, (2, 2)).mean((3, 5))
    sums = [e.square().flatten(1).mean(1) for e in (error, halved, halved.mean((2, 3)))]
    counts = weighted_errors(denoiser, x0, eps, t, MinSNR(), None) / sums[0]
    assert torch.allclose(found, counts * (sums[0] + 2 * sums[1] + 4 * sums[2]), rtol=1e-5)


def test_a_constant_error_counts_at_each_scale_and_white_noise_a_quarter_each_time():
    x0, t, eps = torch.zeros(4, 1, 32, 32), torch.full((4,), 0.5), torch.randn(4, 1, 32, 32)
    constant = Denoiser(Constantly(eps + 1), Gaussian(Linear()), Eps())
    assert weighted_errors(constant, x0, eps, t, Unit(), None, halvings=2).tolist() == pytest.approx([1 + 2 + 4] * 4)
    white = Denoiser(Constantly(torch.zeros_like(eps)), Gaussian(Linear()), Eps())
    found = weighted_errors(white, x0, eps, t, Unit(), None, halvings=2).mean()
    assert float(found) == pytest.approx(1 + 2 / 4 + 4 / 16, rel=0.1)


@pytest.mark.parametrize(
    ("shape", "sentence"),
    [
        ([1, 28, 28], ["objective.halvings = 3: 28 x 28 cannot be halved more than 2 times: take at most that"]),
        ([1, 24, 32], []),
        ([2], ["objective.halvings = 3 averages errors over neighbouring pixels, and these data have none: take 0"]),
    ],
)
def test_pictures_that_cannot_be_halved_so_often_are_refused(shape, sentence):
    cfg = OmegaConf.create({"model": {"objective": {"halvings": 3}, "shape": shape}})
    assert list(errors_can_be_averaged(cfg)) == sentence
