"""What one does in a latent space: walk from one image to another, or along one coding unit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from genlab.protocols import Conditions


@runtime_checkable
class LatentSpace(Protocol):
    """A model with a vector code: models.vae and models.autoencoder have it."""

    def encode(self, x: Tensor, condition: Conditions = None) -> Tensor: ...
    def picture(self, z: Tensor, condition: Conditions = None) -> Tensor: ...


def interpolate(model: LatentSpace, a: Tensor, b: Tensor, steps: int = 10, condition: Conditions = None) -> Tensor:
    """(n, steps, channel, height, width): the way from each image of `a` to that of `b`, (n, channel, height, width).

    The codes lie on the straight line between the two codes, ends included.
    """
    if steps < 2:
        raise ValueError(f"steps={steps}: a way between two images has 2 steps or more")
    z_a, z_b = model.encode(a, condition), model.encode(b, condition)
    share = torch.linspace(0, 1, steps, device=z_a.device)[None, :, None]
    return _pictures(model, torch.lerp(z_a[:, None], z_b[:, None], share), condition)


def walk(
    model: LatentSpace,
    z: Tensor,
    axis: int,
    values: Sequence[float] = (-3, -2, -1, 0, 1, 2, 3),
    condition: Conditions = None,
) -> Tensor:
    """Codes (n, coding_size) with unit `axis` set to each value: (n, len(values), channel, height, width) images."""
    if not 0 <= axis < z.shape[1]:
        raise ValueError(f"axis={axis}: the code has the units 0 to {z.shape[1] - 1}")
    codes = z[:, None].repeat(1, len(values), 1)
    codes[:, :, axis] = torch.tensor(values, dtype=z.dtype, device=z.device)
    return _pictures(model, codes, condition)


def _pictures(model: LatentSpace, codes: Tensor, condition: Conditions) -> Tensor:
    """(n, steps, coding_size) codes -> (n, steps, channel, height, width)."""
    n, steps = codes.shape[:2]
    labels = condition.repeat_interleave(steps) if isinstance(condition, Tensor) else condition
    return model.picture(codes.flatten(0, 1), labels).unflatten(0, (n, steps))
