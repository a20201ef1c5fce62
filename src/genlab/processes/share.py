"""How many tokens are corrupted at a time.

Paper: https://arxiv.org/abs/2202.04200
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor

from genlab.processes.degrading import Steady


class Share(Steady):
    """The probability `share(t)` that a token is corrupted at the time t in [0, 1]: 0 at 0, 1 at 1, growing."""

    def share(self, t: Tensor) -> Tensor:
        """Of the shape and dtype of `t`."""
        raise NotImplementedError(f"{type(self).__name__} must define share(t)")

    def slope(self, t: Tensor) -> Tensor:
        """The derivative of `share` at `t`."""
        raise NotImplementedError(f"{type(self).__name__} must define slope(t)")


class Linear(Share):
    """t: D3PM's absorbing process (Austin et al. 2021, https://arxiv.org/abs/2107.03006, appendix A.2.2)."""

    def share(self, t: Tensor) -> Tensor:
        return t

    def slope(self, t: Tensor) -> Tensor:
        return torch.ones_like(t)


class Cosine(Share):
    """cos(pi (1 - t) / 2) (Chang et al. 2022, section 3.3): few tokens become known in the first steps of sampling."""

    def share(self, t: Tensor) -> Tensor:
        return (math.pi / 2 * t).sin()

    def slope(self, t: Tensor) -> Tensor:
        return math.pi / 2 * (math.pi / 2 * t).cos()


class Square(Share):
    """1 - (1 - t)**2 (Chang et al. 2022, section 3.3)."""

    def share(self, t: Tensor) -> Tensor:
        return 1 - (1 - t) ** 2

    def slope(self, t: Tensor) -> Tensor:
        return 2 * (1 - t)


Name = Literal["cosine", "linear", "square"]


def by_name(name: Name) -> Share:
    """The schedule that papers call so."""
    return {"cosine": Cosine, "linear": Linear, "square": Square}[name]()


def share_for(x: Tensor, schedule: Share, t: Tensor) -> Tensor:
    """The share at `t`, a scalar or (batch,), in float32, so shaped that it broadcasts to `x` (batch, ...)."""
    if t.ndim and t.shape != x.shape[:1]:
        raise ValueError(f"a time of shape {tuple(t.shape)} does not fit a batch of {len(x)}")
    share = schedule.share(t).to(x.device, torch.float32)
    return share.reshape(-1, *[1] * (x.ndim - 1)) if t.ndim else share
