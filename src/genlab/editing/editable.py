"""What an edit needs of a model."""

from __future__ import annotations

from typing import Any, Protocol

from genlab.codecs.codec import Codec
from genlab.denoisers.prediction import BoundDenoise
from genlab.protocols import Conditions
from genlab.solvers.sampler import Sampler


class Editable(Protocol):
    """A model that denoises: family diffusion."""

    denoiser: Any
    """With the `process`."""
    sampler: Sampler
    codec: Codec

    def bound(self, n: int, condition: Conditions = None, clipped: bool = True) -> BoundDenoise:
        """The denoiser that samples n data are drawn with: guided, told the condition, within the data's range."""
        ...
