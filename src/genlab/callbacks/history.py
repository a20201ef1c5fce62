"""Writes every step's loss terms to history.jsonl, and their means to the loggers."""

from __future__ import annotations

import math
import time
from typing import Any

import pytorch_lightning as pl
import torch
from torch import Tensor

from genlab.models.base import batches_done
from genlab.ranges import PositiveInt
from genlab.runs import history
from genlab.runs.store import Run


class NonFiniteLoss(ArithmeticError):
    """The loss became NaN or infinite: training on would only spoil the weights further."""


class History(pl.Callback):
    """Keeps the loss terms on the device and reads them every `every_n_steps` steps: one sync for many steps.

    A line is {"step", "epoch", "seconds", "loss", ...}: `step` counts batches from 1, `seconds` is training time.
    Lines of a validation hold "val/..." instead of the loss.

    Raises:
        NonFiniteLoss: a loss is NaN or infinite, found at the next reading.
    """

    def __init__(self, run: Run, every_n_steps: PositiveInt = 50) -> None:
        self._file = run.history_file
        self._every = every_n_steps
        self._pending: list[tuple[int, int, dict[str, Tensor]]] = []
        self._seconds, self._since = 0.0, time.monotonic()
        self._images = 0
        self._last_good: tuple[int, float] | None = None

    def on_train_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        if trainer.is_global_zero:
            history.truncate(self._file, batches_done(trainer))
        self._since = time.monotonic()

    def on_train_batch_end(
        self, trainer: pl.Trainer, module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        step = batches_done(trainer)
        self._pending.append((step, trainer.current_epoch, {k: v.detach() for k, v in outputs.items()}))
        self._images += len(batch[0]) * trainer.world_size  # each process has its share of the batch
        if len(self._pending) >= self._every:
            self._flush(trainer, module)

    def on_train_epoch_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        self._flush(trainer, module)

    def on_exception(self, trainer: pl.Trainer, module: pl.LightningModule, exception: BaseException) -> None:
        if not isinstance(exception, NonFiniteLoss):
            self._flush(trainer, module)

    def on_save_checkpoint(self, trainer: pl.Trainer, module: pl.LightningModule, checkpoint: dict[str, Any]) -> None:
        self._flush(trainer, module)  # the lines up to a checkpoint are never written again
        checkpoint["callbacks"][self.state_key] = self.state_dict()  # with the seconds of what was just written

    def on_validation_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        if trainer.sanity_checking:
            return
        self._flush(trainer, module)
        values = {k: float(v) for k, v in trainer.callback_metrics.items() if k.startswith("val/")}
        line = {"step": batches_done(trainer), "epoch": trainer.current_epoch, **values}
        if trainer.is_global_zero:
            history.append(self._file, [line])

    def _flush(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        if not self._pending:
            return
        names = list(self._pending[-1][2])
        table = torch.stack([torch.stack([terms[n].float() for n in names]) for _, _, terms in self._pending]).tolist()
        now = time.monotonic()
        self._seconds, self._since = self._seconds + now - self._since, now
        lines = [
            {"step": step, "epoch": epoch, "seconds": round(self._seconds, 3), **dict(zip(names, row, strict=True))}
            for (step, epoch, _), row in zip(self._pending, table, strict=True)
        ]
        self._pending = []
        finite = [line for line in lines if all(math.isfinite(line[n]) for n in names)]
        if trainer.is_global_zero:  # of several processes one writes; each looks at its own losses
            history.append(self._file, lines)
        if finite:
            self._last_good = (finite[-1]["step"], finite[-1]["loss"])
            means = {f"train/{n}": sum(line[n] for line in finite) / len(finite) for n in names}
            for logger in trainer.loggers:
                logger.log_metrics({**means, "epoch": lines[-1]["epoch"]}, step=lines[-1]["step"])
        if len(finite) < len(lines):
            self._refuse(next(line for line in lines if line not in finite), module)

    def _refuse(self, line: dict[str, Any], module: pl.LightningModule) -> None:
        gradients = [p.grad.detach().norm() for p in module.parameters() if p.grad is not None]
        norm = float(torch.stack(gradients).norm()) if gradients else math.nan
        good = (
            f"the last good loss was {self._last_good[1]:.5g} at step {self._last_good[0]}"
            if self._last_good
            else ("there was no good loss before")
        )
        raise NonFiniteLoss(
            f"the loss is {line['loss']} at step {line['step']}; {good}; the norm of the gradients is {norm:.3g}: "
            "try a lower optimizer.lr or trainer.gradient_clip_val=1"
        )

    def state_dict(self) -> dict[str, Any]:
        return {"seconds": self._seconds, "images": self._images}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self._seconds, self._images = state_dict["seconds"], state_dict["images"]

    @property
    def training(self) -> dict[str, float | int]:
        """Images seen, and how many a second, for the record."""
        rate = self._images / self._seconds if self._seconds else 0.0
        return {"images": self._images, "images_per_second": round(rate, 1)}
