"""Where the pictures to be scored come from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple, Protocol

import torch
from torch import Tensor

from genlab.conditions import Conditions, asks_of, conditions_for
from genlab.metrics.cache import digest
from genlab.modalities.modality import Modality
from genlab.picture_size import size_to_draw
from genlab.protocols import Samples
from genlab.randomness import PerImage


class Pictures(NamedTuple):
    """A batch of pictures to be scored."""

    pixels: Tensor
    """(batch, *shape) as the data are stored: (batch, channel, height, width) uint8 of pictures."""

    labels: Tensor | None
    """(batch,) the classes that were asked for, where any were."""


class Source(Protocol):
    """A fixed, ordered set of pictures."""

    n: int

    def batches(self, size: int) -> Iterator[Pictures]:
        """The set in batches of at most `size`; the same pictures for every size."""
        ...

    def provenance(self) -> dict[str, Any]:
        """How the pictures are made."""
        ...


class Generated:
    """What a model draws: picture i depends on (seed, i) alone.

    Its class is i modulo the number of classes; a model whose condition is more than a class gets those of the data.

    Args:
        data, split: whose modality and size the samples are of, and whose conditions those are, see
            `genlab.conditions.conditions_for`.
        negative_prompt: what all samples are led away from; None for nothing.
        prompts: what is asked for in place of the data's captions, in turn; all else is as the data say.
    """

    def __init__(
        self, module: Samples, n: int, seed: int, data: Any, split: str = "test", negative_prompt: str | None = None,
        prompts: list[str] | None = None,
    ) -> None:  # fmt: skip
        self.module = module
        self.modality: Modality = data.modality
        self.n = n
        self.seed = seed
        self._sized = size_to_draw(module, data)
        self._data, self._split, self._prompts, self._negative_prompt = data, split, prompts, negative_prompt
        self._all_conditions = conditions_for(module, data, split, n, prompts) if asks_of(module) - {"label"} else None
        if negative_prompt is not None and self._all_conditions is not None:
            self._all_conditions = self._all_conditions._replace(negative_prompt=[negative_prompt] * n)

    @property
    def captions(self) -> list[str] | None:
        """The text that each sample has to show, where the condition of the model is a text."""
        return None if self._all_conditions is None else self._all_conditions.prompt

    @property
    def all_captions(self) -> list[str]:
        """The texts that samples of the model may have to show, where its condition is a text: those of the split, or
        the prompts that are given."""
        if self.captions is None:
            return []
        return self._prompts if self._prompts is not None else list(self._data.captions(self._split) or [])

    def batches(self, size: int) -> Iterator[Pictures]:
        device = getattr(self.module, "device", torch.device("cpu"))
        for start in range(0, self.n, size):
            stop = min(start + size, self.n)
            labels, condition = self._conditions(start, stop, device)
            streams = PerImage.range(self.seed, start, stop, device)
            samples = self.module.sample(stop - start, condition, generator=streams, **self._sized)
            yield Pictures(self.modality.to_stored(samples, "samples"), labels)

    def provenance(self) -> dict[str, Any]:
        of_data = f"{self._data.name}/{self._split}"
        told = of_data if self._prompts is None else f"prompts {digest(*self._prompts)[:12]}"
        origin = {} if self._all_conditions is None else {"conditions": told}
        negative = {} if self._negative_prompt is None else {"negative_prompt": self._negative_prompt}
        sized = {} if not self._sized else {"size": list(self._sized["size"])}
        return {**model_provenance(self.module), "seed": self.seed, **origin, **negative, **sized}

    def _conditions(self, start: int, stop: int, device: torch.device) -> tuple[Tensor | None, Conditions]:
        if self._all_conditions is not None:
            conditions = self._all_conditions.part(start, stop)
            return conditions.label, conditions.to(device)
        labels = labels_in_turn(self.module, start, stop)
        return labels, None if labels is None else labels.to(device)


def labels_in_turn(module: object, start: int, stop: int) -> Tensor | None:
    """(stop - start,): the classes that samples start, ..., stop - 1 have to be of; None without classes."""
    classes = getattr(module, "num_classes", None)
    return torch.arange(start, stop) % classes if classes else None


class Fixed:
    """Pictures that are there already: a folder's, or another program's.

    Args:
        pixels: (n, channel, height, width) uint8.
        labels: (n,) classes that the pictures are meant to show, where they are known.
        origin: what they are, for the provenance.
        captions: (n) texts that the pictures are meant to show, where they are known.
    """

    def __init__(
        self, pixels: Tensor, labels: Tensor | None, origin: str, captions: list[str] | None = None
    ) -> None:  # fmt: skip
        self.pixels = pixels
        self.labels = labels
        self.captions = captions
        self.n = len(pixels)
        self._origin = origin

    def batches(self, size: int) -> Iterator[Pictures]:
        for start in range(0, self.n, size):
            rows = slice(start, start + size)
            yield Pictures(self.pixels[rows], None if self.labels is None else self.labels[rows])

    def provenance(self) -> dict[str, Any]:
        return {"origin": self._origin, "origin_sha256": digest(self.pixels)}


def model_provenance(module: object) -> dict[str, Any]:
    """How a model makes its samples: weights, sampler, nfe, guidance."""
    return dict(module.provenance()) if hasattr(module, "provenance") else {"weights": "raw"}
