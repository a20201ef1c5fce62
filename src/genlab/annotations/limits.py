"""What other libraries' parts accept, where their own annotations say a type alone (`max_epochs: Optional[int]`).

Beginning of a part's full name -> parameter -> annotation, in the words of `genlab/ranges.py`. A test holds the table
complete for the numbers of every part in conf/, and against what the libraries refuse and register.
"""

from __future__ import annotations

from dataclasses import replace

from genlab.annotations.signatures import Parameter

_BATCHES = "NonNegativeInt | Probability | None"
"""A number of batches, or a fraction of them; 0 for none."""

_DDP = [f"ddp{start}" for start in ("", "_spawn", "_fork", "_notebook")]
_STRATEGIES = [
    "auto", *_DDP, *(f"{name}_find_unused_parameters_{value}" for name in _DDP for value in ("false", "true")),
    "deepspeed", "deepspeed_stage_1", "deepspeed_stage_2", "deepspeed_stage_2_offload", "deepspeed_stage_3",
    "deepspeed_stage_3_offload", "deepspeed_stage_3_offload_nvme", "fsdp", "fsdp_cpu_offload", "single_device",
    "single_tpu", "single_xla", "xla", "xla_debug", "xla_fsdp",
]  # fmt: skip

_SCHEDULE = {
    "last_epoch": "AnyInt",
    "T_max": "PositiveInt | None",
    "eta_min": "NonNegativeFloat",
    "start_factor": "Share",
    "end_factor": "Probability",
    "total_iters": "PositiveInt | None",
    "step_size": "PositiveInt",
    "gamma": "PositiveFloat",
    "max_lr": "PositiveFloat | list[PositiveFloat]",
    "total_steps": "PositiveInt | None",
    "epochs": "PositiveInt | None",
    "steps_per_epoch": "PositiveInt | None",
    "pct_start": "Probability",
    "base_momentum": "Rate | list[Rate]",
    "max_momentum": "Rate | list[Rate]",
    "div_factor": "PositiveFloat",
    "final_div_factor": "PositiveFloat",
    "num_warmup_steps": "NonNegativeInt",
    "num_training_steps": "PositiveInt | None",
    "num_cycles": "PositiveFloat",
}
"""Schedules of the learning rate; a length that is null is that of the training, see models/lr_schedule.py."""

LIMITS: dict[str, dict[str, str]] = {
    "torch.optim.lr_scheduler.": _SCHEDULE,
    "diffusers.optimization.": _SCHEDULE,
    "torch.optim.": {
        "lr": "NonNegativeFloat",
        "betas": "tuple[Rate, Rate]",
        "momentum": "NonNegativeFloat",
        "dampening": "AnyFloat",
        "alpha": "NonNegativeFloat",
        "rho": "Probability",
        "eps": "NonNegativeFloat",
        "weight_decay": "NonNegativeFloat",
    },
    "pytorch_lightning.trainer.trainer.Trainer": {
        "accelerator": 'Literal["auto", "cpu", "gpu", "cuda", "mps", "tpu"]',
        "strategy": f"Literal{_STRATEGIES} | Part",
        "devices": 'PositiveInt | Literal[-1, "auto"] | list[NonNegativeInt] | Devices',
        "num_nodes": "PositiveInt",
        "fast_dev_run": "NonNegativeInt | bool",
        "max_epochs": "PositiveInt | Literal[-1] | None",
        "min_epochs": "NonNegativeInt | None",
        "max_steps": "PositiveInt | Literal[-1]",
        "min_steps": "NonNegativeInt | None",
        "max_time": "Duration | dict[str, NonNegativeInt] | None",
        "limit_train_batches": "PositiveInt | Share | None",
        "limit_val_batches": _BATCHES,
        "limit_test_batches": _BATCHES,
        "limit_predict_batches": _BATCHES,
        "overfit_batches": "NonNegativeInt | Probability",
        "val_check_interval": "PositiveInt | Share | Duration | dict[str, NonNegativeInt] | None",
        "check_val_every_n_epoch": "PositiveInt | None",
        "num_sanity_val_steps": "NonNegativeInt | Literal[-1] | None",
        "log_every_n_steps": "NonNegativeInt | None",
        "accumulate_grad_batches": "PositiveInt",
        "gradient_clip_val": "NonNegativeFloat | None",
        "gradient_clip_algorithm": 'Literal["norm", "value"] | None',
        "profiler": 'Literal["simple", "advanced", "pytorch", "xla"] | Part | None',
        "reload_dataloaders_every_n_epochs": "NonNegativeInt",
    },
    "pytorch_lightning.loggers.tensorboard.TensorBoardLogger": {"version": "NonNegativeInt | str | None"},
}


def limited(parameter: Parameter, part: str) -> Parameter:
    """`parameter` of the part with the full name `part`, its annotation sharpened where the table knows more."""
    for beginning, limits in LIMITS.items():
        if part.startswith(beginning) and parameter.name in limits:
            return replace(parameter, annotation=limits[parameter.name], module=__name__)
    return parameter
