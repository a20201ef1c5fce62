"""InceptionV3 as FID is defined on: torch-fidelity's network and weights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from genlab.data.digest import file_digest
from genlab.metrics.extractors.extractor import Activations, Extractor, Report, as_colour

_FILE = "weights-inception-2015-12-05-6726825d.pth"
_SHA256_PREFIX = "6726825d"


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

    def __init__(self, weights_dir: str, weights: str | None = None) -> None:
        super().__init__()
        self.weights_dir = Path(weights_dir)
        self.weights = None if weights is None else Path(weights)

    @property
    def identity(self) -> tuple[Any, ...]:
        return "inception", self.weights_dir, self.weights

    def check(self, data: Any, report: Report = None) -> None:
        self._file()

    def _file(self) -> Path:
        """The weight file, downloaded where it is absent."""
        if self.weights is not None:
            if not self.weights.is_file():
                raise ValueError(f"extractor.weights={self.weights} is not a file; give InceptionV3's weights or null")
            return self.weights
        path = self.weights_dir / _FILE
        if not path.is_file():
            self._download(path)
        return path

    def _download(self, path: Path) -> None:
        from torch_fidelity.feature_extractor_inceptionv3 import URL_INCEPTION_V3

        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            torch.hub.download_url_to_file(URL_INCEPTION_V3, str(path), hash_prefix=_SHA256_PREFIX, progress=False)
        except (OSError, RuntimeError) as error:
            raise ValueError(
                f"extractor=inception needs {path}, and it could not be downloaded from {URL_INCEPTION_V3} ({error}): "
                "put the file there, set extractor.weights, or choose extractor=digits or efficientnet_lite0"
            ) from error

    def load(self, data: Any, report: Report) -> tuple[nn.Module, str]:
        path = self._file()
        sha256 = file_digest(path)
        if self.weights is None and not sha256.startswith(_SHA256_PREFIX):
            raise ValueError(f"{path} is damaged (SHA-256 {sha256[:8]}..., expected {_SHA256_PREFIX}...): delete it")
        torch.load(path, map_location="meta", weights_only=True)  # torch-fidelity itself would unpickle anything
        return InceptionNetwork(path).to(memory_format=torch.channels_last), sha256
