"""What a trained model can do, a protocol for each.

Metrics, previews and reports ask for the protocol and never for the class, so that a new family serves them all
by having the method. Images are float tensors (batch, channel, height, width) in [-1, 1].
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, Protocol, runtime_checkable

from torch import Tensor

from genlab.conditions import ConditionInput as ConditionInput
from genlab.conditions import Conditions as Conditions
from genlab.randomness import Randomness


@runtime_checkable
class Samples(Protocol):
    """Draws new data."""

    num_classes: int | None
    """How many classes `condition` may name; None when the model takes no label. A model that can be asked for more
    than a class has `asks` too: the names of the fields of `ConditionInput` that it knows."""

    def sample(self, n: int, condition: Conditions = None, *, generator: Randomness = None) -> Tensor:
        """(n, *shape). Without `condition` a class-conditional model goes through its classes in turn."""
        ...


@runtime_checkable
class Reconstructs(Protocol):
    """Encodes data and decodes it again."""

    def reconstruct(self, x: Tensor, condition: Conditions = None) -> Tensor:
        """The model's best guess of `x`, same shape, deterministic."""
        ...


Direction = Literal["a_to_b", "b_to_a"]


@runtime_checkable
class Translates(Protocol):
    """Makes a datum of one domain of each of another, both ways."""

    def translate(self, x: Tensor, direction: Direction = "a_to_b") -> Tensor:
        """What each of `x` (batch, *shape) is in the other domain, same shape, deterministic."""
        ...


@runtime_checkable
class Encodes(Protocol):
    """Maps data to a latent space."""

    def encode(self, x: Tensor, condition: Conditions = None) -> Tensor:
        """(batch, coding_size): the mean code, deterministic."""
        ...


@runtime_checkable
class Likelihood(Protocol):
    """Gives a probability to data."""

    def nll(self, x: Tensor, condition: Conditions = None) -> Tensor:
        """(batch,): minus the log-likelihood of each item in nats, exact or an upper bound: the family says which."""
        ...


@runtime_checkable
class Counted(Likelihood, Protocol):
    """A likelihood that may be one of integers, which bits per dimension are defined for."""

    def dimensions(self, x: Tensor) -> int | None:
        """How many integers an item of `x` is to the model; None where `nats` is a density or of no fixed scale."""
        ...


@runtime_checkable
class HasLatents(Protocol):
    """Holds an image as a map of floats."""

    latent_shape: tuple[int, int, int]
    """(channels, height, width) of the map."""

    def latents(self, x: Tensor) -> Tensor:
        """(batch, *latent_shape): the map of each image, deterministic."""
        ...

    def from_latents(self, z: Tensor) -> Tensor:
        """Images in [-1, 1]."""
        ...


@runtime_checkable
class CodeMaps(Protocol):
    """Holds an image as a map of integers."""

    num_embeddings: int
    """How many values a code has."""

    def codes(self, x: Tensor) -> Tensor:
        """(batch, levels, rows, columns) int64."""
        ...

    def decode(self, codes: Tensor) -> Tensor:
        """Images in [-1, 1]."""
        ...


@runtime_checkable
class DrawsCodes(CodeMaps, Protocol):
    """Draws new maps of integers."""

    def sample_codes(self, n: int, condition: Conditions = None, *, generator: Randomness = None) -> Tensor:
        """(n, levels, rows, columns) int64."""
        ...


@runtime_checkable
class FitsTexts(Protocol):
    """Has pictures and texts in one space, so that it can say how well they fit."""

    def embed_images(self, x: Tensor) -> Tensor:
        """(batch, width), of length 1, of images in [-1, 1]."""
        ...

    def embed_texts(self, texts: list[str]) -> Tensor:
        """(n, width), of length 1."""
        ...

    def truncated(self, texts: list[str]) -> list[str]:
        """The words of each text that are not read, "" for none."""
        ...


@runtime_checkable
class ShowsDenoising(Protocol):
    """Makes a sample in steps that can be looked at."""

    def denoising_trajectory(
        self, n: int, count: int, condition: Conditions = None, *, generator: Randomness = None
    ) -> tuple[Tensor, Tensor]:
        """(count, n, *shape) twice: samples at `count` moments of their making, and the clean ones predicted."""
        ...


@runtime_checkable
class DrawsSizes(Protocol):
    """Draws pictures of other sizes than it was trained on: its `sample` takes `size` as well."""

    def shape_of(self, size: tuple[int, int] | None) -> tuple[int, ...]:
        """Of one sample as the model sees it, for a picture of `size`: height, width. Raises ValueError for none."""
        ...


@runtime_checkable
class Denoises(Protocol):
    """Learns to undo a process."""

    denoiser: Any
    """It has the process."""
    codec: Any
    """Between the data and what the process is done to."""


@runtime_checkable
class StyleBased(Protocol):
    """A network that draws a picture by styles, one for each of its layers."""

    mean_style: Tensor
    """(style_size,): the mean over what it was trained with."""
    num_styles: int
    """How many styles a picture has."""

    def styles(self, z: Tensor, label: Tensor | None = None) -> Tensor:
        """(batch, num_styles, style_size): of latent vectors (batch, latent_size), the same for all layers."""
        ...

    def picture(self, styles: Tensor, draw: Callable[[Sequence[int]], Tensor] | None = None) -> Tensor:
        """(batch, *shape). `draw` gives standard normal numbers of a shape (batch, ...), None is no noise."""
        ...


@runtime_checkable
class DrawsByStyle(Protocol):
    """A model that draws pictures of styles, where its network is style-based."""

    style_network: StyleBased | None

    def draw_styles(self, n: int, condition: Conditions = None, *, generator: Randomness = None) -> Tensor:
        """(n, num_styles, style_size)."""
        ...

    def from_styles(self, styles: Tensor, *, generator: Randomness = None) -> Tensor:
        """(n, *shape)."""
        ...
