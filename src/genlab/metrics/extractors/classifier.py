"""A small classifier of the data set's own labels, trained once: features for data that no public network knows."""

from __future__ import annotations

import math
import re
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genlab.metrics.cache import Tensors
from genlab.metrics.extractors.extractor import Activations, Report
from genlab.metrics.extractors.trained import Lesson, TrainedExtractor

_DIGITS = frozenset(("digits", "mnist"))
"""Data sets whose classifier may be named "digits"."""


class ClassifierNetwork(nn.Module):
    """Convolutions that halve the picture to 4-8 pixels, then a hidden layer, whose output are the features.

    Args:
        shape: (channel, height, width) of the pictures.
        classes: how many labels there are.
        n_features: width of the hidden layer.
    """

    def __init__(self, shape: tuple[int, ...], classes: int, n_features: int) -> None:
        super().__init__()
        channels, side = shape[0], min(shape[1:])
        layers: list[nn.Module] = []
        width = 16
        for _ in range(max(1, math.floor(math.log2(side / 4)))):
            layers += [nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
            layers += [nn.MaxPool2d(2)]
            channels, width = width, min(2 * width, 64)
        layers += [nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
        layers += [nn.AdaptiveAvgPool2d(3), nn.Flatten(), nn.Linear(9 * width, n_features), nn.ReLU()]
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(n_features, classes)

    def forward(self, images: Tensor) -> Activations:
        """(b, c, h, w) uint8 -> features (b, n_features) >= 0 and logits (b, classes)."""
        features = self.body(images.float() / 127.5 - 1)
        return Activations(features, self.head(features))


class OwnClassifier(TrainedExtractor):
    """The extractor that genlab trains by itself on the training split's labels and keeps with its test accuracy.

    It learns from all the training pictures of all classes, and its scores compare models of one data set: they mean
    nothing outside it, and the name says so (`fid_<name>`). "digits" is a name for digits: on other data the data set's
    own name takes its place. See TrainedExtractor for the arguments.
    """

    knows_classes = True
    reads_floats = True
    kind, stream = "own classifier", "classifier"
    test_accuracy = math.nan

    def check(self, data: Any, report: Report = None) -> None:
        if not data.num_classes:
            raise ValueError(
                f"extractor={self.name} learns the data set's labels, and {data.name} has none: "
                "choose extractor=inception or extractor=efficientnet_lite0"
            )
        self.prepare(data, report=report)

    def lesson(self, data: Any) -> Lesson:
        if self.name == "digits" and data.name not in _DIGITS:
            self.name = re.sub(r"\W+", "_", data.name)
        images, labels = (part.cpu() for part in data.items("train"))
        return self.of_labels(images, labels, data.num_classes)

    @staticmethod
    def of_labels(images: Tensor, labels: Tensor, classes: int) -> Lesson:
        """`images` (n, c, h, w) uint8 and the class (n,) of each."""
        return Lesson(images, labels, {"class": classes})

    def file_name(self, data: Any, lesson: Lesson) -> tuple[str, str]:
        return data.name, f"{tuple(lesson.images.shape[1:])} {data.num_classes}"

    def network(self, shape: tuple[int, ...], sizes: tuple[int, ...]) -> ClassifierNetwork:
        return ClassifierNetwork(shape, sizes[0], self.n_features)

    def loss(self, logits: Tensor, lesson: Lesson, rows: Tensor) -> Tensor:
        return F.cross_entropy(logits, lesson.answers[rows].long())

    def varied(self, images: Tensor) -> Tensor:
        return _shifted(images, min(images.shape[-2:]) // 14)  # by up to 2 pixels of 28

    def examined(self, network: nn.Module, data: Any) -> Tensors:
        images, labels = data.items("test")
        return {"test_accuracy": hits(network, images, labels).double().mean()}

    def taken(self, network: nn.Module, data: Any, kept: Tensors) -> None:
        self.test_accuracy = kept["test_accuracy"].item()

    def remarks(self) -> dict[str, Any]:
        return {"extractor_accuracy": self.test_accuracy}


@torch.no_grad()
def hits(network: nn.Module, images: Tensor, labels: Tensor) -> Tensor:
    """(n,) bool: which of `images` (n, c, h, w) uint8 are given their label."""
    guesses = torch.cat([network(batch.cpu()).logits.argmax(1) for batch in images.split(512)])
    return torch.eq(guesses, labels.cpu())


def _shifted(images: Tensor, reach: int) -> Tensor:
    """The batch moved by one random offset of up to `reach` pixels each way, its border repeated."""
    if reach == 0:
        return images
    top, left = torch.randint(2 * reach + 1, (2,)).tolist()
    height, width = images.shape[-2:]
    padded = F.pad(images.float(), (reach,) * 4, mode="replicate")
    return padded[..., top : top + height, left : left + width]
