"""Times with large losses more often, by the losses that were seen there before.

Paper: https://arxiv.org/abs/2102.09672
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from genlab.processes.schedule import Clock
from genlab.randomness import Randomness, rand
from genlab.ranges import PositiveInt, Rate


class Importance(nn.Module):
    """p(part) ~ sqrt(mean of the squares of its last losses), each loss divided by how much its part is preferred.

    Nichol & Dhariwal 2021, "Improved denoising diffusion ...", eq. 18: the mean loss stays the same, with less noise.
    All parts alike until each has its `history`, and while the module is not being trained. The history is saved with
    the model, so that a training that is resumed goes on with it; of several processes the first one's counts.

    Args:
        parts: of the way to the noisy end, each as even as `Uniform`: the number of steps where they are discrete.
        history: losses remembered for each part.
        uniform: share of the draws that prefer nothing, as in their code: no part is forgotten.
    """

    losses: Tensor
    """(parts, history + 1): the last losses of each part, and a column for those of a batch that has too many."""
    seen: Tensor
    """(parts,) int64: how many losses there were."""

    def __init__(self, parts: PositiveInt = 1000, history: PositiveInt = 10, uniform: Rate = 0.001) -> None:
        super().__init__()
        self.parts, self.history, self.uniform = parts, history, uniform
        self.register_buffer("losses", torch.zeros(parts, history + 1))
        self.register_buffer("seen", torch.zeros(parts, dtype=torch.int64))
        self._drawn = torch.zeros(0, dtype=torch.int64)

    def forward(
        self, n: int, schedule: Clock, generator: Randomness = None, device: torch.device | None = None
    ) -> Tensor:
        ends = self.preference().cumsum(0)
        part = torch.searchsorted(ends, rand((n,), generator, device) * ends[-1], right=True)
        self._drawn = part.clamp(max=self.parts - 1)
        within = rand((n,), generator, device).clamp(1e-3, 1 - 1e-3)  # rounding must not reach the next part
        return schedule.at((self._drawn + within) / self.parts)

    def preference(self) -> Tensor:
        """(parts,): how often each is drawn, over how often it would be by `Uniform`; their mean is 1."""
        even = torch.ones_like(self.losses[:, 0])
        if not self.training:
            return even
        size = self.losses[:, : self.history].square().mean(1).sqrt()
        preferred = (1 - self.uniform) * size / size.mean().clamp(min=1e-30) + self.uniform
        return torch.where((self.seen >= self.history).all(), preferred, even)

    def settle(self, losses: Tensor) -> Tensor:
        """The losses (n,) of the times drawn last, divided by their parts' preferences; they enter the history."""
        settled = losses / self.preference()[self._drawn]
        if self.training:
            self._remember(losses.detach())
        return settled

    @torch.no_grad()
    def _remember(self, losses: Tensor) -> None:
        """Into the ring of each part, in the order of the batch; no step waits for the device."""
        order = self._drawn.argsort(stable=True)
        part, loss = self._drawn[order], losses[order].to(self.losses.dtype)
        first, after = (torch.searchsorted(part, part, right=right) for right in (False, True))
        number = torch.arange(len(part), device=part.device)
        is_kept = after - number <= self.history  # the last ones of a part
        place = torch.where(is_kept, (self.seen[part] + number - first) % self.history, self.history)
        self.losses[part, place] = torch.where(is_kept, loss, 0.0)
        self.seen.index_add_(0, part, torch.ones_like(part))
