"""The scheduler_config.json of a pipeline of diffusers as parts of a config: schedule, output, sampler."""

from __future__ import annotations

import reprlib
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genlab.errors import listed
from genlab.foreign_folder import read_json
from genlab.interop.json_values import JsonValues
from genlab.notice import Notice

Part = dict[str, Any]

_SPACING = {
    "DDIMScheduler": "leading", "DDPMScheduler": "leading", "PNDMScheduler": "leading", "LCMScheduler": "leading",
    "LMSDiscreteScheduler": "linspace", "EulerDiscreteScheduler": "linspace",
    "DPMSolverMultistepScheduler": "linspace", "UniPCMultistepScheduler": "linspace",
}  # fmt: skip
"""The spacing of each class that is known, where its config says none."""
_GRIDS = {"leading": "grids.Leading", "trailing": "grids.Trailing", "linspace": "grids.Linspace"}
_STEPS = {"DDPMScheduler": None, "LCMScheduler": 4, "DPMSolverMultistepScheduler": 25, "UniPCMultistepScheduler": 25}
"""Steps that an imported model is sampled with; 50 of any other, None for all."""
_SOLVERS: dict[str, Part] = {
    "DDIMScheduler": {"_target_": "genlab.samplers.ancestral.Ancestral", "eta": 0.0},
    "EulerDiscreteScheduler": {"_target_": "genlab.samplers.ancestral.Ancestral", "eta": 0.0},
    "DDPMScheduler": {"_target_": "genlab.samplers.ancestral.Ancestral", "eta": 1.0},
    "PNDMScheduler": {"_target_": "genlab.samplers.pndm.PNDM"},
    "LMSDiscreteScheduler": {"_target_": "genlab.samplers.lms.LMS", "order": 4},
    "DPMSolverMultistepScheduler": {"_target_": "genlab.samplers.dpm_solver.DPMSolver2M", "eta": 0.0},
    "UniPCMultistepScheduler": {"_target_": "genlab.samplers.unipc.UniPC"},
    "LCMScheduler": {"_target_": "genlab.samplers.recorrupt.Recorrupt"},
}
_MOST_ORDER = 3
"""Of UniPC."""
_OUTPUTS = {"epsilon": "eps.Eps", "v_prediction": "v.V", "sample": "x0.X0"}
_BETAS = ("linear", "scaled_linear", "squaredcos_cap_v2")
_BETWEEN = ("LMSDiscreteScheduler", "EulerDiscreteScheduler")
"""They do not round steps of the spacing linspace to those of training."""
_AS_HERE: dict[str, tuple[Any, ...]] = {
    "predict_x0": (True,), "lower_order_final": (True,), "euler_at_final": (False,), "disable_corrector": ([],),
    "solver_p": (None,), "lambda_min_clipped": (None, float("-inf"), "-inf", "-Infinity"), "use_flow_sigmas": (False,),
    "flow_shift": (1.0,), "use_dynamic_shifting": (False,), "shift_terminal": (None,), "sigma_min": (None,),
    "sigma_max": (None,), "interpolation_type": ("linear",), "timestep_type": ("discrete",),
}  # fmt: skip
"""Options of schedulers that change what is drawn -> their values that are followed here."""
_OTHER_SOLVER = {"DPMSolverMultistepScheduler": "heun", "UniPCMultistepScheduler": "bh1"}
"""The solver_type of each that is not followed; the other ones all mean what is."""
_VARIANCES = ("fixed_small", "fixed_small_log", "fixed_large", "fixed_large_log", "learned_range")
_OTHER_WAYS = ("use_karras_sigmas", "use_exponential_sigmas", "use_beta_sigmas", "use_lu_lambdas", "thresholding")
"""Options of schedulers that are not known here, where they are true."""


@dataclass(frozen=True)
class Described:
    """What a scheduler says of a model."""

    scheduler: Part
    parameterization: Part
    sampler: Part
    clip: list[float] | None
    """The range of estimates, of models of pixels."""


def described_scheduler(folder: Path, of_latents: bool) -> Described:
    """The parts that a folder's scheduler_config.json stands for.

    Where its sampler is not known here, DDIM's takes its place, and a notice says so.

    Args:
        of_latents: the pipeline is one of Stable Diffusion's, which begin at step 1 and never clip.

    Raises:
        ValueError: its schedule, or what the network's output means, is not known.
    """
    content = read_json(folder, "scheduler_config.json")
    name = str(content.get("_class_name"))
    if of_latents and name != "LCMScheduler":
        content = {**content, "steps_offset": 1, "clip_sample": False}
    config = JsonValues(folder / "scheduler_config.json", content)
    scheduler, output = _schedule(config), config.word("prediction_type", "epsilon", _OUTPUTS)
    parameterization: Part = {"_target_": f"genlab.denoisers.{_OUTPUTS[output]}"}
    if name == "LCMScheduler":
        parameterization = {
            "_target_": "genlab.denoisers.latent_consistency.LatentConsistency", "mean": parameterization,
            "schedule": "${scheduler}", "scaling": config.number("timestep_scaling", 10.0),
        }  # fmt: skip
    elif config.word("variance_type", "fixed_small", _VARIANCES) == "learned_range":
        learnt = "genlab.denoisers.learned_variance.LearnedVariance"
        parameterization = {"_target_": learnt, "mean": parameterization}
    limit = config.number("clip_sample_range", 1.0)
    clips = not of_latents and content.get("clip_sample", True)
    return Described(scheduler, parameterization, _sampler(name, config), [-limit, limit] if clips else None)


def _schedule(config: JsonValues) -> Part:
    if betas := config.numbers("trained_betas"):
        return {"_target_": "genlab.processes.listed.Listed", "betas": betas}
    steps, kind = config.whole("num_train_timesteps", 1000), config.word("beta_schedule", "linear", _BETAS)
    ends = {
        "beta_start": config.number("beta_start", 0.0001), "beta_end": config.number("beta_end", 0.02),
        "train_timesteps": steps,
    }  # fmt: skip
    zero = bool(config.content.get("rescale_betas_zero_snr"))
    known = {
        ("linear", False): {"_target_": "genlab.processes.linear.Linear", **ends},
        ("scaled_linear", False): {"_target_": "genlab.processes.scaled_linear.ScaledLinear", **ends},
        ("scaled_linear", True): {"_target_": "genlab.processes.zero_terminal.ZeroTerminal", **ends},
        ("squaredcos_cap_v2", False): {"_target_": "genlab.processes.cosine.Cosine", "train_timesteps": steps},
    }
    if (kind, zero) not in known:
        of_zero = listed(k for k, zeroed in known if zeroed)
        raise ValueError(f"{config.file} has rescale_betas_zero_snr with the betas {kind!r}; it is known of {of_zero}")
    return known[kind, zero]


def _sampler(name: str, config: JsonValues) -> Part:
    reason = _unknown(name, config)
    if reason is not None:
        warnings.warn(Notice(f"{reason}: sampler=ddim takes its place"), stacklevel=4)
        name = "DDIMScheduler"
    elif options := _not_followed(name, config.content):
        text = f"{name} with {listed(options, 4)}: that is not followed, and pictures differ from those of diffusers"
        warnings.warn(Notice(text), stacklevel=4)
    steps, solver = _STEPS.get(name, 50), _SOLVERS[name]
    if name == "UniPCMultistepScheduler":
        solver = {**solver, "order": config.whole("solver_order", 2)}
    return {
        "_target_": "genlab.samplers.sampler.Sampler", "solver": solver, "grid": _grid(name, config),
        "steps": min(steps or 10**9, config.whole("num_train_timesteps", 1000)),
    }  # fmt: skip


def _unknown(name: str, values: JsonValues) -> str | None:
    """Why a scheduler's way of sampling is not known here; None where it is."""
    config = values.content
    if name not in _SOLVERS:
        return f"the sampler of {name} is not known"
    if options := [option for option in _OTHER_WAYS if config.get(option)]:
        return f"{name} with {options[0]} is not known"
    if name in _BETWEEN and _spacing(name, values) == "linspace":
        return f"{name} with the spacing linspace, whose steps lie between those of training, is not known"
    if name == "PNDMScheduler" and not config.get("skip_prk_steps", False):
        return "PNDMScheduler with its Runge-Kutta steps is not known"
    if name == "DPMSolverMultistepScheduler":
        way = config.get("algorithm_type", "dpmsolver++"), config.get("solver_order", 2)
        return None if way == ("dpmsolver++", 2) else f"{name} of the kind {way[0]} and order {way[1]} is not known"
    if name == "UniPCMultistepScheduler" and (order := values.whole("solver_order", 2)) > _MOST_ORDER:
        return f"{name} of order {order} is not known"
    if name == "DDPMScheduler" and str(config.get("variance_type")).startswith("fixed_large"):
        return "DDPMScheduler with the larger of its two variances is not known"
    return None


def _not_followed(name: str, config: Mapping[str, Any]) -> list[str]:
    """Options of a scheduler that is known which have no effect here, as key=value."""
    keys = [key for key, values in _AS_HERE.items() if key in config and config[key] not in values]
    if "solver_type" in config and config["solver_type"] == _OTHER_SOLVER.get(name):
        keys.append("solver_type")
    if name == "EulerDiscreteScheduler" and config.get("final_sigmas_type", "zero") != "zero":
        keys.append("final_sigmas_type")
    return [f"{key}={reprlib.repr(config[key])}" for key in keys]


def _spacing(name: str, config: JsonValues) -> str:
    return config.word("timestep_spacing", _SPACING[name], _GRIDS)


def _grid(name: str, config: JsonValues) -> Part:
    if name == "LCMScheduler":
        among = config.whole("original_inference_steps", 50)
        return {"_target_": "genlab.samplers.grids.Even", "among": among}
    spacing = _spacing(name, config)
    to_data = config.content.get("set_alpha_to_one", name == "DDIMScheduler")  # PNDM's default is false
    if name in ("DPMSolverMultistepScheduler", "UniPCMultistepScheduler"):
        to_data = config.content.get("final_sigmas_type", "zero") == "zero"
    elif name not in ("DDIMScheduler", "PNDMScheduler"):
        to_data = True
    grid: Part = {"_target_": f"genlab.samplers.{_GRIDS[spacing]}"}
    if spacing == "leading" and (offset := config.whole("steps_offset", 0, least=0)):
        grid["offset"] = offset
    if not to_data:
        grid["end"] = "first"
    if name in ("DPMSolverMultistepScheduler", "UniPCMultistepScheduler") and spacing != "trailing":
        return {"_target_": "genlab.samplers.grid_but_last.ButLast", "grid": grid}
    return grid
