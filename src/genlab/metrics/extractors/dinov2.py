"""DINOv2: features of a vision transformer that was trained without labels.

Papers: https://arxiv.org/abs/2304.07193, https://arxiv.org/abs/2306.04675
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from genlab.metrics.extractors.extractor import Activations, Extractor, Report, as_colour
from genlab.metrics.extractors.framing import normalised
from genlab.metrics.extractors.pretrained import folder_sha256, pretrained_folder, quietly
from genlab.ranges import PositiveInt

_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Of ImageNet, as in its training."""


class DINOv2Network(nn.Module):
    """(b, 1 or 3, h, w) uint8 -> the class token after the last norm, (b, width)."""

    def __init__(self, model: nn.Module, size: int) -> None:
        super().__init__()
        self.model = model
        self.size = size

    def forward(self, images: Tensor) -> Activations:
        x = normalised(as_colour(images), self.size, _MEAN, _STD)
        return Activations(self.model(pixel_values=x).pooler_output, None)


class DINOv2(Extractor):
    """Oquab et al. 2023. Distances on these features follow people's judgement more closely than InceptionV3's (Stein
    et al. 2023); they are not comparable with published FID.

    Greyscale is repeated three times; pictures are resized bicubically, antialiased.

    Args:
        weights_dir: folder of weights (`paths.weights_dir`); a model from the hub is kept there.
        model: a name on the hub, or a folder in its format.
        size: to which pictures are resized.
    """

    name = "dinov2"
    colour = True

    def __init__(self, weights_dir: str, model: str = "facebook/dinov2-large", size: PositiveInt = 224) -> None:
        super().__init__()
        self.weights_dir = Path(weights_dir)
        self.model = model
        self.size = size
        self.resize = f"bicubic-antialiased-{size}"

    @property
    def identity(self) -> tuple[Any, ...]:
        return "dinov2", self.weights_dir, self.model, self.size

    def check(self, data: Any, report: Report = None) -> None:
        self._folder()

    def _folder(self) -> Path:
        return pretrained_folder(
            self.model, self.weights_dir, "extractor=dinov2", "choose extractor=efficientnet_lite0"
        )  # fmt: skip

    def load(self, data: Any, report: Report) -> tuple[nn.Module, str]:
        folder = self._folder()
        from transformers import Dinov2Model

        network = DINOv2Network(quietly(Dinov2Model, folder).to(torch.float32), self.size)
        return network, folder_sha256(folder)
