"""Fill in what is missing of pictures."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, where

from genlab.conditions import ConditionInput, as_input, asks_of
from genlab.constraints.known_region import KnownRegion, check_mask
from genlab.editing.editable import Editable, Edited
from genlab.editing.masks import known_cells, known_outside
from genlab.protocols import Conditions
from genlab.randomness import Randomness, randn_like


def inpaint(
    model: Editable, x: Tensor, mask: Tensor, condition: Conditions = None, *, generator: Randomness = None,
    one_noise: bool = False, paste: bool = True,
) -> Tensor:  # fmt: skip
    """`x` (n, ...) where `mask` is true, and what the model makes of the rest; by the model's own sampler.

    With `sampler=repaint` what is filled in agrees better with what is known. A latent model knows a cell of its map if
    all pixels of it are known. Where no cell is known, the result is what the model samples from the same random
    numbers, bit for bit.

    A model that was trained to fill in, which can be asked for a mask, is asked for it, and draws by itself.

    Args:
        mask: true where `x` is known, of the shape of `x` or with 1 in place of batch or channel.
        one_noise: the known part has one noise at all steps, in place of a fresh one at each.
        paste: the known data are put into the result as they are; else they are as the codec gives them back.
    """
    check_mask(mask, x)
    z = model.codec.encode(x)
    cells = mask if z.shape[2:] == x.shape[2:] else known_cells(mask, z.shape[-2:])
    if cells.shape[1:2] not in ((), z.shape[1:2]):
        cells = cells.bool().all(1, keepdim=True)
    process, known = model.denoiser.process, None
    if "mask" in asks_of(model):
        anew = ~mask.bool().all(1, keepdim=True).expand(len(x), 1, *x.shape[2:])
        condition, cells = as_input(condition)._replace(picture=x, mask=anew), torch.zeros_like(cells)
    elif bool(cells.any()):
        if one_noise and not z.is_floating_point():
            raise ValueError("edit.one_noise=true: tokens have no noise that could be kept: take false")
        noise = randn_like(z, generator) if one_noise else None
        known = KnownRegion(process, z, cells, generator, noise)
    moments = model.sampler(
        process, model.guided_denoiser(len(x), condition), tuple(z.shape), generator=generator, device=z.device,
        constraint=known,
    )  # fmt: skip
    *_, last = moments
    filled = model.codec.decode(where(cells.bool(), z, last.x))  # a grid may end at the first step of noise
    return where(mask.bool(), x, filled) if paste else filled


@dataclass(frozen=True)
class Inpaint:
    """`inpaint`, as a person asks for it. What is filled in is the mask of the condition, where it has one.

    Args:
        mask: what is filled in else: left, right, top, bottom, middle, or a picture file that is white there.
        one_noise, paste: see `inpaint`.
    """

    mask: str = "left"
    one_noise: bool = False
    paste: bool = True

    def __call__(
        self, model: Editable, x: Tensor, condition: Conditions = None, *, generator: Randomness = None
    ) -> Edited:
        if isinstance(condition, ConditionInput) and condition.mask is not None:
            mask, rest = ~condition.mask[:1], condition._replace(mask=None)
            condition = rest if rest.names else None
        else:
            mask = known_outside(self.mask, x.shape[-2:]).to(x.device)
        filled = inpaint(
            model, x, mask, condition, generator=generator, one_noise=self.one_noise, paste=self.paste
        )  # fmt: skip
        return Edited(where(mask, x[:1], 0.0), filled)
