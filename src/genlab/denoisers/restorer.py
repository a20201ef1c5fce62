"""A network that undoes a degradation."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from genlab.conditioning.condition import Condition
from genlab.denoisers.denoiser import output_of
from genlab.denoisers.prediction import Prediction
from genlab.processes.process import Process
from genlab.processes.schedule import Scales


class Restorer(nn.Module):
    """Estimates x_0 from x_t, for any process (R of Bansal et al. 2022, section 3): the output is the estimate.

    Its predictions have scales that are not numbers, since no noise was added: what asks for them gets none.

    Args:
        network: (x (batch, ...), severity from 0 to 999 (batch,), ConditionTensors | None) -> (batch, ...).
        process: what was done to the data.
    """

    def __init__(self, network: nn.Module, process: Process) -> None:
        super().__init__()
        self.network = network
        self.process = process

    def forward(self, x_t: Tensor, t: Tensor, condition: Condition | None = None) -> Prediction:
        nothing = torch.full((), torch.nan)
        x0 = output_of(self.network, x_t, self.process.schedule.timestep(t), condition)
        return Prediction(x_t, x0, Scales(nothing, nothing))
