"""DiffWave: dilated convolutions of raw waves (Kong et al. 2021).

Paper: https://arxiv.org/abs/2009.09761
"""

from __future__ import annotations

import math
import warnings

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from genlab.conditions import ConditionTensors
from genlab.networks.conditioned import label_of, reads
from genlab.networks.timestep import TimestepEmbedding
from genlab.notice import Notice
from genlab.ranges import PositiveInt

_TIME = 128
"""Width of the embedding of the noise level."""


class DiffWave(nn.Module):
    """(batch, 1, samples) in and out: residual layers of gated convolutions, whose dilation doubles within a cycle.

    Layer i adds the noise level to its input, convolves with three taps that are 2^(i mod cycle) samples apart, and
    gives tanh(a) sigmoid(b) of the two halves: one part of it goes on, one to the output (section 3 of the paper). An
    output sees `reach` samples of the input; without a class, what it does not see of a clip it cannot agree with.

    Args:
        samples: of a clip, to tell where an output does not see all of it.
        width: channels of a layer; even.
        layers: how many there are.
        cycle: layers from a dilation of 1 to the next.
        num_classes: how many labels there are; None makes the network unconditional. The label `num_classes`, one
            more, stands for no label.
    """

    def __init__(
        self, samples: PositiveInt, width: PositiveInt = 64, layers: PositiveInt = 30, cycle: PositiveInt = 10,
        num_classes: PositiveInt | None = None,
    ) -> None:  # fmt: skip
        super().__init__()
        dilations = [2 ** (i % cycle) for i in range(layers)]
        self.reach = reach(dilations)
        if self.reach < samples:
            warnings.warn(
                f"network=diffwave sees {self.reach} samples, and a clip has {samples}: its beginning and its end will "
                f"not fit together; give network.layers and network.cycle, such as {_deeper(samples)}",
                Notice,
                stacklevel=2,
            )
        self.reads = reads(num_classes is not None)
        self.time = TimestepEmbedding(_TIME)
        self.class_embedding = None if num_classes is None else nn.Embedding(num_classes + 1, _TIME)
        self.first = nn.Conv1d(1, width, 1)
        self.layers = nn.ModuleList(_Layer(width, dilation) for dilation in dilations)
        final = nn.Conv1d(width, 1, 1)
        for parameter in final.parameters():
            nn.init.zeros_(parameter)
        self.last = nn.Sequential(nn.Conv1d(width, width, 1), nn.ReLU(), final)

    def forward(self, x: Tensor, level: Tensor, condition: ConditionTensors | None = None) -> Tensor:
        """`level` (batch,) the step number; of the condition it reads `label`."""
        told = self.time(level)
        if self.class_embedding is not None:
            told = told + self.class_embedding(label_of(condition))
        told = F.silu(told)
        hidden, total = F.relu(self.first(x)), torch.zeros(())
        for layer in self.layers:
            hidden, skip = layer(hidden, told)
            total = skip + total
        return self.last(total / math.sqrt(len(self.layers)))


class _Layer(nn.Module):
    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.told = nn.Linear(_TIME, width)
        self.dilated = nn.Conv1d(width, 2 * width, 3, padding=dilation, dilation=dilation)
        self.out = nn.Conv1d(width, 2 * width, 1)

    def forward(self, x: Tensor, told: Tensor) -> tuple[Tensor, Tensor]:
        """What goes on, and what goes to the output; both (batch, width, samples)."""
        filtered, gate = self.dilated(x + self.told(told)[:, :, None]).chunk(2, 1)
        rest, skip = self.out(filtered.tanh() * gate.sigmoid()).chunk(2, 1)
        return (x + rest) / math.sqrt(2), skip


def reach(dilations: list[int]) -> int:
    """Samples that an output sees: 1 + 2 times the sum of the dilations."""
    return 1 + 2 * sum(dilations)


def _deeper(samples: int) -> str:
    """Two cycles that see so many samples."""
    cycle = next(n for n in range(1, 64) if reach([2**i for i in range(n)] * 2) >= samples)
    return f"{2 * cycle} and {cycle}"
