"""Scores a model on few samples while it trains, and keeps the checkpoint that scored best."""

from __future__ import annotations

import warnings
from typing import Any, Literal

import pytorch_lightning as pl

from genlab.errors import ConfigError
from genlab.finite import NotFinite
from genlab.metrics.compare import differences
from genlab.metrics.score import Score
from genlab.metrics.scored import Scored
from genlab.metrics.suite import Suite
from genlab.models.base import batches_done
from genlab.notice import Notice
from genlab.progress import reporting
from genlab.ranges import PositiveInt
from genlab.runs import history
from genlab.runs.store import Run


class Scores(pl.Callback):
    """Every few epochs a line in history.jsonl and in the loggers, as `val/fid_digits_n200`: the split that samples
    are compared with, and how many there are, belong to the name, since a small n biases most scores.

    Args:
        run: the run's folder.
        suite: the metrics; its own number of samples and split are left to the end of the training.
        every_n_epochs: between two scorings.
        n_samples: drawn each time, of the same seeds, so that the scores show the training and not the luck of a draw.
        split: the real data they are compared with. "val" leaves the test pictures unseen when a checkpoint is chosen.
        monitor: the score ("fid_digits") whose best checkpoint is kept as best.ckpt; None keeps none.
    """

    def __init__(
        self,
        run: Run,
        suite: Suite,
        every_n_epochs: PositiveInt = 5,
        n_samples: PositiveInt = 200,
        split: Literal["train", "val", "test"] = "val",
        monitor: str | None = None,
    ) -> None:
        self._run = run
        self._suite = suite.on(n_samples, split, "callbacks.scores.n_samples")
        self._every = every_n_epochs
        self._prefix, self._suffix = f"{split}/", f"_n{n_samples}"
        self._monitor = monitor
        self._best: Score | None = None

    def on_fit_start(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        with reporting("preparing the metrics") as report:
            self._suite.check(module, trainer.datamodule, report)  # type: ignore[attr-defined]

    def on_train_epoch_end(self, trainer: pl.Trainer, module: pl.LightningModule) -> None:
        if (trainer.current_epoch + 1) % self._every or trainer.fast_dev_run:  # type: ignore[attr-defined]
            return
        try:
            with warnings.catch_warnings(), reporting("computing the scores") as report:
                warnings.simplefilter("ignore")  # a score's name says already that few samples bias it
                scores = self._suite.evaluate(module, trainer.datamodule, progress=report)  # type: ignore[attr-defined]
        except NotFinite as error:  # of a model that is not done yet
            warnings.warn(f"no scores after epoch {trainer.current_epoch + 1}: {error}", Notice, stacklevel=2)
            return
        values = {f"{self._prefix}{name}{self._suffix}": score.value for name, score in scores.items()}
        if trainer.is_global_zero:
            line = {"step": batches_done(trainer), "epoch": trainer.current_epoch, **values}
            history.append(self._run.history_file, [line])
        for logger in trainer.loggers:
            logger.log_metrics(values, step=batches_done(trainer))
        if self._monitor is not None:
            self._keep_best(trainer, scores, self._monitor)

    def _keep_best(self, trainer: pl.Trainer, scores: Scored, monitor: str) -> None:
        if monitor not in scores:
            if scores.unscored:  # it may be one of them
                return
            names = ", ".join(sorted(scores))
            raise ConfigError(f"callbacks.scores.monitor = {monitor!r} is none of the scores: {names}")
        if self.improves(scores[monitor]):
            self._best = scores[monitor]
            trainer.save_checkpoint(self._run.checkpoints / "best.ckpt", weights_only=False)

    def improves(self, score: Score) -> bool:
        """Whether `score` is better than the best so far. One that was measured otherwise does not count as a best."""
        if score.value != score.value:
            return False
        if self._best is None:
            return True
        if changes := differences(score, self._best):
            text = (
                f"the best {self._monitor} so far was measured with another {', '.join(changes)}: best.ckpt begins anew"
            )
            warnings.warn(text, Notice, stacklevel=2)
            return True
        return score.value < self._best.value if score.better == "lower" else score.value > self._best.value

    def state_dict(self) -> dict[str, Any]:
        return {"best": None if self._best is None else self._best.to_json()}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        kept = (self._run.checkpoints / "best.ckpt").exists()  # else it is the best of another run
        if kept and state_dict["best"] is not None:
            self._best = Score.from_json(state_dict["best"])
