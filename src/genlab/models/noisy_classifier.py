"""A classifier of noisy data, which guides a diffusion model of the same data.

Paper: https://arxiv.org/abs/2105.05233
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn
from torch.nn.functional import nll_loss

from genlab.data.batch import Batch
from genlab.guidance.classifier import Classifier
from genlab.models.base import GenerativeModule
from genlab.objectives.times import TimeDistribution
from genlab.processes.gaussian import Gaussian
from genlab.ranges import Rate, Seed


class NoisyClassifier(GenerativeModule):
    """Learns p(class | x_t) at all noise levels (Dhariwal & Nichol 2021, section 4). It draws nothing.

    Args:
        network: see Classifier.
        process: what noise the data get: that of the model to be guided, or one with the same levels.
        times: which times are trained.
        optimizer, ema_decay, seed: see GenerativeModule.
    """

    sample = None  # type: ignore[assignment]  # so it is not of the protocol Samples

    def __init__(
        self,
        network: nn.Module,
        process: Gaussian,
        times: TimeDistribution,
        optimizer: Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer],
        ema_decay: Rate | None = None,
        seed: Seed = 0,
    ) -> None:
        super().__init__(optimizer, ema_decay, seed)
        self.classifier = Classifier(network)
        self.process = process
        self.times = times

    def loss(self, batch: Batch) -> dict[str, Tensor]:
        """ "loss" in nats per item, over all times; "accuracy", the share of right answers among them."""
        if batch.label is None:
            raise ValueError("model=noisy_classifier needs a dataset with labels; this one has none")
        t = self.times(len(batch.x), self.process.schedule, None, batch.x.device)
        answer = self.classifier(self.process.corrupt(batch.x, t), self.process.scales(batch.x, t))
        right = (answer.argmax(1) == batch.label).float().mean()
        return {"loss": nll_loss(answer, batch.label), "accuracy": right}
