"""An adversary of an autoencoder: a critic that tells pictures from reconstructions, patch by patch.

Paper: https://arxiv.org/abs/2012.09841 (Esser et al. 2021, equations 5 to 7)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from genlab.objectives.adversarial_losses import Hinge
from genlab.ranges import NonNegativeInt, PositiveFloat

_MOST = 1e4
_SMALLEST = 1e-6


class PatchAdversary(nn.Module):
    """The hinge loss of the critic, and what the autoencoder gets for deceiving it.

    Args:
        critic: (batch, channel, height, width) -> a number for each patch, high where it looks real.
        optimizer: parameters -> the critic's optimiser.
        weight: of the adversary against the other errors, when both pull equally at the decoder's last layer.
        start: the batch from which on the autoencoder is to deceive the critic, which learns from the first on.
    """

    def __init__(
        self,
        critic: nn.Module,
        optimizer: Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer],
        weight: PositiveFloat = 0.5,
        start: NonNegativeInt = 1000,
    ) -> None:
        super().__init__()
        self.critic, self.optimizer, self.weight, self.start = critic, optimizer, weight, start
        self._loss = Hinge()

    def critic_loss(self, real: Tensor, made: Tensor) -> Tensor:
        """Half the hinge loss: 0 where real patches are above 1 and made ones below -1."""
        return 0.5 * self._loss.discriminator(self.critic(real), self.critic(made))

    def deceit(self, made: Tensor) -> Tensor:
        """What the autoencoder minimises: minus the critic's mean answer."""
        return self._loss.generator(self.critic(made))

    def adaptive_weight(self, error: Tensor, deceit: Tensor, last: Tensor) -> Tensor:
        """`weight` times equation 7: the gradient of the error at the last layer's weights over that of the deceit."""
        of_error, of_deceit = (torch.autograd.grad(term, last, retain_graph=True)[0] for term in (error, deceit))
        return self.weight * (of_error.norm() / (of_deceit.norm() + _SMALLEST)).clamp(0, _MOST).detach()
