"""genlab check: what a run or a sweep would take, before anything is launched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig

from genlab.config.app import App, JobResult, run_app
from genlab.config.check import check
from genlab.config.errors import ConfigError

if TYPE_CHECKING:
    from genlab.reports.costs import CostRow
    from genlab.runs.estimate import Cost, Shape


def main(argv: list[str]) -> int:
    """Check the words of `genlab train [-m]`; 0 when every job is sound. Problems of all jobs are one ConfigError."""
    if any(word.startswith("hparams_search=") for word in argv):
        raise ConfigError("hparams_search chooses its jobs while it runs: check takes a grid or rows=FILE")
    app = App(task=lambda cfg: cfg, check=check)
    run_app("check", app, [*argv, "-m", "hydra/launcher=genlab_compose"], config_name="train")
    if app.results:
        _print(_new_jobs(app.results))
    return 0


@dataclass
class _Group:
    """Jobs of one shape."""

    first: JobResult
    shape: Shape
    jobs: int = 0
    steps: int = 0


def _new_jobs(results: list[JobResult]) -> list[JobResult]:
    """The jobs that would train: without those that are done, and each once."""
    from genlab.runs.job import find

    new: dict[str, JobResult] = {}
    done = twice = 0
    for job in results:
        run = find(job.value)
        record = run.record()
        if record is not None and record.status == "completed":
            done += 1
        elif str(run.path) in new:
            twice += 1
        else:
            new[str(run.path)] = job
    print(f"{len(results)} jobs: {done} done before, {twice} asked for twice, {len(new)} to run")
    return list(new.values())


def _print(jobs: list[JobResult]) -> None:
    if not jobs:
        return
    from rich.console import Console

    from genlab.config.instantiate import build
    from genlab.reports.costs import cost_table
    from genlab.runs import estimate
    from genlab.runs.job import find

    groups: dict[str, _Group] = {}
    data: dict[str, Any] = {}
    for job in jobs:
        cfg: DictConfig = job.value
        if repr(cfg.dataset) not in data:
            data[repr(cfg.dataset)] = build(cfg.dataset, list(cfg.allow_targets))
        shape = estimate.shape(cfg)
        group = groups.setdefault(shape.key, _Group(job, shape))
        group.jobs += 1
        group.steps += estimate.steps(cfg, data[repr(cfg.dataset)].n_train)
    shared = set.intersection(*(set(job.overrides) for job in jobs))
    rows = []
    for group in sorted(groups.values(), key=lambda g: g.shape.parameters):  # a process's peak memory only grows
        cfg = group.first.value
        rows.append(_row(group, estimate.measure(cfg, data[repr(cfg.dataset)]), shared))
    Console().print(cost_table(rows))
    print(f"Training alone, one job after another, on this machine; runs go to {find(jobs[0].value).path.parent}")


def _row(group: _Group, cost: Cost, shared: set[str]) -> CostRow:
    from genlab.reports.costs import CostRow
    from genlab.runs.estimate import CHECKPOINTS

    own = [word.rpartition("=")[0].rpartition(".")[2] + "=" + word.rpartition("=")[2]
           for word in group.first.overrides if word not in shared and not word.startswith("sweep=")]  # fmt: skip
    return CostRow(
        " ".join([*own, *([f"and {group.jobs - 1} more"] if group.jobs > 1 else [])]), group.jobs,
        group.shape.parameters, group.steps, cost.seconds_per_step, cost.memory_bytes,
        CHECKPOINTS * group.jobs * cost.checkpoint_bytes,
    )  # fmt: skip
