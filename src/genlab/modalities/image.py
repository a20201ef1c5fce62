"""Pictures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from genlab.modalities.grids import save_png
from genlab.modalities.modality import Modality
from genlab.modalities.pixels import to_model, to_uint8

if TYPE_CHECKING:
    from torch import Tensor


class Image(Modality):
    """Pictures: stored uint8 (n, 1 or 3, height, width), float in [-1, 1] to a model.

    Items of another dtype are to a model what they are.
    """

    name = "image"
    stored_as = "(n, c, h, w) uint8 pictures"
    suffixes = (".png", ".npy")

    @classmethod
    def holds(cls, stored: Tensor) -> bool:
        import torch

        return stored.dtype == torch.uint8 and stored.ndim == 4

    def to_model(self, stored: Tensor) -> Tensor:
        import torch

        return to_model(stored) if stored.dtype == torch.uint8 else stored

    def to_stored(self, x: Tensor, what: str = "samples") -> Tensor:
        return to_uint8(x, what)

    def tiles(self, stored: Tensor) -> Tensor:
        return stored

    def write(self, path: Path, item: Tensor) -> Path:
        if path.suffix != ".png":
            return super().write(path, item)
        save_png(path, item.permute(1, 2, 0).expand(-1, -1, 3).cpu().numpy())
        return path

    def shorter_side(self, shape: Sequence[int]) -> int:
        return min(shape[-2:])
