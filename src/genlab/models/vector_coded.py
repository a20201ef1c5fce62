"""What autoencoders with a vector code share, with a sampling layer between encoder and decoder or without."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from genlab.models.base import GenerativeModule
from genlab.models.labels import labels_for
from genlab.networks.bottleneck import Bottleneck, EncoderDecoder
from genlab.objectives.likelihood import PixelLikelihood
from genlab.protocols import Conditions


class VectorCoded(GenerativeModule):
    """image -> code (batch, coding_size) -> image; a family gives `code`, `loss` and `sample`.

    Args:
        network: image -> hidden vector -> image.
        likelihood: what a decoder output says of an image.
        optimizer: parameters -> optimiser.
        outputs: numbers that the encoder says of a code.
        coding_size: numbers of a code.
        num_classes: makes the model conditional (see networks.bottleneck); None takes no label.
        ema_decay, seed: see GenerativeModule.
    """

    def __init__(
        self,
        network: EncoderDecoder,
        likelihood: PixelLikelihood,
        optimizer: Callable[[Iterable[nn.Parameter]], torch.optim.Optimizer],
        outputs: int,
        coding_size: int,
        num_classes: int | None,
        ema_decay: float | None,
        seed: int,
    ) -> None:
        super().__init__(optimizer, ema_decay, seed)
        self.coder = Bottleneck(network, outputs, coding_size, num_classes)
        self.likelihood = likelihood
        self.coding_size, self.num_classes = coding_size, num_classes

    def code(self, x: Tensor, label: Tensor | None = None) -> Tensor:
        """(batch, coding_size): the one code that stands for each image, with its gradient."""
        raise NotImplementedError(f"{type(self).__name__} must define code(x)")

    def decode(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """(batch, coding_size) -> what the likelihood reads, (batch, channel, height, width)."""
        return self.coder.decode(z, label)

    @torch.no_grad()
    def picture(self, z: Tensor, condition: Conditions = None) -> Tensor:
        """The mean image of each code (batch, coding_size), in [-1, 1]."""
        label = labels_for(self.num_classes, condition, len(z), self.device)
        return self.likelihood.mean(self.decode(z, label))

    @torch.no_grad()
    def encode(self, x: Tensor, condition: Conditions = None) -> Tensor:
        """(batch, coding_size): the code of each image."""
        return self.code(x, labels_for(self.num_classes, condition, len(x), self.device))

    @torch.no_grad()
    def reconstruct(self, x: Tensor, condition: Conditions = None) -> Tensor:
        """The mean image of the code, same shape as `x`."""
        return self.picture(self.encode(x, condition), condition)
