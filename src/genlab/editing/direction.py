"""A picture made more, and less, of a class, along a direction in W that is found from labels.

As in https://arxiv.org/abs/1907.10786 (Shen et al. 2020, section 3), with a logistic regression.
"""

from __future__ import annotations

import warnings
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional as F

from genlab.editing.editable import Edited
from genlab.editing.projection import Projection, kept_styles
from genlab.notice import Notice
from genlab.protocols import Conditions, DrawsByStyle
from genlab.randomness import PerImage, Randomness, fold_in
from genlab.ranges import AnyFloat, NonNegativeInt, SeveralInt

_SEED = 0
_STEPS = 200


class StyleDirection:
    """The picture's own styles, moved so far along the direction of a class, in standard deviations of all styles.

    The direction is what tells the styles of that class from those of the others; how many of other samples it tells
    rightly is said in a note. A model of classes only.

    Args:
        to: the class.
        strengths: how far, each a result; 0 is the picture as its styles draw it.
        samples: so many styles are drawn to find the direction, and as many to test it.
        projection: finds the styles of the picture.
        styles: a file of them instead, the first of which are taken: edit=project leaves one.
    """

    needs = DrawsByStyle
    needs_in_words = "that draws pictures of styles"

    def __init__(
        self, projection: Projection, to: NonNegativeInt = 0, strengths: list[AnyFloat] | None = None,
        samples: SeveralInt = 1000, styles: str | None = None,
    ) -> None:  # fmt: skip
        self.projection, self.to, self.samples, self.styles = projection, to, samples, styles
        self.strengths = [-2.0, -1.0, 0.0, 1.0, 2.0] if strengths is None else strengths

    def __call__(self, model: Any, x: Tensor, condition: Conditions = None, *, generator: Randomness = None) -> Edited:
        """`x` (n, ...): the picture n times, of which one is enough. Raises ValueError where there is no such class."""
        if not model.num_classes or self.to >= model.num_classes:
            known = f"the model knows {model.num_classes}" if model.num_classes else "the model knows no classes"
            raise ValueError(f"edit.to = {self.to}: {known}")
        if self.styles is None:
            own = self.projection.styles(model, x[:1], _first(generator, x.device))
        else:
            own = kept_styles(self.styles, model.style_network)
        way, accuracy = self.found(model, x.device)
        warnings.warn(f"the direction tells {accuracy:.0%} of other samples rightly", Notice, stacklevel=2)
        moves = torch.tensor(self.strengths, device=x.device)[:, None, None] * way
        results = model.style_network.picture(own + moves).clamp(-1, 1)
        return Edited(None, results, names=[f"{strength:+g}" if strength else "0" for strength in self.strengths])

    def found(self, model: Any, device: torch.device) -> tuple[Tensor, float]:
        """(style_size,): a standard deviation along the direction; and the share of other samples that it tells."""
        styles, labels = self._drawn(model, "train", device)
        others, others_labels = self._drawn(model, "test", device)
        spread, mean = torch.std_mean(styles, 0)
        spread = spread.clamp(min=1e-6)
        weight = _regression((styles - mean) / spread, labels)
        scores = (others - mean) / spread @ weight[:-1] + weight[-1]
        accuracy = ((scores > 0) == others_labels.bool()).float().mean().item()
        way = weight[:-1] / weight[:-1].norm()
        return way * spread, accuracy

    def _drawn(self, model: Any, what: str, device: torch.device) -> tuple[Tensor, Tensor]:
        """Styles (samples, style_size) and whether each is of the class: one half is."""
        of_others = [label for label in range(model.num_classes) if label != self.to] or [self.to]
        labels = [self.to if i % 2 else of_others[i // 2 % len(of_others)] for i in range(self.samples)]
        streams = PerImage.range(fold_in(_SEED, what), 0, self.samples, device)
        asked = torch.tensor(labels, device=device)
        return model.draw_styles(self.samples, asked, generator=streams)[:, 0], (asked == self.to).float()


def _first(generator: Randomness, device: torch.device) -> Randomness:
    """Of streams for several results, that of the first."""
    return PerImage.range(_SEED, 0, 1, device) if isinstance(generator, PerImage) else generator


def _regression(x: Tensor, y: Tensor) -> Tensor:
    """(d + 1,): weights and, last, the offset of a logistic regression of `y` (n,) in {0, 1} on `x` (n, d)."""
    weight = torch.zeros(x.shape[1] + 1, device=x.device, requires_grad=True)
    optimizer = torch.optim.Adam([weight], lr=0.05)
    with torch.enable_grad():
        for _ in range(_STEPS):
            loss = F.binary_cross_entropy_with_logits(x @ weight[:-1] + weight[-1], y)
            loss = loss + 1e-3 * weight[:-1].square().sum()
            (weight.grad,) = torch.autograd.grad(loss, weight)
            optimizer.step()
    return weight.detach()
