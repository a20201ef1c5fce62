"""What data modules share whose data a preparation brings: pictures, sounds."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from functools import cached_property
from typing import Any, Self

import torch
from torch import Tensor

from genlab.data.classes import selected
from genlab.data.items import Items
from genlab.data.resident_data import ResidentData, Split
from genlab.data.splits import Splits


class PreparedData(ResidentData):
    """All data of a source in one file, which the splits and the processes share.

    A subclass says how its data are loaded (`_load`, with `labels` and `class_names`) and what of them a batch holds
    (`_items`), and calls `_prepare_as` when it is made. A preparation decides the data: it has `source`, `classes`,
    `checksum` and `splits`.
    """

    num_classes: int | None
    preparation: Any

    def _prepare_as(self, preparation: Any) -> None:
        self.preparation = preparation
        self.source, self.name = preparation.source, preparation.source.name
        self.__dict__ = self.__getstate__()  # nothing of another preparation stays behind

    def _prepared_as(self, preparation: Any) -> Self:
        other = copy(self)
        other._prepare_as(preparation)
        return other

    def _load(self) -> Any:
        """All data of the source, prepared."""
        raise NotImplementedError

    @cached_property
    def _items(self) -> Items:
        """What the batches of every split are taken from."""
        raise NotImplementedError

    @cached_property
    def checksum(self) -> str:
        """SHA-256 of what decides the data and their splits: the source's own digest and the preparation."""
        checksum: str = self.preparation.checksum
        return checksum

    @property
    def classes(self) -> list[int] | None:
        """The labels that occur, where labels are used."""
        chosen = selected(self.preparation.classes)
        return super().classes if self.num_classes is None or chosen is None else chosen

    @property
    def class_names(self) -> list[str] | None:  # type: ignore[override]
        """A name for each class, where labels are used."""
        names: Sequence[str] | None = self._loaded.class_names
        return None if self.num_classes is None or names is None else list(names)

    def part(self, split: Split) -> tuple[Items, Tensor]:
        """All data, which the splits share, and the rows of them that are this one."""
        return self._items, torch.from_numpy(getattr(self._splits, split))

    @cached_property
    def _loaded(self) -> Any:
        loaded = self._load()
        self._check_classes(loaded)
        return loaded

    def _check_classes(self, loaded: Any) -> None:
        if self.num_classes is None:
            return
        if loaded.labels is None:
            why = getattr(self.source, "why_unlabelled", None) or "set it to null"
            raise ValueError(f"dataset.num_classes={self.num_classes}, but {self.name} has no labels: {why}")
        n_classes = len(loaded.class_names) if loaded.class_names is not None else int(loaded.labels.max()) + 1
        if n_classes != self.num_classes:
            raise ValueError(f"dataset.num_classes={self.num_classes}, but {self.name} has {n_classes} classes")

    @property
    def _label_tensor(self) -> Tensor | None:
        """(n,) of all data, where labels are used."""
        if self.num_classes is None or self._loaded.labels is None:
            return None
        return torch.from_numpy(self._loaded.labels)

    @cached_property
    def _splits(self) -> Splits:
        splits: Splits = self.preparation.splits(self._loaded)
        return splits

    def __getstate__(self) -> dict[str, Any]:
        """Without the data, and what is known of them: another process maps the same file."""
        held = ("_loaded", "_splits", "_items", "checksum", "shape")
        return {key: value for key, value in super().__getstate__().items() if key not in held}

    # ---- Lightning's side ---------------------------------------------------------------------------

    def prepare_data(self) -> None:
        """Fetch and convert, on one process; the others find the result."""
        _ = self._loaded
