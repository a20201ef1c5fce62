"""A data module whose data lie in memory as they are stored; a batch is an index and one conversion."""

from __future__ import annotations

import hashlib
import warnings
from functools import cached_property
from typing import Any, ClassVar, Literal

import pytorch_lightning as pl
import torch
from torch import Tensor

from genlab.conditions import ConditionInput
from genlab.data.items import Items
from genlab.data.loader import EvalLoader, Shard, TrainLoader, tell_of_unmirrored
from genlab.data.source import Attribute
from genlab.modalities.image import Image
from genlab.modalities.modality import Modality
from genlab.notice import Notice

Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = ("train", "val", "test")


class ResidentData(pl.LightningDataModule):
    """Data of any shape and dtype, all in memory: what a data set of your own is derived from.

    A subclass says `name`, `modality`, `num_classes` where its items have labels, and `load`. Batches, their order,
    resuming in the middle of an epoch, several devices and the copy on the training device are done here.

        class Tones(ResidentData):
            name, num_classes, modality = "tones", 8, Audio(rate=8000)

            def load(self, split: Split) -> Items:
                label = torch.arange(64) % 8
                wave = torch.sin(torch.arange(256) * (label[:, None] + 1) / 10)
                return Items((wave[:, None] * 32767).to(torch.int16), label)

    Args:
        batch_size: items in a training batch, over all devices together.
        eval_batch_size: at most so many in a batch of validation and test.
        seed: of the training order and the flips. The data do not depend on it.
        flip: mirror half of the training items along their last axis, others in every epoch.
        resident_on: "device" keeps the items on the training device when they take less than a quarter of its free
            memory, "cpu" in main memory.
    """

    name: str
    modality: Modality = Image()
    """How items are stored, what a model sees of them, and how they are shown and written."""
    num_classes: int | None = None
    """Classes of the labels; None for data without."""
    class_names: list[str] | None = None
    """A name for each class."""
    identified_by: ClassVar[type | None] = None
    """A dataclass, in a module that imports no torch, built from those arguments of the data module that it has fields
    for. Its `checksum` is that of the data, and names runs before anything is loaded. Data modules without one are
    known by their config as a whole."""

    def __init__(
        self, batch_size: int = 64, eval_batch_size: int = 256, seed: int = 0, flip: bool = False,
        resident_on: Literal["cpu", "device"] = "device",
    ) -> None:  # fmt: skip
        super().__init__()
        self.batch_size, self.eval_batch_size, self.seed = batch_size, eval_batch_size, seed
        self._flip = flip
        self._resident_on = resident_on
        self._parts: dict[Split, tuple[Items, Tensor]] = {}
        self._copies: dict[int, Items] = {}  # on the training device

    # ---- what the data is ---------------------------------------------------------------------------

    def load(self, split: Split) -> Items:
        """The items of a split, in one order, whatever the seed; called once for each split."""
        raise NotImplementedError(f"{type(self).__name__} has no load(split), which returns the Items of a split")

    def part(self, split: Split) -> tuple[Items, Tensor]:
        """The items in memory and the rows (n,) of them that are the split."""
        if split not in self._parts:
            where = f"{type(self).__name__}.load({split!r})"
            items = _checked(self.load(split), where, self.num_classes)
            if self.modality is not ResidentData.modality and not self.modality.holds(items.stored):
                given = f"{tuple(items.stored.shape)} {items.stored.dtype}"
                raise ValueError(f"{where} gives {given}, and {self.modality} keeps {self.modality.stored_as}")
            self._parts[split] = items, torch.arange(len(items.stored))
        return self._parts[split]

    def items(self, split: Split) -> tuple[Tensor, Tensor | None]:
        """The items of a split as they are stored, (n, *shape), and their labels (n,) int64 or None; on the CPU."""
        data, rows = self.part(split)
        return data.stored[rows], None if data.labels is None else data.labels[rows]

    def captions(self, split: Split) -> list[str] | None:
        """A text for each item of a split, where the data has them: the first of each."""
        data, rows = self.part(split)
        return None if data.captions is None else [data.caption(row) for row in rows.tolist()]

    def attributes(self, split: Split) -> dict[str, Attribute]:
        """What is known of each item of a split, by name, where the data say so; its values are (n,) of the split."""
        return {}

    def all_captions(self, split: Split) -> list[str] | None:
        """Every text of every item of a split, of which an epoch of training takes one an item."""
        data, rows = self.part(split)
        if data.captions is None:
            return None
        each = [data.texts(row) for row in rows.tolist()]
        return [text for texts in each for text in ([texts] if isinstance(texts, str) else texts)]

    @property
    def told(self) -> frozenset[str]:
        """Names of the attributes that the first caption of an item decides: what a sample of it must show."""
        return frozenset()

    def conditions(self, split: Split, n: int) -> ConditionInput | None:
        """What the first `n` items of a split are, from the beginning again where there are fewer: labels, captions and
        second data; what metrics, pictures of a training and reflow ask a model for. None where the data have none."""
        data, rows = self.part(split)
        rows = rows[torch.arange(n) % len(rows)]
        condition = ConditionInput(
            label=None if self.num_classes is None or data.labels is None else data.labels[rows].cpu(),
            prompt=None if data.captions is None else [data.caption(row) for row in rows.tolist()],
            picture=None if data.others is None else self.to_model(data.others[rows].cpu()),
        )
        return condition if condition.names else None

    def to_model(self, stored: Tensor) -> Tensor:
        """Stored items (n, ...) -> what a model sees of them."""
        return self.modality.to_model(stored)

    @cached_property
    def shape(self) -> tuple[int, ...]:
        """Of one item, as a model sees it."""
        return tuple(self.to_model(self.part("train")[0].stored[:1]).shape[1:])

    @cached_property
    def checksum(self) -> str:
        """SHA-256 of the data: by default of all that `load` gives."""
        digest = hashlib.sha256()
        for split in SPLITS:
            stored, labels = self.items(split)
            for part in (stored, labels):
                if part is not None:
                    digest.update(f"{split} {part.dtype} {tuple(part.shape)}".encode())
                    digest.update(part.contiguous().numpy().data)
            data, rows = self.part(split)
            digest.update(repr(None if data.captions is None else [data.texts(row) for row in rows.tolist()]).encode())
            if data.others is not None:
                digest.update(data.others[rows].contiguous().numpy().data)
            if data.weights is not None:
                digest.update(data.weights.region[rows].contiguous().numpy().data)
                digest.update(repr(data.weights.values.tolist()).encode())
        return digest.hexdigest()

    @property
    def classes(self) -> list[int] | None:
        """The labels that occur, where labels are used."""
        return None if self.num_classes is None else list(range(self.num_classes))

    @property
    def untrained_classes(self) -> list[str]:
        """The classes that occur, or should, and have no item in the training split; by name where they have one."""
        labels, names = self.items("train")[1], self.class_names
        if labels is None or self.num_classes is None:
            return []
        seen = set(labels.unique().tolist())
        return [names[c] if names else str(c) for c in self.classes or [] if c not in seen]

    @property
    def n_train(self) -> int:
        return len(self.part("train")[1])

    @property
    def n_val(self) -> int:
        return len(self.part("val")[1])

    @property
    def n_test(self) -> int:
        return len(self.part("test")[1])

    def __getstate__(self) -> dict[str, Any]:
        """Without the data: another process loads them again, or maps the same file."""
        return self.__dict__ | {"_parts": {}, "_copies": {}}

    # ---- Lightning's side ---------------------------------------------------------------------------

    def train_dataloader(self) -> TrainLoader:
        loader = self._train_loader()
        tell_of_unmirrored([loader], self.n_train)
        return loader

    def _train_loader(self, fill: bool = False) -> TrainLoader:
        done = None if self.trainer is None else self._batches_done
        placed, rows = self._placed("train")
        seed, shard = self._order_seed, self._shard()
        return TrainLoader(placed, rows, self.batch_size, seed, self._flip, shard, done, self.to_model, fill)

    @property
    def _order_seed(self) -> int | None:
        """None where each epoch is to be the same."""
        overfit = self.trainer is not None and self.trainer.overfit_batches > 0  # type: ignore[attr-defined]
        return None if overfit else self.seed

    def val_dataloader(self) -> EvalLoader:
        return EvalLoader(*self._placed("val"), self.eval_batch_size, self._shard(), self.to_model)

    def test_dataloader(self) -> EvalLoader:
        return EvalLoader(*self._placed("test"), self.eval_batch_size, self._shard(), self.to_model)

    def _batches_done(self) -> int:
        """Lightning's own count of this epoch's batches whose step was taken."""
        assert self.trainer is not None
        return int(self.trainer.fit_loop.epoch_loop.batch_progress.current.processed)  # type: ignore[attr-defined]

    def _shard(self) -> Shard:
        return Shard() if self.trainer is None else Shard(self.trainer.global_rank, self.trainer.world_size)

    def _placed(self, split: Split) -> tuple[Items, Tensor]:
        """The items where batches are made, and the rows of a split."""
        device = torch.device("cpu") if self.trainer is None else self.trainer.strategy.root_device
        data, rows = self.part(split)
        if self._resident_on == "cpu" or device.type == "cpu":
            return data, rows
        copy = self._copies.get(id(data.stored))
        if copy is None or copy.stored.device != device:
            if device.type == "cuda" and data.stored.nbytes > torch.cuda.mem_get_info(device)[0] / 4:
                note = f"{self.name} takes more than a quarter of the free memory of {device}; it stays in main memory"
                warnings.warn(note, Notice, stacklevel=2)
                return data, rows
            copy = self._copies[id(data.stored)] = data.to(device)
        return copy, rows


def _checked(items: Items, where: str, num_classes: int | None) -> Items:
    """`items`, of which every batch can be made.

    Raises:
        ValueError: `load`, which is named as `where`, has given something else.
    """
    if not isinstance(items, Items) or not isinstance(items.stored, Tensor) or not len(items.stored):
        raise ValueError(f"{where} must return Items of a tensor (n, ...) with at least one item")
    n, labels, captions = len(items.stored), items.labels, items.captions
    if labels is not None and (labels.dtype != torch.int64 or labels.shape != (n,)):
        raise ValueError(f"{where} has {n} items, and labels {tuple(labels.shape)} {labels.dtype}: give ({n},) int64")
    if num_classes is not None and labels is None:
        raise ValueError(f"{where} has no labels, and num_classes is {num_classes}")
    if num_classes is not None and labels is not None and not 0 <= int(labels.min()) <= int(labels.max()) < num_classes:
        raise ValueError(f"{where} has labels outside 0 to {num_classes - 1}, and num_classes is {num_classes}")
    if captions is not None and len(captions) != n:
        raise ValueError(f"{where} has {n} items and {len(captions)} captions")
    if captions is not None and not all(captions):
        raise ValueError(f"{where} has an item without a caption: give every one of the {n} a text")
    if items.others is not None and len(items.others) != n:
        raise ValueError(f"{where} has {n} items and {len(items.others)} others")
    return items
