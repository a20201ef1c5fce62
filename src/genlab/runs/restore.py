"""Brings a trained model back from its run folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from omegaconf import DictConfig

from genlab.config.instantiate import build
from genlab.errors import ConfigError
from genlab.finite import NotFinite, finite_weights
from genlab.runs import checkpoint_io
from genlab.runs.store import Run


def restore(cfg: DictConfig, checkpoint: Path) -> Any:
    """The LightningModule of `cfg` with the weights of a checkpoint, averaged ones included, in evaluation mode.

    Raises:
        ConfigError: the checkpoint is absent, damaged, or of another network.
    """
    module = build(cfg.model, cfg.get("allow_targets") or [])
    load_weights(module, checkpoint)
    return module.eval()


def load_weights(module: Any, checkpoint: Path) -> None:
    """Give a LightningModule the weights of a checkpoint, averaged ones included.

    Raises:
        ConfigError: see `restore`; or a weight is not finite.
    """
    fit_weights(module, checkpoint_io.load(checkpoint), checkpoint)


def fit_weights(module: Any, content: dict[str, Any], checkpoint: Path) -> None:
    """Give a LightningModule the weights in the content of a checkpoint.

    Raises:
        ConfigError: they are of another network.
    """
    try:
        module.load_state_dict(content["state_dict"])
        module.on_load_checkpoint(content)
    except (KeyError, RuntimeError) as error:
        first = str(error).strip().splitlines()
        raise ConfigError(
            f"checkpoint {checkpoint} does not fit the model of its config: {first[-1].strip()}"
        ) from error
    try:
        with module.averaged():
            finite_weights(module)
    except NotFinite as error:
        raise ConfigError(f"checkpoint {checkpoint}: {error}") from error


def newest(run: Run) -> Path:
    """The run's newest whole checkpoint.

    Raises:
        ConfigError: it has none.
    """
    checkpoint = run.checkpoint()
    if checkpoint is None:
        if damaged := run.damaged_checkpoints():
            raise ConfigError(f"run {run.path.name} has no whole checkpoint to read: {', '.join(damaged)}")
        record = run.record()
        state = f"is {record.status}" if record else "has no record"
        raise ConfigError(f"run {run.path.name} {state} and has no checkpoint to read")
    return checkpoint
