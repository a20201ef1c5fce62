"""Guidance by any loss that can be differentiated: a colour, a classifier, a measurement.

Papers: https://arxiv.org/abs/2105.05233, https://arxiv.org/abs/2209.14687
"""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

import torch
from torch import Tensor, nn

from genlab.conditioning.condition import Condition
from genlab.denoisers.estimate import Denoise
from genlab.denoisers.prediction import Prediction
from genlab.ranges import NonNegativeFloat, PositiveFloat


class Loss(Protocol):
    """(prediction, condition) -> (batch,): minus the log-probability of what is wanted, given x_t.

    It may read `prediction.x0`, the estimate of the data, or `prediction.x_t` itself.
    """

    def __call__(self, prediction: Prediction, condition: Condition | None) -> Tensor: ...


class LossGradient(nn.Module):
    """score <- score - scale d loss / d x_t, so x0 <- x0 - scale sigma**2 / alpha d loss / d x_t.

    Dhariwal & Nichol 2021, "Diffusion models beat GANs ...", eq. 14; Chung et al. 2023, "Diffusion posterior
    sampling ...", eq. 10, for losses of the estimate x0.

    Args:
        loss: what is to become small.
        scale: what it counts; 1 samples the posterior where the loss is the true one.
        through_network: the loss of x0 is differentiated through the network. Otherwise d x0 / d x_t is taken as that
            of normal data of standard deviation `data_std` (Song et al. 2023, "Pseudoinverse-guided diffusion ...",
            eq. 7), which costs no backward pass and can be stronger without going astray.
        data_std: see there.
    """

    needs_noise = True

    def __init__(
        self, loss: Loss, scale: NonNegativeFloat = 1.0, through_network: bool = True, data_std: PositiveFloat = 1.0
    ) -> None:
        super().__init__()
        self.loss = loss
        self.scale, self.through_network, self.data_std = scale, through_network, data_std

    def __repr__(self) -> str:
        name = type(self.loss).__name__
        return f"LossGradient(loss={name}, scale={self.scale}, through_network={self.through_network})"

    def forward(self, denoise: Denoise[Prediction]) -> Denoise[Prediction]:
        def guided(x_t: Tensor, t: Tensor, condition: Condition | None = None) -> Prediction:
            with torch.enable_grad():
                leaf = x_t.detach().requires_grad_()
                if self.through_network:
                    prediction = denoise(leaf, t, condition)
                else:
                    prediction = self._linear(denoise, leaf, t, condition)
                (gradient,) = torch.autograd.grad(self.loss(prediction, condition).sum(), leaf)
            alpha, sigma = prediction.scales
            x0 = prediction.x0.detach() - self.scale * sigma**2 / alpha * gradient
            share = None if prediction.share is None else prediction.share.detach()
            return Prediction(x_t, x0, prediction.scales, share)

        return guided

    def _linear(self, denoise: Denoise[Prediction], leaf: Tensor, t: Tensor, condition: Condition | None) -> Prediction:
        """The prediction at `leaf`, its x0 a linear function of `leaf`."""
        with torch.no_grad():
            plain = denoise(leaf.detach(), t, condition)
        alpha, sigma = plain.scales
        slope = alpha * self.data_std**2 / (alpha**2 * self.data_std**2 + sigma**2)
        return replace(plain, x_t=leaf, x0=plain.x0 + slope * (leaf - leaf.detach()))
