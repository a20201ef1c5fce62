"""Scoring a model, right after its training or later: under the same conditions, and for the same loggers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig

if TYPE_CHECKING:
    from pytorch_lightning.loggers.logger import Logger

    from genlab.runs.record import Record
    from genlab.runs.store import Run


def parts(cfg: DictConfig) -> tuple[Any, Any, Any]:
    """The data, the model and the suite of metrics (None without one) that `cfg` asks for, built from its seed.

    Raises:
        ValueError: the metrics, or the training, do not go with them.
    """
    import pytorch_lightning as pl
    import torch

    from genlab.config.instantiate import build
    from genlab.data.classes import check_trained
    from genlab.data.fake_data import or_noise
    from genlab.progress import reporting
    from genlab.runs.build_model import build_model

    torch.set_float32_matmul_precision("high")
    pl.seed_everything(cfg.seed, workers=True, verbose=False)
    allowed = list(cfg.allow_targets)
    data, module = build(cfg.dataset, allowed), build_model(cfg)
    if cfg.trainer.get("fast_dev_run"):
        data = or_noise(data)
    elif cfg.train and hasattr(data, "untrained_classes"):
        check_trained(data.untrained_classes, conditional=bool(getattr(module, "num_classes", None)))
    suite = build(cfg.metrics, allowed) if cfg.metrics is not None and cfg.test else None
    if suite is not None:
        with reporting("preparing the metrics") as report:
            suite.check(module, data, report)
    return data, module, suite


def score(suite: Any, module: Any, data: Any, folder: Path, record: Record) -> None:
    """Fill the scores of a model, on the device where it is, into the record; pictures go to `folder`."""
    from genlab.progress import reporting

    with reporting("computing the scores") as report:
        scores = suite.evaluate(module, data, out_dir=folder, progress=report)
    record.metrics = {name: score.to_json() for name, score in scores.items()}
    record.unscored = scores.unscored


@contextlib.contextmanager
def opened(nodes: Mapping[Any, Any] | None, allowed: list[str]) -> Iterator[list[Logger]]:
    """The loggers of these configs; each gets the status of the block at its end, whatever happens in it."""
    from genlab.config.instantiate import build_all
    from genlab.interop.loggers import finish
    from genlab.training_stopped import Ended

    loggers, status = list(build_all(nodes, allowed).values()), "failed"
    try:
        yield loggers
        status = "completed"
    except Ended as ending:
        status = ending.status
        raise
    except KeyboardInterrupt:
        status = "interrupted"
        raise
    finally:
        for logger in loggers:
            finish(logger, status)


def score_again(cfg: DictConfig, run: Run, record: Record) -> None:
    """Score the model of a finished run as `cfg` asks, filling in the record, under the conditions of its training.

    Raises:
        ConfigError: see `runs.measurements.weights`.
    """
    import torch

    from genlab.commands.init_from import take_weights
    from genlab.config.instantiate import build
    from genlab.runs.measurements import folder, weights
    from genlab.runs.record import environment
    from genlab.runs.restore import load_weights

    of_another = not cfg.train and cfg.init_from is not None
    checkpoint, original = None if of_another else weights(cfg, run), run.record()
    assert original is not None, "a finished run has a record"
    data, module, suite = parts(cfg)
    if checkpoint is None:
        take_weights(cfg, module)
    else:
        load_weights(module, checkpoint)
    trainer = build(cfg.trainer, list(cfg.allow_targets), logger=False, callbacks=[], default_root_dir=str(run.path))
    device = trainer.strategy.root_device
    record.environment = environment(str(device), torch.get_num_threads())
    score(suite, module.eval().to(device), data, folder(run, original, cfg), record)
