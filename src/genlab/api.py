"""genlab from Python: compose a config, train it, load the model, list the runs. `import genlab` offers all of it.

Nothing here reads the command line, changes the working directory or keeps Hydra's state, so that it works in a script,
in a notebook and beside another Hydra application. A request that cannot be met is a `ConfigError` with the sentences
of the command line.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from omegaconf import DictConfig, OmegaConf, open_dict

from genlab.errors import ConfigError

if TYPE_CHECKING:
    from genlab.models.base import GenerativeModule
    from genlab.reports.run_table import RunTable
    from genlab.runs.store import Run


class TrainingFailed(RuntimeError):
    """A run ended with an error, or another process is working on it."""


def compose(recipe: str | None = None, *overrides: str, config_dir: str | Path | None = None) -> DictConfig:
    """The config of `genlab train experiment=<recipe> <overrides>`, checked.

    It cannot be changed, so that the run's record says what was asked for: compose another one with other overrides.

    Args:
        recipe: a name of `experiments/`, as "diffusion/ddpm_digits"; without one, or with an override in its place,
            the config of `genlab train` itself.
        overrides: words as on the command line: "trainer.max_epochs=1", "sampler=ddim".
        config_dir: a folder with configs of one's own, as --config-dir names it.

    Raises:
        ConfigError: it cannot be composed or cannot work; a sentence for each problem.
    """
    from genlab.commands.app import refuse_self_allowed
    from genlab.config.check import check
    from genlab.config.composition import composed
    from genlab.config.words import names_allowed

    words = list(overrides)
    if recipe is not None:
        words.insert(0, recipe if "=" in recipe or recipe.startswith(("~", "-")) else f"experiment={recipe}")
    folders = [] if config_dir is None else [Path(config_dir).expanduser().resolve()]
    cfg = composed(words, folders=folders)
    request = {
        "overrides": {"task": list(cfg.hydra.overrides.task)},
        "runtime": {"choices": OmegaConf.to_container(cfg.hydra.runtime.choices)},
        "searchpath": [str(folder) for folder in folders],
    }
    with open_dict(cfg):
        cfg.pop("hydra")
        cfg.hydra = request
    refuse_self_allowed(cfg, names_allowed(words))
    check(cfg)
    OmegaConf.set_readonly(cfg, True)
    return cfg


def train(cfg: DictConfig) -> Run:
    """Train, sample and score what `cfg` asks for, and return its run; a run that is completed is returned at once.

    An interrupted run goes on where it was, bit for bit. Ctrl-C saves the run and raises KeyboardInterrupt; the same
    call resumes it.

    Args:
        cfg: of `compose`.

    Raises:
        ConfigError: the request cannot be met: a device or a file is not there, the data do not go with the model.
        TrainingFailed: the run ended with an error (its traceback is in `train.log`), or another process works on it.
    """
    from genlab.commands.train import fit_and_score
    from genlab.commands.training import Training
    from genlab.config.hydra_state import composing
    from genlab.config.words import names_allowed
    from genlab.notice import in_one_line
    from genlab.runs.store import Run
    from genlab.signals import Interrupted

    if "hydra" not in cfg:
        raise ConfigError("genlab.train takes a config of genlab.compose, which knows the words it was composed of")
    training = Training(fit_and_score)
    training.allowed = names_allowed(list(cfg.hydra.overrides.task))
    try:
        with composing([Path(folder) for folder in cfg.hydra.searchpath]), in_one_line():
            outcome = training.run(cfg)
    except Interrupted as ending:
        raise _as_python_ends(str(ending), ending.exit_status) from None
    name = outcome.run.name
    if outcome.status == "interrupted":
        raise _as_python_ends(f"{name}: {outcome.reason}", outcome.exit_status)
    if outcome.exit_status == 2:
        raise ConfigError(outcome.reason)
    if outcome.status in ("failed", "running"):
        raise TrainingFailed(f"{name} {outcome.status}: {outcome.reason}; see {outcome.run / 'train.log'}")
    return Run(outcome.run)


def load(
    run: Run | str | Path = "latest", *overrides: str, store: str | Path = "outputs", allow_targets: Iterable[str] = ()
) -> GenerativeModule:
    """The model of a run, with the weights that are sampled and scored (the averaged ones), in evaluation mode.

    It is a LightningModule on the CPU: `model.sample(16)`, `model.to("cuda")`.

    Args:
        run: of `train`, a folder, a fingerprint (or its beginning) in `store`, or "latest".
        overrides: words of `genlab sample`: another sampler or guidance, as "sampler=ddim", "sampler.steps=50";
            checkpoint=best.
        store: the folder of runs.
        allow_targets: names of one's own classes in the run's config that may be built.

    Raises:
        ConfigError: there is no such run, it has no whole checkpoint, or the overrides do not fit it.
    """
    from genlab.commands.app import refuse_self_allowed
    from genlab.config.check import check
    from genlab.config.composition import composed
    from genlab.config.schema import Sample
    from genlab.config.words import written
    from genlab.runs.evaluation_cache import checkpoint_of
    from genlab.runs.restore import restore
    from genlab.runs.run_config import the_run
    from genlab.runs.store import Run

    reference = run.path if isinstance(run, Run) else run
    words = [f"run={written(str(reference))}", f"paths.output_dir={written(str(store))}", *overrides]
    if allowed := sorted(allow_targets):
        words.append(f"allow_targets={written(allowed)}")
    stored_run = the_run(words)
    assert stored_run is not None, "no word asks for help"
    cfg = composed(words, "sample")
    with open_dict(cfg):
        cfg.pop("hydra")
    refuse_self_allowed(cfg, frozenset(allowed))
    check(cfg, Sample)
    module: GenerativeModule = restore(cfg, checkpoint_of(stored_run, cfg.checkpoint))
    with module.averaged():
        weights = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    module.load_state_dict(weights)
    return module


def runs(store: str | Path = "outputs", *, sort: str | None = None, **filters: Any) -> RunTable:
    """The runs of a store, oldest first, as a table that a notebook shows.

    Args:
        store: the folder of runs.
        sort: as of `genlab runs sort=`: a metric (the best first), "-" before it (the worst first), seconds, started.
        filters: as of `genlab runs`: status="completed", experiment="diffusion/*", seed=1, sweep="NAME",
            coding_size=16 or **{"model.coding_size": 16}.

    Raises:
        ConfigError: no run has such a key, or such a metric.
    """
    from genlab.reports.run_table import RunTable

    table = RunTable.of(store).filter(**filters)
    return table if sort is None else table.sort(sort)


def _as_python_ends(reason: str, exit_status: int) -> BaseException:
    """What ends a Python program that a signal asks to end: of SIGINT (130), and of all others."""
    return KeyboardInterrupt(reason) if exit_status == 130 else SystemExit(exit_status)
