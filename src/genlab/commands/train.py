"""genlab train: fit, sample, score, record."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf, open_dict

from genlab.commands.app import App, JobResult, run_app
from genlab.config.check import check
from genlab.errors import ConfigError

if TYPE_CHECKING:
    from genlab.runs.job import Outcome
    from genlab.runs.record import Record
    from genlab.runs.store import Run
    from genlab.runs.sweeps import Sweep


def main(argv: list[str]) -> int:
    """Train one run, or with -m a sweep; the exit status is 1 when a run failed."""
    from genlab.commands.summary import print_summary

    sweeps: list[Sweep] = []
    app = App(
        task=train, check=check, known=_known, warm=_warm, mark_crashed=_mark_crashed, orphaned=_orphaned,
        plan=lambda jobs: _plan(jobs, sweeps), conclude=lambda results: _conclude(results, sweeps),
        unbegun=_unbegun, scores=_scores, curve=_curve,
    )  # fmt: skip
    run_app("train", app, argv)
    return print_summary(app)


def train(cfg: DictConfig) -> Any:
    """The outcome of the run that `cfg` asks for.

    Raises:
        Interrupted: by a signal, before the run had an owner.
    """
    from genlab.signals import handled

    with handled():
        return _train(cfg)


def _train(cfg: DictConfig) -> Any:
    check(cfg)
    if cfg.allow_targets:
        print(f"note: allow_targets lets this config build {', '.join(cfg.allow_targets)}", file=sys.stderr)
    from genlab.commands.agent import tell_scores
    from genlab.commands.first_stage import prepare
    from genlab.commands.scoring import score_again
    from genlab.runs.job import carry_out  # heavy: only when the config is sound

    prepare(cfg, lambda first, words, recipe: carry_out(first, words, recipe, fit_and_score))
    overrides, experiment = _asked_for()
    outcome = carry_out(cfg, overrides, experiment, fit_and_score, score_again)
    if outcome.status == "completed" and not outcome.trained:
        tell_scores(cfg, outcome)
    _note(cfg, outcome)
    return outcome


def fit_and_score(cfg: DictConfig, run: Run, record: Record) -> None:
    """Train the model of `cfg`, draw pictures and score them, filling in the record."""
    from genlab.progress import progress

    with progress("loading the libraries"):
        import pytorch_lightning  # noqa: F401  # what the parts import, and takes its seconds
        import torch

    from genlab.callbacks.first_step import FirstStep
    from genlab.callbacks.history import History
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
    from genlab.signals import end_if_asked

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
        record.data |= {"n_train": data.n_train, "n_test": data.n_test}
        steps = take_over(trainer, module, run) if cfg.train else trainer.global_step
        require_new_steps(begin_at, run, steps)
        history = [c.training for c in callbacks.values() if isinstance(c, History)]
        begun = {key: value for key, value in record.training.items() if key == "init_from"}
        record.training = {"steps": steps, **(history[0] if history else {}), **begun}
        record.training["parameters"] = module.num_parameters
        module.to(trainer.strategy.root_device)
        end_if_asked()
        if not cfg.trainer.get("fast_dev_run"):
            draw(module, data, run, loggers, steps)
        end_if_asked()
        if suite is not None:
            score(suite, module, data, run.path, record)
        record.training["peak_memory_bytes"] = peak_memory_bytes()
        for logger in loggers:
            log_summary(logger, record.to_json() | {"status": "completed", "seconds": record.elapsed}, steps)


def _asked_for() -> tuple[list[str], str | None]:
    """The overrides of this job, and the experiment that it chose."""
    from hydra.core.hydra_config import HydraConfig

    hydra = HydraConfig.get()
    words = [str(word) for word in OmegaConf.to_container(hydra.overrides.task) or []]
    return words, hydra.runtime.choices.get("experiment")


def _known(cfg: DictConfig) -> Any:
    from genlab.runs.job import done_before

    return done_before(cfg)


def _warm(jobs: Sequence[DictConfig]) -> None:
    from genlab.commands.preimport import preimport

    preimport(jobs)


def _mark_crashed(cfg: DictConfig, error: Exception) -> Any:
    from genlab.runs.job import mark_crashed

    return mark_crashed(cfg, error)


def _orphaned(jobs: Sequence[DictConfig], since: float, error: Exception) -> list[Any] | None:
    from genlab.runs.orphans import orphaned

    return orphaned(jobs, since, error)


def _unbegun(cfg: DictConfig) -> Any:
    from genlab.runs.job import unbegun
    from genlab.runs.store import Run

    return unbegun(cfg, Run(Path(cfg.paths.run_dir)))  # since the sweep was planned


def _plan(jobs: Sequence[DictConfig], sweeps: list[Sweep]) -> None:
    """Write the manifest of a sweep before its jobs start."""
    from genlab.commands.first_stage import identify
    from genlab.config.fingerprint import measurement
    from genlab.runs.job import find
    from genlab.runs.sweeps import Planned, Sweep

    rows = []
    for cfg in jobs:
        _refuse_shared_devices(cfg)
        identify(cfg)
        run = find(cfg)
        with open_dict(cfg):
            cfg.paths.run_dir = str(run.path)
        rows.append(Planned([str(word) for word in cfg.hydra.overrides.task], run.path, measurement(cfg)))
    sweeps[:] = [Sweep(jobs[0].paths.output_dir, str(jobs[0].sweep))]
    sweeps[0].plan(rows)


def _refuse_shared_devices(cfg: DictConfig) -> None:
    """Lightning starts the processes of strategy=ddp by the command's own words, which of a sweep are all its jobs."""
    strategy, launcher = str(cfg.trainer.get("strategy")), str(OmegaConf.select(cfg, "hydra.launcher._target_"))
    if strategy.startswith("ddp") and not strategy.endswith(("spawn", "fork")) and "Slurm" not in launcher:
        raise ConfigError(
            f"trainer.strategy = {strategy} cannot be part of a sweep on this launcher: give each job one device "
            "(trainer=gpu), which is also faster, or take launcher=submitit_slurm"
        )


def _scores(result: Any) -> dict[str, Any] | None:
    """What a search may ask for: the metrics of the record, and the seconds that the run took."""
    from genlab.runs.measurements import scores
    from genlab.runs.store import Run

    if (
        getattr(result, "status", None) != "completed"
        or (record := scores(Run(result.run), result.measurement)) is None
    ):
        return None
    return record["metrics"] | {"seconds": {"value": record["seconds"], "better": "lower"}}


def _curve(result: Any, pruning: DictConfig | None) -> dict[int, float]:
    """What a pruner may compare: epoch -> the value that `callbacks.pruning` watches, to minimise; without it {}."""
    from genlab.runs.store import Run

    if pruning is None or (run := getattr(result, "run", None)) is None:
        return {}
    from genlab.callbacks.pruning import curve

    return curve(Run(run).history_file, pruning.metric, pruning.mode)


def _note(cfg: DictConfig, outcome: Outcome) -> None:
    """Write into the manifest of the job's sweep, if it is a row of one, how it ended: its parent may be dead."""
    from genlab.runs.sweeps import Sweep

    if cfg.sweep is not None:
        with contextlib.suppress(OSError, ConfigError):  # the sweep says so at its end
            Sweep(cfg.paths.output_dir, str(cfg.sweep)).note(outcome.run, outcome.measurement, outcome.status)


def _conclude(results: Sequence[JobResult], sweeps: list[Sweep]) -> None:
    from genlab.runs.job import Outcome

    ended = [result.value for result in results if isinstance(result.value, Outcome)]
    statuses = {(outcome.run, outcome.measurement): outcome.status for outcome in ended}
    for sweep in sweeps:
        try:
            sweep.conclude(statuses)
        except (OSError, ConfigError) as error:  # the closing table matters more
            print(f"the manifest of sweep {sweep.name} is not up to date: {error}", file=sys.stderr)
