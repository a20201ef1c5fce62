"""No guidance: the model as it was trained."""

from __future__ import annotations

from dataclasses import dataclass

from genlab.denoisers.estimate import Denoise


@dataclass(frozen=True)
class Unguided:
    """Returns the denoiser itself."""

    def __call__(self, denoise: Denoise) -> Denoise:
        return denoise
