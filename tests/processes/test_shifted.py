"""A schedule shifted by s has the log SNR of the other one plus s, at the same times."""

import math

import pytest
import torch
from torch.nn.functional import avg_pool2d

from genlab.processes.cosine import Cosine
from genlab.processes.edm import EDM
from genlab.processes.gaussian import Gaussian
from genlab.processes.linear import Linear
from genlab.processes.linear_path import LinearPath
from genlab.processes.linear_root import LinearRoot
from genlab.processes.shifted import Shifted, ShiftedCosine, ShiftedSteps
from genlab.processes.vp import VP

CONTINUOUS, DISCRETE = [VP(), EDM(), LinearPath()], [Linear(), Cosine(), LinearRoot()]
U = torch.linspace(0.02, 1, 50, dtype=torch.float64)


def name(schedule):
    return type(schedule).__name__


def shifted(schedule, shift):
    return (ShiftedSteps if schedule in DISCRETE else Shifted)(schedule, shift)


@pytest.mark.parametrize("schedule", CONTINUOUS + DISCRETE, ids=name)
class TestEverySchedule:
    def test_shifted_by_nothing_it_is_the_same_bit_for_bit(self, schedule):
        same, t = shifted(schedule, 0.0), schedule.at(U)
        assert torch.equal(same.at(U), t)
        assert torch.equal(same.timestep(t), schedule.timestep(t))
        for ours, theirs in zip(same(t), schedule(t), strict=True):
            assert torch.equal(ours, theirs)

    @pytest.mark.parametrize("shift", [-1.5, 2.0])
    def test_its_log_snr_is_shifted_and_its_variance_kept(self, schedule, shift):
        t = schedule.at(U[:-1])
        scales, base = shifted(schedule, shift)(t), schedule(t)
        assert torch.allclose(scales.log_snr, base.log_snr + shift, atol=1e-9)
        assert torch.allclose(scales.alpha**2 + scales.sigma**2, base.alpha**2 + base.sigma**2)

    def test_the_time_of_a_level_has_that_level(self, schedule):
        other, t = shifted(schedule, -1.5), schedule.at(U[:-1])
        alpha, sigma = other(t)
        assert torch.allclose(other.time_of(sigma / alpha), t)


def test_averaged_noisy_pictures_have_the_noise_of_small_ones():
    """Pictures of k times the side, shifted by -2 log(k), averaged over k x k are the small ones, noise and all."""
    k, t = 4, torch.tensor(0.6, dtype=torch.float64)
    small, large = Gaussian(Cosine()), Gaussian(ShiftedCosine(64 * k))
    noise = torch.randn(200, 1, 64, 64, generator=torch.Generator().manual_seed(1))
    of_large = avg_pool2d(large.corrupt(torch.ones_like(noise), t, noise), k)
    signal, spread = of_large.mean(), of_large.std()
    alpha, sigma = small.schedule(t)
    assert float(spread / signal) == pytest.approx(float(sigma / alpha), rel=0.01)


def test_the_cosine_for_pictures_of_the_reference_is_the_cosine():
    assert torch.equal(ShiftedCosine(64).alpha_bar, Cosine().alpha_bar)
    assert torch.allclose(ShiftedCosine((32, 128)).alpha_bar, Cosine().alpha_bar, atol=1e-15)
    assert torch.equal(ShiftedCosine(128, reference_of_noise=64).alpha_bar, ShiftedCosine(128).alpha_bar)


def test_interpolated_goes_from_one_shift_to_the_other():
    t = torch.tensor([0.25, 0.5, 0.75], dtype=torch.float64)
    between = ShiftedCosine(256, reference=256, reference_of_noise=32)(t).log_snr - Cosine()(t).log_snr
    assert between.tolist() == pytest.approx([2 * math.log(32 / 256) * part for part in (0.25, 0.5, 0.75)])


def test_a_signal_that_would_rise_and_steps_in_continuous_time_are_refused():
    with pytest.raises(ValueError, match=r"scheduler\.shift=-20 and .* the signal must fall at each step"):
        ShiftedSteps(Cosine(), -20.0, 20.0)
    with pytest.raises(ValueError, match=r"Cosine has discrete steps: shift it by ShiftedSteps"):
        Shifted(Cosine(), 1.0)
