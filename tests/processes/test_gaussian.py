import pytest
import torch

from genlab.processes.gaussian import Gaussian
from genlab.processes.linear import Linear
from genlab.randomness import PerImage


@pytest.fixture
def process():
    return Gaussian(Linear())


@pytest.mark.parametrize(
    "shape", [(4, 1, 4, 4), (4, 4), (4, 4, 4, 4)]
)  # square ones, where a wrong broadcast is silent
def test_a_time_for_each_item_acts_on_that_item(process, shape):
    x, noise = torch.randn(shape), torch.randn(shape)
    t = torch.tensor([0.1, 0.4, 0.7, 1.0])
    together = process.corrupt(x, t, noise)
    alone = torch.stack([process.corrupt(x[i : i + 1], t[i], noise[i : i + 1])[0] for i in range(4)])
    assert torch.allclose(together, alone, atol=1e-6)


def test_a_time_that_does_not_fit_the_batch_is_refused(process):
    with pytest.raises(ValueError, match=r"a time of shape \(2,\) does not fit a batch of 3"):
        process.corrupt(torch.zeros(3, 1, 2, 2), torch.ones(2))


def test_noise_in_two_stages_has_the_law_of_noise_at_once(process):
    generator = torch.Generator().manual_seed(0)
    x0 = torch.full((200_000,), 0.7)
    t, s = torch.tensor(0.2).double(), torch.tensor(0.5).double()
    x_s = process.renoise(process.corrupt(x0, t, generator=generator), t, s, generator)
    alpha, sigma = process.schedule(s)
    assert float(x_s.mean()) == pytest.approx(0.7 * float(alpha), abs=4 * float(sigma) / 200_000**0.5)
    assert float(x_s.std()) == pytest.approx(float(sigma), rel=0.01)


def test_the_prior_is_what_data_of_that_width_look_like_at_the_noisy_end():
    process = Gaussian(Linear(0.001, 0.004, 1000), data_std=0.5)  # 8 % of the signal's variance is left at the end
    t = torch.tensor(1.0).double()
    draw = process.prior((100_000,), t, torch.Generator().manual_seed(0))
    data = torch.randn(100_000, generator=torch.Generator().manual_seed(1)) * 0.5
    noised = process.corrupt(data, t, generator=torch.Generator().manual_seed(2))
    assert float(draw.std()) == pytest.approx(float(noised.std()), rel=0.01)


def test_each_image_has_its_own_noise_whatever_the_batch(process):
    t = torch.tensor(1.0).double()
    four = process.prior((4, 1, 3, 3), t, PerImage.range(7, 0, 4))
    last = process.prior((2, 1, 3, 3), t, PerImage.range(7, 2, 4))
    assert torch.equal(four[2:], last)
