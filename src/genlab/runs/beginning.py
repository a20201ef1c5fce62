"""Where a training begins: at its own checkpoint, at another's (`ckpt_path`), or at nothing, which is never silent."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytorch_lightning as pl
from omegaconf import DictConfig
from pytorch_lightning.core.optimizer import _configure_optimizers

from genlab.errors import ConfigError
from genlab.notice import Notice
from genlab.runs import checkpoint_io, history
from genlab.runs.position import Position
from genlab.runs.record import Record
from genlab.runs.restore import fit_weights
from genlab.runs.store import Run, is_damaged


def beginning(cfg: DictConfig, run: Run, record: Record, trainer: pl.Trainer, module: Any) -> Path | None:
    """The checkpoint that the training of `cfg` goes on from; None where it begins at step 0.

    Raises:
        ConfigError: see `own_checkpoint` and `check_foreign`.
    """
    own = own_checkpoint(run, record, cfg.restart, _keeps_checkpoints(trainer))
    if own is not None or not cfg.ckpt_path:
        return own
    check_foreign(Path(cfg.ckpt_path), trainer, module, cfg.optimizer or {})
    return Path(cfg.ckpt_path)


def require_checkpoint(run: Run, trainer: pl.Trainer) -> None:
    """Refuse to call a training completed that keeps checkpoints and has none.

    Raises:
        ConfigError: it took no step.
    """
    if _keeps_checkpoints(trainer) and run.checkpoint() is None:
        limits = "trainer.max_epochs, trainer.max_steps and trainer.limit_train_batches"
        raise ConfigError(f"nothing was trained: {limits} leave no step")


def require_new_steps(begin_at: Path | None, run: Run, steps: int) -> None:
    """Refuse to call a training completed that took no step beyond another run's checkpoint.

    Args:
        begin_at: the checkpoint that it went on from.
        steps: of the optimiser, those of the checkpoint included.

    Raises:
        ConfigError: it took none; what it has written is taken away, so that asking again is no resuming.
    """
    if begin_at is None or begin_at.parent == run.checkpoints or steps > checkpoint_io.load(begin_at)["global_step"]:
        return
    for path in run.checkpoints.glob("*.ckpt"):
        path.unlink()
    raise ConfigError(f"ckpt_path = {begin_at} has {steps} steps, and the trainer's limits leave no more: {_REMEDY}")


_REMEDY = "to begin another training from its weights, give init_from.run=RUN in place of ckpt_path"


def _keeps_checkpoints(trainer: pl.Trainer) -> bool:
    return any(getattr(callback, "writes_last", False) for callback in trainer.callbacks)  # type: ignore[attr-defined]


def own_checkpoint(run: Run, record: Record, restart: bool, keeps_checkpoints: bool) -> Path | None:
    """The run's newest whole checkpoint; None where it begins at step 0.

    Raises:
        ConfigError: it had checkpoints and none is left that is whole, unless `restart` says to begin again.
    """
    if (checkpoint := run.checkpoint()) is not None:
        if restart:
            note = f"restart=true is not needed: {checkpoint.name} is whole and the run goes on from it"
            warnings.warn(f"{note}; force=true trains another beside it", Notice, stacklevel=2)
        return checkpoint
    name, taken = run.path.name, record.training.get("steps")
    remedy = "restart=true begins it again at step 0"
    if not restart and (damaged := run.damaged_checkpoints()):
        raise ConfigError(f"run {name} has no whole checkpoint to go on from: {', '.join(damaged)}; {remedy}")
    if not restart and taken and keeps_checkpoints:
        raise ConfigError(f"run {name} took {taken} steps before, and {run.checkpoints} is empty; {remedy}")
    if history.read(run.history_file):
        warnings.warn(f"run {name} has no checkpoint: it begins again at step 0", Notice, stacklevel=2)
    return None


def check_foreign(path: Path, trainer: pl.Trainer, module: Any, settings: Mapping[str, Any]) -> None:
    """Refuse a checkpoint that a training would not go on from as its config says.

    Args:
        path: of a checkpoint that another run wrote.
        trainer: with the limits of the training.
        module: gets the checkpoint's weights.
        settings: those of the optimiser, by their names in the config.

    Raises:
        ConfigError: it is absent, damaged, of another network or of weights alone; nothing is left to train; or it
            brings settings of the optimiser that differ from those that are asked for, which Lightning would not use.
    """
    if is_damaged(path):
        raise ConfigError(f"ckpt_path = {path} is damaged: its content has not the checksum that it carries")
    content = checkpoint_io.load(path)
    if "loops" not in content or "optimizer_states" not in content:
        raise ConfigError(f"ckpt_path = {path} holds weights alone, and a training goes on from a whole checkpoint")
    _check_something_is_left(path, Position.of(content["loops"]["fit_loop"]), trainer)
    fit_weights(module, content, path)
    optimizers = _configure_optimizers(module.configure_optimizers())[0]
    requested = [group for optimizer in optimizers for group in optimizer.param_groups]
    saved = [group for state in content["optimizer_states"] for group in state["param_groups"]]
    _check_settings(path, requested, saved, settings)


def _check_something_is_left(path: Path, position: Position, trainer: pl.Trainer) -> None:
    epochs = trainer.max_epochs if trainer.max_epochs is not None and trainer.max_epochs >= 0 else math.inf
    steps = trainer.max_steps if trainer.max_steps >= 0 else math.inf
    limit = f"max_epochs = {epochs}" if position.epochs >= epochs else f"max_steps = {steps}"
    if position.epochs >= epochs or position.done >= steps:
        has = f"{position.done} steps and {position.epochs} whole epochs"
        raise ConfigError(f"ckpt_path = {path} has {has} already, and trainer.{limit} asks for no more: {_REMEDY}")


def _check_settings(
    path: Path, requested: list[dict[str, Any]], saved: list[dict[str, Any]], settings: Mapping[str, Any]
) -> None:
    cycled = any("max_lr" in group for group in saved)  # by OneCycleLR, which makes these numbers itself at each step
    requested, saved = ([_uncycled(group) if cycled else group for group in groups] for groups in (requested, saved))
    other = len(requested) != len(saved)
    differing: dict[str, tuple[Any, Any]] = {}
    for new, old in zip(map(_settings, requested), map(_settings, saved), strict=False):
        other |= any((new | old)[key] not in (None, False) for key in new.keys() ^ old.keys())
        differing |= {k: (new[k], old[k]) for k in new.keys() & old.keys() if new[k] != old[k]}
    if other or differing.keys() - settings.keys():
        raise ConfigError(f"ckpt_path = {path} was trained with another optimizer: its state is of no use to this one")
    if differing:
        unused = ", ".join(f"optimizer.{key} = {new}" for key, (new, _) in sorted(differing.items()))
        own = " ".join(f"optimizer.{key}={old}".replace(" ", "") for key, (_, old) in sorted(differing.items()))
        raise ConfigError(f"{unused} would not be used: ckpt_path = {path} goes on with its own {own}")


def _uncycled(group: dict[str, Any]) -> dict[str, Any]:
    """Of a group of parameters what torch's OneCycleLR leaves as it was given."""
    made = {"lr", "initial_lr", "max_lr", "min_lr", "momentum", "betas", "base_momentum", "max_momentum"}
    return {key: value for key, value in group.items() if key not in made}


def _settings(group: Mapping[str, Any]) -> dict[str, Any]:
    """The settings of a group of parameters, with the rate that it began with, whatever a schedule has made of it."""
    plain = {key: list(value) if isinstance(value, tuple) else value for key, value in group.items() if key != "params"}
    return plain | ({"lr": plain.pop("initial_lr")} if "initial_lr" in plain else {})
