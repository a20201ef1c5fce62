import pytest
import torch

from genlab.processes.edm import EDM
from genlab.processes.linear import Linear
from genlab.processes.linear_path import LinearPath
from genlab.processes.ve import VE
from genlab.processes.vp import VP

SCHEDULES = [VP(), VE(), EDM(), LinearPath(), LinearPath(3.0)]


@pytest.mark.parametrize("schedule", SCHEDULES, ids=lambda s: type(s).__name__)
class TestEveryContinuousSchedule:
    def test_noise_only_grows_from_the_data_itself(self, schedule):
        alpha, sigma = schedule(torch.tensor(0.0).double())
        assert (alpha, sigma) == (1, 0)
        t = schedule.at(torch.linspace(0.001, 1, 100, dtype=torch.float64))
        assert (schedule(t).log_snr.diff() < 0).all()

    def test_the_time_of_a_level_has_that_level(self, schedule):
        t = schedule.at(torch.linspace(0.01, 0.99, 50, dtype=torch.float64))
        alpha, sigma = schedule(t)
        assert torch.allclose(schedule.time_of(sigma / alpha), t)

    def test_the_network_is_told_numbers_that_rise_with_the_noise(self, schedule):
        told = schedule.timestep(schedule.at(torch.linspace(0.001, 1, 100, dtype=torch.float64)))
        assert (told.diff() > 0).all()
        assert 500 < told[-1] - told[0] < 3000


def test_vp_is_the_limit_of_linear_betas():
    discrete = Linear(0.1 / 10_000, 20 / 10_000, 10_000)
    t = torch.linspace(0.1, 1, 10, dtype=torch.float64)
    assert torch.allclose(VP()(t).alpha, discrete(t).alpha, rtol=6e-3)


def test_vp_preserves_variance():
    alpha, sigma = VP()(torch.linspace(0, 1, 11, dtype=torch.float64))
    assert torch.allclose(alpha**2 + sigma**2, torch.ones(11, dtype=torch.float64))


def test_ve_levels_are_a_geometric_series_between_its_ends():
    levels = VE(0.01, 50.0).at(torch.tensor([0.0, 0.5, 1.0]).double())
    assert levels.tolist() == pytest.approx([0.01, (0.01 * 50) ** 0.5, 50])


def test_edm_levels_are_even_in_the_seventh_root():
    levels = EDM().at(torch.linspace(0, 1, 5, dtype=torch.float64))
    assert (levels ** (1 / 7)).diff().diff().abs().max() < 1e-12
    assert (float(levels[0]), float(levels[-1])) == pytest.approx((0.002, 80))


def test_a_shift_of_three_sends_the_middle_to_three_quarters():
    assert float(LinearPath(3.0).at(torch.tensor(0.5))) == 0.75
    assert LinearPath(3.0).at(torch.tensor(1.0)) == 1


@pytest.mark.parametrize("schedule", [VE, EDM])
def test_levels_that_fall_are_refused(schedule):
    with pytest.raises(ValueError, match=r"scheduler\.sigma_min=2 must be less than scheduler\.sigma_max=1"):
        schedule(2.0, 1.0)


def test_betas_that_fall_are_refused():
    with pytest.raises(ValueError, match=r"scheduler\.beta_min=30 must be less than scheduler\.beta_max=20"):
        VP(30.0)
