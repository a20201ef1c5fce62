"""Images as the code maps of a trained VQ-VAE."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class VQCodes(nn.Module):
    """Image -> codes (batch, levels, height, width) -> image, by a first stage that is not trained any more.

    The first stage is saved with the model that uses it, so that its pictures need nothing else.

    Args:
        first: the first stage: a module with `codes`, `decode`, `code_shape` and `num_embeddings`, as of family
            vector_quantized.
        checkpoint: file with its trained weights; None takes `first` as it is.
    """

    def __init__(self, first: nn.Module, checkpoint: str | None = None) -> None:
        super().__init__()
        if checkpoint is not None:
            self._load(first, checkpoint)
        self.first: Any = first.requires_grad_(False).eval()
        known: Any = first
        self.shape: tuple[int, int, int] = known.code_shape
        self.num_values: int = known.num_embeddings

    @staticmethod
    def _load(first: nn.Module, checkpoint: str) -> None:
        content = torch.load(checkpoint, map_location="cpu", weights_only=True)
        try:
            first.load_state_dict(content["state_dict"])
        except (KeyError, RuntimeError) as error:
            reason = str(error).strip().splitlines()[-1].strip()
            raise ValueError(f"codec.checkpoint={checkpoint} does not fit the first stage: {reason}") from error

    def train(self, mode: bool = True) -> VQCodes:
        """Stay in evaluation mode: a codebook in training mode would follow the data."""
        return super().train(False)

    def encode(self, x: Tensor) -> Tensor:
        """(batch, channel, size, size) in [-1, 1] -> (batch, levels, height, width) int64."""
        return self.first.codes(x)

    def decode(self, z: Tensor) -> Tensor:
        """Codes -> images in [-1, 1]."""
        return self.first.decode(z)
