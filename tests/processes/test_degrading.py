"""Degradations: the identity at first, then less and less of the picture, and a prior that looks like what is left."""

import pytest
import torch

from genlab.processes.blur import Blur
from genlab.processes.degrading import Degrading
from genlab.processes.fade import Fade
from genlab.processes.noisy import Noisy
from genlab.processes.pixelate import Pixelate
from genlab.processes.snow import Snow
from genlab.randomness import PerImage

DEGRADATIONS = [Blur(4.0), Pixelate(2), Fade(0.3)]
X = torch.rand(4, 4, 8, 8, generator=torch.Generator().manual_seed(0)) * 2 - 1  # as many channels as pictures


@pytest.fixture(params=DEGRADATIONS, ids=repr)
def process(request):
    return Degrading(request.param, [4, 8, 8], n_ends=4)


def test_nothing_happens_at_time_0(process):
    assert torch.allclose(process.corrupt(X, torch.tensor(0.0, dtype=torch.float64)), X, atol=1e-5)


def test_a_time_for_each_item_acts_on_that_item(process):
    t = torch.tensor([0.1, 0.4, 0.7, 1.0])
    together = process.corrupt(X, t)
    alone = torch.cat([process.corrupt(X[i : i + 1], t[i]) for i in range(4)])
    assert torch.allclose(together, alone, atol=1e-5)


def test_less_and_less_is_left_without_jumps(process):
    times = torch.linspace(0, 1, 201, dtype=torch.float64)
    path = torch.stack([process.corrupt(X, t) for t in times])
    spread = path.flatten(2).var(-1)
    assert bool((spread.diff(dim=0) <= 1e-6).all())
    assert float(path.diff(dim=0).abs().max()) < 0.1


def test_a_time_that_does_not_fit_the_batch_is_refused(process):
    with pytest.raises(ValueError, match=r"a time of shape \(2,\) does not fit a batch of 4"):
        process.corrupt(X, torch.ones(2))


def test_the_prior_has_the_mean_and_the_covariance_of_degraded_data(process):
    process.fit(X)
    ends = process.corrupt(X, torch.tensor(1.0)).flatten(1)
    end = torch.tensor(1.0).double()
    draws = process.prior((50_000, 4, 8, 8), end, torch.Generator().manual_seed(0)).flatten(1)
    assert torch.allclose(draws.mean(0), ends.mean(0), atol=0.02)
    assert torch.allclose(draws.T.cov(), ends.T.cov(correction=0), atol=0.02)


def test_each_image_has_its_own_draw_whatever_the_batch(process):
    process.fit(X)
    end = torch.tensor(1.0).double()
    four = process.prior((4, 4, 8, 8), end, PerImage.range(7, 0, 4))
    two = process.prior((2, 4, 8, 8), end, PerImage.range(7, 2, 4))
    assert torch.allclose(four[2:], two, atol=1e-6)


def test_the_prior_is_kept_with_the_weights(process):
    process.fit(X)
    other = Degrading(process.degradation, [4, 8, 8], n_ends=4)
    other.load_state_dict(process.state_dict())
    assert torch.equal(other.ends, process.ends)


def test_too_few_data_for_the_prior():
    with pytest.raises(ValueError, match="needs 256 data, got 4: lower n_ends"):
        Degrading(Fade(), [4, 8, 8]).fit(X)


def test_blur_keeps_the_brightness_and_blurs_twice_as_once_by_more():
    """Heat: widths add in squares."""
    once = Blur(5.0)(X, torch.tensor(1.0))
    twice = Blur(3.0)(Blur(4.0)(X, torch.tensor(1.0)), torch.tensor(1.0))
    assert torch.allclose(once, twice, atol=1e-5)
    assert torch.allclose(once.mean((2, 3)), X.mean((2, 3)), atol=1e-5)


def test_blur_of_a_point_far_from_the_border_is_gaussian():
    point = torch.zeros(1, 1, 33, 33, dtype=torch.float64)
    point[..., 16, 16] = 1
    row = Blur(2.0)(point, torch.tensor(1.0).double()).sum((0, 1, 2))
    offset = torch.arange(33) - 16.0
    assert torch.allclose(row, (-(offset**2) / 8).exp().double() / (8 * torch.pi) ** 0.5, atol=1e-4)


def test_pixelate_ends_in_the_means_of_its_blocks():
    blocks = Pixelate(2)(X, torch.tensor(1.0))
    assert torch.allclose(blocks[..., :4, 4:], X[..., :4, 4:].mean((2, 3), keepdim=True).expand(4, 4, 4, 4), atol=1e-6)
    with pytest.raises(ValueError, match=r"scheduler\.halvings=4 makes blocks of 16 pixels"):
        Pixelate(4)(X, torch.tensor(1.0))


WITH_REMAINDER = [Noisy(Fade(0.3), 0.5), Noisy(Pixelate(2), 0.5), Snow()]


@pytest.mark.parametrize("degradation", WITH_REMAINDER, ids=repr)
def test_what_is_laid_over_grows_from_nothing_and_is_of_the_noise_alone(degradation):
    process, noise = Degrading(degradation, [4, 8, 8], n_ends=4), torch.randn(X.shape)
    t = torch.tensor([0.0, 0.4, 0.8, 1.0])
    over = process.corrupt(X, t, noise) - process.degraded(X, t)
    assert torch.allclose(over, t[:, None, None, None] * degradation.remainder(noise), atol=1e-6)
    assert torch.allclose(over, process.corrupt(-X, t, noise) - process.degraded(-X, t), atol=1e-6)
    process.fit(X)
    assert torch.allclose(process.ends, process.degraded(X, torch.tensor(1.0)))


def test_a_prior_with_noise_is_wider_by_that_noise():
    end = torch.tensor(1.0).double()
    process = Degrading(Noisy(Fade(0.3), 0.5), [4, 8, 8], n_ends=4)
    process.fit(X)
    draws = process.prior((5_000, 4, 8, 8), end, torch.Generator().manual_seed(0))
    assert (float(draws.mean()), float(draws.std())) == pytest.approx((0.3, 0.5), abs=0.01)


def test_snow_is_bright_flakes_alike_in_all_colours_and_new_for_each_picture():
    flakes = Snow(size=2, streak=1).remainder(torch.randn(50, 3, 15, 12, generator=torch.Generator().manual_seed(0)))
    assert flakes.shape == (50, 3, 15, 12)
    assert torch.equal(flakes[:, 0], flakes[:, 2])
    assert torch.equal(flakes, flakes.flip(-2, -1))
    assert flakes.min() == 0
    assert 0.1 < float((flakes == 0).float().mean()) < 0.8
    assert not torch.equal(flakes[0], flakes[1])
    still = torch.zeros(1, 1, 8, 8)
    still[..., 0, 2] = 1.0
    fallen = Snow(mean=0.0, std=1.0, size=1, streak=3).remainder(still)[0, 0]
    assert [fallen[k, 2 - k].item() for k in range(3)] == pytest.approx([1 / 3] * 3)
    assert float(fallen.sum()) == pytest.approx(2.0), "twice: once upside down"


def test_fade_ends_in_grey():
    assert torch.allclose(Fade(0.3)(X, torch.tensor(1.0)), torch.full_like(X, 0.3), atol=1e-6)
