"""What generators and discriminators share: how a label enters the one, and how the other makes a score of features."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import spectral_norm


class LatentWithLabel(nn.Module):
    """A latent vector (batch, latent_size), and beside it as many numbers that are learnt for its label.

    Args:
        num_classes: how many labels there are; None takes none.
    """

    def __init__(self, latent_size: int, num_classes: int | None) -> None:
        super().__init__()
        self.embedding = None if num_classes is None else nn.Embedding(num_classes, latent_size)
        self.size = latent_size if num_classes is None else 2 * latent_size

    def forward(self, z: Tensor, label: Tensor | None) -> Tensor:
        """(batch, size)."""
        return z if self.embedding is None else torch.cat([z, self.embedding(_given(label))], 1)


class Score(nn.Module):
    """Features (batch, features) -> scores (batch,): linear, and with classes the product with a vector of the label.

    The projection discriminator, equation 3 of https://arxiv.org/abs/1802.05637 (Miyato and Koyama 2018).

    Args:
        num_classes: how many labels there are; None takes none.
        spectral: whether both are divided by their largest singular value.
    """

    def __init__(self, features: int, num_classes: int | None, spectral: bool) -> None:
        super().__init__()
        self.linear = spectrally_normal(nn.Linear(features, 1), spectral)
        self.embedding = (
            None if num_classes is None else spectrally_normal(nn.Embedding(num_classes, features), spectral)
        )

    def forward(self, h: Tensor, label: Tensor | None) -> Tensor:
        score: Tensor = self.linear(h).squeeze(1)
        return score if self.embedding is None else score + (self.embedding(_given(label)) * h).sum(1)


def spectrally_normal(layer: nn.Module, is_on: bool) -> nn.Module:
    """The layer with its weights divided by their largest singular value, where that is asked for.

    A step of power iteration in each forward pass of training (Miyato et al. 2018, algorithm 1).

    Paper: https://arxiv.org/abs/1802.05957
    """
    return spectral_norm(layer) if is_on else layer


class MinibatchDeviation(nn.Module):
    """(batch, channels, height, width) -> one channel more: how much the items differ, the same number everywhere.

    The standard deviation over the items, averaged over channels and places (Karras et al. 2018, section 3): a
    discriminator sees by it that a generator draws one picture again and again.

    Paper: https://arxiv.org/abs/1710.10196

    Args:
        group: of so many items; some groups have more where it does not divide the batch. None is the whole batch.
    """

    def __init__(self, group: int | None = None) -> None:
        super().__init__()
        self.group = group

    def forward(self, x: Tensor) -> Tensor:
        groups = 1 if self.group is None else max(1, len(x) // self.group)
        deviations = [(x[k::groups].var(0, correction=0) + 1e-8).sqrt().mean() for k in range(groups)]
        each = torch.stack(deviations)[torch.arange(len(x), device=x.device) % groups]
        return torch.cat([x, each.view(-1, 1, 1, 1).expand(-1, 1, *x.shape[2:])], 1)


def _given(label: Tensor | None) -> Tensor:
    if label is None:
        raise ValueError("this network is conditional: it needs a label for each item")
    return label
