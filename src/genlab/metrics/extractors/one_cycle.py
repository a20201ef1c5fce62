"""How genlab trains the small extractors of its own: AdamW, one cycle of the learning rate, on the CPU."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from genlab.metrics.extractors.extractor import Report


def train(
    network: nn.Module, loss: Callable[[Tensor], Tensor], n: int, batch_size: int, steps: int, lr: float,
    report: Report = None, what: str = "training",
) -> None:  # fmt: skip
    """Take `steps` steps of `loss(rows)`, a scalar of the batch of the items `rows` (batch,) of `n`.

    Args:
        lr: peak learning rate of the one cycle.
        what: the work, in what `report` is told.
    """
    optimizer = torch.optim.AdamW(network.parameters(), lr=lr, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, lr, total_steps=steps)
    order = _order(n, min(batch_size, n))
    network.train()
    for step in range(steps):
        value = loss(next(order))
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        schedule.step()
        if report is not None:
            report(what, step + 1, steps)


def _order(n: int, batch_size: int) -> Iterator[Tensor]:
    """Indices of batch after batch, each epoch in its own order, the incomplete last one left out."""
    while True:
        yield from torch.randperm(n)[: n // batch_size * batch_size].split(batch_size)
