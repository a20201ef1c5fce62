"""InceptionV3 as FID is defined on: torch-fidelity's network and weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from genlab.metrics.extractors.extractor import Activations, Extractor, Report, as_colour
from genlab.metrics.extractors.weights import WeightFile, downloaded

_URL = (
    "https://github.com/toshas/torch-fidelity/releases/download/v0.2.0/weights-inception-2015-12-05-6726825d.pth"
)  # fmt: skip
_FILE = WeightFile(
    asked_for="extractor=inception", name="weights-inception-2015-12-05-6726825d.pth", source=_URL,
    sha256="6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2", bring=downloaded(_URL, 100_000_000),
    instead="choose extractor=digits or extractor=efficientnet_lite0",
)  # fmt: skip


class InceptionNetwork(nn.Module):
    """Pooled features (2048) and logits without bias (1008), both in one pass."""

    def __init__(self, weights: Path) -> None:
        from torch_fidelity.feature_extractor_inceptionv3 import FeatureExtractorInceptionV3

        super().__init__()
        self.network = FeatureExtractorInceptionV3("inception", ["2048", "logits_unbiased"], str(weights))

    def forward(self, images: Tensor) -> Activations:
        return Activations(*self.network(as_colour(images)))


class Inception(Extractor):
    """InceptionV3 of 2015-12-05. Greyscale is repeated three times; the resize to 299 is TensorFlow 1's bilinear one
    without antialiasing, as in the FID of its authors.

    Args:
        weights_dir: folder of weight files (`paths.weights_dir`); a download goes there.
        weights: a file to use instead, in torch-fidelity's format, whatever its digest.
    """

    name = "inception"
    resize = "tensorflow1-bilinear-299"
    colour = True

    def __init__(self, weights_dir: str, weights: str | None = None) -> None:
        super().__init__()
        self.weights_dir = Path(weights_dir)
        self.weights = None if weights is None else Path(weights)

    @property
    def identity(self) -> tuple[Any, ...]:
        return "inception", self.weights_dir, self.weights

    def check(self, data: Any, report: Report = None) -> None:
        _FILE.find(self.weights_dir, self.weights)

    def load(self, data: Any, report: Report) -> tuple[nn.Module, str]:
        path, sha256 = _FILE.find(self.weights_dir, self.weights)
        torch.load(path, map_location="meta", weights_only=True)  # torch-fidelity itself would unpickle anything
        return InceptionNetwork(path).to(memory_format=torch.channels_last), sha256
