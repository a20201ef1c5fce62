"""Whether a training's devices are there, asked before anything of it is written down."""

from __future__ import annotations

from typing import Any

from omegaconf import DictConfig

from genlab.errors import ConfigError, listed, nearest
from genlab.failures import sentence
from genlab.runs.remarks import without_remarks

_KEYS = {"accelerator": "auto", "devices": "auto", "strategy": "auto", "precision": "32-true", "num_nodes": 1}
"""Keys of the trainer that say on what it computes, with values that work everywhere."""
_SOMEWHERE_ELSE = "take trainer=cpu"


def check_devices(trainer: DictConfig) -> None:
    """Refuse a trainer whose accelerator, devices, strategy or precision cannot be had on this machine.

    Raises:
        ConfigError: naming the key, and what is there.
    """
    from pytorch_lightning.accelerators import AcceleratorRegistry

    options = {key: trainer.get(key) for key in _KEYS if isinstance(trainer.get(key), str | int)}
    name = options.get("accelerator", "auto")
    names = ["auto", "gpu", *AcceleratorRegistry.available_accelerators()]
    if name not in names:
        raise ConfigError(f"trainer.accelerator = {name} must be one of {listed(names)}{nearest(str(name), names)}")
    if name in ("gpu", "cuda", "mps"):
        _check_gpus(str(name), trainer.get("devices"))
    if (error := _refusal(options)) is None:
        return
    for key in ("strategy", "precision", "devices", "num_nodes", "accelerator"):
        if key in options and _refusal(options | {key: _KEYS[key]}) is None:
            raise ConfigError(_advice(key, options[key], str(name), error)) from error
    raise ConfigError(f"trainer: {sentence(error)}") from error


def _check_gpus(name: str, devices: Any) -> None:
    """An accelerator that is a GPU: is there one, and are there as many?"""
    import torch

    cuda, mps = torch.cuda.device_count(), int(torch.backends.mps.is_available())
    there = {"cuda": cuda, "mps": mps, "gpu": cuda or mps}[name]
    if not there:
        kind = "GPU of Apple (mps)" if name == "mps" else "GPU"
        raise ConfigError(
            f"trainer.accelerator = {name}: no {kind} is there that torch {torch.__version__} can use; "
            f"{_SOMEWHERE_ELSE}"
        )
    if _needed(devices) > there:
        count = f"{there} GPU is" if there == 1 else f"{there} GPUs are"
        raise ConfigError(f"trainer.devices = {devices}: {count} there; take trainer.devices={there} or fewer")


def _needed(devices: Any) -> int:
    """How many GPUs there must be for `devices`: a number, a list of numbers from 0, or either as text."""
    try:
        if isinstance(devices, str) and "," not in devices:
            return int(devices)
        if isinstance(devices, int) or devices is None:
            return devices or 0
        numbers = devices.split(",") if isinstance(devices, str) else devices
        return max(int(number) for number in numbers if str(number).strip()) + 1
    except (TypeError, ValueError):  # "auto"; what else it is, the trainer says
        return 0


def _refusal(arguments: dict[str, Any]) -> Exception | None:
    """Why Lightning's trainer cannot be built for these devices."""
    import pytorch_lightning as pl

    from genlab.runs.plugins import plugins

    with without_remarks():  # the trainer that trains makes them again
        try:
            pl.Trainer(
                **arguments, plugins=plugins(), logger=False, enable_checkpointing=False, enable_progress_bar=False,
                enable_model_summary=False,
            )  # fmt: skip
        except Exception as error:
            return error
    return None


def _advice(key: str, value: Any, accelerator: str, error: Exception) -> str:
    """The sentence on the key that must change."""
    if key == "strategy":
        from pytorch_lightning.strategies import StrategyRegistry

        choices = ["auto", *StrategyRegistry.available_strategies()]
        if value not in choices:
            return f"trainer.strategy = {value} must be one of {listed(choices, 40)}{nearest(str(value), choices)}"
    if key == "precision":
        from typing import get_args

        from lightning_fabric.connector import _PRECISION_INPUT_INT, _PRECISION_INPUT_STR

        choices = [
            str(precision) for kind in (_PRECISION_INPUT_STR, _PRECISION_INPUT_INT) for precision in get_args(kind)
        ]
        if str(value) not in choices:
            return f"trainer.precision = {value} must be one of {listed(choices, 20)}{nearest(str(value), choices)}"
    if key == "devices":
        return f"trainer.devices = {value} must be a number from 1, or auto; of GPUs also a list of their numbers"
    return f"trainer.{key} = {value} does not work with trainer.accelerator = {accelerator}: {sentence(error)}"
