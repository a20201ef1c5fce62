"""The styles that draw a given picture: projection into W.

Appendix D of https://arxiv.org/abs/1912.04958 (Karras et al. 2020), with the distance of pixels on several scales in
place of a network's.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from genlab.editing.editable import Edited
from genlab.protocols import Conditions, DrawsByStyle, StyleBased
from genlab.randomness import PerImage, Randomness, rand
from genlab.ranges import PositiveFloat, PositiveInt

_SCALES = 3
"""On which pictures are compared: as they are, and with halved sides."""
_LARGEST = 10 * math.log10(4 / 1e-10)


class Projection:
    """Styles whose picture, without noise, is as near as possible to the one that is given, and that picture.

    Each result begins at the nearest of `candidates` samples of its own, and goes down the slope by Adam. Results are
    called by their PSNR in dB: that of a picture that the model has drawn itself says what to expect at best.

    Args:
        space: w: one style for all layers, which keeps to what the model can draw; w_plus: one for each layer, which
            comes nearer.
        steps: of Adam, with a rate that falls to 0 along a cosine.
        rate: at first.
        candidates: samples that a result begins at the nearest of.
    """

    needs = DrawsByStyle
    needs_in_words = "that draws pictures of styles"

    def __init__(
        self, space: Literal["w", "w_plus"] = "w_plus", steps: PositiveInt = 200, rate: PositiveFloat = 0.05,
        candidates: PositiveInt = 64,
    ) -> None:  # fmt: skip
        self.space, self.steps, self.rate, self.candidates = space, steps, rate, candidates

    def __call__(self, model: Any, x: Tensor, condition: Conditions = None, *, generator: Randomness = None) -> Edited:
        """`x` (n, ...): the picture n times. Raises ValueError for a model without styles."""
        styles = self.styles(model, x, generator)
        results = model.style_network.picture(styles).clamp(-1, 1)
        names = [f"{value:.1f} dB" for value in psnr(results, x).tolist()]
        return Edited(None, results, names=names, styles=styles)

    def styles(self, model: Any, x: Tensor, generator: Randomness = None) -> Tensor:
        """(n, num_styles, style_size): of pictures `x` (n, ...)."""
        if (network := model.style_network) is None:
            raise ValueError("edit=project needs a generator with a mapping network, as that of model=stylegan")
        seeds = (rand((len(x), 1), generator, x.device) * 2**24).long().flatten().tolist()
        begin = torch.stack([self._nearest(model, x[i : i + 1], seed) for i, seed in enumerate(seeds)])
        if self.space == "w":
            begin = begin[:, :1]
        with torch.enable_grad():
            found = _descended(begin, lambda w: network.picture(w.expand(-1, network.num_styles, -1)), x, self)
        return found.expand(-1, network.num_styles, -1)

    def _nearest(self, model: Any, x: Tensor, seed: int) -> Tensor:
        """(num_styles, style_size): of the nearest of some samples; a model of classes draws them of all in turn."""
        streams = PerImage.range(seed, 0, self.candidates, x.device)
        styles: Tensor = model.draw_styles(self.candidates, generator=streams)
        return styles[distance(model.style_network.picture(styles), x).argmin()]


def _descended(begin: Tensor, picture: Callable[[Tensor], Tensor], x: Tensor, how: Projection) -> Tensor:
    styles = begin.detach().clone().requires_grad_()
    optimizer = torch.optim.Adam([styles], lr=how.rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, how.steps)
    for _ in range(how.steps):
        (styles.grad,) = torch.autograd.grad(distance(picture(styles), x).sum(), styles)
        optimizer.step()
        schedule.step()
    return styles.detach()


def kept_styles(file: str, network: StyleBased) -> Tensor:
    """(1, num_styles, style_size): the first of those in a file that a projection left.

    Raises:
        ValueError: the file is not there, is no array, or has styles of another network.
    """
    try:
        styles = np.load(file, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise ValueError(f"edit.styles = {file} is no file of styles, as edit=project leaves one") from error
    shape = (network.num_styles, *network.mean_style.shape)
    if not isinstance(styles, np.ndarray) or styles.dtype.kind != "f" or styles[:1].shape != (1, *shape):
        raise ValueError(f"edit.styles = {file} has no styles of this model, which are (n, {shape[0]}, {shape[1]})")
    return torch.from_numpy(styles[:1]).to(network.mean_style)


def distance(a: Tensor, b: Tensor) -> Tensor:
    """(n,): mean squared differences of pictures, summed over scales."""
    total = torch.zeros((), device=a.device)
    for scale in range(_SCALES):
        if scale:
            if min(a.shape[-2:]) < 2:
                break
            a, b = F.avg_pool2d(a, 2), F.avg_pool2d(b, 2)
        total = total + (a - b).square().mean((1, 2, 3))
    return total


def psnr(a: Tensor, b: Tensor) -> Tensor:
    """(n,): of pictures in [-1, 1], in dB; that of equal ones is held at about 106."""
    return (10 * torch.log10(4 / (a - b).square().mean((1, 2, 3)))).clamp(max=_LARGEST)
