"""What the extractors share that genlab trains by itself: once, on the CPU, from one seed, and kept on disk."""

from __future__ import annotations

import time
from abc import abstractmethod
from pathlib import Path
from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor, nn

from genlab.metrics.cache import Tensors, cached, digest
from genlab.metrics.extractors.extractor import Extractor, Report
from genlab.metrics.extractors.one_cycle import train
from genlab.randomness import fold_in
from genlab.ranges import PositiveFloat, PositiveInt, Seed

_RECIPE = "1"
"""Changed with a network or the training below, so that weights of an older recipe are not taken for these."""
_TIMED_STEPS = 10


class Lesson(NamedTuple):
    """What a network learns from."""

    images: Tensor
    """(n, c, h, w) uint8, on the CPU."""

    answers: Tensor
    """(n, ...) int64: what is right of each picture."""

    sizes: dict[str, int]
    """How many answers there are to each question."""


class TrainedExtractor(Extractor):
    """An extractor that learns from what the data say of their pictures. Its logits answer.

    It learns from all the training pictures, whatever `dataset.train_size` and `dataset.classes` leave to the model, so
    that models of more and of less data are measured by one network. Always trained on the CPU from one seed: the same
    data give the same weights on the same machine.

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
    batch_size = 512

    kind: ClassVar[str]
    """The first of its `identity`, by which it is known on disk."""
    stream: ClassVar[str]
    """What its random numbers are for."""

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

    @property
    def identity(self) -> tuple[Any, ...]:
        return self.kind, self.name, self.n_features, self.steps, self.train_batch_size, self.lr, self.seed

    # ---- what each of them says ---------------------------------------------------------------------

    @abstractmethod
    def lesson(self, data: Any) -> Lesson:
        """What there is to learn of `data`, which are whole."""

    @abstractmethod
    def file_name(self, data: Any, lesson: Lesson) -> tuple[str, str]:
        """(what the file of weights begins with, what else than pictures, answers and `identity` decides them)."""

    @abstractmethod
    def network(self, shape: tuple[int, ...], sizes: tuple[int, ...]) -> nn.Module:
        """A new one for pictures (channel, height, width) and questions with so many answers."""

    @abstractmethod
    def loss(self, logits: Tensor, lesson: Lesson, rows: Tensor) -> Tensor:
        """A scalar, of the logits (batch, sum of sizes) of the pictures `rows` (batch,)."""

    def varied(self, images: Tensor) -> Tensor:
        """What is learnt from in place of a batch of pictures."""
        return images

    @abstractmethod
    def examined(self, network: nn.Module, data: Any) -> Tensors:
        """What is kept with new weights beside them: how well they do."""

    @abstractmethod
    def taken(self, network: nn.Module, data: Any, kept: Tensors) -> None:
        """Note of weights, new or kept, what `remarks` will tell; `kept` is what `examined` gave."""

    # ---- the training -------------------------------------------------------------------------------

    def seconds_to_prepare(self, data: Any) -> float:
        lesson, path = self._task(data)
        if path.exists():
            return 0.0
        begin = time.perf_counter()
        self.fitted(lesson, steps=_TIMED_STEPS)
        return (time.perf_counter() - begin) * self.steps / _TIMED_STEPS

    def load(self, data: Any, report: Report) -> tuple[nn.Module, str]:
        lesson, path = self._task(data)
        data = whole_of(data)

        def make() -> Tensors:
            trained = self.fitted(lesson, report)
            return {**trained.state_dict(), **self.examined(trained, data)}

        weights = cached(path, make)
        network = self.network(tuple(lesson.images.shape[1:]), tuple(lesson.sizes.values())).eval()
        kept = {name: weights.pop(name) for name in weights.keys() - network.state_dict().keys()}
        network.load_state_dict(weights)
        self.taken(network, data, kept)
        return network, digest(*[part for name in sorted(weights) for part in (name, weights[name])])

    def fitted(self, lesson: Lesson, report: Report = None, steps: int | None = None) -> nn.Module:
        """A new network trained by this recipe, in evaluation mode."""
        with torch.random.fork_rng([]), torch.enable_grad():
            torch.manual_seed(fold_in(self.seed, self.stream))
            network = self.network(tuple(lesson.images.shape[1:]), tuple(lesson.sizes.values()))
            network.to(memory_format=torch.channels_last)

            def loss(rows: Tensor) -> Tensor:
                images = self.varied(lesson.images[rows]).contiguous(memory_format=torch.channels_last)
                return self.loss(network(images).logits, lesson, rows)

            what, n = f"training the extractor {self.name}", len(lesson.images)
            train(network, loss, n, self.train_batch_size, steps or self.steps, self.lr, report, what)
        return network.to(memory_format=torch.contiguous_format).eval()

    def _task(self, data: Any) -> tuple[Lesson, Path]:
        """What there is to learn, and where the weights are kept."""
        lesson = self.lesson(whole_of(data))
        beginning, what = self.file_name(whole_of(data), lesson)
        key = digest(lesson.images, lesson.answers, f"{_RECIPE} {self.identity} {what}")[:16]
        return lesson, self.cache_dir / "extractors" / f"{beginning}-{key}.safetensors"


def whole_of(data: Any) -> Any:
    """The data with all their classes and training pictures."""
    return getattr(data, "whole", data)
