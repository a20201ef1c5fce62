"""The data module of two domains of pictures, of which nothing is paired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from genlab.conditions import ConditionInput
from genlab.data.fake_data import Noise
from genlab.data.image_datamodule import ImageDataModule
from genlab.data.items import Items
from genlab.data.loader import EvalLoader, TrainLoader
from genlab.data.preparation_of_two import PreparationOfTwo
from genlab.data.resident_data import Split
from genlab.data.source import PARTNER, Images, Source
from genlab.data.unpaired_loader import UnpairedEvalLoader, UnpairedTrainLoader
from genlab.picture_size import Size, shortest
from genlab.randomness import fold_in
from genlab.ranges import Fraction, NonNegativeInt, PositiveInt, Seed


class TwoDomains(ImageDataModule):
    """Pictures of two labels of a source, the domains a and b: unpaired batches, `x` of a and `other` of b.

    Each domain goes through an order of its own, drawn from (seed, domain, epoch). An epoch is as long as the larger
    domain; the smaller one begins again. To all else these are data of b, and pictures of a are their conditions, as a
    model that translates from a to b needs them; `domains` has both by themselves.

    Args:
        domains: the labels of a and b.
        train_size, val_size, test_size: of both together.
        flip: mirror half of the training pictures of each domain.
        source, channels, size, batch_size, eval_batch_size, seed, resident_on: see ImageDataModule.

    Raises:
        ValueError: `domains` are not two labels of the source, or a split has no picture of one of them.
    """

    identified_by = PreparationOfTwo
    has_two_domains = True
    """Its batches are of use to models that ask for two domains alone (see models/rules.py)."""

    def __init__(
        self, source: Source, channels: PositiveInt, size: Size, batch_size: PositiveInt,
        domains: Sequence[NonNegativeInt] = PreparationOfTwo.domains, eval_batch_size: PositiveInt = 256,
        train_size: PositiveInt | None = None, val_size: PositiveInt | Fraction = 0.1,
        test_size: PositiveInt | Fraction | None = None, flip: bool = False, seed: Seed = 0,
        resident_on: Literal["cpu", "device"] = "device",
    ) -> None:  # fmt: skip
        super().__init__(
            source, channels, size, None, batch_size, eval_batch_size, flip=flip, seed=seed, resident_on=resident_on
        )
        sizes = {"train_size": train_size, "val_size": val_size, "test_size": test_size}
        self._prepare_as(PreparationOfTwo(source, channels, size, **sizes, domains=domains))  # type: ignore[arg-type]

    # ---- what the data is ---------------------------------------------------------------------------

    @property
    def _labels(self) -> list[int]:
        assert isinstance(self.preparation, PreparationOfTwo)
        return [int(label) for label in self.preparation.domains]

    @cached_property
    def domain_names(self) -> tuple[str, str]:
        """What a and b are called."""
        names = self._loaded.class_names
        a, b = (str(label) if names is None else names[label] for label in self._labels)
        return a, b

    @cached_property
    def domains(self) -> tuple[ImageDataModule, ImageDataModule]:
        """The data of a and of b, each by itself, in the same splits."""
        a, b = (self._domain(label, name) for label, name in zip(self._labels, self.domain_names, strict=True))
        return a, b

    def _domain(self, label: int, name: str) -> ImageDataModule:
        own = self.preparation
        sizes = {"train_size": own.train_size, "val_size": own.val_size, "test_size": own.test_size}
        domain = ImageDataModule(
            own.source, own.channels, shortest(own.size), None, self.batch_size, self.eval_batch_size,
            classes=[label], **sizes,  # type: ignore[arg-type]
        )  # fmt: skip
        domain.name = f"{self.name}-{name}"
        return domain

    def partners(self, split: Split) -> Tensor | None:
        """(n of a,) the place in the split of b of each picture's true partner, -1 for none; None where the source
        knows of none. Training never sees which they are."""
        if (known := (self._loaded.attributes or {}).get(PARTNER)) is None:
            return None
        a, b = (known.values[rows.numpy()] for rows in self._rows(split))
        place = {value: i for i, value in enumerate(b.tolist())}
        return torch.tensor([place.get(value, -1) for value in a.tolist()])

    def part(self, split: Split) -> tuple[Items, Tensor]:
        """All pictures, and the rows of them that are b's of a split."""
        return self._items, self._rows(split)[1]

    def conditions(self, split: Split, n: int) -> ConditionInput:
        """The first `n` pictures of a, from the beginning again where there are fewer."""
        rows = self._rows(split)[0]
        return ConditionInput(picture=self.to_model(self._items.stored[rows[torch.arange(n) % len(rows)]]))

    def _rows(self, split: Split) -> tuple[Tensor, Tensor]:
        """The rows of a and of b in a split."""
        rows, labels = getattr(self._splits, split), self._loaded.labels
        assert labels is not None
        a, b = (torch.from_numpy(rows[labels[rows] == label]) for label in self._labels)
        for label, own in zip(self._labels, (a, b), strict=True):
            if not len(own):
                raise ValueError(f"dataset.domains={self._labels}: the {split} split of {self.name} has no {label}")
        return a, b

    @cached_property
    def _loaded(self) -> Images:
        images: Images = super()._loaded
        known = [] if images.labels is None else np.unique(images.labels).tolist()
        if not set(self._labels) <= set(known):
            has = f"has the labels {known}" if known else "has no labels"
            raise ValueError(f"dataset.domains={self._labels}: {self.name} {has}")
        return images

    @property
    def n_train(self) -> int:
        """Training pictures of the larger domain, which an epoch goes through once."""
        return max(map(len, self._rows("train")))

    @property
    def counts(self) -> dict[str, Any]:
        """For the record: the training pictures of each domain."""
        return {"domains": dict(zip(self.domain_names, map(len, self._rows("train")), strict=True))}

    def fed_from(self, source: Source, sizes: tuple[int | None, float, float | None]) -> ImageDataModule:
        """The same batches from other pictures; noise is given the labels of the domains, half of each."""
        if isinstance(source, Noise):
            source = replace(source, n=2 * source.n, classes=self._labels, num_classes=max(self._labels) + 1)
            sizes = (sizes[0], *(size and 2 * size for size in sizes[1:]))  # type: ignore[assignment]
        return super().fed_from(source, sizes)

    def __getstate__(self) -> dict[str, Any]:
        return {k: value for k, value in super().__getstate__().items() if k not in ("domains", "domain_names")}

    # ---- Lightning's side ---------------------------------------------------------------------------

    def train_dataloader(self) -> UnpairedTrainLoader:  # type: ignore[override]
        done = None if self.trainer is None else self._batches_done
        return UnpairedTrainLoader(self._train_loader_of(0), self._train_loader_of(1), self._order_seed, done)

    def _train_loader_of(self, domain: Literal[0, 1]) -> TrainLoader:
        items, rows = self._placed("train")[0], self._rows("train")
        seed = None if self._order_seed is None else fold_in(self._order_seed, "domain", domain)
        batch_size = min(self.batch_size, *map(len, rows))
        return TrainLoader(items, rows[domain], batch_size, seed, self._flip, self._shard(), None, self.to_model)

    def val_dataloader(self) -> UnpairedEvalLoader:  # type: ignore[override]
        return self._eval_loader("val")

    def test_dataloader(self) -> UnpairedEvalLoader:  # type: ignore[override]
        return self._eval_loader("test")

    def _eval_loader(self, split: Split) -> UnpairedEvalLoader:
        items, _ = self._placed(split)
        a, b = (
            EvalLoader(items, rows, self.eval_batch_size, self._shard(), self.to_model) for rows in self._rows(split)
        )
        return UnpairedEvalLoader(a, b)
