"""A small classifier of the data set's own labels, trained once: features for data that no public network knows."""

from __future__ import annotations

import math
import re
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genlab.metrics.cache import cached, digest
from genlab.metrics.extractors.extractor import Activations, Extractor, Report
from genlab.metrics.extractors.one_cycle import train
from genlab.randomness import fold_in
from genlab.ranges import PositiveFloat, PositiveInt, Seed

_RECIPE = "1"
"""Changed with the network or the training below, so that weights of an older recipe are not taken for these."""

_TIMED_STEPS = 10

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


class OwnClassifier(Extractor):
    """The extractor that genlab trains by itself on the training split's labels and keeps with its test accuracy.

    It learns from all the training pictures of all classes, whatever `dataset.train_size` and `dataset.classes` leave
    to the model, so that models of more and of less data are measured by one classifier. Always trained on the CPU from
    one seed: the same data give the same weights on the same machine. Scores made with it compare models of one data
    set; they mean nothing outside it, and the name says so (`fid_<name>`).

    Args:
        name: what metric names end in. "digits" is for digits: on other data the data set's own name takes its place.
        cache_dir: the weights are kept under its `extractors` folder (`paths.data_dir`).
        n_features: number of features.
        steps: training steps.
        train_batch_size: pictures a step.
        lr: peak learning rate of the one cycle.
        seed: of initialisation and order.
    """

    resize = "none"
    knows_classes = True
    batch_size = 512

    def __init__(
        self,
        name: str,
        cache_dir: str,
        n_features: PositiveInt,
        steps: PositiveInt,
        train_batch_size: PositiveInt,
        lr: PositiveFloat,
        seed: Seed,
    ) -> None:
        super().__init__()
        self.name = name
        self.cache_dir = Path(cache_dir)
        self.n_features = n_features
        self.steps = steps
        self.train_batch_size = train_batch_size
        self.lr = lr
        self.seed = seed
        self.test_accuracy = math.nan

    @property
    def identity(self) -> tuple[Any, ...]:
        return (
            "own classifier", self.name, self.n_features, self.steps, self.train_batch_size, self.lr, self.seed
        )  # fmt: skip

    def check(self, data: Any, report: Report = None) -> None:
        if not data.num_classes:
            raise ValueError(
                f"extractor={self.name} learns the data set's labels, and {data.name} has none: "
                "choose extractor=inception or extractor=efficientnet_lite0"
            )
        self.prepare(data, report=report)

    def seconds_to_prepare(self, data: Any) -> float:
        images, labels, path = self._task(data)
        if path.exists():
            return 0.0
        few = OwnClassifier(
            self.name, str(self.cache_dir), self.n_features, _TIMED_STEPS, self.train_batch_size, self.lr, self.seed
        )
        begin = time.perf_counter()
        few.fitted(images, labels, data.num_classes)
        return (time.perf_counter() - begin) * self.steps / _TIMED_STEPS

    def _task(self, data: Any) -> tuple[Tensor, Tensor, Path]:
        """Pictures and labels to learn from, and where the weights are kept."""
        if self.name == "digits" and data.name not in _DIGITS:
            self.name = re.sub(r"\W+", "_", data.name)
        data = getattr(data, "whole", data)
        images, labels = (part.cpu() for part in data.items("train"))
        recipe = f"{_RECIPE} {self.identity} {tuple(images.shape[1:])} {data.num_classes}"
        file = f"{data.name}-{digest(images, labels, recipe)[:16]}.safetensors"
        return images, labels, self.cache_dir / "extractors" / file

    def load(self, data: Any, report: Report) -> tuple[nn.Module, str]:
        images, labels, path = self._task(data)
        data = getattr(data, "whole", data)
        shape, classes = tuple(images.shape[1:]), data.num_classes
        weights = cached(path, lambda: self._trained(images, labels, data.items("test"), classes, report))
        self.test_accuracy = weights.pop("test_accuracy").item()
        network = ClassifierNetwork(shape, classes, self.n_features)
        network.load_state_dict(weights)
        return network, digest(*[part for name in sorted(weights) for part in (name, weights[name])])

    def remarks(self) -> dict[str, Any]:
        return {"extractor_accuracy": self.test_accuracy}

    def _trained(
        self, images: Tensor, labels: Tensor, test: tuple[Tensor, Tensor | None], classes: int, report: Report
    ) -> dict[str, Tensor]:
        network = self.fitted(images, labels, classes, report)
        assert test[1] is not None, "a data set with labels has them in every split"
        accuracy = hits(network, test[0], test[1]).double().mean()
        return {**network.state_dict(), "test_accuracy": accuracy}

    def fitted(self, images: Tensor, labels: Tensor, classes: int, report: Report = None) -> ClassifierNetwork:
        """A new network trained by this recipe on `images` (n, c, h, w) uint8 and `labels` (n,), in evaluation mode."""
        with torch.random.fork_rng([]), torch.enable_grad():
            torch.manual_seed(fold_in(self.seed, "classifier"))
            network = ClassifierNetwork(tuple(images.shape[1:]), classes, self.n_features)
            self._fit(network.to(memory_format=torch.channels_last), images, labels, report)
        return network.to(memory_format=torch.contiguous_format).eval()

    def _fit(self, network: nn.Module, images: Tensor, labels: Tensor, report: Report) -> None:
        reach = min(images.shape[-2:]) // 14  # shifts of up to 2 pixels of 28

        def loss(rows: Tensor) -> Tensor:
            x = _shifted(images[rows], reach).contiguous(memory_format=torch.channels_last)
            return F.cross_entropy(network(x).logits, labels[rows].long())

        what = f"training the extractor {self.name}"
        train(network, loss, len(images), self.train_batch_size, self.steps, self.lr, report, what)


@torch.no_grad()
def hits(network: ClassifierNetwork, images: Tensor, labels: Tensor) -> Tensor:
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
