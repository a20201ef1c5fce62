"""Fill in what is missing of pictures."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor, where

from genlab.constraints.known_region import KnownRegion
from genlab.editing.editable import Editable, Edited
from genlab.editing.masks import known_outside
from genlab.protocols import Conditions
from genlab.randomness import Randomness


def inpaint(
    model: Editable, x: Tensor, mask: Tensor, condition: Conditions = None, *, generator: Randomness = None
) -> Tensor:
    """`x` (n, ...) where `mask` is true, and what the model makes of the rest; by the model's own sampler.

    The known part is kept exactly as the codec keeps it. With `sampler=repaint` what is filled in agrees better with
    what is known. `mask` is of the size that the denoiser sees, as in KnownRegion.
    """
    z = model.codec.encode(x)
    process = model.denoiser.process
    constraint = KnownRegion(process, z, mask, generator)
    moments = model.sampler(
        process, model.guided_denoiser(len(x), condition), tuple(z.shape), constraint=constraint, generator=generator,
        device=z.device,
    )  # fmt: skip
    *_, last = moments
    return model.codec.decode(last.x)


@dataclass(frozen=True)
class Inpaint:
    """`inpaint`, as a person asks for it.

    Args:
        mask: what is filled in: left, right, top, bottom, middle, or a picture file that is white there.
    """

    mask: str = "left"

    def __call__(
        self, model: Editable, x: Tensor, condition: Conditions = None, *, generator: Randomness = None
    ) -> Edited:
        known = known_outside(self.mask, x.shape[-2:]).to(x.device)
        return Edited(where(known, x[:1], 0.0), inpaint(model, x, known, condition, generator=generator))
