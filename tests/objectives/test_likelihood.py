import math

import torch
from torch import distributions as D

from genlab.modalities.pixels import to_model
from genlab.objectives.likelihood import Bernoulli, DiscretizedLogistic, Gaussian

generator = torch.Generator().manual_seed(0)
output = torch.randn(4, 2, 3, 3, generator=generator)
black_and_white = torch.randint(0, 2, (4, 2, 3, 3), generator=generator) * 2.0 - 1
grey = torch.rand(4, 2, 3, 3, generator=generator) * 2 - 1


def per_image(log_prob: torch.Tensor) -> torch.Tensor:
    return -log_prob.sum((1, 2, 3))


def test_bernoulli_nats_of_black_and_white_images_are_minus_the_log_probability():
    expected = per_image(D.Bernoulli(logits=output).log_prob((black_and_white + 1) / 2))
    torch.testing.assert_close(Bernoulli().nll(output, black_and_white), expected)


def test_bernoulli_is_lowest_where_its_mean_is_the_image():
    logits = torch.logit((grey + 1) / 2)
    torch.testing.assert_close(Bernoulli().mean(logits), grey)
    assert (Bernoulli().nll(logits, grey) < Bernoulli().nll(logits + 0.1, grey)).all()


def test_gaussian_nats_are_minus_the_log_density():
    expected = per_image(D.Normal(output, 0.3).log_prob(grey))
    torch.testing.assert_close(Gaussian(0.3).nll(output, grey), expected)


def test_a_fixed_sigma_is_not_trained_and_a_learned_one_finds_the_residual():
    assert not [p for p in Gaussian(0.3).parameters() if p.requires_grad]
    likelihood = Gaussian(1.0, learned=True)
    error = 0.05 * torch.randn(64, 1, 8, 8, generator=generator)
    optimizer = torch.optim.LBFGS(likelihood.parameters(), max_iter=50, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        nats = likelihood.nll(torch.zeros_like(error), error).mean()
        nats.backward()
        return nats

    optimizer.step(closure)
    assert math.isclose(likelihood.log_sigma.exp().item(), error.square().mean().sqrt().item(), rel_tol=1e-3)


def test_the_mean_of_a_gaussian_is_a_picture():
    mean = Gaussian().mean(torch.tensor([-3.0, 0.25, 3.0]))
    assert mean.tolist() == [-1.0, 0.25, 1.0]


def test_the_256_greys_of_a_discretized_logistic_sum_to_one():
    for mean in (-1.2, -1.0, -0.3, 0.5, 1.0):
        for scale in (0.005, 0.1, 1.0):
            likelihood = DiscretizedLogistic(1, scale).double()
            every_grey = to_model(torch.arange(256, dtype=torch.uint8)).double().reshape(256, 1, 1, 1)
            probability = torch.exp(-likelihood.nll(torch.full_like(every_grey, mean), every_grey))
            assert math.isclose(probability.sum().item(), 1.0, abs_tol=1e-5)


def test_a_discretized_logistic_is_the_density_times_the_bin_where_the_bins_are_narrow():
    z = (grey - output[:, :1].expand_as(grey)) / 0.5
    density = -z - 2 * torch.nn.functional.softplus(-z) - math.log(0.5)
    nats = DiscretizedLogistic(2, 0.5).nll(output[:, :1].expand_as(grey), grey)
    torch.testing.assert_close(nats, per_image(density + math.log(2 / 255)), atol=1e-3, rtol=1e-3)


def test_a_far_off_discretized_logistic_has_finite_gradients():
    likelihood = DiscretizedLogistic(1, 0.01)
    off = torch.full((1, 1, 1, 1), 30.0, requires_grad=True)
    likelihood.nll(off, torch.zeros(1, 1, 1, 1)).sum().backward()
    assert off.grad is not None
    assert torch.isfinite(off.grad).all()
    assert off.grad > 0
