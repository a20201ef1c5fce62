"""What genlab asks of a data module. `ResidentData` has all of it; any other class that has it serves as well."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from torch import Tensor

    from genlab.modalities.modality import Modality

Split = Literal["train", "val", "test"]


class DataModule(Protocol):
    """Data, and what they are. Beside this it is a LightningDataModule, whose batches are `genlab.data.batch.Batch`."""

    name: str
    """What the data are called in records, provenances and messages."""
    num_classes: int | None
    """Classes of the labels; None for data without."""
    modality: Modality
    """How items are stored, what a model sees of them, and how they are shown and written."""

    @property
    def shape(self) -> Sequence[int]:
        """Of one item, as a model sees it: (channels, height, width), (channels, samples), (features,),
        (channels, frames, height, width) or (length,)."""
        ...

    @property
    def checksum(self) -> str:
        """SHA-256 of what decides the data: names them and their preparation."""
        ...

    @property
    def n_train(self) -> int: ...
    @property
    def n_val(self) -> int: ...
    @property
    def n_test(self) -> int: ...

    def items(self, split: Split) -> tuple[Tensor, Tensor | None]:
        """The items of a split as they are stored, (n, *shape), and their labels (n,) int64 or None; on the CPU."""
        ...
