"""Learned perceptual similarity of reconstructions (Zhang et al. 2018), on AlexNet.

Paper: https://arxiv.org/abs/1801.03924
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from genlab.metrics.evaluation import Evaluation
from genlab.metrics.extractors.extractor import as_colour
from genlab.metrics.extractors.weights import WeightFile, downloaded
from genlab.metrics.intervals import mean_with_interval
from genlab.metrics.score import Score
from genlab.modalities.pixels import to_model

_ALEXNET = WeightFile(
    asked_for="LPIPS", name="alexnet-owt-7be5be79.pth",
    sha256="7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02",
    bring=downloaded("https://download.pytorch.org/models/alexnet-owt-7be5be79.pth", 250_000_000),
    source="download.pytorch.org", instead="take metrics=perceptual",
)  # fmt: skip


def lpips_network(trunk: Path) -> Any:
    """torchmetrics' LPIPS with its own fitted weights, over an AlexNet of torchvision's format."""
    from torchmetrics.functional.image.lpips import _LPIPS

    with torch.random.fork_rng([]):
        network = _LPIPS(pretrained=True, net="alex", pnet_rand=True)
    stored = torch.load(trunk, map_location="cpu", weights_only=True)
    for name, parameter in network.net.named_parameters():  # slice2.3.weight is features.3.weight
        _, _, rest = name.partition(".")
        parameter.data.copy_(stored[f"features.{rest}"])
    return network.eval()


class LPIPS:
    """Mean over pictures of their LPIPS: 0 to about 1, lower is closer. Greyscale is repeated three times.

    Args:
        weights_dir: folder of weights (`paths.weights_dir`); a download goes there.
        weights: AlexNet's file elsewhere, in torchvision's format.
    """

    needs = frozenset({"reconstructions", "31 pixels"})
    modality = frozenset({"image"})
    names: tuple[str, ...] = ("lpips",)

    def __init__(self, weights_dir: str, weights: str | None = None) -> None:
        self.weights_dir = Path(weights_dir)
        self.weights = None if weights is None else Path(weights)

    def check(self) -> None:
        """Raises ValueError, one sentence, when AlexNet's weights cannot be had."""
        _ALEXNET.find(self.weights_dir, self.weights)

    def scores(self, evaluation: Evaluation) -> dict[str, Score]:
        trunk, sha256 = _ALEXNET.find(self.weights_dir, self.weights)
        values = distances(lpips_network(trunk).to(evaluation.device), *evaluation.reconstructions())
        how = {**evaluation.real_measured(), "extractor": "alexnet", "extractor_sha256": sha256, "resize": "none"}
        made = {**evaluation.real_made(), "interval": "bootstrap"}
        measured = mean_with_interval(values, evaluation.seed)
        return {"lpips": Score(*measured, len(values), "LPIPS", "lower", how, made)}


class LPIPSDistance:
    """LPIPS of pairs of pictures in [-1, 1] with its gradient, as an error to be minimised.

    The weights are read when it is first asked; they are no part of the model that asks.

    Args:
        weights_dir, weights: see LPIPS.
    """

    def __init__(self, weights_dir: str, weights: str | None = None) -> None:
        self.weights_dir = Path(weights_dir)
        self.weights = None if weights is None else Path(weights)
        self._network: Any = None

    def __call__(self, x: Tensor, y: Tensor) -> Tensor:
        """(batch,): of each pair of pictures, 31 pixels or more."""
        if self._network is None:
            trunk, _ = _ALEXNET.find(self.weights_dir, self.weights)
            self._network = lpips_network(trunk).requires_grad_(False).to(x.device)
        return self._network(as_colour(x), as_colour(y)).flatten()


@torch.no_grad()
def distances(network: Any, real: Tensor, reconstructed: Tensor) -> Tensor:
    """(n,) of each pair of (n, 1 or 3, height, width) uint8 pictures, 31 pixels or more."""
    device = next(network.parameters()).device
    pairs = zip(real.split(128), reconstructed.split(128), strict=True)
    values = [network(*(to_model(as_colour(part)).to(device) for part in pair)).flatten().cpu() for pair in pairs]
    return torch.cat(values)
