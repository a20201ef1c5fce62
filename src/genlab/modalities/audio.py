"""Sound."""

from __future__ import annotations

import io
import itertools
import wave
from pathlib import Path
from typing import TYPE_CHECKING

from genlab.atomic import replacing
from genlab.modalities.grids import save_png
from genlab.modalities.modality import Modality
from genlab.modalities.spectrogram import decibels, spectrograms

if TYPE_CHECKING:
    from torch import Tensor

_FULL = 32768
"""What of int16 is 1 to a model."""
_HEIGHT, _LOW, _WIDTH = 64, 24, 96
"""Pixels of the picture of a channel: of its spectrogram, of its wave below, of both."""
_HEARD, _GAP = 8, 0.2
"""Items in a preview, and the seconds of silence between them."""


class Audio(Modality):
    """Sound: stored int16 (n, channels, samples), float in [-1, 1] to a model.

    Args:
        rate: samples a second.
    """

    name = "audio"
    stored_as = "(n, channels, samples) int16 sounds"
    suffixes = (".wav", ".npy")

    def __init__(self, rate: int) -> None:
        if rate < 1:
            raise ValueError(f"Audio(rate={rate}): a rate is 1 sample a second or more")
        self.rate = rate

    @classmethod
    def holds(cls, stored: Tensor) -> bool:
        import torch

        return stored.dtype == torch.int16 and stored.ndim == 3

    def to_model(self, stored: Tensor) -> Tensor:
        return stored.float() / _FULL

    def to_stored(self, x: Tensor, what: str = "samples") -> Tensor:
        import torch

        from genlab.finite import finite

        return (finite(x.detach().float(), what) * _FULL).round().clamp(-_FULL, _FULL - 1).to(torch.int16)

    def tiles(self, stored: Tensor) -> Tensor:
        """Each sound as its spectrogram, low frequencies below, over its wave on white; channels one above another."""
        import torch
        from torch.nn.functional import adaptive_max_pool2d

        waves = stored.cpu().flatten(0, 1).float() / _FULL  # (n * channels, samples)
        loud = adaptive_max_pool2d(decibels(waves)[:, None], (_HEIGHT, _WIDTH)).flip(2)
        tiles = torch.cat([(loud * 255).round().to(torch.uint8), _drawn(waves)], 2)
        return tiles.reshape(stored.shape[0], 1, -1, _WIDTH)

    def media(self, stem: Path, stored: Tensor, columns: int | None = None) -> dict[str, Path]:
        """Some items one after another, with gaps, and their spectrograms with axes: of a grid one of each row, each of
        another column, so that classes are heard whether they are rows or columns."""
        import torch

        heard = stored[_heard(len(stored), columns)].cpu()
        gaps = heard.new_zeros(*heard.shape[:2], round(self.rate * _GAP))
        sound, picture = (stem.with_name(f"{stem.name}_{name}") for name in ("sound.wav", "spectrogram.png"))
        save_png(picture, spectrograms(self.to_model(heard).mean(1), self.rate))
        return {
            "sound": self.write(sound, torch.cat([heard, gaps], 2).transpose(0, 1).flatten(1)),
            "spectrogram": picture,
        }

    def write(self, path: Path, item: Tensor) -> Path:
        """One item (channels, samples) as a WAV file of 16 bits, or its numbers."""
        if path.suffix != ".wav":
            return super().write(path, item)
        content = io.BytesIO()
        with wave.open(content, "wb") as file:
            file.setnchannels(item.shape[0])
            file.setsampwidth(2)
            file.setframerate(self.rate)
            file.writeframes(item.T.contiguous().cpu().numpy().astype("<i2").tobytes())
        with replacing(path) as whole:
            whole.write(content.getvalue())
        return path


def _heard(n: int, columns: int | None) -> list[int]:
    """Which of `n` items in rows of `columns` are heard."""
    diagonal = list(range(0, n, (columns or 0) + 1)) if n > _HEARD else []
    return [*diagonal, *(i for i in range(n) if i not in diagonal)][:_HEARD]


def _drawn(waves: Tensor) -> Tensor:
    """(n, samples) in [-1, 1] -> (n, 1, height, width) uint8: what each reaches in each column, from low to high."""
    import torch

    height = torch.arange(_LOW)[:, None]
    edges = torch.linspace(0, waves.shape[1], _WIDTH + 1).long().tolist()
    low, high = [], []
    for begin, end in itertools.pairwise(edges):
        seen = waves[:, max(0, begin - 1) : max(end, begin + 1)]  # from the last column's end: no gaps in the line
        low.append(seen.amin(1))
        high.append(seen.amax(1))
    top, bottom = (((_LOW - 1) * (1 - torch.stack(edge, 1)) / 2).round()[:, None] for edge in (high, low))
    return torch.where((height >= top) & (height <= bottom), 40, 255).to(torch.uint8)[:, None]
