"""The life of `genlab train`: check, find, plan, run, recover, conclude, of one job and of all jobs of a sweep.

A config is resolved once: its first stage is found or trained, its run's folder is known, and `runs.job.Job` keeps the
result in a config of its own that nobody writes to.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Mapping, Sequence
from copy import deepcopy
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf

from genlab.commands.app import App
from genlab.config.check import check
from genlab.errors import ConfigError

if TYPE_CHECKING:
    from hydra.core.utils import JobReturn

    from genlab.runs.job import Job, Outcome, Work
    from genlab.runs.sweeps import Sweep


class Training(App):
    """Trains what configs ask for, each once: launchers and sweepers ask it about their jobs.

    Args:
        work: trains, draws and scores a run, filling in its record.
    """

    def __init__(self, work: Work) -> None:
        super().__init__(self.run, check)
        self._work = work
        self._sweeps: dict[str, Sweep] = {}
        """Those that jobs were planned for, by name: their manifests are brought up to date at the end."""

    # ---- check and find -----------------------------------------------------------------------------

    def existing_result(self, job: DictConfig) -> Outcome | None:
        from genlab.runs.job import Job

        return Job(job).done_before()

    # ---- plan ---------------------------------------------------------------------------------------

    def plan(self, jobs: Sequence[DictConfig]) -> list[DictConfig]:
        """The configs with their first stages and their runs' folders, after these stand in the sweep's manifest."""
        from genlab.config.fingerprint import measurement
        from genlab.runs.job import Job
        from genlab.runs.sweeps import Planned, Sweep

        for cfg in jobs:
            _refuse_shared_devices(cfg)
        planned = [Job(with_first_stage(cfg)) for cfg in jobs]
        rows = [Planned(_request(job.cfg)[0], job.run.path, measurement(job.cfg)) for job in planned]
        sweep = Sweep(jobs[0].paths.output_dir, str(jobs[0].sweep))
        sweep.plan(rows)
        self._sweeps[sweep.name] = sweep
        return [job.cfg for job in planned]

    def preimport(self, jobs: Sequence[DictConfig]) -> None:
        from genlab.commands.preimport import preimport

        preimport(jobs)

    # ---- run ----------------------------------------------------------------------------------------

    def run(self, cfg: DictConfig) -> Outcome:
        """The outcome of the run that `cfg` asks for, trained now or before.

        Raises:
            ConfigError: the config cannot work, or its first stage.
            Interrupted: by a signal, before the run had an owner.
        """
        from genlab.signals import handled

        with handled():
            self.check(cfg)
            if cfg.allow_targets:
                print(f"note: allow_targets lets this config build {', '.join(cfg.allow_targets)}", file=sys.stderr)
            from genlab.commands.agent import tell_scores
            from genlab.commands.scoring import score_again

            job = self._resolved(cfg)
            outcome = job.carry_out(self._work, score_again)
            if outcome.status == "completed" and not outcome.trained:
                tell_scores(job.cfg, outcome)
            _note(job.cfg, outcome)
            return outcome

    def _resolved(self, cfg: DictConfig) -> Job:
        """The job of a config, after its first stage is found or trained."""
        from genlab.commands.first_stage import prepare
        from genlab.runs.job import Job  # heavy: only when the config is sound

        own = _writable(cfg)
        prepare(own, lambda first, words, recipe: Job(first, words, recipe).carry_out(self._work))
        return Job(own, *_request(cfg))

    # ---- recover ------------------------------------------------------------------------------------

    def crashed(self, job: DictConfig, error: Exception) -> Outcome:
        from genlab.runs.job import Job

        return Job(job).crashed(error)

    def orphaned(self, jobs: Sequence[DictConfig], since: float, error: Exception) -> list[Any] | None:
        from genlab.runs.orphans import orphaned

        return orphaned(jobs, since, error)

    def unbegun(self, job: DictConfig) -> Outcome:
        from genlab.runs.job import Job

        return Job(job).unbegun()

    # ---- conclude -----------------------------------------------------------------------------------

    def scores(self, result: Any, metrics: Sequence[str]) -> Mapping[str, Any] | None:
        """The metrics of the record, and the seconds that the run took."""
        from genlab.runs.job import Outcome
        from genlab.runs.measurements import scores
        from genlab.runs.store import Run

        if not isinstance(result, Outcome) or result.status != "completed":
            return None
        if (record := scores(Run(result.run), result.measurement)) is None:
            return None
        return record["metrics"] | {"seconds": {"value": record["seconds"], "better": "lower"}}

    def curve(self, result: Any, pruning: DictConfig | None) -> dict[int, float]:
        """Epoch -> the value that `callbacks.pruning` watches, to minimise; without it {}."""
        from genlab.runs.job import Outcome
        from genlab.runs.store import Run

        if pruning is None or not isinstance(result, Outcome):
            return {}
        from genlab.callbacks.pruning import curve

        return curve(Run(result.run).history_file, pruning.metric, pruning.mode)

    def remember(self, results: Sequence[JobReturn]) -> None:
        """Take in the results of a sweep, and write into its manifest how its jobs ended."""
        from genlab.runs.job import Outcome

        super().remember(results)
        outcomes = [result.value for result in self.results if isinstance(result.value, Outcome)]
        statuses = {(outcome.run, outcome.measurement): outcome.status for outcome in outcomes}
        for sweep in self._sweeps.values():
            try:
                sweep.conclude(statuses)
            except (OSError, ConfigError) as error:  # the closing table matters more
                print(f"the manifest of sweep {sweep.name} is not up to date: {error}", file=sys.stderr)


def with_first_stage(cfg: DictConfig) -> DictConfig:
    """A config of its own that says which first stage it stands on, so that its run has a name; nothing is trained.

    Raises:
        ConfigError: the first stage cannot be composed.
    """
    from genlab.commands.first_stage import identify

    own = _writable(cfg)
    identify(own)
    return own


def _writable(cfg: DictConfig) -> DictConfig:
    own = deepcopy(cfg)
    OmegaConf.set_readonly(own, None)
    return own


def _request(cfg: DictConfig) -> tuple[list[str], str | None]:
    """The overrides of a job, and the experiment that it chose."""
    from hydra.core.hydra_config import HydraConfig

    hydra = cfg.get("hydra") or HydraConfig.get()  # a job that is planned brings its own
    return [str(word) for word in hydra.overrides.task or []], hydra.runtime.choices.get("experiment")


def _refuse_shared_devices(cfg: DictConfig) -> None:
    """Lightning starts the processes of strategy=ddp by the command's own words, which name all jobs of a sweep."""
    strategy, launcher = str(cfg.trainer.get("strategy")), str(OmegaConf.select(cfg, "hydra.launcher._target_"))
    if strategy.startswith("ddp") and not strategy.endswith(("spawn", "fork")) and "Slurm" not in launcher:
        raise ConfigError(
            f"trainer.strategy = {strategy} cannot be part of a sweep on this launcher: give each job one device "
            "(trainer=gpu), which is also faster, or take launcher=submitit_slurm"
        )


def _note(cfg: DictConfig, outcome: Outcome) -> None:
    """Write into the manifest of the job's sweep, if it is a row of one, how it ended: its parent may be dead."""
    from genlab.runs.sweeps import Sweep

    if cfg.sweep is not None:
        with contextlib.suppress(OSError, ConfigError):  # the sweep says so at its end
            Sweep(cfg.paths.output_dir, str(cfg.sweep)).note(outcome.run, outcome.measurement, outcome.status)
