"""genlab train: fit, sample, score, record."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from omegaconf import DictConfig

from genlab.commands.app import run_app
from genlab.commands.training import Training

if TYPE_CHECKING:
    from genlab.runs.record import Record
    from genlab.runs.store import Run


def main(argv: list[str]) -> int:
    """Train one run, or with -m a sweep; the exit status is 1 when a run failed."""
    from genlab.commands.summary import print_summary

    training = Training(fit_and_score)
    run_app("train", training, argv)
    return print_summary(training)


def fit_and_score(cfg: DictConfig, run: Run, record: Record) -> None:
    """Train the model of `cfg`, draw pictures and score them, filling in the record."""
    from genlab.progress import progress

    with progress("loading the libraries"):
        import pytorch_lightning  # noqa: F401  # what the parts import, and takes its seconds
        import torch

    from genlab.callbacks.first_step import FirstStep
    from genlab.callbacks.interruption import Interruption
    from genlab.callbacks.previews import draw
    from genlab.commands.init_from import begin_from
    from genlab.commands.scoring import opened, parts, score
    from genlab.config.instantiate import build, build_all
    from genlab.interop.loggers import log_summary
    from genlab.runs.beginning import beginning, require_checkpoint, require_new_steps
    from genlab.runs.plugins import plugins
    from genlab.runs.record import environment, peak_memory_bytes
    from genlab.runs.restore import load_weights
    from genlab.runs.resuming import make_resumable
    from genlab.runs.spawned import fit, take_over
    from genlab.signals import end_if_signalled

    allowed = list(cfg.allow_targets)
    data, module, suite = parts(cfg)
    callbacks = build_all(cfg.callbacks, allowed, run=run)
    with opened(cfg.logger, allowed) as loggers:
        trainer = build(
            cfg.trainer, allowed, callbacks=[FirstStep(record), *callbacks.values(), Interruption()],
            logger=loggers, plugins=plugins(), default_root_dir=str(run.path),
        )  # fmt: skip
        make_resumable(trainer)
        record.environment = environment(str(trainer.strategy.root_device), torch.get_num_threads())
        record.data = {"name": data.name, "sha256": data.checksum}
        begin_at = None
        if cfg.train:
            if (begin_at := beginning(cfg, run, record, trainer, module)) is None:
                begin_from(cfg, module, run, record)
            fit(trainer, module, data, begin_at)
            require_checkpoint(run, trainer)
        elif cfg.ckpt_path:
            load_weights(module, Path(cfg.ckpt_path))
        else:
            begin_from(cfg, module, run, record)
        record.has_stepped = True
        record.data |= {"n_train": data.n_train, "n_test": data.n_test, **getattr(data, "counts", {})}
        steps = take_over(trainer, module, run) if cfg.train else trainer.global_step
        require_new_steps(begin_at, run, steps)
        begun = {key: value for key, value in record.training.items() if key == "init_from"}
        record.training = {"steps": steps}
        for callback in callbacks.values():
            record.training |= getattr(callback, "training", {})
        record.training |= begun
        record.training["parameters"] = module.num_parameters
        module.to(trainer.strategy.root_device)
        end_if_signalled()
        if not cfg.trainer.get("fast_dev_run"):
            draw(module, data, run, loggers, steps)
        end_if_signalled()
        if suite is not None:
            score(suite, module, data, run.path, record)
        record.training["peak_memory_bytes"] = peak_memory_bytes()
        for logger in loggers:
            log_summary(logger, record.to_json() | {"status": "completed", "seconds": record.elapsed}, steps)
