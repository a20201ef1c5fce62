"""What a modality is: all that genlab asks of data beside their numbers."""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from genlab.atomic import replacing
from genlab.modalities.grids import grid, save_png

if TYPE_CHECKING:
    from torch import Tensor


class Modality(ABC):
    """How data are stored, what a model sees of them, how a person looks at or listens to them, and their files.

    A data module has one as `modality`; previews, samples, pages, loggers and metrics ask it and nothing else. One of
    your own is a subclass in a file of your own.
    """

    name: ClassVar[str]
    """What metrics and extractors call it, which say the modalities that they read."""
    stored_as: ClassVar[str]
    """The dtype and the shape of stored items, in words, for error messages."""
    suffixes: ClassVar[tuple[str, ...]]
    """The endings of the files that one item may be written as; the first is taken when none is asked for."""
    singly: ClassVar[bool] = True
    """Whether one item is something to look at; points are only seen together, as a cloud."""

    @classmethod
    @abstractmethod
    def holds(cls, stored: Tensor) -> bool:
        """Whether `stored` has the dtype and the number of dimensions of stored items (n, ...)."""

    @abstractmethod
    def to_model(self, stored: Tensor) -> Tensor:
        """Stored items (n, ...) -> what a model sees of them, float in [-1, 1] where there is a range; same device."""

    @abstractmethod
    def to_stored(self, x: Tensor, what: str = "samples") -> Tensor:
        """What a model gives (n, ...) -> items as they are stored; same device.

        Raises:
            NotFinite: some are not finite, counted as `what`.
        """

    @abstractmethod
    def tiles(self, stored: Tensor) -> Tensor:
        """A still picture of each stored item: uint8 (n, 1 or 3, height, width)."""

    def preview(self, path: Path, stored: Tensor, columns: int | None = None) -> dict[str, Path]:
        """Write stored items (n, ...) as one picture, `path`, and beside it what moves or sounds, where they do.

        Returns:
            The files by kind: "samples", and "sound" or "film" where there is one.
        """
        save_png(path, grid(self.tiles(stored), columns))
        return {"samples": path, **self.media(path.with_suffix(""), stored, columns)}

    def media(self, stem: Path, stored: Tensor, columns: int | None = None) -> dict[str, Path]:
        """Write what a still picture does not show of items, STEM_sound.wav or STEM_film.gif; by kind."""
        return {}

    def write(self, path: Path, item: Tensor) -> Path:
        """Write one stored item as a file; its ending, one of `suffixes`, says how."""
        if path.suffix != ".npy":
            raise ValueError(f"{path.name}: {self.name} is written as {' or '.join(self.suffixes)}")
        import numpy as np

        content = io.BytesIO()
        np.save(content, item.detach().cpu().numpy())
        with replacing(path) as file:
            file.write(content.getvalue())
        return path

    def check_suffix(self, suffix: str) -> str:
        """`suffix`, where a file of one item may have it here.

        Raises:
            ValueError: it may not; the message says which may.
        """
        if suffix not in self.suffixes:
            raise ValueError(f"a file of {self.name} ends in {' or '.join(self.suffixes)}, not {suffix}")
        return suffix

    def shorter_side(self, shape: Sequence[int]) -> int:
        """Pixels of the shorter side of an item of `shape`, as a model sees it; 0 where items are no pictures."""
        return 0

    def __repr__(self) -> str:
        given = ", ".join(f"{key}={value!r}" for key, value in sorted(vars(self).items()))
        return f"{type(self).__name__}({given})"


def modalities() -> list[type[Modality]]:
    """All kinds that there are, also those of the user's own."""
    import genlab.modalities.audio
    import genlab.modalities.image
    import genlab.modalities.points
    import genlab.modalities.tokens
    import genlab.modalities.video  # noqa: F401

    return _kinds(Modality)


def _kinds(parent: Any) -> list[Any]:
    return [kind for child in parent.__subclasses__() for kind in (child, *_kinds(child))]
