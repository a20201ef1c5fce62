"""A small network that reads the data's own attributes in a picture, trained once: what does it show, and where not?"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genlab.metrics.attributes import HELD_OUT, attributes_of, groups_of, shown
from genlab.metrics.cache import Tensors
from genlab.metrics.extractors.extractor import Activations, Report
from genlab.metrics.extractors.trained import Lesson, TrainedExtractor, whole_of
from genlab.metrics.reference import Split


class AttributeNetwork(nn.Module):
    """Convolutions down to 8 pixels, a hidden layer, whose output are the features, and one head for all attributes.

    Args:
        shape: (channel, height, width) of the pictures.
        sizes: how many names each attribute has.
        n_features: width of the hidden layer.
    """

    def __init__(self, shape: tuple[int, ...], sizes: tuple[int, ...], n_features: int) -> None:
        super().__init__()
        channels, side = shape[0], min(shape[1:])
        halves = side >= 16
        first = nn.Conv2d(channels, 48, 6, 2, 2, bias=False) if halves else nn.Conv2d(channels, 48, 3, 1, 1, bias=False)
        layers: list[nn.Module] = [first, nn.BatchNorm2d(48), nn.ReLU()]
        side, width = side // 2 if halves else side, 48
        while side > 8:
            layers += [nn.Conv2d(width, 64, 3, 2, padding=1, bias=False), nn.BatchNorm2d(64), nn.ReLU()]
            side, width = (side + 1) // 2, 64
        layers += [nn.Conv2d(width, 96, 3, padding=1, bias=False), nn.BatchNorm2d(96), nn.ReLU()]
        layers += [nn.AdaptiveMaxPool2d(4), nn.Flatten(), nn.Linear(96 * 16, n_features), nn.ReLU()]
        self.body = nn.Sequential(*layers)
        self.head = nn.Linear(n_features, sum(sizes))

    def forward(self, images: Tensor) -> Activations:
        """(b, c, h, w) uint8 -> features (b, n_features) >= 0 and logits (b, sum of sizes), attribute by attribute."""
        features = self.body(images.float() / 127.5 - 1)
        return Activations(features, self.head(features))


class AttributeProbe(TrainedExtractor):
    """The extractor that genlab trains by itself on what the data say of their pictures, one answer an attribute.

    It learns from all training pictures. Where the data hold out combinations, it learns from every second of their
    test pictures as well: a probe that has never seen them takes them for what it knows, and would blame the model. Its
    accuracy, which bounds every score, is that on the other test pictures, for each attribute, seen and held-out apart;
    and samples are compared with none that it has learnt from. See TrainedExtractor for the arguments.
    """

    knows_attributes = True
    kind = stream = "attributes"

    sizes: dict[str, int]
    """How many names each attribute has; there after `prepare`."""
    _right: dict[str, Tensor]
    """(n,) bool: whether it is right of the test pictures that it has not learnt from, by attribute."""
    _groups: dict[str, Tensor]
    """(n,) bool: which of them are scored together."""

    def check(self, data: Any, report: Report = None) -> None:
        if not shown(attributes_of(data, "train")):
            raise ValueError(
                f"extractor={self.name} learns what data say of their pictures, and {data.name} has no attributes: "
                "choose another extractor, or data such as dataset=critters"
            )
        self.prepare(data, report=report)

    def guesses(self, logits: Tensor) -> dict[str, Tensor]:
        """(n, sum of sizes) -> for each attribute (n,) which of its names a picture shows."""
        parts = logits.split(list(self.sizes.values()), dim=1)
        return {name: part.argmax(1) for name, part in zip(self.sizes, parts, strict=True)}

    def accuracy(self, names: Iterable[str], group: str) -> float | None:
        """The share of real test pictures of a group of which it tells all the attributes `names`; None of no picture.

        They are some that it has not learnt from. There after `prepare`.
        """
        right = torch.stack([self._right[name] for name in names]).all(0)[self._groups[group]]
        return right.double().mean().item() if len(right) else None

    def remarks(self) -> dict[str, Any]:
        each = {f"{name}{group}": self.accuracy([name], group) for name in self.sizes for group in self._groups}
        return {"extractor_accuracy": {name: value for name, value in each.items() if value is not None}}

    def reference_rows(self, data: Any, split: Split) -> Tensor | None:
        attributes = attributes_of(data, split)
        if split != "test" or HELD_OUT not in attributes:
            return None
        seen = torch.from_numpy(attributes[HELD_OUT].values) == 0
        fresh = ~learnt_of_test(data)
        fresh[seen.nonzero().flatten()[::2]] = False  # as many of these, so that the shares of both are the split's
        return fresh.nonzero().flatten()

    def lesson(self, data: Any) -> Lesson:
        attributes = attributes_of(data, "train")
        names = list(shown(attributes))
        images, values = data.items("train")[0].cpu(), _values(attributes, names)
        of_test = attributes_of(data, "test")
        if (rows := learnt_of_test(data)).any():
            images = torch.cat([images, data.items("test")[0].cpu()[rows]])
            values = torch.cat([values, _values(of_test, names)[rows]])
        self.sizes = {name: len(attributes[name].names) for name in names}
        return Lesson(images, values, self.sizes)

    def file_name(self, data: Any, lesson: Lesson) -> tuple[str, str]:
        return f"{data.name}-attributes", str(lesson.sizes)

    def network(self, shape: tuple[int, ...], sizes: tuple[int, ...]) -> AttributeNetwork:
        return AttributeNetwork(shape, sizes, self.n_features)

    def loss(self, logits: Tensor, lesson: Lesson, rows: Tensor) -> Tensor:
        answers, right = logits.split(list(lesson.sizes.values()), dim=1), lesson.answers[rows].unbind(1)
        return torch.stack([F.cross_entropy(a, b) for a, b in zip(answers, right, strict=True)]).sum()

    def examined(self, network: nn.Module, data: Any) -> Tensors:
        return {}

    def taken(self, network: nn.Module, data: Any, kept: Tensors) -> None:
        attributes = attributes_of(data, "test")
        fresh = ~learnt_of_test(data)
        with torch.no_grad():
            logits = [network(batch.cpu()).logits for batch in data.items("test")[0][fresh].split(self.batch_size)]
        guesses = self.guesses(torch.cat(logits))
        self._right = {name: guesses[name] == torch.from_numpy(attributes[name].values)[fresh] for name in self.sizes}
        self._groups = {group: rows[fresh] for group, rows in groups_of(attributes).items()}


def _values(attributes: dict[str, Any], names: list[str]) -> Tensor:
    """(n, attributes)."""
    return torch.stack([torch.from_numpy(attributes[name].values) for name in names], dim=1)


def learnt_of_test(data: Any) -> Tensor:
    """(n,) bool: the test pictures that the probe learns from, every second of those held out of all classes."""
    whole = whole_of(data)
    attributes = attributes_of(whole, "test")
    learnt = torch.zeros(len(next(iter(attributes.values())).values), dtype=torch.bool)
    if HELD_OUT in attributes:
        learnt[torch.from_numpy(attributes[HELD_OUT].values).nonzero().flatten()[::2]] = True
    if whole is data:
        return learnt
    return torch.isin(data.part("test")[1], whole.part("test")[1][learnt])
