"""A network that undoes a degradation.

Paper: https://arxiv.org/abs/2208.09392
"""

from __future__ import annotations

from torch import Tensor, nn

from genlab.conditioning.condition import Condition
from genlab.denoisers.denoiser import output_of
from genlab.denoisers.estimate import Estimate
from genlab.processes.process import Process


class Restorer(nn.Module):
    """Estimates x_0 from x_t, for any process (R of Bansal et al. 2022, section 3): the output is the estimate.

    Args:
        network: (x (batch, ...), severity from 0 to 999 (batch,), ConditionTensors | None) -> (batch, ...), or of int64
            x the logits of the clean data, (batch, num_values, ...).
        process: what was done to the data.
    """

    def __init__(self, network: nn.Module, process: Process) -> None:
        super().__init__()
        self.network = network
        self.process = process

    def forward(self, x_t: Tensor, t: Tensor, condition: Condition | None = None) -> Estimate:
        x0 = output_of(self.network, x_t, self.process.schedule.timestep(t), condition)
        return Estimate(x_t, x0)
