"""A classifier of noisy data, and the wish for a class.

Paper: https://arxiv.org/abs/2105.05233
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from genlab.conditioning.condition import Condition
from genlab.denoisers.denoiser import output_of
from genlab.denoisers.prediction import Prediction
from genlab.first_stage import trained
from genlab.processes.schedule import Scales


class Classifier(nn.Module):
    """log p(class | x_t) (Dhariwal & Nichol 2021, section 4), for any Gaussian process.

    The network sees x_t / sqrt(alpha**2 + sigma**2) and 250 log(sigma / alpha).

    Args:
        network: (x (batch, ...), level (batch,), None) -> logits (batch, classes).
    """

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, x_t: Tensor, scales: Scales) -> Tensor:
        """(batch, classes): log-probabilities."""
        alpha, sigma = scales
        level = -125 * scales.log_snr
        x = x_t * (alpha**2 + sigma**2).rsqrt()
        return output_of(self.network, x, level if level.ndim == 0 else level.flatten()).log_softmax(1)


class LabelLoss(nn.Module):
    """-log p(label | x_t), of the label of the condition: for guidance.loss_gradient.LossGradient.

    Args:
        first: a trained model with a `classifier`, as of family noisy_classifier.
        checkpoint: file with its weights; None takes `first` as it is.
    """

    reads_label = True
    """It reads the label, so that the guided network need not."""

    def __init__(self, first: nn.Module, checkpoint: str | None = None) -> None:
        super().__init__()
        self.classifier = trained(first, checkpoint, "guidance.checkpoint", "the guiding model").classifier

    def forward(self, prediction: Prediction, condition: Condition | None) -> Tensor:
        if condition is None or condition.given is None or condition.given.label is None:
            raise ValueError("guidance=classifier needs conditioner=label: there is no label to guide to")
        log_probabilities = self.classifier(prediction.x_t, prediction.scales)
        return -torch.gather(log_probabilities, 1, condition.given.label[:, None])[:, 0]
