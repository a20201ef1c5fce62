"""The variational bound and its variants: what a VAE minimises. All in nats per image.

-log p(x) <= E_q[-log p(x | z)] + KL(q(z | x) || p(z)): the reconstruction term and the KL term.

Papers: https://arxiv.org/abs/1509.00519, https://arxiv.org/abs/1911.02469, https://arxiv.org/abs/1606.04934
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

ACTIVE_VARIANCE = 0.01
"""A unit is active when its mean code varies over the data by more than this (Burda et al. 2016, section 5.3)."""
COLLAPSED_NATS = 0.01
"""A unit has collapsed onto the prior when its KL is below this on average (Lucas et al. 2019, definition 1)."""


def total_kl(kl: Tensor, free_bits: float = 0.0) -> Tensor:
    """The KL of a batch: (batch, coding_size) of each coordinate -> scalar, mean over the batch, sum over coordinates.

    A coordinate counts for at least `free_bits` nats, so that none is worth silencing below it
    (Kingma et al. 2016, "Improved variational inference with inverse autoregressive flow", equation 15).
    """
    return kl.mean(0).clamp_min(free_bits).sum()


def importance_bound(log_weights: Tensor) -> Tensor:
    """(samples, batch) of log p(x, z) - log q(z | x) -> (batch,): a lower bound on log p(x).

    It is tighter the more samples there are, and the usual bound with one
    (Burda et al. 2016, "Importance weighted autoencoders", equation 8).
    """
    return log_weights.logsumexp(0) - math.log(len(log_weights))


def warm_up(step: int, steps: int) -> float:
    """The weight of the KL at a training step: rises linearly from 0 at step 0 to 1 at `steps` and stays there."""
    return 1.0 if step >= steps else step / steps


def unit_use(mean: Tensor, kl: Tensor) -> dict[str, Tensor]:
    """How many coding units a batch uses. mean, kl: (batch, coding_size); counts, as scalars.

    "active_units" carry information about x; "collapsed_units" have the prior for a posterior.
    """
    with torch.no_grad():
        active = mean.var(0, correction=0) > ACTIVE_VARIANCE
        collapsed = kl.mean(0) < COLLAPSED_NATS
        return {"active_units": active.sum().float(), "collapsed_units": collapsed.sum().float()}
