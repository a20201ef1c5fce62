"""Peak signal-to-noise ratio of reconstructions."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from genlab.metrics.evaluation import Evaluation
from genlab.metrics.intervals import mean_with_interval
from genlab.metrics.score import Score


def psnr(real: Tensor, reconstructed: Tensor) -> Tensor:
    """(n,) decibels of each pair of (n, channel, height, width) uint8 pictures, with a peak of 255.

    The mean squared error counts at least as one value off by one level, so that identical pictures have the finite
    10 log10(255^2 channel height width).
    """
    from torchmetrics.functional.image import peak_signal_noise_ratio

    ceiling = 10 * math.log10(255**2 * math.prod(real.shape[1:]))
    pairs = zip(real.split(512), reconstructed.split(512), strict=True)
    values = [
        peak_signal_noise_ratio(b.float(), a.float(), data_range=255.0, reduction="none", dim=(1, 2, 3))
        for a, b in pairs
    ]
    return torch.cat(values).clamp(max=ceiling)


class PSNR:
    """Mean over pictures of their peak signal-to-noise ratio: 0 to about 80 dB, higher is closer."""

    needs = frozenset({"reconstructions"})
    modality = frozenset({"image"})
    names: tuple[str, ...] = ("psnr",)

    def scores(self, evaluation: Evaluation) -> dict[str, Score]:
        values = psnr(*evaluation.reconstructions())
        value, low, high = mean_with_interval(values, evaluation.seed)
        measured = {**evaluation.real_measured(), "aggregation": "mean of pictures", "data_range": 255}
        made = {**evaluation.real_made(), "interval": "bootstrap"}
        return {"psnr": Score(value, low, high, len(values), "dB", "higher", measured, made)}
