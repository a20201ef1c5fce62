"""Images as the code maps of a trained VQ-VAE."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from genlab.first_stage import trained


class VQCodes(nn.Module):
    """Image -> codes (batch, levels, height, width) -> image, by a first stage that is not trained any more.

    The first stage is saved with the model that uses it, so that its pictures need nothing else.

    Args:
        first: the first stage: a module with `codes`, `decode`, `code_shape` and `num_embeddings`, as of family
            vqvae.
        checkpoint: file with its trained weights; None takes `first` as it is.
    """

    dtype = torch.int64
    of_pixels = False

    def __init__(self, first: nn.Module, checkpoint: str | None = None) -> None:
        super().__init__()
        self.first: Any = trained(first, checkpoint, "codec.checkpoint", "the first stage")
        stage: Any = first
        if not hasattr(stage, "code_shape"):
            raise ValueError(f"codec=vq needs a VQ-VAE for a first stage: {type(first).__name__} gives no codes")
        self.shape: tuple[int, int, int] = stage.code_shape
        self.num_values: int = stage.num_embeddings

    def train(self, mode: bool = True) -> VQCodes:
        """Stay in evaluation mode: a codebook in training mode would follow the data."""
        return super().train(False)

    def encode(self, x: Tensor) -> Tensor:
        """(batch, channel, height, width) in [-1, 1] -> (batch, levels, height, width) int64."""
        return self.first.codes(x)

    def decode(self, z: Tensor) -> Tensor:
        """Codes -> images in [-1, 1]."""
        return self.first.decode(z)
