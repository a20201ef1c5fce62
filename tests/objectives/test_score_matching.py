"""Each kind of score matching is least at the true score, and equals its closed form on normal data."""

import pytest
import torch

from genlab.objectives.score_matching import Denoising, Exact, Sliced

STD = 0.8
X = STD * torch.randn(200_000, 2, generator=torch.Generator().manual_seed(0))


def linear(slope):
    return lambda x: slope * x


@pytest.mark.parametrize("objective", [Exact(), Sliced(1), Sliced(3)], ids=repr)
@pytest.mark.parametrize("slope", [-2.5, -(STD**-2), -0.5])
def test_of_a_linear_score_it_is_known(objective, slope):
    """s = a x: |s|**2 / 2 + div s = a**2 |x|**2 / 2 + 2 a, in the mean a**2 std**2 + 2 a."""
    value = objective(linear(slope), X, torch.Generator().manual_seed(1))
    assert float(value.mean()) == pytest.approx(slope**2 * STD**2 + 2 * slope, abs=0.02)


def test_denoising_of_a_linear_score_is_known():
    """E (a sigma (x + sigma e) + e)**2 = a**2 sigma**2 std**2 + (a sigma**2 + 1)**2 for each dimension."""
    sigma, slope = 0.3, -1.2
    value = Denoising(sigma)(linear(slope), X, torch.Generator().manual_seed(1)).mean()
    assert float(value) == pytest.approx(slope**2 * sigma**2 * STD**2 + (slope * sigma**2 + 1) ** 2, rel=0.01)


@pytest.mark.parametrize(
    ("objective", "variance"), [(Exact(), STD**2), (Sliced(), STD**2), (Denoising(0.3), STD**2 + 0.09)], ids=repr
)
def test_its_least_value_is_at_the_score_of_the_data(objective, variance):
    """The denoising one's at that of the data with its noise."""
    slope = torch.tensor(-0.3, requires_grad=True)
    optimizer = torch.optim.Adam([slope], 0.05)
    generator = torch.Generator().manual_seed(1)
    for _ in range(150):
        loss = objective(linear(slope), X[:20_000], generator).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert float(slope.detach()) == pytest.approx(-1 / variance, rel=0.05)


def test_the_exact_one_hears_the_diagonal_of_the_jacobian_alone():
    def rotated(x):  # div = 3, and a curl
        return torch.stack([x[:, 0] + 5 * x[:, 1], 2 * x[:, 1] - 7 * x[:, 0]], 1)

    trace = Exact()(rotated, X[:4]) - rotated(X[:4]).square().sum(1) / 2
    assert torch.allclose(trace, torch.full((4,), 3.0), atol=1e-4)
