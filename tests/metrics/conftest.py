"""Real data and real, trivial models to score: handwritten digits, and models that return or spoil them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from torch import Tensor

from genlab.data.digits import Digits
from genlab.metrics.extractors.classifier import OwnClassifier
from genlab.modalities.image import Image
from genlab.modalities.pixels import to_model


class DigitsData:
    """scikit-learn's digits as a data module shows them to metrics."""

    name = "digits"
    checksum = "digits-of-the-tests"
    num_classes: int | None = 10
    shape = (1, 8, 8)
    modality = Image()

    def __init__(self) -> None:
        source = Digits().load(1, 8)
        pixels, labels = torch.from_numpy(source.pixels), torch.from_numpy(source.labels)
        order = torch.randperm(len(pixels), generator=torch.Generator().manual_seed(0))
        parts = {"train": order[:1200], "val": order[1200:1300], "test": order[1300:]}
        self._splits = {name: (pixels[rows], labels[rows]) for name, rows in parts.items()}

    def items(self, split: str) -> tuple[Tensor, Tensor | None]:
        return self._splits[split]


class Copying:
    """Draws real digits of the wanted class, and reconstructs them with a little less contrast."""

    num_classes = 10

    def __init__(self, data: DigitsData, split: str = "train") -> None:
        self.pixels, self.labels = data.items(split)
        self.is_averaged = False
        self.drawn_while_averaged: list[bool] = []

    def sample(self, n: int, condition: Tensor | None = None, *, generator: Any = None) -> Tensor:
        self.drawn_while_averaged.append(self.is_averaged)
        draws = generator.uniform((n, 1)).flatten()
        chosen = []
        for label, draw in zip(condition, draws, strict=True):
            rows = (self.labels == label).nonzero().flatten()
            chosen.append(rows[int(draw * len(rows))])
        return to_model(self.pixels[torch.stack(chosen)])

    def reconstruct(self, x: Tensor, condition: Tensor | None = None) -> Tensor:
        return 0.9 * x

    @contextmanager
    def averaged(self) -> Iterator[None]:
        self.is_averaged = True
        yield
        self.is_averaged = False

    def provenance(self) -> dict[str, Any]:
        return {"weights": "ema", "sampler": "copying", "nfe": 1}


@pytest.fixture(scope="session")
def data() -> DigitsData:
    return DigitsData()


@pytest.fixture
def copying() -> type[Copying]:
    return Copying


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("data"))


@pytest.fixture
def extractor(cache_dir: str) -> OwnClassifier:
    """The digits' own classifier, trained shortly and only once."""
    return OwnClassifier("digits", cache_dir, n_features=16, steps=150, train_batch_size=64, lr=0.01, seed=0)
