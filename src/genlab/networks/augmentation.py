"""What is done to pictures before a discriminator sees them, so that it does not learn the data by heart.

Real and generated ones are changed alike. The changes can be differentiated: the generator's gradient goes through
them. They act in training only.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from genlab.ranges import Fraction, PositiveInt, Probability, Rate

_BATCHES = 4
"""Over about so many batches the signs of the scores are averaged, as in the paper on adaptive augmentation."""


class DiffAugment(nn.Module):
    """Colour, translation and cutout (Zhao et al. 2020, section 3).

    Brightness by up to 0.5, saturation by up to 2, contrast by 0.5 to 1.5; a shift of whole pixels; a square set to
    grey. What a shift uncovers is grey, 0.

    Paper: https://arxiv.org/abs/2006.10738

    Args:
        colour: whether colours change.
        translation: the largest shift, as a share of each side; 0 for none.
        cutout: side of the square, as a share of each side; 0 for none.
    """

    def __init__(self, colour: bool = True, translation: Rate = 0.125, cutout: Rate = 0.5) -> None:
        super().__init__()
        self.colour, self.translation, self.cutout = colour, translation, cutout

    def forward(self, x: Tensor, probability: Tensor | None = None) -> Tensor:
        """Pictures (batch, channel, height, width), each of the three changes with that probability; None is 1."""
        if x.ndim != 4:
            raise ValueError(f"augmentation changes pictures, and these data are {tuple(x.shape[1:])}: take none")
        if not self.training:
            return x
        changes = [(self.colour, _coloured, 0.0), (self.translation > 0, _shifted, self.translation)]
        changes += [(self.cutout > 0, _cut, self.cutout)]
        for is_on, change, share in changes:
            if is_on:
                changed = change(x, share)
                x = changed if probability is None else torch.where(_places(x) < probability, changed, x)
        return x


class AdaptiveAugmentation(nn.Module):
    """Each change with a probability that follows the discriminator: more where it is too sure of the training data.

    ADA (Karras et al. 2020, section 3). The strength p rises where the mean sign of the scores of real pictures is
    above the target, and falls where it is below. It is in checkpoints. The changes are those of `transform`, fewer
    than the paper's eighteen.

    Paper: https://arxiv.org/abs/2006.06676

    Args:
        transform: the changes.
        target: of the mean sign of the scores.
        images: pictures after which p has risen from 0 to 1 at the fastest.
        strength: p at first.
    """

    strength: Tensor
    sign: Tensor

    def __init__(
        self, transform: DiffAugment, target: Fraction = 0.6, images: PositiveInt = 500_000, strength: Probability = 0.0
    ) -> None:
        super().__init__()
        self.transform, self.target, self.images = transform, target, images
        self.register_buffer("strength", torch.tensor(float(strength)))
        self.register_buffer("sign", torch.tensor(float(target)))

    def forward(self, x: Tensor) -> Tensor:
        """Pictures (batch, channel, height, width)."""
        changed: Tensor = self.transform(x, self.strength)
        return changed

    @torch.no_grad()
    def adapt(self, real: Tensor) -> None:
        """Take the discriminator's scores of a batch of real pictures into account."""
        self.sign.lerp_(real.sign().mean(), 1 / _BATCHES)
        self.strength.add_((self.sign - self.target).sign() * len(real) / self.images).clamp_(0, 1)


def _places(x: Tensor) -> Tensor:
    """(batch, 1, 1, 1): a number in [0, 1) for each picture."""
    return torch.rand(len(x), 1, 1, 1, device=x.device)


def _coloured(x: Tensor, _: float) -> Tensor:
    x = x + _places(x) - 0.5
    grey = x.mean(1, keepdim=True)
    x = torch.lerp(grey, x, 2 * _places(x))
    mean = x.mean((1, 2, 3), keepdim=True)
    return torch.lerp(mean, x, _places(x) + 0.5)


def _shifted(x: Tensor, share: float) -> Tensor:
    for dimension in (2, 3):
        size = x.shape[dimension]
        most = round(size * share)
        shift = (_places(x) * (2 * most + 1)).long() - most  # (batch, 1, 1, 1), from -most to most
        places = torch.arange(size, device=x.device).view([-1 if d == dimension else 1 for d in range(4)]) - shift
        inside = (places >= 0) & (places < size)
        x = torch.gather(x, dimension, places.clamp(0, size - 1).expand(x.shape)) * inside
    return x


def _cut(x: Tensor, share: float) -> Tensor:
    kept: Tensor | None = None
    for dimension in (2, 3):
        size = x.shape[dimension]
        side = round(size * share)
        first = (_places(x) * (size + 1 - side % 2)).long() - side // 2
        places = torch.arange(size, device=x.device).view([-1 if d == dimension else 1 for d in range(4)])
        inside = (places >= first) & (places < first + side)
        kept = inside if kept is None else kept & inside
    assert kept is not None
    return x * ~kept
