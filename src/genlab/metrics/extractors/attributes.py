"""A small network that reads the data's own attributes in a picture, trained once: what does it show, and where not?"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genlab.metrics.attributes import HELD_OUT, attributes_of, groups_of, shown
from genlab.metrics.cache import cached, digest
from genlab.metrics.extractors.extractor import Activations, Extractor, Report
from genlab.metrics.extractors.one_cycle import train
from genlab.randomness import fold_in
from genlab.ranges import PositiveFloat, PositiveInt, Seed

_RECIPE = "1"
"""Changed with the network or the training below, so that weights of an older recipe are not taken for these."""
_TIMED_STEPS = 10


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


class _Lesson(NamedTuple):
    """Pictures (n, c, h, w) uint8 and what they show: `values` (n, attributes)."""

    images: Tensor
    values: Tensor


class AttributeProbe(Extractor):
    """The extractor that genlab trains by itself on what the data say of their pictures, one answer an attribute.

    It learns from all training pictures. Where the data hold out combinations, it learns from every second of their
    test pictures as well: a probe that has never seen them takes them for what it knows, and would blame the model. Its
    accuracy, which bounds every score, is that on the other test pictures, for each attribute, seen and held-out apart.
    Always trained on the CPU from one seed: the same data give the same weights on the same machine.

    Args:
        name: what metric names end in, as `fid_<name>`.
        cache_dir: the weights are kept under its `extractors` folder (`paths.data_dir`).
        n_features: number of features.
        steps: training steps.
        train_batch_size: pictures a step.
        lr: peak learning rate of the one cycle.
        seed: of initialisation and order.
    """

    resize = "none"
    knows_attributes = True
    batch_size = 512

    def __init__(
        self, name: str, cache_dir: str, n_features: PositiveInt, steps: PositiveInt, train_batch_size: PositiveInt,
        lr: PositiveFloat, seed: Seed,
    ) -> None:  # fmt: skip
        super().__init__()
        self.name = name
        self.cache_dir = Path(cache_dir)
        self.n_features = n_features
        self.steps = steps
        self.train_batch_size = train_batch_size
        self.lr = lr
        self.seed = seed
        self.sizes: dict[str, int] = {}
        """How many names each attribute has; there after `prepare`."""
        self.accuracy: dict[str, float] = {}
        """The share of right answers on real test pictures by attribute and group, "colour_seen"; after `prepare`."""

    @property
    def identity(self) -> tuple[Any, ...]:
        return "attributes", self.name, self.n_features, self.steps, self.train_batch_size, self.lr, self.seed

    def check(self, data: Any, report: Report = None) -> None:
        if not shown(attributes_of(data, "train")):
            raise ValueError(
                f"extractor={self.name} learns what data say of their pictures, and {data.name} has no attributes: "
                "choose another extractor, or data such as dataset=critters"
            )
        self.prepare(data, report=report)

    def seconds_to_prepare(self, data: Any) -> float:
        lesson, sizes = self._lesson(data)
        if self._path(data, lesson, sizes).exists():
            return 0.0
        begin = time.perf_counter()
        self._fitted(lesson, sizes, _TIMED_STEPS)
        return (time.perf_counter() - begin) * self.steps / _TIMED_STEPS

    def guesses(self, logits: Tensor) -> dict[str, Tensor]:
        """(n, sum of sizes) -> for each attribute (n,) which of its names a picture shows."""
        parts = logits.split(list(self.sizes.values()), dim=1)
        return {name: part.argmax(1) for name, part in zip(self.sizes, parts, strict=True)}

    def remarks(self) -> dict[str, Any]:
        return {"extractor_accuracy": dict(self.accuracy)}

    def load(self, data: Any, report: Report) -> tuple[nn.Module, str]:
        lesson, self.sizes = self._lesson(data)
        data = getattr(data, "whole", data)
        path = self._path(data, lesson, self.sizes)
        weights = cached(path, lambda: self._fitted(lesson, self.sizes, self.steps, report).state_dict())
        network = self._network_for(lesson, self.sizes)
        network.load_state_dict(weights)
        self.accuracy = self._accuracy(network.eval(), data)
        return network, digest(*[part for name in sorted(weights) for part in (name, weights[name])])

    def _lesson(self, data: Any) -> tuple[_Lesson, dict[str, int]]:
        """What there is to learn from, and the attributes that there are."""
        data = getattr(data, "whole", data)
        attributes = attributes_of(data, "train")
        names = list(shown(attributes))
        images, values = data.items("train")[0].cpu(), _values(attributes, names)
        of_test = attributes_of(data, "test")
        if (rows := learnt_of_test(of_test)).any():
            images = torch.cat([images, data.items("test")[0].cpu()[rows]])
            values = torch.cat([values, _values(of_test, names)[rows]])
        return _Lesson(images, values), {name: len(attributes[name].names) for name in names}

    def _path(self, data: Any, lesson: _Lesson, sizes: dict[str, int]) -> Path:
        recipe = f"{_RECIPE} {self.identity} {sizes}"
        file = f"{data.name}-attributes-{digest(*lesson, recipe)[:16]}.safetensors"
        return self.cache_dir / "extractors" / file

    def _network_for(self, lesson: _Lesson, sizes: dict[str, int]) -> AttributeNetwork:
        return AttributeNetwork(tuple(lesson.images.shape[1:]), tuple(sizes.values()), self.n_features)

    def _fitted(
        self, lesson: _Lesson, sizes: dict[str, int], steps: int, report: Report = None
    ) -> AttributeNetwork:  # fmt: skip
        """A new network trained for so many steps."""
        with torch.random.fork_rng([]), torch.enable_grad():
            torch.manual_seed(fold_in(self.seed, "attributes"))
            network = self._network_for(lesson, sizes).to(memory_format=torch.channels_last)

            def loss(rows: Tensor) -> Tensor:
                images = lesson.images[rows].contiguous(memory_format=torch.channels_last)
                answers = network(images).logits.split(list(sizes.values()), dim=1)
                right = lesson.values[rows].unbind(1)
                return torch.stack([F.cross_entropy(a, b) for a, b in zip(answers, right, strict=True)]).sum()

            what = f"training the extractor {self.name}"
            train(network, loss, len(lesson.images), self.train_batch_size, steps, self.lr, report, what)
        return network.to(memory_format=torch.contiguous_format)

    def _accuracy(self, network: nn.Module, data: Any) -> dict[str, float]:
        """By attribute and group, on the test pictures that the network has not learnt from."""
        attributes = attributes_of(data, "test")
        fresh = ~learnt_of_test(attributes)
        with torch.no_grad():
            logits = [network(batch.cpu()).logits for batch in data.items("test")[0][fresh].split(self.batch_size)]
        guesses = self.guesses(torch.cat(logits))
        hits = {name: guesses[name] == torch.from_numpy(attributes[name].values)[fresh] for name in self.sizes}
        groups = {group: rows[fresh] for group, rows in groups_of(attributes).items() if rows[fresh].any()}
        return {
            f"{name}{group}": hits[name][rows].double().mean().item() for name in hits for group, rows in groups.items()
        }


def _values(attributes: dict[str, Any], names: list[str]) -> Tensor:
    """(n, attributes)."""
    return torch.stack([torch.from_numpy(attributes[name].values) for name in names], dim=1)


def learnt_of_test(attributes: dict[str, Any]) -> Tensor:
    """(n,) bool: the test pictures that the probe learns from, every second of those held out."""
    learnt = torch.zeros(len(next(iter(attributes.values())).values), dtype=torch.bool)
    if HELD_OUT in attributes:
        learnt[torch.from_numpy(attributes[HELD_OUT].values).nonzero().flatten()[::2]] = True
    return learnt
