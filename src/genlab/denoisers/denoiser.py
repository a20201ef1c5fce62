"""A network, what it was trained on, and what its output means."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from genlab.conditioning.condition import Condition
from genlab.conditions import ConditionTensors
from genlab.denoisers.parameterization import Coefficients, Parameterization
from genlab.denoisers.prediction import Prediction
from genlab.processes.gaussian import Gaussian

Network = Callable[[Tensor, Tensor, ConditionTensors | None], Tensor]
"""(x (batch, ...), noise level (batch,), condition) -> (batch, ...)."""


class Denoiser(nn.Module):
    """Estimates x_0 from x_t with a network.

    Args:
        network: (x (batch, ...), noise level (batch,), ConditionTensors | None) -> (batch, ...), of twice the channels
            where the parameterization learns the variance.
        process: what was done to the data.
        parameterization: what the network's output means.
    """

    def __init__(self, network: nn.Module, process: Gaussian, parameterization: Parameterization) -> None:
        super().__init__()
        self.network = network
        self.process = process
        self.parameterization = parameterization
        _check_noisy_end(process, parameterization)

    def forward(self, x_t: Tensor, t: Tensor, condition: Condition | None = None) -> Prediction:
        scales = self.process.scales(x_t, t)
        c = self.parameterization(scales)
        output, share = self.outputs(x_t, t, c, condition)
        return Prediction(x_t, c.c_skip * x_t + c.c_out * output, scales, share)

    def outputs(
        self, x_t: Tensor, t: Tensor, c: Coefficients, condition: Condition | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """F(c_in x_t, c_noise), of the dtype of `x_t`, and the `share` of a Prediction where it is learnt.

        What objectives of the network's own output ask.
        """
        return self._outputs(self.network, x_t, t, c, condition)

    def _outputs(
        self, network: Network, x_t: Tensor, t: Tensor, c: Coefficients, condition: Condition | None
    ) -> tuple[Tensor, Tensor | None]:
        level = self.process.schedule.timestep(t) if c.c_noise is None else c.c_noise.reshape(t.shape)
        output = output_of(network, c.c_in * x_t, level, condition)
        if not getattr(self.parameterization, "learns_variance", False):
            return output, None
        if output.shape[1] != 2 * x_t.shape[1]:
            raise ValueError(
                f"parameterization=learned_variance needs a network of {2 * x_t.shape[1]} channels for data of "
                f"{x_t.shape[1]}, this one has {output.shape[1]}: give network.out_channels={2 * x_t.shape[1]}"
            )
        output, v = output.chunk(2, dim=1)
        return output, (v + 1) / 2


def output_of(network: Network, x: Tensor, level: Tensor, condition: Condition | None = None) -> Tensor:
    """What the network says of `x` (batch, ...), of its dtype; of integers, in a dtype of the network's own.

    `level` is a scalar or (batch,).
    """
    dtype = x.dtype if x.is_floating_point() else torch.get_default_dtype()
    if level.ndim == 0 and level.device.type == "cpu":  # filled on the device: no copy to wait for
        level = torch.full(x.shape[:1], float(level), device=x.device, dtype=dtype)
    level = level.to(dtype).expand(len(x))
    output = network(x, level, None if condition is None else condition.given)
    return output.to(dtype) if x.is_floating_point() else output


def _check_noisy_end(process: Gaussian, parameterization: Parameterization) -> None:
    """Raise ValueError if the output means nothing where the noise is strongest."""
    c = parameterization(process.schedule(process.schedule.at(torch.ones((), dtype=torch.float64))))
    if not bool(torch.isfinite(c.c_skip) & torch.isfinite(c.c_out)):
        raise ValueError(
            f"the parameterization {type(parameterization).__name__} divides by alpha, which is 0 at the noisy end of "
            f"the schedule {type(process.schedule).__name__}: take parameterization=v, x0 or velocity"
        )
