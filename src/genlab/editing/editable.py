"""What an edit needs of a model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol, runtime_checkable

from torch import Tensor

from genlab.codecs.codec import Codec
from genlab.denoisers.estimate import BoundDenoise
from genlab.protocols import Conditions
from genlab.randomness import Randomness
from genlab.samplers.sampler import Sampler


class Edited(NamedTuple):
    """What an edit did, as pictures."""

    given: Tensor | None
    """(1, ...): what the model began with; None where it is the picture itself."""
    results: Tensor
    """(n, ...)."""
    steps: tuple[int, int] | None = None
    """How many steps were taken of how many, where an edit may leave some out."""
    names: Sequence[str] | None = None
    """What each result is called; None numbers them."""
    styles: Tensor | None = None
    """(n, num_styles, style_size): what results were drawn of, where it was found; kept beside the picture."""


class Edit(Protocol):
    """Something that a person does with a picture: `genlab edit edit=NAME`.

    One that does not edit by denoising says in `needs` which protocol its model must have, and in `needs_in_words`
    what such a model is; one whose test pictures are a part of the data gives that part by `data_of(data)`.
    """

    def __call__(
        self, model: Editable, x: Tensor, condition: Conditions = None, *, generator: Randomness = None
    ) -> Edited:
        """`x` (n, ...): the picture n times, for n results. Raises ValueError for a wish that cannot be met."""
        ...


@runtime_checkable
class Editable(Protocol):
    """A model that denoises: family diffusion."""

    denoiser: Any
    """With the `process`."""
    sampler: Sampler
    codec: Codec

    def guided_denoiser(self, n: int, condition: Conditions = None, clipped: bool = True) -> BoundDenoise:
        """The denoiser that samples n data are drawn with: guided, with the condition, within the data's range."""
        ...
