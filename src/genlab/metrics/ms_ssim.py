"""Multi-scale structural similarity of reconstructions (Wang, Simoncelli and Bovik 2003, eq. 7).

Paper: https://doi.org/10.1109/ACSSC.2003.1292216
"""

from __future__ import annotations

import torch
from torch import Tensor

from genlab.metrics.evaluation import Evaluation
from genlab.metrics.intervals import mean_with_interval
from genlab.metrics.score import Score

_WINDOW = 11
_EXPONENTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)


def scales(side: int) -> int:
    """How many of the five scales pictures of `side` pixels allow, by torchmetrics' rule: 176 pixels for all of them.

    Raises ValueError below 11 pixels.
    """
    possible = [
        n
        for n in range(1, len(_EXPONENTS) + 1)
        if side // max(1, n - 1) ** 2 >= _WINDOW and side // 2 ** (n - 1) > _WINDOW // 2
    ]
    if not possible:
        raise ValueError(f"MS-SSIM's window of {_WINDOW} needs pictures of at least {_WINDOW} pixels; got {side}")
    return possible[-1]


def ms_ssim(real: Tensor, reconstructed: Tensor) -> Tensor:
    """(n,) in [0, 1], of each pair of (n, channel, height, width) uint8 pictures.

    With fewer than five scales the first exponents are scaled to the sum of one. Negative terms count as zero.
    """
    from torchmetrics.functional.image import multiscale_structural_similarity_index_measure as similarity

    exponents = _EXPONENTS[: scales(min(real.shape[-2:]))]
    betas = tuple(exponent / sum(exponents) for exponent in exponents)
    pairs = zip(real.split(512), reconstructed.split(512), strict=True)
    values = [
        similarity(b.float(), a.float(), data_range=255.0, betas=betas, normalize="relu", reduction="none")
        for a, b in pairs
    ]
    return torch.cat([torch.atleast_1d(value) for value in values])


class MSSSIM:
    """Mean over pictures of their multi-scale structural similarity: 0 to 1, higher is closer."""

    needs = frozenset({"reconstructions", "large pictures"})
    modality = frozenset({"image"})
    names: tuple[str, ...] = ("ms_ssim",)

    def scores(self, evaluation: Evaluation) -> dict[str, Score]:
        real, reconstructed = evaluation.reconstructions()
        values = ms_ssim(real, reconstructed)
        value, low, high = mean_with_interval(values, evaluation.seed)
        measured = {**evaluation.real_measured(), "aggregation": "mean of pictures", "data_range": 255}
        measured["scales"] = scales(min(real.shape[-2:]))
        made = {**evaluation.real_made(), "interval": "bootstrap"}
        return {"ms_ssim": Score(value, low, high, len(values), "similarity", "higher", measured, made)}
