"""Fill in what is missing of pictures."""

from __future__ import annotations

from torch import Tensor

from genlab.constraints.known_region import KnownRegion
from genlab.editing.editable import Editable
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
        process, model.bound(len(x), condition), tuple(z.shape), constraint=constraint, generator=generator,
        device=z.device,
    )  # fmt: skip
    *_, last = moments
    return model.codec.decode(last.x)
