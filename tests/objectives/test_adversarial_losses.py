"""The losses of two players against their closed forms, at the best discriminator and around it."""

import math

import pytest
import torch

from genlab.objectives.adversarial_losses import Hinge, LeastSquares, Minimax, NonSaturating, Wasserstein

LOSSES = (Minimax(), NonSaturating(), LeastSquares(), Hinge(), Wasserstein())
REAL, FAKE = torch.tensor([1, 2, 3, 4]), torch.tensor([5, 1, 1, 3])  # how often each of four points is drawn
P, Q = REAL / REAL.sum(), FAKE / FAKE.sum()


def of_points(loss, scores):
    """The discriminator's loss where it gives these scores to the four points."""
    return loss.discriminator(scores.repeat_interleave(REAL), scores.repeat_interleave(FAKE))


@pytest.mark.parametrize("loss", [Minimax(), NonSaturating()], ids=["minimax", "non_saturating"])
def test_at_the_best_discriminator_the_value_is_log_4_minus_twice_the_jensen_shannon_divergence(loss):
    middle = (P + Q) / 2
    divergence = 0.5 * ((P * (P / middle).log()).sum() + (Q * (Q / middle).log()).sum())
    best = (P / Q).log()  # D = p / (p + q)
    assert of_points(loss, best).item() == pytest.approx(math.log(4) - 2 * divergence.item(), rel=1e-6)


@pytest.mark.parametrize(
    ("loss", "best"), [(Minimax(), (P / Q).log()), (NonSaturating(), (P / Q).log()), (LeastSquares(), P / (P + Q))]
)
def test_the_best_discriminator_has_no_gradient_and_all_others_a_greater_loss(loss, best):
    scores = best.clone().requires_grad_(True)
    (slope,) = torch.autograd.grad(of_points(loss, scores), scores)
    torch.testing.assert_close(slope, torch.zeros(4), atol=1e-7, rtol=0)
    others = best + 0.3 * torch.randn(20, 4, generator=torch.Generator().manual_seed(0))
    assert all(of_points(loss, other) > of_points(loss, best) for other in others)


def test_the_wasserstein_critic_of_slope_1_sees_how_far_points_were_shifted():
    x = torch.randn(50, generator=torch.Generator().manual_seed(0))
    assert Wasserstein().discriminator(-x, -(x + 3)).item() == pytest.approx(-3, rel=1e-5)  # of the critic x -> -x


def test_the_hinge_has_nothing_to_gain_beyond_1_and_minus_1():
    assert Hinge().discriminator(torch.tensor([1.0, 7.0]), torch.tensor([-1.0, -9.0])) == 0
    assert Hinge().discriminator(torch.tensor([0.0]), torch.tensor([0.0])) == 2


def test_the_generator_plays_the_minimax_game_against_the_same_value():
    real, fake = torch.randn(2, 9, generator=torch.Generator().manual_seed(0))
    of_real = Minimax().discriminator(real, fake) + Minimax().generator(fake)
    torch.testing.assert_close(of_real, -torch.sigmoid(real).log().mean())


@pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: type(loss).__name__)
def test_the_generator_gains_by_scores_that_look_more_real(loss):
    fake = torch.linspace(-3, 0.9, 20).requires_grad_(True)
    (slope,) = torch.autograd.grad(loss.generator(fake), fake)
    assert (slope < 0).all()


def test_where_the_discriminator_is_sure_only_the_minimax_generator_stands_still():
    def slope(loss):
        fake = torch.tensor([-12.0], requires_grad=True)
        return abs(torch.autograd.grad(loss.generator(fake), fake)[0].item())

    assert slope(Minimax()) < 1e-5
    assert slope(NonSaturating()) > 0.99
