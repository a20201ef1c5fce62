"""Lightning's training loops, made to go on from a checkpoint exactly, however often a training is interrupted.

Lightning saves its counters as they stand in the hook that saves, where some are counted and others not yet, and
guesses from them where to go on. After the last batch of an epoch it guesses wrong: the validation is left out, and at
a second interruption the epoch begins anew. Here a checkpoint tells a `Position`; the counters are put there, what
follows that batch is done by Lightning's own methods, and the training goes on as if it had never been away.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, cast

import pytorch_lightning as pl
from lightning_fabric.utilities.data import _set_sampler_epoch
from pytorch_lightning.loops.fetchers import _DataFetcher
from pytorch_lightning.loops.fit_loop import RestartStage, _FitLoop
from pytorch_lightning.loops.loop import _Loop
from pytorch_lightning.loops.optimization.manual import _OUTPUTS_TYPE, _ManualOptimization
from pytorch_lightning.loops.training_epoch_loop import _TrainingEpochLoop
from torch import Tensor

from genlab.models.base import GenerativeModule
from genlab.runs.position import Position


def make_resumable(trainer: pl.Trainer) -> pl.Trainer:
    """Give a trainer that has not begun loops that resume exactly."""
    made = trainer.fit_loop
    loop = FitLoop(trainer, min_epochs=made.min_epochs, max_epochs=made.max_epochs)
    loop.epoch_loop = EpochLoop(trainer, min_steps=made.epoch_loop.min_steps, max_steps=made.epoch_loop.max_steps)
    trainer.fit_loop = loop
    return trainer


class OwnLoop(_ManualOptimization):
    """A batch of a module that steps its optimisers itself: the average of its weights follows all the same."""

    def run(self, kwargs: OrderedDict[str, Any]) -> _OUTPUTS_TYPE:
        output = super().run(kwargs)
        if isinstance(module := self.trainer.lightning_module, GenerativeModule):
            module.update_average()
        return output


class EpochLoop(_TrainingEpochLoop):
    """Batches of an epoch, which may be one that an earlier process has begun.

    A step is a batch, in all that counts: `trainer.max_steps`, `trainer.global_step`, the loggers. Lightning counts
    the steps of all optimisers, so that a module with two would train half as long, and one that accumulates longer.
    """

    goes_on = False
    """Whether the next epoch to run is begun: its counters stand where they should."""

    def __init__(self, trainer: pl.Trainer, min_steps: int | None = None, max_steps: int = -1) -> None:
        super().__init__(trainer, min_steps, max_steps)
        self.manual_optimization = OwnLoop(trainer)

    @property
    def global_step(self) -> int:
        """Batches that are done."""
        total: Any = self.batch_progress.total
        return total.processed

    @property
    def _batches_that_stepped(self) -> int:
        """What Lightning gives the loggers for a step."""
        return self.global_step

    @_batches_that_stepped.setter
    def _batches_that_stepped(self, value: int) -> None:
        """Lightning counts; there is nothing to keep."""

    def on_advance_end(self, data_fetcher: _DataFetcher) -> None:
        """Validate where it is time; where that fails, the module has its own weights again."""
        try:
            super().on_advance_end(data_fetcher)
        except BaseException:
            if isinstance(module := self.trainer.lightning_module, GenerativeModule):
                module.use_raw_weights()
            raise

    def _should_accumulate(self) -> bool:
        """Whether this batch takes no step. The last one of the training takes one, as the last one of an epoch."""
        is_last = 0 < self.max_steps <= self.batch_progress.total.ready
        return super()._should_accumulate() and not is_last

    def reset(self) -> None:
        goes_on, self.goes_on = self.goes_on, False
        if not goes_on:
            super().reset()


class FitLoop(_FitLoop):
    """Epochs of a training, begun at nothing or where a checkpoint stands."""

    epoch_loop: EpochLoop
    _saved: dict[str, Any] | None = None

    def state_dict(self, destination: dict[str, Any] | None = None, prefix: str = "") -> dict[str, Any]:
        """Counters that tell a position, gradients of a step that more batches belong to, and the metrics so far."""
        state = super().state_dict(destination, prefix)
        metrics = {name: value.cpu() for name, value in self.trainer.callback_metrics.items()}
        return Position.of(state).written_into(state) | {"gradients": self._gradients(), "metrics": metrics}

    def load_state_dict(self, state_dict: dict[str, Any], prefix: str = "") -> None:
        self._saved = state_dict  # until all is set up; before, Lightning would find the training done and do nothing

    def on_run_start(self) -> None:
        saved, self._saved = self._saved, None
        if saved is None or (position := Position.of(saved)).done == 0:
            super().on_run_start()
            return
        self._stand_at(position, saved)
        super().on_run_start()
        over = self._finish_batch() if not position.closed else position.is_last
        if not over:
            self._stand_within_epoch(saved)

    def _stand_at(self, position: Position, saved: dict[str, Any]) -> None:
        super().load_state_dict(position.written_into(saved))
        setter = cast(property, _Loop.restarting).fset
        assert setter is not None
        setter(self, False)  # nothing is left to guess; the setter of Lightning's FitLoop knows better
        self._last_train_dl_reload_epoch = position.epoch
        assert self._combined_loader is not None
        for loader in self._combined_loader.flattened:
            _set_sampler_epoch(loader, position.epoch)
        self.trainer._logger_connector._callback_metrics.update(saved.get("metrics", {}))
        parameters = dict(self.trainer.lightning_module.named_parameters())
        for name, gradient in saved.get("gradients", {}).items():
            parameters[name].grad = gradient.to(parameters[name].device)

    def _finish_batch(self) -> bool:
        """Do what follows the last batch; True when that ended the epoch."""
        assert self._data_fetcher is not None
        self.epoch_loop.on_advance_end(self._data_fetcher)
        if over := self.epoch_loop.done:
            self.on_advance_end()
        return over

    def _stand_within_epoch(self, saved: dict[str, Any]) -> None:
        epoch: Any = self.epoch_progress
        for progress in (epoch.total, epoch.current):
            progress.processed = progress.completed = progress.ready - 1
        self._restart_stage = RestartStage.RESTARTED_MID_EPOCH  # the epoch has started: no hook says so again
        self.epoch_loop.goes_on = True
        if loaders := saved["state_dict"].get("combined_loader"):
            assert self._combined_loader is not None
            self._combined_loader._load_state_dicts(loaders)

    def _gradients(self) -> dict[str, Tensor]:
        if not self._should_accumulate():
            return {}
        module, strategy = self.trainer.lightning_module, self.trainer.strategy
        gradients = {name: p.grad.detach() for name, p in module.named_parameters() if p.grad is not None}
        if self.trainer.world_size > 1:  # each process has those of its own share: their mean stands for all
            gradients = {name: strategy.reduce(g.clone(), reduce_op="mean") for name, g in gradients.items()}
        return gradients
