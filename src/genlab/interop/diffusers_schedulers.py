"""Noise schedules to diffusers and back."""

from __future__ import annotations

from typing import Any

from genlab.denoisers.edm import EDM as EDMOutput  # noqa: N811  (a class whose name is an acronym)
from genlab.denoisers.eps import Eps
from genlab.denoisers.learned_variance import LearnedVariance
from genlab.denoisers.parameterization import Parameterization
from genlab.denoisers.v import V
from genlab.denoisers.velocity import Velocity
from genlab.denoisers.x0 import X0
from genlab.processes.discrete import Discrete
from genlab.processes.edm import EDM
from genlab.processes.linear_path import LinearPath
from genlab.processes.schedule import Clock, Schedule

_PREDICTION_TYPES: dict[str, type] = {"epsilon": Eps, "v_prediction": V, "sample": X0}


def to_diffusers(schedule: Clock, parameterization: Parameterization, clip: bool = False) -> Any:
    """The scheduler of diffusers with the same noise and the same meaning of the network's output.

    DDIMScheduler for discrete steps (its `from_config` makes any other), DDPMScheduler where the variance is learnt,
    FlowMatchEulerDiscreteScheduler for the straight path, EDMEulerScheduler for EDM's levels. `clip` keeps estimates in
    [-1, 1], for discrete steps.

    Raises:
        ValueError: diffusers has no such pair.
    """
    from diffusers.schedulers import DDIMScheduler, DDPMScheduler, EDMEulerScheduler, FlowMatchEulerDiscreteScheduler

    if isinstance(schedule, Discrete):
        is_learnt = isinstance(parameterization, LearnedVariance)
        output = parameterization.mean if isinstance(parameterization, LearnedVariance) else parameterization
        names = [name for name, kind in _PREDICTION_TYPES.items() if isinstance(output, kind)]
        if names:
            betas = (1 - schedule.alpha_bar[1:] / schedule.alpha_bar[:-1]).tolist()
            shared = {
                "num_train_timesteps": schedule.n_steps, "trained_betas": betas, "prediction_type": names[0],
                "clip_sample": clip, "timestep_spacing": "leading",
            }  # fmt: skip
            if is_learnt:
                return DDPMScheduler(**shared, variance_type="learned_range")
            return DDIMScheduler(**shared, set_alpha_to_one=True)
    if isinstance(schedule, LinearPath) and isinstance(parameterization, Velocity):
        return FlowMatchEulerDiscreteScheduler(shift=schedule.shift)
    if isinstance(schedule, EDM) and isinstance(parameterization, EDMOutput):
        return EDMEulerScheduler(
            sigma_min=schedule.sigma_min, sigma_max=schedule.sigma_max, sigma_data=parameterization.sigma_data,
            rho=schedule.rho,
        )  # fmt: skip
    raise ValueError(
        f"diffusers has no scheduler for {type(schedule).__name__} with {type(parameterization).__name__}: discrete "
        "steps go with eps, v and x0, the linear path with velocity, edm with edm"
    )


def from_diffusers(scheduler: Any) -> tuple[Schedule, Parameterization]:
    """The schedule and the parameterization of a scheduler of diffusers.

    Raises:
        ValueError: its kind is not known here.
    """
    kind, config = type(scheduler).__name__, scheduler.config
    if kind == "FlowMatchEulerDiscreteScheduler":
        return LinearPath(config.shift), Velocity()
    if kind.startswith("EDM"):
        return EDM(config.sigma_min, config.sigma_max, config.rho), EDMOutput(config.sigma_data)
    output = _PREDICTION_TYPES.get(config.get("prediction_type", ""))
    if not hasattr(scheduler, "betas") or output is None:
        raise ValueError(f"the scheduler {kind} of diffusers, prediction {config.get('prediction_type')}, is not known")
    mean = output()
    is_learnt = config.get("variance_type") == "learned_range"
    return Discrete(scheduler.betas.double()), LearnedVariance(mean) if is_learnt else mean
