import pytest
import torch

from genlab.processes.constant import Constant
from genlab.processes.cosine import Cosine
from genlab.processes.discrete import Discrete
from genlab.processes.linear import Linear
from genlab.processes.linear_root import LinearRoot
from genlab.processes.scaled_linear import ScaledLinear
from genlab.processes.sigmoid import Sigmoid
from genlab.processes.zero_terminal import ZeroTerminal

SCHEDULES = [Linear(), ScaledLinear(), Cosine(), LinearRoot(), Linear(0.01, 0.5, 7), Cosine(train_timesteps=10)]
SCHEDULES += [Constant(), Sigmoid(), ZeroTerminal()]


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda s: f"{type(s).__name__}-{s.n_steps}")
class TestEveryDiscreteSchedule:
    def test_variance_is_preserved_and_the_signal_only_falls(self, schedule: Discrete):
        t = torch.arange(schedule.n_steps + 1, dtype=torch.float64) / schedule.n_steps
        alpha, sigma = schedule(t)
        assert torch.allclose(alpha**2 + sigma**2, torch.ones_like(t), atol=1e-12)
        assert (schedule(t).log_snr.diff() < 0).all()

    def test_time_zero_is_the_data_itself(self, schedule: Discrete):
        assert schedule(torch.tensor(0.0)) == (1.0, 0.0)

    def test_each_time_leads_to_its_own_step_in_single_precision(self, schedule: Discrete):
        steps = torch.arange(schedule.n_steps)
        t = (steps + 1).float() / schedule.n_steps
        assert torch.equal(schedule.timestep(t), steps.float())
        assert torch.equal(schedule(t).alpha, schedule.alpha_bar[1:].sqrt().float())

    def test_uniform_numbers_reach_every_step_alike_and_never_the_data(self, schedule: Discrete):
        u = (torch.arange(100 * schedule.n_steps) + 1.0).double() / (100 * schedule.n_steps)
        steps, counts = schedule.timestep(schedule.at(u)).unique(return_counts=True)
        assert torch.equal(steps, torch.arange(schedule.n_steps).double())
        assert (counts - 100).abs().max() <= 1  # rounding at the edge of a step

    def test_the_time_of_a_level_is_the_step_that_has_it(self, schedule: Discrete):
        t = (torch.arange(schedule.n_steps - 1, dtype=torch.float64) + 1) / schedule.n_steps
        alpha, sigma = schedule(t)
        assert torch.allclose(schedule.time_of(sigma / alpha), t)

    def test_a_scalar_time_and_a_batch_of_times_agree(self, schedule: Discrete):
        batch = schedule(torch.full((3,), 1.0))
        assert batch.alpha.shape == (3,)
        assert torch.equal(batch.alpha[0], schedule(torch.tensor(1.0)).alpha)


def test_the_last_signal_of_ddpm_is_as_its_authors_compute_it():
    assert float(Linear()(torch.tensor(1.0)).alpha ** 2) == pytest.approx(4.0358e-5, rel=1e-4)


def test_linear_root_scales_the_image_by_the_fourth_root_of_alpha_bar():
    t = torch.tensor(0.5)
    alpha_bar = Linear(0.001, 0.2, 50)(t).alpha ** 2
    alpha, sigma = LinearRoot(0.001, 0.2, 50)(t)
    assert float(alpha) == pytest.approx(float(alpha_bar) ** 0.25)
    assert float(sigma**2) == pytest.approx(1 - float(alpha_bar) ** 0.5)


def test_equal_betas_lose_the_same_share_each_step():
    assert float(Constant(0.035, 100)(torch.tensor(1.0).double()).alpha ** 2) == pytest.approx(0.965**100)


def test_zero_terminal_keeps_the_first_step_and_ends_in_pure_noise():
    first, last = torch.tensor(0.001).double(), torch.tensor(1.0).double()
    assert float(ZeroTerminal()(first).alpha) == pytest.approx(float(ScaledLinear()(first).alpha))
    assert ZeroTerminal()(last) == (0.0, 1.0)


@pytest.mark.parametrize("schedule", [Linear, ScaledLinear, LinearRoot, Sigmoid, ZeroTerminal])
def test_betas_that_fall_are_refused_by_name(schedule):
    with pytest.raises(ValueError, match=r"scheduler\.beta_start=0\.5 and scheduler\.beta_end=0\.1: beta_start must"):
        schedule(beta_start=0.5, beta_end=0.1)
