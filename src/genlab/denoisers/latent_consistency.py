"""A denoiser that is nearly the identity at the first steps of training, for latent consistency models.

Paper: https://arxiv.org/abs/2310.04378
"""

from __future__ import annotations

from genlab.denoisers.parameterization import Coefficients, Parameterization
from genlab.processes.discrete import Discrete
from genlab.processes.schedule import Scales
from genlab.ranges import PositiveFloat


class LatentConsistency:
    """x0 = skip x_t + out x0(mean), by the step number i: skip = d**2 / ((s i)**2 + d**2), out = s i / sqrt(same).

    Luo et al. 2023, "Latent consistency models", section 3, and their code, where s is 10: skip is under 0.003 from the
    second step on.

    Args:
        mean: what the network's output means.
        schedule: of the process, of discrete steps.
        sigma_data: d.
        scaling: s.
    """

    def __init__(
        self, mean: Parameterization, schedule: Discrete, sigma_data: PositiveFloat = 0.5, scaling: PositiveFloat = 10.0
    ) -> None:
        self.mean, self.schedule, self.sigma_data, self.scaling = mean, schedule, sigma_data, scaling

    def __call__(self, scales: Scales) -> Coefficients:
        step = self.schedule.timestep(self.schedule.time_of(scales.sigma / scales.alpha)) * self.scaling
        size = step**2 + self.sigma_data**2
        c = self.mean(scales)
        out = step * size.rsqrt()
        return c._replace(c_skip=self.sigma_data**2 / size + out * c.c_skip, c_out=out * c.c_out)
