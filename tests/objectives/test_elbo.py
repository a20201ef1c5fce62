import itertools
import math

import pytest
import torch

from genlab.objectives.divergence import kl_to_standard_normal, log_normal
from genlab.objectives.elbo import importance_bound, total_kl, unit_use, warm_up


class LinearGaussian:
    """x = W z + sigma noise, z ~ N(0, I): everything about it is known in closed form."""

    def __init__(self) -> None:
        generator = torch.Generator().manual_seed(0)
        self.W = torch.randn(5, 3, generator=generator, dtype=torch.float64)
        self.sigma = 0.7
        self.x = self.W @ torch.randn(3, generator=generator, dtype=torch.float64) + self.sigma * torch.randn(
            5, generator=generator, dtype=torch.float64
        )

    def log_likelihood(self) -> float:
        covariance = self.W @ self.W.T + self.sigma**2 * torch.eye(5, dtype=torch.float64)
        return torch.distributions.MultivariateNormal(torch.zeros(5, dtype=torch.float64), covariance).log_prob(self.x)

    def exact_posterior(self) -> tuple[torch.Tensor, torch.Tensor]:
        precision = self.W.T @ self.W / self.sigma**2 + torch.eye(3, dtype=torch.float64)
        covariance = precision.inverse()
        return covariance @ self.W.T @ self.x / self.sigma**2, covariance

    def expected_log_likelihood(self, mean: torch.Tensor, variance: torch.Tensor) -> torch.Tensor:
        """E log p(x | z) for z ~ N(mean, diag(variance)), in closed form."""
        error = (self.x - self.W @ mean).square().sum() + (self.W.square() @ variance).sum()
        return -0.5 * error / self.sigma**2 - 5 * (math.log(self.sigma) + 0.5 * math.log(2 * math.pi))

    def elbo(self, mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
        kl = total_kl(kl_to_standard_normal(mean, log_variance)[None])
        return self.expected_log_likelihood(mean, log_variance.exp()) - kl

    def log_weights(self, samples: int, mean: torch.Tensor, log_variance: torch.Tensor) -> torch.Tensor:
        noise = torch.randn(samples, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
        z = mean + (log_variance / 2).exp() * noise
        likelihood = log_normal(self.x, z @ self.W.T, torch.tensor(2 * math.log(self.sigma))).sum(1)
        return likelihood + (log_normal(z) - log_normal(z, mean, log_variance)).sum(1)


model = LinearGaussian()


def test_the_bound_is_below_the_exact_likelihood():
    for seed in range(20):
        mean, log_variance = torch.randn(2, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
        assert model.elbo(mean, log_variance) < model.log_likelihood()


def test_the_bound_is_tight_when_the_exact_posterior_is_in_reach():
    """With orthogonal columns of W the exact posterior has independent coordinates, as the approximate one."""
    orthogonal = LinearGaussian()
    orthogonal.W = torch.linalg.qr(model.W).Q * torch.tensor([2.0, 1.0, 0.5], dtype=torch.float64)
    mean, covariance = orthogonal.exact_posterior()
    bound = orthogonal.elbo(mean, covariance.diagonal().log())
    torch.testing.assert_close(bound, orthogonal.log_likelihood())


def test_gradient_ascent_finds_the_best_bound_and_its_gap_is_the_posteriors_kl():
    mean = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    log_variance = torch.zeros(3, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.LBFGS([mean, log_variance], max_iter=200, line_search_fn="strong_wolfe")

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = -model.elbo(mean, log_variance)
        loss.backward()
        return loss

    optimizer.step(closure)
    exact_mean, covariance = model.exact_posterior()
    torch.testing.assert_close(mean.detach(), exact_mean, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(  # the best independent coordinates: one over the diagonal of the precision
        log_variance.detach().exp(), 1 / covariance.inverse().diagonal(), atol=1e-4, rtol=1e-4
    )
    q = torch.distributions.MultivariateNormal(mean.detach(), torch.diag(log_variance.detach().exp()))
    p = torch.distributions.MultivariateNormal(exact_mean, covariance)
    gap = model.log_likelihood() - model.elbo(mean, log_variance).detach()
    torch.testing.assert_close(gap, torch.distributions.kl_divergence(q, p), atol=1e-6, rtol=1e-6)


def test_the_importance_bound_rises_with_its_samples_towards_the_exact_likelihood():
    mean, log_variance = torch.zeros(2, 3, dtype=torch.float64)  # a poor posterior: the prior
    weights = model.log_weights(2**17, mean, log_variance)
    bounds = [importance_bound(weights.reshape(k, -1)).mean() for k in (1, 4, 16, 64, 256)]
    assert all(low < high for low, high in itertools.pairwise(bounds))
    assert bounds[-1] < model.log_likelihood()
    assert importance_bound(weights[:, None]).item() == pytest.approx(model.log_likelihood().item(), abs=0.1)


def test_the_importance_bound_of_one_sample_is_the_usual_one():
    weights = torch.randn(1, 4)
    torch.testing.assert_close(importance_bound(weights), weights[0])


def test_free_bits_cost_nothing_below_and_give_no_gradient_there():
    kl = torch.tensor([[0.1, 3.0], [0.3, 1.0]], requires_grad=True)
    total = total_kl(kl, free_bits=0.5)
    assert total.item() == pytest.approx(0.5 + 2.0)
    total.backward()
    assert torch.equal(kl.grad, torch.tensor([[0.0, 0.5], [0.0, 0.5]]))


def test_warm_up_rises_linearly_and_stays():
    assert [warm_up(step, 4) for step in range(6)] == [0.0, 0.25, 0.5, 0.75, 1.0, 1.0]
    assert warm_up(0, 0) == 1.0


def test_unit_use_counts_informative_and_collapsed_units():
    mean = torch.stack([torch.linspace(-1, 1, 50), torch.zeros(50), torch.full((50,), 2.0)], 1)
    use = unit_use(mean, kl_to_standard_normal(mean, torch.tensor([-2.0, 0.0, 0.0]).expand(50, 3)))
    assert (use["active_units"], use["collapsed_units"]) == (1, 1)  # a constant mean of 2 is neither
