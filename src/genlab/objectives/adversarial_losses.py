"""What two players minimise: a discriminator that tells real data from generated ones, and the generator.

Each loss is given the discriminator's scores, of any shape, high where data look real, and is a mean over them. A loss
of the discriminator falls as it does better; the generator's falls as the discriminator does worse.
"""

from __future__ import annotations

from typing import Protocol

from torch import Tensor
from torch.nn import functional as F


class AdversarialLoss(Protocol):
    """What a model of two players asks of its loss."""

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        """What the discriminator minimises, a scalar, of its scores of real and of generated data."""
        ...

    def generator(self, fake: Tensor) -> Tensor:
        """What the generator minimises, a scalar, of the scores of what it generated."""
        ...


class Minimax:
    """-log D(real) - log(1 - D(fake)) against log(1 - D(fake)), with D the logistic function of the score; in nats.

    The game of two players with one value, equation 1. The best discriminator has a loss of log 4 minus twice the
    Jensen-Shannon divergence of both distributions. The generator gets almost no gradient where D is sure.

    Paper: https://arxiv.org/abs/1406.2661
    """

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return F.softplus(-real).mean() + F.softplus(fake).mean()

    def generator(self, fake: Tensor) -> Tensor:
        return -F.softplus(fake).mean()


class NonSaturating(Minimax):
    """As the minimax loss for the discriminator; the generator minimises -log D(fake) instead (section 3); in nats.

    Paper: https://arxiv.org/abs/1406.2661
    """

    def generator(self, fake: Tensor) -> Tensor:
        return F.softplus(-fake).mean()


class LeastSquares:
    """Half the squared distance of scores from 1 for real and 0 for generated data; from 1 for the generator (eq. 9).

    Paper: https://arxiv.org/abs/1611.04076
    """

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return 0.5 * ((real - 1).square().mean() + fake.square().mean())

    def generator(self, fake: Tensor) -> Tensor:
        return 0.5 * (fake - 1).square().mean()


class Hinge:
    """The discriminator's loss is 0 where real data score above 1 and generated ones below -1 (equations 16 and 17).

    Paper: https://arxiv.org/abs/1802.05957
    """

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return F.relu(1 - real).mean() + F.relu(1 + fake).mean()

    def generator(self, fake: Tensor) -> Tensor:
        return -fake.mean()


class Wasserstein:
    """The difference of the mean scores: minus the Wasserstein distance, where no better critic of slope 1 exists.

    The slope must be kept near 1: by a gradient penalty, or by spectral normalisation.

    Paper: https://arxiv.org/abs/1701.07875
    """

    def discriminator(self, real: Tensor, fake: Tensor) -> Tensor:
        return fake.mean() - real.mean()

    def generator(self, fake: Tensor) -> Tensor:
        return -fake.mean()
