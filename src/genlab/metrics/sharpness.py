"""How sharp samples are: the energy of their edges over that of real pictures."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from genlab.metrics.cache import digest
from genlab.metrics.evaluation import Evaluation
from genlab.metrics.intervals import mean_with_interval
from genlab.metrics.score import Score

_LAPLACIAN = ((0.0, 1.0, 0.0), (1.0, -4.0, 1.0), (0.0, 1.0, 0.0))


def edge_energy(pictures: Tensor) -> Tensor:
    """(n,) float64: the variance of the Laplacian of (n, channels, height, width) uint8 pictures, over all channels.

    Edges and noise raise it, blur lowers it (Pech-Pacheco et al. 2000, LAPV).

    Paper: https://doi.org/10.1109/ICPR.2000.903548
    """
    kernel = torch.tensor(_LAPLACIAN)[None, None]
    values = [
        F.conv2d(part.float().flatten(0, 1)[:, None], kernel).unflatten(0, part.shape[:2]).flatten(1).var(1)
        for part in pictures.split(1024)
    ]
    return torch.cat(values).double()


class Sharpness:
    """The mean variance of the Laplacian of samples over that of real pictures: 1 is as sharp as real data, less is
    blurred. Noise is sharp, too, so more than 1 is no better: it stands beside a distance.
    """

    needs = frozenset({"samples", "pixels"})
    modality = frozenset({"image"})
    names: tuple[str, ...] = ("sharpness",)

    def scores(self, evaluation: Evaluation) -> dict[str, Score]:
        real, _ = evaluation.data.items(evaluation.split)
        of_real = edge_energy(real.cpu()).mean().item()
        if not of_real:
            raise ValueError("sharpness compares edges, and the real pictures have none")
        pixels = evaluation.pixels()
        value = mean_with_interval(edge_energy(pixels.cpu()) / of_real, evaluation.seed)
        name = f"{evaluation.data.name}/{evaluation.split}"
        measured = {"reference": name, "reference_sha256": digest(real), "reference_n": len(real)}
        made = evaluation.samples_made() | {"real_edge_energy": of_real, "interval": "bootstrap"}
        return {"sharpness": Score(*value, len(pixels), "ratio to real data", "higher", measured, made)}
