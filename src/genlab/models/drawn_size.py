"""Pictures of another size than a model was trained on: what its codec, its network and its process say to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from genlab.codecs.codec import Codec
from genlab.networks.sides import drawn_refusal
from genlab.processes.degrading import Degrading


def shape_of_size(denoiser: Any, codec: Codec, shape: Sequence[int], size: tuple[int, int]) -> tuple[int, ...]:
    """Of one picture of `size`, height and width in pixels, as the denoiser sees it.

    Args:
        denoiser, codec: the model's.
        shape: of one datum of the training, as the denoiser sees it.

    Raises:
        ValueError: the model draws no such pictures.
    """
    asked = f"size = {size[0]}x{size[1]}"
    network = getattr(denoiser, "network", denoiser)
    multiple: int | None = getattr(network, "side_multiple", None)
    factor: int | None = getattr(codec, "factor", 1 if codec.of_pixels else None)
    if len(shape) != 3:
        raise ValueError(f"{asked}: what this model draws has no height and width")
    if factor is not None and tuple(size) == tuple(side * factor for side in shape[1:]):
        return tuple(shape)
    for part, is_fixed in ((network, multiple is None), (codec, factor is None)):
        if is_fixed:
            raise ValueError(f"{asked}: {type(part).__name__} was made for one size: leave size away")
    if isinstance(denoiser.process, Degrading):
        raise ValueError(f"{asked}: this process begins with what it leaves of training data, which have one size")
    assert multiple is not None
    assert factor is not None
    if (refusal := drawn_refusal(size, factor, multiple)) is not None:
        raise ValueError(refusal)
    return (shape[0], *(side // factor for side in size))
