"""Where in frequency the energy of sounds lies: how crisp and bright they are, and how much like noise."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from genlab.metrics.cache import digest
from genlab.metrics.evaluation import Evaluation
from genlab.metrics.intervals import mean_with_interval
from genlab.metrics.score import Score
from genlab.ranges import PositiveFloat

_FLOOR = 1e-12
"""Of a frequency's share of the energy: what is less is silence."""


class Shape(NamedTuple):
    """Of each sound, (n,) float64."""

    crispness: Tensor
    """Share of the energy above a frequency."""
    centroid: Tensor
    """Mean frequency, weighted by power, in hertz."""
    flatness: Tensor
    """Geometric over arithmetic mean of the power of the frequencies: 1 for white noise, 0 for a tone."""


def spectral_shape(waves: Tensor, rate: int, frequency: float) -> Shape:
    """Of (n, 1, samples) int16 waves, by the spectrum of the whole clip; a silent one has 0, 0 and 0."""
    power = torch.fft.rfft(waves[:, 0].double() / 32768).abs().square()  # (n, samples / 2 + 1)
    total = power.sum(1, keepdim=True)
    share = torch.where(total > 0, power / total.clamp(min=1e-30), 0.0)
    hertz = torch.linspace(0, rate / 2, power.shape[1], dtype=torch.float64)
    geometric = share.clamp(min=_FLOOR).log().mean(1).exp()
    flatness = torch.where(total[:, 0] > 0, geometric / share.mean(1).clamp(min=1e-30), 0.0)
    return Shape(share[:, hertz > frequency].sum(1), (share * hertz).sum(1), flatness)


class SpectralShape:
    """The means of crispness (share of the energy above a frequency), centroid and flatness of samples over those of
    real sounds: 1 is as in the data. Noise is crisp and flat, so more than 1 is no better.

    Args:
        frequency: in hertz, above which energy counts as crisp.
    """

    needs = frozenset({"samples", "pixels"})
    modality = frozenset({"audio"})
    names: tuple[str, ...] = ("crispness", "centroid", "flatness")

    def __init__(self, frequency: PositiveFloat = 4000) -> None:
        self.frequency = frequency

    def scores(self, evaluation: Evaluation) -> dict[str, Score]:
        real, _ = evaluation.data.items(evaluation.split)
        rate, samples = evaluation.data.modality.rate, evaluation.pixels().cpu()  # type: ignore[attr-defined]
        name = f"{evaluation.data.name}/{evaluation.split}"
        measured = {"reference": name, "reference_sha256": digest(real), "reference_n": len(real)}
        measured |= {"rate": rate, "frequency": self.frequency}
        made, found = evaluation.samples_made(), {}
        of_real, drawn = (spectral_shape(waves.cpu(), rate, self.frequency) for waves in (real, samples))
        for key, ours, theirs in zip(self.names, drawn, of_real, strict=True):
            mean = theirs.mean().item()
            if not mean:
                raise ValueError(f"{key} compares with real sounds, and theirs is 0")
            value = mean_with_interval(ours / mean, evaluation.seed)
            own = made | {f"real_{key}": mean, "interval": "bootstrap"}
            found[key] = Score(*value, len(samples), "ratio to real data", "higher", measured, own)
        return found
