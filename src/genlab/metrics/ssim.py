"""Structural similarity of reconstructions (Wang et al. 2004, eq. 13).

Paper: https://doi.org/10.1109/TIP.2003.819861
"""

from __future__ import annotations

import torch
from torch import Tensor

from genlab.metrics.evaluation import Evaluation
from genlab.metrics.intervals import mean_with_interval
from genlab.metrics.score import Score

_WINDOW = 11
"""Width of the Gaussian window of standard deviation 1.5; edges are reflected."""


def ssim(real: Tensor, reconstructed: Tensor) -> Tensor:
    """(n,) in [-1, 1], of each pair of (n, channel, height, width) uint8 pictures; colour channels are averaged."""
    from torchmetrics.functional.image import structural_similarity_index_measure

    if (side := min(real.shape[-2:])) <= _WINDOW // 2:
        raise ValueError(f"SSIM's window of {_WINDOW} needs pictures of at least {_WINDOW // 2 + 1} pixels; got {side}")
    pairs = zip(real.split(512), reconstructed.split(512), strict=True)
    values = [
        structural_similarity_index_measure(b.float(), a.float(), data_range=255.0, reduction="none") for a, b in pairs
    ]
    return torch.cat([torch.atleast_1d(torch.as_tensor(value)) for value in values])


class SSIM:
    """Mean over pictures of their structural similarity: -1 to 1, higher is closer."""

    needs = frozenset({"reconstructions", "6 pixels"})
    modality = frozenset({"image"})
    names: tuple[str, ...] = ("ssim",)

    def scores(self, evaluation: Evaluation) -> dict[str, Score]:
        values = ssim(*evaluation.reconstructions())
        value, low, high = mean_with_interval(values, evaluation.seed)
        measured = {**evaluation.real_measured(), "aggregation": "mean of pictures", "data_range": 255}
        measured["window"] = f"gaussian {_WINDOW}, sigma 1.5, reflected edges"
        made = {**evaluation.real_made(), "interval": "bootstrap"}
        return {"ssim": Score(value, low, high, len(values), "similarity", "higher", measured, made)}
