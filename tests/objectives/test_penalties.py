"""Penalties on the slope of a discriminator, against closed forms and finite differences."""

import pytest
import torch

from genlab.objectives.penalties import R1, R2, GradientPenalty


def points(seed, n=6):
    return torch.randn(n, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


MATRIX = points(2, 3) + points(2, 3).T


@pytest.mark.parametrize("target", [0.0, 1.0, 2.5])
def test_the_gradient_penalty_of_a_linear_critic_is_the_distance_of_its_slope_from_the_target(target):
    w = torch.tensor([2.0, -1.0, 2.0], dtype=torch.float64)
    penalty = GradientPenalty(target=target)(lambda x: x @ w, points(0), points(1))
    assert penalty.item() == pytest.approx((3 - target) ** 2, rel=1e-9)


def test_the_gradient_penalty_looks_at_the_lines_between_real_and_generated_data():
    seen = []
    GradientPenalty()(lambda x: (seen.append(x.detach()), x.sum(1))[1], points(0), points(1))
    share = (seen[0] - points(1)) / (points(0) - points(1))
    torch.testing.assert_close(share, share[:, :1].expand(-1, 3))  # of each datum one share
    assert ((share > 0) & (share < 1)).all()
    assert len(share[:, 0].unique()) == 6


@pytest.mark.parametrize(("penalty", "at"), [(R1(), 0), (R2(), 1)])
def test_r1_and_r2_of_a_quadratic_critic_are_half_the_squared_slope_at_real_and_at_generated_data(penalty, at):
    value = penalty(lambda x: (x @ MATRIX * x).sum(1) / 2, points(0), points(1))
    expected = 0.5 * (points(at) @ MATRIX).square().sum(1).mean()
    assert value.item() == pytest.approx(expected.item(), rel=1e-9)


@pytest.mark.parametrize("penalty", [R1(), R2(), GradientPenalty()], ids=lambda penalty: type(penalty).__name__)
def test_its_gradient_in_the_discriminators_weights_is_that_of_finite_differences(penalty):
    def value(matrix):
        torch.manual_seed(0)
        return penalty(lambda x: torch.tanh(x @ matrix).sum(1), points(0), points(1))

    matrix = MATRIX.clone().requires_grad_(True)
    assert torch.autograd.gradcheck(value, (matrix,), eps=1e-6, atol=1e-6)
