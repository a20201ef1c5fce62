"""Cold diffusion end to end: a process without noise, its denoiser, objective and sampler."""

from functools import partial
from types import SimpleNamespace

import pytest
import torch

from genlab.codecs.identity import Identity
from genlab.conditioning.unconditional import Unconditional
from genlab.data.batch import Batch
from genlab.denoisers.restorer import Restorer
from genlab.guidance.unguided import Unguided
from genlab.models.diffusion import Diffusion
from genlab.objectives.restoration import Restoration
from genlab.objectives.times import LogNormal, Uniform
from genlab.processes.degrading import Degrading
from genlab.processes.pixelate import Pixelate
from genlab.samplers.ancestral import Ancestral
from genlab.samplers.cold import Cold
from genlab.samplers.grids import Even, Karras, Leading
from genlab.samplers.langevin import Langevin
from genlab.samplers.recorrupt import Recorrupt
from genlab.samplers.rk45 import RK45
from genlab.samplers.sampler import Sampler

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
