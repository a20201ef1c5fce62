import torch
from torch.distributions import Normal, kl_divergence

from genlab.objectives.divergence import kl_to_standard_normal, log_normal


def test_kl_is_that_of_torch_distributions():
    mean, log_variance = (
        torch.randn(5, 3, generator=torch.Generator().manual_seed(0)).double(),
        torch.linspace(-4, 3, 15),
    )
    log_variance = log_variance.reshape(5, 3).double()
    expected = kl_divergence(Normal(mean, (log_variance / 2).exp()), Normal(torch.zeros(()).double(), 1.0))
    torch.testing.assert_close(kl_to_standard_normal(mean, log_variance), expected)


def test_kl_is_zero_only_at_the_prior():
    assert kl_to_standard_normal(torch.zeros(1), torch.zeros(1)) == 0
    assert kl_to_standard_normal(torch.tensor([0.1]), torch.zeros(1)) > 0
    assert kl_to_standard_normal(torch.zeros(1), torch.tensor([-0.1])) > 0


def test_log_normal_is_that_of_torch_distributions():
    z, mean, log_variance = torch.randn(3, 7, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(log_normal(z, mean, log_variance), Normal(mean, (log_variance / 2).exp()).log_prob(z))
    torch.testing.assert_close(log_normal(z), Normal(torch.zeros_like(z), 1.0).log_prob(z))
