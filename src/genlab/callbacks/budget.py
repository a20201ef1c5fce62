"""Ends a training when it has spent its budget, so that unlike models are compared at equal cost."""

from __future__ import annotations

import math
import time
import warnings
from typing import Any

import pytorch_lightning as pl
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.flop_counter import flop_registry

from genlab.models.base import batches_done
from genlab.notice import Notice
from genlab.ranges import PositiveFloat, PositiveInt

COUNTED = 16
"""In so many batches the operations are counted. A penalty of every fourth or sixteenth batch enters with its share."""


class _Counter(TorchDispatchMode):
    """Adds up the operations of all that is computed within it, by torch's own formulas.

    Torch's FlopCounterMode watches modules, too, and its hooks forbid the gradient of a gradient, which penalties take.
    """

    def __init__(self) -> None:
        super().__init__()
        self.flops = 0.0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        if (count := flop_registry.get(func._overloadpacket)) is not None:
            self.flops += count(*args, **(kwargs or {}), out_val=out)
        return out


class Budget(pl.Callback):
    """Ends a training after the batch in which one of its budgets is spent.

    A budget of images or of operations is a number of steps, so that the training repeats bit for bit; how much a
    second buys depends on the machine. The record has the operations in any case, as `training_flops`. They are those
    of matrix products, convolutions and attention, forward and backward, as torch counts them: two for a
    multiplication with its addition. They are counted in the first 16 batches, and the others are taken to cost as
    much.

    Args:
        images: so many, over all devices; the record has them as `images`.
        flops: floating point operations of one device.
        seconds: of training batches and the reading of their data: validations, previews and what was done before an
            interruption and lost do not count.
    """

    def __init__(
        self,
        images: PositiveInt | None = None,
        flops: PositiveFloat | None = None,
        seconds: PositiveFloat | None = None,
    ) -> None:
        if images is None and flops is None and seconds is None:
            raise ValueError("callbacks.budget needs one of images, flops and seconds")
        self._images, self._flops, self._seconds = images, flops, seconds
        self._counted_batches, self._counted_flops, self._spent_seconds = 0, 0.0, 0.0
        self._total_flops = 0.0
        self._counter: _Counter | None = None
        self._since = 0.0

    def setup(self, trainer: pl.Trainer, module: pl.LightningModule, stage: str) -> None:
        """A number of images is one of steps: schedules of the learning rate and the progress can know it."""
        if stage == "fit" and self._images is not None:
            self._end_at(trainer, math.ceil(self._images / trainer.datamodule.batch_size))  # type: ignore[attr-defined]

    def on_train_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        """After a resumed training's counts are known."""
        if self._flops is not None and self._counted_batches == COUNTED:
            self._end_at(trainer, math.ceil(self._flops / self._flops_of_batch()))

    def on_train_epoch_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        self._since = time.monotonic()

    def on_validation_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        self._since = time.monotonic()

    def on_train_batch_start(self, trainer: pl.Trainer, module: pl.LightningModule, batch: Any, batch_idx: int) -> None:
        if self._counted_batches < COUNTED:
            self._counter = _Counter()
            self._counter.__enter__()

    def on_train_batch_end(
        self, trainer: pl.Trainer, module: pl.LightningModule, outputs: Any, batch: Any, batch_idx: int
    ) -> None:
        now = time.monotonic()  # since the last batch: a device may still work on a batch when its own turn is over
        self._spent_seconds, self._since = self._spent_seconds + now - self._since, now
        if self._counter is not None:
            self._stop_counting()
            if self._counted_batches == COUNTED and self._flops is not None:
                self._end_at(trainer, math.ceil(self._flops / self._flops_of_batch()))
        if self._seconds is not None and self._spent_seconds >= self._seconds:
            trainer.should_stop = True

    def on_exception(self, trainer: pl.Trainer, module: pl.LightningModule, exception: BaseException) -> None:
        if self._counter is not None:
            self._stop_counting()

    def on_train_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        batches = batches_done(trainer)
        self._total_flops = batches * self._flops_of_batch()
        spent = {
            "images": (self._images, batches * trainer.datamodule.batch_size),  # type: ignore[attr-defined]
            "flops": (self._flops, self._total_flops),
            "seconds": (self._seconds, self._spent_seconds),
        }
        shares = {name: done / given for name, (given, done) in spent.items() if given is not None}
        name, share = max(shares.items(), key=lambda item: item[1])
        if share < 1 and trainer.is_global_zero and not trainer.fast_dev_run:  # type: ignore[attr-defined]
            text = (
                f"the training ended when {100 * share:.0f} % of callbacks.budget.{name} were spent: "
                "give trainer.max_epochs=-1, or a smaller budget"
            )
            warnings.warn(text, Notice, stacklevel=2)

    def state_dict(self) -> dict[str, Any]:
        return {
            "counted_batches": self._counted_batches,
            "counted_flops": self._counted_flops,
            "seconds": self._spent_seconds,
            "flops": self._total_flops,
        }

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        self._counted_batches = state_dict["counted_batches"]
        self._counted_flops = state_dict["counted_flops"]
        self._spent_seconds, self._total_flops = state_dict["seconds"], state_dict["flops"]

    @property
    def training(self) -> dict[str, float]:
        """For the record."""
        return {"training_flops": self._total_flops} if self._total_flops else {}

    def _flops_of_batch(self) -> float:
        return self._counted_flops / self._counted_batches if self._counted_batches else 0.0

    def _stop_counting(self) -> None:
        assert self._counter is not None
        self._counter.__exit__(None, None, None)
        self._counted_flops += self._counter.flops
        self._counted_batches += 1
        self._counter = None

    @staticmethod
    def _end_at(trainer: pl.Trainer, steps: int) -> None:
        loop = trainer.fit_loop.epoch_loop
        loop.max_steps = steps if loop.max_steps < 0 else min(loop.max_steps, steps)
