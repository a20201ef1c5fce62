"""Writes every step's loss terms to history.jsonl, and their means to the loggers."""

from __future__ import annotations

import math
import time
from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

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

    A line is {"step", "epoch", "seconds", "loss", ..., "lr", "grad_norm"}: `step` counts batches from 1, `seconds` is
    training time. It has what that step had: a term that exists every fourth step is in every fourth line, a learning
    rate where its optimiser stepped, the norm of the gradients, before they are clipped, in every tenth of its steps.
    With several groups of parameters the last two are "generator/lr", "generator/grad_norm". Lines of a validation
    hold "val/..." instead.

    Raises:
        NonFiniteLoss: a loss is NaN or infinite, found at the next reading.
    """

    def __init__(self, run: Run, every_n_steps: PositiveInt = 50) -> None:
        self._file = run.history_file
        self._every = every_n_steps
        self._pending: list[_Step] = []
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
        self._pending.append(_step(step, trainer.current_epoch, outputs, module))
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
        now = time.monotonic()
        self._seconds, self._since = self._seconds + now - self._since, now
        numbers = _on_host([step.tensors for step in self._pending])
        lines = [
            {"step": step.step, "epoch": step.epoch, "seconds": round(self._seconds, 3), **values, **step.rates}
            for step, values in zip(self._pending, numbers, strict=True)
        ]
        terms = [step.terms for step in self._pending]
        self._pending = []
        is_good = [all(math.isfinite(line[n]) for n in names) for line, names in zip(lines, terms, strict=True)]
        if trainer.is_global_zero:  # of several processes one writes; each looks at its own losses
            history.append(self._file, lines)
        if good := [line for line, finite in zip(lines, is_good, strict=True) if finite]:
            self._note_good(good)
            for logger in trainer.loggers:
                logger.log_metrics({**_means(good), "epoch": lines[-1]["epoch"]}, step=int(lines[-1]["step"]))
        if not all(is_good):
            bad = is_good.index(False)
            self._refuse(lines[bad], terms[bad], module)

    def _note_good(self, lines: list[dict[str, Any]]) -> None:
        if with_loss := [line for line in lines if "loss" in line]:
            self._last_good = (with_loss[-1]["step"], with_loss[-1]["loss"])

    def _refuse(self, line: dict[str, Any], terms: Collection[str], module: pl.LightningModule) -> None:
        """Say which loss is at fault, of which group of parameters where there are several, and what to try."""
        bad = [name for name in terms if not math.isfinite(line[name])]
        groups: Mapping[str, str] = getattr(module, "groups_of_terms", {})
        name = "loss" if "loss" in bad and not groups else bad[0]  # of several groups the first that stepped
        group = groups.get(name)
        what = "the loss" if name == "loss" else f"the loss term {name!r}"
        of_group = "" if group is None else f" of the group {group!r}"
        gradients = [p.grad.detach().norm() for p in module.parameters() if p.grad is not None]
        norm = float(torch.stack(gradients).norm()) if gradients else math.nan
        good = (
            f"the last good loss was {self._last_good[1]:.5g} at step {self._last_good[0]}"
            if self._last_good
            else ("there was no good loss before")
        )
        rate = "optimizer.lr" if group is None else f"learning rate of {group!r}"
        raise NonFiniteLoss(
            f"{what}{of_group} is {line[name]} at step {line['step']}; {good}; the norm of the gradients is "
            f"{norm:.3g}: try a lower {rate} or trainer.gradient_clip_val=1"
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


class _Step(NamedTuple):
    """The results of a training step: `terms` has the names of its loss terms, `tensors` all values that are still on
    the device, `rates` those that are plain numbers."""

    step: int
    epoch: int
    terms: tuple[str, ...]
    tensors: dict[str, Tensor]
    rates: dict[str, float]


def _step(step: int, epoch: int, outputs: Any, module: pl.LightningModule) -> _Step:
    results = outputs if isinstance(outputs, Mapping) else {}
    terms = {name: torch.as_tensor(value).detach() for name, value in results.items() if _is_scalar(value)}
    by_optimizer: dict[str, Any] = getattr(module, "optimizer_log", {})
    rates = {name: value for name, value in by_optimizer.items() if not isinstance(value, Tensor)}
    norms = {name: value for name, value in by_optimizer.items() if isinstance(value, Tensor)}
    return _Step(step, epoch, tuple(terms), {**terms, **norms}, rates)


def _is_scalar(value: Any) -> bool:
    return isinstance(value, int | float) or (isinstance(value, Tensor) and value.numel() == 1)


def _on_host(steps: list[dict[str, Tensor]]) -> list[dict[str, float]]:
    """The numbers of each step; one transfer for all steps that have the same names."""
    numbers: list[dict[str, float]] = [{} for _ in steps]
    alike: dict[tuple[str, ...], list[int]] = {}
    for i, tensors in enumerate(steps):
        alike.setdefault(tuple(tensors), []).append(i)
    for names, which in alike.items():
        if not names:
            continue
        table = torch.stack([torch.stack([steps[i][n].float().reshape(()) for n in names]) for i in which]).tolist()
        for i, row in zip(which, table, strict=True):
            numbers[i] = dict(zip(names, row, strict=True))
    return numbers


def _means(lines: list[dict[str, Any]]) -> dict[str, float]:
    """ "train/NAME" -> the mean over the lines that have it; for a learning rate, the last value."""
    columns: dict[str, list[float]] = {}
    for line in lines:
        for name, value in line.items():
            if name not in ("step", "epoch", "seconds"):
                columns.setdefault(name, []).append(value)
    return {
        f"train/{name}": values[-1] if history.is_rate(name) else sum(values) / len(values)
        for name, values in columns.items()
    }
