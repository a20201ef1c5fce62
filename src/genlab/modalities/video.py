"""Films."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from genlab.modalities.film import check_film, write_film
from genlab.modalities.grids import grid
from genlab.modalities.modality import Modality
from genlab.modalities.pixels import to_model, to_uint8

if TYPE_CHECKING:
    from torch import Tensor

_STILLS = 6
"""Frames of a film that its still picture shows, side by side."""
_SIDE, _LINE = 32, 224
"""Pixels that the longer side of a small frame is enlarged to, about, and the grey between frames."""


class Video(Modality):
    """Films: stored uint8 (n, 1 or 3, frames, height, width), float in [-1, 1] to a model.

    Args:
        fps: frames a second.
    """

    name = "video"
    stored_as = "(n, c, frames, h, w) uint8 films"
    suffixes = (".gif", ".mp4", ".npy")

    def __init__(self, fps: float = 8) -> None:
        if fps <= 0:
            raise ValueError(f"Video(fps={fps}): there are more than 0 frames a second")
        self.fps = fps

    @classmethod
    def holds(cls, stored: Tensor) -> bool:
        import torch

        return stored.dtype == torch.uint8 and stored.ndim == 5

    def to_model(self, stored: Tensor) -> Tensor:
        return to_model(stored)

    def to_stored(self, x: Tensor, what: str = "samples") -> Tensor:
        return to_uint8(x, what)

    def tiles(self, stored: Tensor) -> Tensor:
        """Frames evenly chosen of each film side by side, with a grey line between; small ones are enlarged."""
        import torch
        from torch.nn.functional import pad

        frames, zoom = stored.shape[2], max(1, round(_SIDE / max(stored.shape[-2:])))
        chosen = torch.linspace(0, frames - 1, min(frames, _STILLS)).round().long()
        large = stored[:, :, chosen].repeat_interleave(zoom, 3).repeat_interleave(zoom, 4)
        return pad(large, (0, 1), value=_LINE).permute(0, 1, 3, 2, 4).flatten(3)[..., :-1]

    def media(self, stem: Path, stored: Tensor, columns: int | None = None) -> dict[str, Path]:
        """All films in a grid, playing at once."""
        path = stem.with_name(f"{stem.name}_film.gif")
        return {"film": write_film(path, [grid(frame, columns) for frame in stored.cpu().unbind(2)], self.fps)}

    def write(self, path: Path, item: Tensor) -> Path:
        if path.suffix not in (".gif", ".mp4"):
            return super().write(path, item)
        return write_film(path, [grid(frame[None], scale=1, pad=0) for frame in item.cpu().unbind(1)], self.fps)

    def check_suffix(self, suffix: str) -> str:
        if super().check_suffix(suffix) == ".mp4":
            check_film(Path(f"FILE{suffix}"), "file_type")
        return suffix

    def shorter_side(self, shape: Sequence[int]) -> int:
        return min(shape[-2:])
