"""Cold diffusion end to end: a process without noise, its denoiser, objective and sampler."""

from functools import partial
from types import SimpleNamespace

import pytest
import torch

from genlab.codecs.identity import Identity
from genlab.conditioning.unconditional import Unconditional
from genlab.data.batch import Batch
from genlab.denoisers.estimate import Estimate
from genlab.denoisers.restorer import Restorer
from genlab.guidance.unguided import Unguided
from genlab.models.diffusion import Diffusion
from genlab.objectives.restoration import Restoration
from genlab.objectives.times import LogNormal, Uniform
from genlab.processes.degrading import Degrading
from genlab.processes.fade import Fade
from genlab.processes.noisy import Noisy
from genlab.processes.pixelate import Pixelate
from genlab.samplers.ancestral import Ancestral
from genlab.samplers.cold import Cold
from genlab.samplers.grids import Even, Karras, Leading
from genlab.samplers.langevin import Langevin
from genlab.samplers.recorrupt import Recorrupt
from genlab.samplers.rk45 import RK45
from genlab.samplers.sampler import Sampler
from genlab.samplers.trajectory import trajectory

BLACK_OR_WHITE = torch.where(torch.arange(64) % 2 == 0, 1.0, -1.0)[:, None, None, None].expand(64, 1, 4, 4)


class Sharpen(torch.nn.Module):
    """All black or all white, whichever the picture is nearer to: exact for such data."""

    def __init__(self) -> None:
        super().__init__()
        self.gain = torch.nn.Parameter(torch.tensor(100.0))

    def forward(self, x, level, condition=None):
        return torch.tanh(self.gain * x.mean((1, 2, 3), keepdim=True)).expand_as(x)


def model(solver=None, grid=None, times=None):
    return Diffusion(
        denoiser=Restorer(Sharpen(), Degrading(Pixelate(2), [1, 4, 4], n_ends=64)),
        objective=Restoration(times or Uniform()),
        conditioner=Unconditional(), sampler=Sampler(solver or Cold(), grid or Even(), 10), guidance=Unguided(),
        codec=Identity(), shape=[1, 4, 4], optimizer=partial(torch.optim.Adam, lr=1e-3), clip=[-1.0, 1.0],
    )  # fmt: skip


def sampled(solver):
    diffusion = model(solver)
    diffusion.denoiser.process.fit(BLACK_OR_WHITE)
    return diffusion.sample(200, generator=torch.Generator().manual_seed(0)).mean((1, 2, 3))


def test_recorrupted_samples_are_data_in_their_shares():
    x = sampled(Recorrupt())
    assert float((x.abs() > 0.9).float().mean()) > 0.95
    assert float((x > 0).float().mean()) == pytest.approx(0.5, abs=0.1)


def test_the_cold_sampler_keeps_what_the_degradation_keeps():
    """Blocks leave a flat picture as it is, so that the brightness that was drawn stays."""
    drawn = Degrading(Pixelate(2), [1, 4, 4], n_ends=64)
    drawn.fit(BLACK_OR_WHITE)
    start = drawn.prior((200, 1, 4, 4), torch.tensor(1.0).double(), torch.Generator().manual_seed(0))
    assert torch.allclose(sampled(Cold()), start.mean((1, 2, 3)), atol=1e-5)


def test_the_loss_is_the_mean_absolute_error_of_the_restored_picture():
    assert model().loss(Batch(BLACK_OR_WHITE))["loss"].item() == pytest.approx(0.0, abs=1e-4)
    assert model().loss(Batch(0.5 * BLACK_OR_WHITE))["loss"].item() == pytest.approx(0.5, abs=1e-4)


def test_the_prior_is_learnt_from_the_first_training_data():
    diffusion = model()
    batches = [Batch(part) for part in BLACK_OR_WHITE.split(16)]
    diffusion._trainer = SimpleNamespace(datamodule=SimpleNamespace(train_dataloader=lambda: batches))
    diffusion._fabric = None
    diffusion.on_fit_start()
    assert torch.equal(diffusion.denoiser.process.ends, BLACK_OR_WHITE)


@pytest.mark.parametrize("solver", [Ancestral(0.0), Langevin(), RK45()], ids=repr)
def test_a_sampler_of_noise_is_refused_before_training(solver):
    with pytest.raises(ValueError, match="undoes Gaussian noise, and this process adds none: take sampler=cold"):
        model(solver)


@pytest.mark.parametrize(("grid", "sentence"), [(Karras(), "noise levels"), (Leading(), "discrete steps")], ids=repr)
def test_a_grid_of_noise_levels_is_refused(grid, sentence):
    with pytest.raises(ValueError, match=sentence):
        model(grid=grid)


def test_times_of_noise_levels_are_refused():
    with pytest.raises(ValueError, match="LogNormal draws noise levels, and Steady has none"):
        model(times=LogNormal()).loss(Batch(BLACK_OR_WHITE))


POINTS = torch.tensor([[[[-1.0, 0.5]]], [[[1.0, 0.5]]], [[[1.0, -0.5]]]])
STD = 0.7


def exactly_restored(degradation, n):
    """Samples of data that are POINTS alike, with the mean of all that may have become x_t."""
    process, times = Degrading(degradation, [1, 1, 2], n_ends=3), torch.linspace(1, 0, 101, dtype=torch.float64)
    process.fit(POINTS)

    def restore(x, t):
        distance = torch.cdist(x.flatten(1).double(), process.degraded(POINTS, t).flatten(1).double()) ** 2
        shares = (-distance / (2 * (STD * t) ** 2)).softmax(1)
        return Estimate(x, (shares @ POINTS.flatten(1).double()).view_as(x))

    start = process.prior((n, 1, 1, 2), times[0], torch.Generator().manual_seed(0))
    *_, last = trajectory(process, restore, Cold(), times, start)
    return last.x.flatten(1)


def test_a_fade_without_noise_leads_to_one_picture_and_with_noise_to_all_in_their_shares():
    cold = exactly_restored(Fade(), 50)
    assert torch.allclose(cold, cold[:1].expand(50, -1), atol=1e-6)
    samples = exactly_restored(Noisy(Fade(), STD), 3000)
    distance, nearest = torch.cdist(samples.double(), POINTS.flatten(1).double()).min(1)
    assert float((distance < 0.05).float().mean()) > 0.98
    assert (nearest.bincount(minlength=3) / 3000).tolist() == pytest.approx([1 / 3] * 3, abs=0.03)


def test_squared_errors_are_those_of_a_mean():
    restorer, pictures = model().denoiser, 0.5 * BLACK_OR_WHITE
    loss = Restoration(Uniform(), squared=True)(restorer, pictures)["loss"]
    assert loss.item() == pytest.approx(0.25, abs=1e-4)
